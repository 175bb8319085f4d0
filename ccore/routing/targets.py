"""How much a queue's calls count beside those of other queues.

By default a queue's `weight`. In service-target mode calls are measured in parts of their own
target: a call that has waited half of its queue's `within_s` scores half, whatever the target is.
A queue that has answered fewer in time than it should gets what is missing on top: 60 % instead of
80 % counts as much as a fifth of the target's time. The bonus is at most one target, and a wait
grows without end, so nobody starves.
"""

from collections.abc import Mapping

from ccore.config.schema import Config

__all__ = ["Targets"]

# The engine's score is in microseconds of weighted wait; a whole target counts as a minute.
WHOLE_S = 60
HEAVIEST = 1_000.0  # weight of a queue that the engine takes
# A call counts a fiftieth: what is reached is that of about the last fifty calls.
NEW_CALL = 1 / 50


class Targets:
    """`reached`: share of the latest calls answered in time, for queues that have had one."""

    def __init__(self, config: Config, reached: Mapping[str, float] | None = None) -> None:
        self._config = config
        self._is_on = config.routing.calls == "service-target"
        self.reached = dict(reached or {})

    def ended(self, queue: str, waited_us: int | None) -> bool:
        """A call was answered after so long, or not at all; does that change the queue's score?"""
        if not self._is_on:
            return False
        level = self._config.queues[queue].service_level
        is_in_time = waited_us is not None and waited_us <= level.within_s * 1_000_000
        reached = self.reached.get(queue, level.target)
        self.reached[queue] = reached + NEW_CALL * (is_in_time - reached)
        return True

    def score(self, queue: str) -> tuple[float, int]:
        """The queue's weight, and its credit in microseconds."""
        settings = self._config.queues[queue]
        if not self._is_on:
            return settings.weight, 0
        level = settings.service_level
        behind = max(0.0, level.target - self.reached.get(queue, level.target))
        weight = min(HEAVIEST, settings.weight * WHOLE_S / max(1, level.within_s))
        return weight, round(behind * WHOLE_S * 1_000_000)
