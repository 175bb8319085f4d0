"""How long a caller will probably wait: from his place, who is at work, and measured rates.

With s agents who each need h for a call, one ends every h/s. The caller at place k is taken when k
calls have ended, or fewer, for of those ahead of him some give up: each at the rate r. So he waits

    sum over i = 0 .. k-1 of 1 / (s/h + i*r)

which is exact for exponential handling times and patience (M/M/s+M; W. Whitt, Predicting queueing
delays, Management Science 45, 1999). It looks at who is there now and not at past waits, so it
follows agents who sign in or out at once.

h of each queue is a moving average of what was measured, talk and wrap-up; it begins at the queue's
`handle_s`. r is the number of callers who gave up by the time that all of them waited, the latest
counting most; it begins at 0. A place need not be whole: calls ahead may take only some of the
caller's agents (`ccore/floor/forecast.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import log

from ccore.config.schema import Config, Queue

__all__ = ["Expected"]

# A call counts a twentieth: the average remembers about the last twenty calls, an hour of a small
# queue, and one call of ten minutes moves 180 s to 201 s.
NEW_CALL = 1 / 20
# Impatience is rarer than calls: it is that of the last two hundred callers who had to wait.
KEPT = 1 - 1 / 200
# Less waiting than this says nothing of patience: ten callers of a minute.
LEAST_WAITING_MS = 600_000
# Places whose terms are added one by one.
SUMMED = 32


@dataclass(slots=True)
class _Measured:
    handle_ms: float | None = None
    gave_up: float = 0.0
    waited_ms: float = 0.0


class Expected:
    """`before` hands its measurements on when the configuration changes."""

    def __init__(self, config: Config, before: "Expected | None" = None) -> None:
        self._queues: Mapping[str, Queue] = config.queues
        known = before._measured if before else {}
        self._measured: dict[str, _Measured] = {name: replace(one) for name, one in known.items()}

    def handled(self, queue: str, handle_ms: int) -> None:
        """A call of the queue has ended after so long, wrap-up included."""
        known_ms = self.handle_ms(queue)
        self._of(queue).handle_ms = known_ms + NEW_CALL * (max(0, handle_ms) - known_ms)

    def waited(self, queue: str, waited_ms: int, *, gave_up: bool) -> None:
        """A caller has left the queue after so long, with or without an answer."""
        one = self._of(queue)
        one.gave_up = KEPT * one.gave_up + gave_up
        one.waited_ms = KEPT * one.waited_ms + max(0, waited_ms)

    def handle_ms(self, queue: str) -> float:
        one = self._measured.get(queue)
        if one is not None and one.handle_ms is not None:
            return one.handle_ms
        return self._queues.get(queue, Queue()).handle_s * 1000.0

    def impatience(self, queue: str) -> float:
        """How many of one waiting caller give up in a millisecond."""
        one = self._measured.get(queue)
        if one is None or one.waited_ms < LEAST_WAITING_MS:
            return 0.0
        return one.gave_up / one.waited_ms

    def ms(self, queue: str, place: float, staffed: int) -> int | None:
        """Expected wait at a place, from 1 (0: a phone rings for him); None if nobody is there.

        Calls ahead that take only some of his agents make it a fraction.
        """
        if staffed <= 0:
            return None
        ends = staffed / max(1.0, self.handle_ms(queue))
        gives_up = self.impatience(queue)
        if gives_up == 0.0 or place <= 1:
            return round(place / ends)
        near = min(int(place), SUMMED)
        wait_ms = sum(1 / (ends + ahead * gives_up) for ahead in range(near))
        # Those far back, by the midpoint rule: off by less than a ten-thousandth of a term.
        far = ends + (place - 0.5) * gives_up, ends + (near - 0.5) * gives_up
        return round(wait_ms + log(far[0] / far[1]) / gives_up)

    def _of(self, queue: str) -> _Measured:
        return self._measured.setdefault(queue, _Measured())
