"""Who counts as an expert: a transfer to one is a transfer that was meant to be."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccore.cdr import Rows, Strings, Text

__all__ = ["Experts"]


@dataclass(slots=True, frozen=True)
class Experts:
    """Queues and agents by name. The place where a transferred contact ended decides."""

    queues: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()

    def has(self, queue: str, agent: str) -> bool:
        return queue in self.queues or agent in self.agents

    def of(self, rows: Rows, strings: Strings) -> npt.NDArray[np.bool_]:
        """Which contacts ended with one."""
        return _named(rows["queue"], Text.QUEUE, self.queues, strings) | _named(
            rows["agent"], Text.AGENT, self.agents, strings
        )


def _named(
    ids: npt.NDArray[np.integer], kind: Text, names: frozenset[str], strings: Strings
) -> npt.NDArray[np.bool_]:
    known = [number for number in np.unique(ids).tolist() if strings.text(kind, number) in names]
    return np.isin(ids, known)
