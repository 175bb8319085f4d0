"""How long to wait between two tries to reach a switch."""

import random

__all__ = ["Backoff"]

# A switch that restarts is back within seconds; many daemons must not knock together.
FIRST_US, LONGEST_US = 200_000, 5_000_000
# A link that broke sooner than this was not up: the pauses go on growing.
STEADY_US = 5_000_000


class Backoff:
    """Pauses that double from 0.2 s to 5 s, each shortened by chance by up to a half."""

    def __init__(self, rng: random.Random | None = None) -> None:
        self._rng = rng or random.Random()
        self._next_us = FIRST_US

    def lasted(self, up_us: int) -> None:
        """A link was up for so long before it broke."""
        if up_us >= STEADY_US:
            self._next_us = FIRST_US

    def pause_us(self) -> int:
        pause_us = int(self._next_us * self._rng.uniform(0.5, 1.0))
        self._next_us = min(2 * self._next_us, LONGEST_US)
        return pause_us
