"""State that outlives the process: agents' states, and whom each caller spoke with last."""

from ccore.store.memory import MemoryStore
from ccore.store.protocol import LastAgent, SavedAgent, Store
from ccore.store.sqlite import SqliteStore

__all__ = ["LastAgent", "MemoryStore", "SavedAgent", "SqliteStore", "Store"]
