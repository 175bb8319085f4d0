"""The one clock: wall time that never runs backwards while the process lives."""

import time

__all__ = ["Clock"]


class Clock:
    """Microseconds since 1970, taken from the wall once and from then on from the steady clock."""

    def __init__(self) -> None:
        self._offset_us = time.time_ns() // 1000 - time.monotonic_ns() // 1000

    def now_us(self) -> int:
        return self._offset_us + time.monotonic_ns() // 1000
