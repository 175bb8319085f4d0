"""What a store does, and what it keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ccore.model import AgentState

__all__ = ["LastAgent", "SavedAgent", "Store"]


@dataclass(slots=True, frozen=True)
class SavedAgent:
    agent: str
    state: AgentState
    reason: str
    since_us: int


@dataclass(slots=True, frozen=True)
class LastAgent:
    """Whom a caller spoke with last, in one queue."""

    calling: str  # his number, or its keyed hash
    queue: str
    agent: str
    at_us: int


class Store(Protocol):
    """`save_*` only remember; `flush` writes them all at once and raises DiskTrouble if it cannot.

    What could not be written stays and goes with the next flush. Loading sees what was saved,
    flushed or not.
    """

    def save_agent(self, agent: str, state: AgentState, reason: str, since_us: int) -> None: ...

    def load_agents(self) -> list[SavedAgent]: ...

    def save_last_agent(self, calling: str, queue: str, agent: str, at_us: int) -> None: ...

    def load_last_agents(self, since_us: int) -> list[LastAgent]:
        """Those from `since_us` on, oldest first. Older ones are forgotten for good."""

    def note(self, key: str, fields: Mapping[str, str]) -> None:
        """What has to be known of an open call or an agent; without fields: forget it."""

    def load_notes(self) -> dict[str, Mapping[str, str]]:
        """What was noted and not forgotten, by key."""

    def flush(self) -> None: ...

    def close(self) -> None: ...
