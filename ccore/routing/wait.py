"""How long a caller will probably wait: his place, times the time between two agents' ends.

`place * handle / staffed`: n agents who each need h for a call end one every h/n, and the caller at
place k is taken at the k-th end. With exponential handling times this is the exact mean of the
M/M/s queue for one who knows his place, abandonments left out (the queue-length predictor of
W. Whitt, Predicting queueing delays, Management Science 45, 1999). It looks at who is there now and
not at past waits, so it follows agents who sign in or out at once.

The handling time of each queue is a moving average of what was measured, talk and wrap-up; it
begins at the queue's `handle_s`. Agents who serve several queues count in each: where queues share
agents the true wait is longer.
"""

from collections.abc import Mapping

from ccore.config.schema import Config, Queue

__all__ = ["Expected"]

# A call counts a twentieth: the average remembers about the last twenty calls, an hour of a small
# queue, and one call of ten minutes moves 180 s to 201 s.
NEW_CALL = 1 / 20


class Expected:
    """`before` hands its measurements on when the configuration changes."""

    def __init__(self, config: Config, before: "Expected | None" = None) -> None:
        self._queues: Mapping[str, Queue] = config.queues
        self._handle_ms: dict[str, float] = dict(before._handle_ms) if before else {}

    def handled(self, queue: str, handle_ms: int) -> None:
        """A call of the queue has ended after so long, wrap-up included."""
        known_ms = self.handle_ms(queue)
        self._handle_ms[queue] = known_ms + NEW_CALL * (max(0, handle_ms) - known_ms)

    def handle_ms(self, queue: str) -> float:
        assumed_s = self._queues.get(queue, Queue()).handle_s
        return self._handle_ms.get(queue, assumed_s * 1000.0)

    def ms(self, queue: str, place: int, staffed: int) -> int | None:
        """Expected wait at a place, from 1 (0: a phone rings for him); None if nobody is there."""
        if staffed <= 0:
            return None
        return round(place * self.handle_ms(queue) / staffed)
