"""Events that came and that nobody has taken yet, oldest first."""

from collections import OrderedDict
from collections.abc import Callable
from itertools import takewhile

from ccore.esl import EventView

__all__ = ["Kept"]


class Kept:
    """At most `most`; of more the oldest go and are counted."""

    def __init__(self, most: int) -> None:
        self.came = 0
        self.lost = 0
        self._most = most
        self._events: OrderedDict[int, EventView] = OrderedDict()  # by how many came before

    def add(self, event: EventView) -> None:
        if len(self._events) == self._most:
            self._events.popitem(last=False)
            self.lost += 1
        self._events[self.came] = event
        self.came += 1

    def take(self, fits: Callable[[EventView], bool], since: int = 0) -> EventView | None:
        """The oldest that fits, of those that came when `since` others had come already."""
        newest = takewhile(lambda number: number >= since, reversed(self._events))
        for number in reversed(list(newest)):
            if fits(self._events[number]):
                return self._events.pop(number)
        return None
