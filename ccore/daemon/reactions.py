"""How long people wait on ccore itself: from an event's bytes to the bytes of what it asked for.

Two are measured, over the newest of each kind:

- park to offer: a caller came and an agent was free -> the order to ring that agent was written
- free to offer: an agent's leg ended and a caller waited -> the order to ring him again was written

Only what is decided in the same turn counts: a caller who finds nobody free waits for an agent and
not for us. Before the first clock lies what the switch and the network need to bring the event.
"""

from collections import deque
from collections.abc import Iterable

from ccore.model import Command, Event, LegHungUp, LegParked, Ring

__all__ = ["Delays", "Reactions"]

NEWEST = 2_000  # twenty of them lie beyond the 99th percentile


class Delays:
    """The newest so many, and how many there ever were."""

    def __init__(self) -> None:
        self.count = 0
        self._newest: deque[int] = deque(maxlen=NEWEST)

    def add(self, took_us: int) -> None:
        self.count += 1
        self._newest.append(took_us)

    def figures(self) -> dict[str, int | None]:
        """Median and 99th percentile of the newest, None before the first; the count of all."""
        values = sorted(self._newest)
        last = len(values) - 1
        return {
            "p50": values[round(last * 0.50)] if values else None,
            "p99": values[round(last * 0.99)] if values else None,
            "n": self.count,
        }


class Reactions:
    """Is told of every event handled, and then of the commands that came of them."""

    def __init__(self) -> None:
        self.park_to_offer = Delays()
        self.free_to_offer = Delays()
        self._parked: dict[str, int] = {}  # the caller's leg -> when the bytes came
        self._freed: dict[str, int] = {}  # the agent -> when the bytes came

    def handled(self, event: Event, came_us: int) -> None:
        if type(event) is LegParked:
            self._parked[event.leg] = came_us
        elif type(event) is LegHungUp:
            agent = event.variables.get("agent")
            if agent:
                self._freed[agent] = came_us

    def wrote(self, commands: Iterable[Command], now_us: int) -> None:
        """These commands of this turn are on their way."""
        if not (self._parked or self._freed):
            return
        for command in commands:
            if type(command) is not Ring:
                continue
            came_us = self._parked.get(command.variables.get("contact", ""))
            if came_us is not None:
                self.park_to_offer.add(now_us - came_us)
            came_us = self._freed.get(command.variables.get("agent", ""))
            if came_us is not None:
                self.free_to_offer.add(now_us - came_us)

    def turn_over(self) -> None:
        if self._parked or self._freed:
            self._parked.clear()
            self._freed.clear()

    def figures(self) -> dict[str, dict[str, int | None]]:
        return {
            "park_to_offer": self.park_to_offer.figures(),
            "free_to_offer": self.free_to_offer.figures(),
        }
