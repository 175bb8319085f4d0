"""The one clock: wall time that never runs backwards while the process lives."""

import time
from collections.abc import Callable

__all__ = ["Clock"]

# Both run alike, and NTP turns them alike: so far apart they come only when the wall's is set.
NOTICED_US = 2_000_000


class Clock:
    """Microseconds since 1970, taken from the wall once and from then on from the steady clock."""

    def __init__(self, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self._wall_ns = wall_ns
        self._offset_us = wall_ns() // 1000 - time.monotonic_ns() // 1000
        self._told_us = 0

    def now_us(self) -> int:
        return self._offset_us + time.monotonic_ns() // 1000

    def set_by_us(self) -> int | None:
        """How far the wall's clock is from ours, once each time that it was set; else None."""
        apart_us = self._wall_ns() // 1000 - self.now_us()
        if abs(apart_us - self._told_us) < NOTICED_US:
            return None
        self._told_us = apart_us
        return apart_us
