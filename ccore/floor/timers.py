"""Deadlines of the floor: a heap of what is due when. Cancelled ones go when they come up.

Most are cancelled long before they are due (the longest wait, the end of a bridge), so when they
are more than half of the heap it is made anew without them: memory goes by calls, not by waits.
"""

import heapq
from collections.abc import Callable

__all__ = ["Timer", "Timers"]

FEW = 256  # not worth the sweep


class Timer:
    __slots__ = ("_timers", "act", "due_us")

    def __init__(self, due_us: int, act: Callable[[], None], timers: "Timers") -> None:
        self.due_us = due_us
        self.act: Callable[[], None] | None = act
        self._timers = timers

    def cancel(self) -> None:
        if self.act is not None:
            self.act = None
            self._timers.cancelled()


class Timers:
    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Timer]] = []
        self._count = 0  # ties go in the order they were set
        self._dead = 0  # cancelled, and still in the heap

    def __len__(self) -> int:
        return len(self._heap)

    def at(self, due_us: int, act: Callable[[], None]) -> Timer:
        timer = Timer(due_us, act, self)
        self._count += 1
        heapq.heappush(self._heap, (due_us, self._count, timer))
        return timer

    def cancelled(self) -> None:
        self._dead += 1
        if self._dead > FEW and 2 * self._dead > len(self._heap):
            self._heap = [item for item in self._heap if item[2].act is not None]
            heapq.heapify(self._heap)
            self._dead = 0

    def next_us(self) -> int | None:
        heap = self._heap
        while heap and heap[0][2].act is None:
            heapq.heappop(heap)
            self._dead -= 1
        return heap[0][0] if heap else None

    def pop_due(self, now_us: int) -> Callable[[], None] | None:
        """The next thing that is due by now, or None."""
        due = self.next_us()
        if due is None or due > now_us:
            return None
        timer = heapq.heappop(self._heap)[2]
        act, timer.act = timer.act, None  # a later cancel has nothing to do
        assert act is not None
        return act
