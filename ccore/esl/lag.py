"""How far behind its switch a link is, by the events' own time.

The switch stamps an event when it makes it. What lies between that stamp and our clock is the way
of the event, the difference of two clocks, and our lag. The first two are what the quickest events
of the last minutes took (the switch itself adds up to 20 ms: it sleeps so long between two looks
at its queue); what an event took beyond them is lag.

A clock that is set does not look like lag: lag grows no faster than time passes, so a difference
that jumps up by more than the time since the last event is a step of the switch's clock, and the
measure begins anew; one that falls is a new measure anyway.
"""

__all__ = ["BEHIND_US", "Lag"]

# Two spans make the window: a drift of clocks (50 ppm make 6 ms in two minutes) is forgotten.
SPAN_US = 60_000_000
# The switch stamps with the clock of its media, 20 ms a step, and order is kept per channel only.
LOOSE_US = 200_000
BEHIND_US = 1_000_000  # callers notice a second
NEAR_US = 250_000  # near enough again; less than BEHIND_US, so that it is told once


class Lag:
    """`lag_us` of the last event, `worst_us` until `take_worst`."""

    def __init__(self) -> None:
        self.lag_us = 0
        self.worst_us = 0
        self.is_behind = False
        self._least_us: int | None = None  # of this span
        self._before_us: int | None = None  # of the one before
        self._span_ends_us = 0
        self._last_us = 0  # difference and time of the event before
        self._heard_us = 0

    def heard(self, stamp_us: int, now_us: int) -> None:
        """An event of that stamp is being handled. A stamp of 0 says nothing."""
        if stamp_us <= 0:
            return
        took_us = now_us - stamp_us
        if self._least_us is not None and (
            took_us - self._last_us > now_us - self._heard_us + LOOSE_US
        ):
            self._least_us = self._before_us = None  # the switch's clock was set back
        self._last_us, self._heard_us = took_us, now_us
        if self._least_us is None or now_us >= self._span_ends_us:
            self._before_us = self._least_us
            self._least_us = took_us
            self._span_ends_us = now_us + SPAN_US
        elif took_us < self._least_us:
            self._least_us = took_us
        usual_us = self._least_us
        if self._before_us is not None and self._before_us < usual_us:
            usual_us = self._before_us
        self.lag_us = took_us - usual_us
        if self.lag_us > self.worst_us:
            self.worst_us = self.lag_us
        if self.is_behind:
            self.is_behind = self.lag_us > NEAR_US
        else:
            self.is_behind = self.lag_us > BEHIND_US

    def take_worst(self) -> int:
        worst_us, self.worst_us = self.worst_us, self.lag_us
        return worst_us
