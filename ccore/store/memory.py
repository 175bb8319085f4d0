"""A store that forgets everything with the process: for tests, and for a centre that wants none."""

from collections.abc import Mapping

from ccore.model import AgentState
from ccore.store.protocol import LastAgent, SavedAgent

__all__ = ["MemoryStore"]


class MemoryStore:
    def __init__(self) -> None:
        self._agents: dict[str, SavedAgent] = {}
        self._last: dict[tuple[str, str], LastAgent] = {}
        self._notes: dict[str, Mapping[str, str]] = {}

    def save_agent(self, agent: str, state: AgentState, reason: str, since_us: int) -> None:
        self._agents[agent] = SavedAgent(agent, state, reason, since_us)

    def load_agents(self) -> list[SavedAgent]:
        return sorted(self._agents.values(), key=lambda saved: saved.agent)

    def save_last_agent(self, calling: str, queue: str, agent: str, at_us: int) -> None:
        self._last[calling, queue] = LastAgent(calling, queue, agent, at_us)

    def load_last_agents(self, since_us: int) -> list[LastAgent]:
        self._last = {key: last for key, last in self._last.items() if last.at_us >= since_us}
        return sorted(self._last.values(), key=lambda last: (last.at_us, last.calling, last.queue))

    def note(self, key: str, fields: Mapping[str, str]) -> None:
        self._notes.pop(key, None)
        if fields:
            self._notes[key] = fields

    def load_notes(self) -> dict[str, Mapping[str, str]]:
        return dict(self._notes)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass
