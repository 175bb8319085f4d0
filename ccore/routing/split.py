"""Calls shared out among several in whole shares: two to headquarters, one stays.

After any number n of calls nobody's count is as much as one call away from `n * share / sum`, and
after every `sum` calls all counts are exact: a night of 300 calls gives 200 and 100, and not about
so many.

Algorithm: R. Tijdeman, The chairman assignment problem, Discrete Mathematics 32 (1980). Of those
who are owed at least 1/(2k-2) of a call, the one whose turn would be overdue first; with k targets
no count is off by more than 1 - 1/(2k-2). Whole numbers throughout, so nothing drifts.
"""

from collections.abc import Sequence
from fractions import Fraction

__all__ = ["Split"]


class Split:
    """`shares` are whole numbers from 1; `take` gives the index of whose turn it is."""

    def __init__(self, shares: Sequence[int]) -> None:
        self.shares = tuple(shares)
        if not shares or min(shares) < 1:
            raise ValueError(f"shares {self.shares}: expected whole numbers from 1")
        self._sum = sum(shares)
        self._counts = [0] * len(shares)
        self._calls = 0

    def take(self) -> int:
        if len(self.shares) == 1:
            return 0
        self._calls += 1
        chosen = min(self._owed(), key=self._due)
        self._counts[chosen] += 1
        if self._calls == self._sum:  # all counts are exact: begin anew, the numbers stay small
            self._calls, self._counts = 0, [0] * len(self.shares)
        return chosen

    def _owed(self) -> list[int]:
        least = 2 * len(self.shares) - 2
        return [i for i in range(len(self.shares)) if least * self._debt(i) >= self._sum]

    def _due(self, i: int) -> Fraction:
        """Calls until his count would be too small."""
        half = 2 * len(self.shares) - 2
        return Fraction(half * (self._sum - self._debt(i)) - self._sum, self.shares[i])

    def _debt(self, i: int) -> int:
        """What he is owed with this call, in parts of `1 / sum` of a call."""
        return self.shares[i] * self._calls - self._sum * self._counts[i]
