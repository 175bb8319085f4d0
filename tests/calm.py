"""Was the machine there? A virtual one whose host lends its cores to others keeps no phone's time.

A scenario says what happens when callers and agents act on time. Where the host took the cores away
meanwhile they did not, and what was seen says nothing about ccore: the run is void and is repeated.
"""

import time
from pathlib import Path

__all__ = ["STOLEN", "Watch", "wait_for_calm"]

# A fiftieth of the time, in pieces of tens of milliseconds, is enough for media to stumble.
STOLEN = 0.02
LOOK_S = 2.0


class Watch:
    """The share of the cores' time that the host kept for others, since it was made."""

    def __init__(self) -> None:
        self._total, self._stolen = _jiffies()

    def share(self) -> float:
        total, stolen = _jiffies()
        return (stolen - self._stolen) / max(1, total - self._total)


def wait_for_calm(limit_s: float) -> None:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        watch = Watch()
        time.sleep(LOOK_S)
        if watch.share() < STOLEN:
            return


def _jiffies() -> tuple[int, int]:
    """All, and those stolen (the eighth column of /proc/stat)."""
    words = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    ticks = [int(word) for word in words]
    return sum(ticks), ticks[7]
