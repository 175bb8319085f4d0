"""The switch's stamps on our clock: a wall clock that is set must not move callers in the queue.

Ours runs steadily. A stamp is believed as long as it is a little older than its event's arrival, as
the way and a stall make it. One from the future, or from long ago, means that the clocks differ:
then the difference is taken off, as small as the quickest events show it.
"""

from ccore.model import LegSeen, LegsListed, LinkBusy, LinkDown, LinkFree, LinkUp, PhoneFound

__all__ = ["OURS", "Stamps"]

# Said by the link itself, on our clock: they tell nothing of the switch's.
OURS = frozenset({LegSeen, LegsListed, LinkBusy, LinkDown, LinkFree, LinkUp, PhoneFound})

AHEAD_US = 100_000  # hosts that keep time by NTP differ by less
# Stalls are bridged up to here; what is older counts as this old, until a clock is believed again.
LATE_US = 5_000_000
# If nothing has come in time for so long it was no stall: the clock was set back.
WINDOW_US = 10_000_000


class Stamps:
    """Of one switch."""

    def __init__(self) -> None:
        self._skew_us = 0  # to be added to its stamps
        self._late_since_us = 0  # all stamps are too old since; 0: they are not
        self._least_us = 0  # how old the youngest of them was
        self._last_us = 0  # events come nearly in their order

    @property
    def skew_us(self) -> int:
        """To be added to its stamps."""
        return self._skew_us

    def is_behind(self, by_us: int) -> None:
        """What came of a command was stamped so much before it."""
        self._skew_us += by_us
        self._last_us += by_us

    def past(self, at_us: int, now_us: int) -> int:
        """The same of something long ago, such as when a channel was made."""
        return min(at_us + self._skew_us, now_us)

    def ours(self, at_us: int, now_us: int) -> int:
        """When an event was stamped, on our clock; never later than now."""
        ours_us = max(self._ours(at_us, now_us), self._last_us - AHEAD_US)
        self._last_us = max(ours_us, self._last_us)
        return ours_us

    def _ours(self, at_us: int, now_us: int) -> int:
        late_us = now_us - at_us - self._skew_us
        if late_us < -AHEAD_US:
            self._skew_us += late_us
            self._late_since_us = 0
            return now_us
        if late_us <= LATE_US:
            self._late_since_us = 0
            return min(at_us + self._skew_us, now_us)
        if not self._late_since_us:
            self._late_since_us, self._least_us = now_us, late_us
        self._least_us = min(self._least_us, late_us)
        if now_us - self._late_since_us >= WINDOW_US:
            self._skew_us += self._least_us
            self._late_since_us = 0
        return now_us - LATE_US
