"""Deadlines of the floor: a heap of what is due when. Cancelled ones go when they come up."""

import heapq
from collections.abc import Callable

__all__ = ["Timer", "Timers"]


class Timer:
    __slots__ = ("act", "due_us")

    def __init__(self, due_us: int, act: Callable[[], None]) -> None:
        self.due_us = due_us
        self.act: Callable[[], None] | None = act

    def cancel(self) -> None:
        self.act = None


class Timers:
    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Timer]] = []
        self._count = 0  # ties go in the order they were set

    def at(self, due_us: int, act: Callable[[], None]) -> Timer:
        timer = Timer(due_us, act)
        self._count += 1
        heapq.heappush(self._heap, (due_us, self._count, timer))
        return timer

    def next_us(self) -> int | None:
        heap = self._heap
        while heap and heap[0][2].act is None:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def pop_due(self, now_us: int) -> Callable[[], None] | None:
        """The next thing that is due by now, or None."""
        due = self.next_us()
        if due is None or due > now_us:
            return None
        act = heapq.heappop(self._heap)[2].act
        assert act is not None
        return act
