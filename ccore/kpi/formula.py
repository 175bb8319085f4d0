"""What a figure is: a name, words for people, and a formula over sums."""

from collections.abc import Callable
from dataclasses import dataclass

from ccore.kpi.sums import Sums

__all__ = ["Figure", "Kpi", "Unit", "Value", "ratio"]

Value = int | float | None
Unit = str  # count, s (seconds), share (of 1), per_h, number


@dataclass(slots=True, frozen=True)
class Figure:
    name: str
    title: str
    title_zh: str
    unit: Unit
    formula: str


@dataclass(slots=True, frozen=True)
class Kpi(Figure):
    """One of the table: a function of sums."""

    needs: str  # kind of row it is computed from: contact, leg, agent (several: joined by +)
    value: Callable[[Sums], Value]
    aliases: tuple[str, ...] = ()


def ratio(part: int, whole: int) -> float | None:
    """An empty denominator gives None, never 0 or 100 %."""
    return part / whole if whole else None
