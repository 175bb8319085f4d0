"""What was begun on a switch and is not over: background jobs and applications, by our own ids.

A reply says that the switch has understood; the end comes later as an event, with the id that we
gave: Job-UUID of `bgapi`, Event-UUID of `sendmsg` (it comes back as Application-UUID). Each end is
told once: when the event comes, or when it is overdue; what nobody waits for is not told at all.
"""

import heapq

__all__ = ["Promises"]


class Promises:
    """Due times are microseconds, in the clock of whoever asks."""

    def __init__(self) -> None:
        self._due: dict[str, tuple[int, str]] = {}  # id: when at the latest, and the leg of it
        self._ids_of: dict[str, set[str]] = {}  # leg: ids
        self._heap: list[tuple[int, str]] = []  # with entries that are over

    def __len__(self) -> int:
        return len(self._due)

    def expect(self, id_: str, due_us: int, leg: str = "") -> None:
        """Its end is due by then. With a leg it is over without a word when the leg is."""
        self._due[id_] = (due_us, leg)
        if leg:
            self._ids_of.setdefault(leg, set()).add(id_)
        heapq.heappush(self._heap, (due_us, id_))
        if len(self._heap) > 64 + 4 * len(self._due):  # mostly over: begin anew
            self._heap = [(due_us, id_) for id_, (due_us, _) in self._due.items()]
            heapq.heapify(self._heap)

    def kept(self, id_: str) -> bool:
        """Its end has come; False if nobody waits for that."""
        found = self._due.pop(id_, None)
        if found is None:
            return False
        leg = found[1]
        if leg:
            ids = self._ids_of[leg]
            ids.discard(id_)
            if not ids:
                del self._ids_of[leg]
        return True

    def leg_ended(self, leg: str) -> None:
        for id_ in self._ids_of.pop(leg, ()):
            self._due.pop(id_, None)

    def overdue(self, now_us: int) -> list[tuple[str, str]]:
        """Ids, each with its leg, that nothing was heard of in time. They are over now."""
        late = []
        while (due_us := self.next_deadline()) is not None and due_us <= now_us:
            id_ = heapq.heappop(self._heap)[1]
            late.append((id_, self._due[id_][1]))
            self.kept(id_)
        return late

    def next_deadline(self) -> int | None:
        heap = self._heap
        while heap:
            due_us, id_ = heap[0]
            if id_ in self._due and self._due[id_][0] == due_us:
                break
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def clear(self) -> None:
        for many in (self._due, self._ids_of, self._heap):
            many.clear()
