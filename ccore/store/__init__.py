"""State that outlives the process: agents' states, last agents, what is open if we die now."""

from ccore.store.ledger import Ledger
from ccore.store.memory import MemoryStore
from ccore.store.protocol import LastAgent, SavedAgent, Store
from ccore.store.sqlite import SqliteStore

__all__ = ["LastAgent", "Ledger", "MemoryStore", "SavedAgent", "SqliteStore", "Store"]
