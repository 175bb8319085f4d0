"""Means over independent days, and how far chance may have taken them (Student's t)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import atan, cos, pi, sin, sqrt

__all__ = ["LEVEL", "Mean", "mean_of", "t_quantile"]

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Mean:
    """`half` is half the width of the 95 % confidence interval; None from a single day."""

    value: float
    half: float | None

    def covers(self, truth: float) -> bool:
        return self.half is not None and abs(truth - self.value) <= self.half


def mean_of(values: Sequence[float | None]) -> Mean | None:
    """None where no day has a value; days without one are left out."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    n, mean = len(known), sum(known) / len(known)
    if n == 1:
        return Mean(mean, None)
    variance = sum((value - mean) ** 2 for value in known) / (n - 1)
    return Mean(mean, t_quantile(n - 1) * sqrt(variance / n))


@lru_cache
def t_quantile(degrees: int, level: float = LEVEL) -> float:
    """t with P(-t < T < t) = level, by halving."""
    low, high = 0.0, 1e6
    for _ in range(100):
        middle = (low + high) / 2
        if _within(middle, degrees) < level:
            low = middle
        else:
            high = middle
    return high


def _within(t: float, degrees: int) -> float:
    """P(-t < T < t) for whole degrees of freedom (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle = atan(t / sqrt(degrees))
    square = cos(angle) ** 2
    if degrees % 2:
        term = total = cos(angle) if degrees > 1 else 0.0
        for k in range(3, degrees - 1, 2):
            term *= square * (k - 1) / k
            total += term
        return 2 / pi * (angle + sin(angle) * total)
    term = total = 1.0
    for k in range(2, degrees - 1, 2):
        term *= square * (k - 1) / k
        total += term
    return sin(angle) * total
