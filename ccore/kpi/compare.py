"""Period against period: a shift is reported as one only if chance would seldom make it.

    shares    two-proportion z-test (pooled), contacts as trials
    averages  Welch's test on contacts, normal approximation
    counts    difference of two Poisson rates per day

A shift is more than chance at p < 0.01, two-sided, with at least 30 contacts on either side. Calls
come in waves, so real p-values are larger than these; hence 0.01 and not 0.05.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import erfc, sqrt

import numpy as np

from ccore.cdr import Records
from ccore.kpi.compute import Table
from ccore.kpi.definitions import find
from ccore.kpi.formula import Value
from ccore.kpi.groups import Ints
from ccore.kpi.passes import parts_of
from ccore.kpi.sums import Part, Sums

__all__ = ["CHANCE", "Change", "Sample", "compare", "merged", "sample_of"]

CHANCE = 0.01  # p below which a shift is taken for one
FEWEST = 30  # contacts, for the normal approximation to hold

TRIALS: dict[str, Callable[[Sums], int]] = {
    "sl1": lambda s: s.answered,
    "sl2": lambda s: s.answered + s.abandoned,
    "sl3": lambda s: s.answered + s.abandoned - s.abandoned_in,
    "sl4": lambda s: s.answered + s.abandoned,
    "sl5": lambda s: s.answered + s.abandoned - s.abandoned_short,
    "sl6": lambda s: s.offered,
    "sl7": lambda s: s.offered,
    "sl9": lambda s: s.answered + s.abandoned,
    "answer_rate": lambda s: s.offered,
    "abn1": lambda s: s.answered + s.abandoned,
    "abn3": lambda s: s.offered,
    "transfer_rate": lambda s: s.answered,
    "blockage": lambda s: s.attempts,
    "ivr_containment": lambda s: s.entered_ivr,
}
AVERAGES = {
    "asa": (Part.ANSWERED, "wait_ms"),
    "aat": (Part.ABANDONED, "wait_ms"),
    "att": (Part.ANSWERED, "talk_ms"),
    "hold": (Part.ANSWERED, "hold_ms"),
}
DAY_US = 86_400_000_000
COUNTS = ("offered", "answered", "abandoned")


@dataclass(slots=True, frozen=True)
class Change:
    name: str
    before: Value
    after: Value
    p: float | None  # chance of so great a shift if nothing had changed; None: too few contacts

    @property
    def is_more_than_chance(self) -> bool:
        return self.p is not None and self.p < CHANCE


@dataclass(slots=True)
class Sample:
    """What the tests need beside the sums: days, and for each average count, sum and squares."""

    days: set[int] = field(default_factory=set)  # UTC days with contacts
    moments: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    def add(self, other: "Sample") -> None:
        self.days |= other.days
        for name, theirs in other.moments.items():
            mine = self.moments.get(name, (0, 0, 0))
            self.moments[name] = (mine[0] + theirs[0], mine[1] + theirs[1], mine[2] + theirs[2])


def sample_of(records: Records) -> Sample:
    rows = records.contacts
    parts = parts_of(rows)
    return Sample(
        set(np.unique(rows["arrived_us"] // DAY_US).tolist()),
        {
            name: _moments(rows[column][parts == part].astype(np.int64))
            for name, (part, column) in AVERAGES.items()
        },
    )


def merged(samples: Iterable[Sample]) -> Sample:
    whole = Sample()
    for sample in samples:
        whole.add(sample)
    return whole


def compare(before: tuple[Sample, Table], after: tuple[Sample, Table]) -> list[Change]:
    """Both tables by the same plan."""
    old, new = before[1].total.sums, after[1].total.sums
    changes = []
    days = [max(1, len(side[0].days)) for side in (before, after)]
    for name in COUNTS:
        counts = [int(getattr(sums, name)) for sums in (old, new)]
        p = _p_rates(counts, days) if min(counts) >= FEWEST else None
        changes.append(Change(name, counts[0] / days[0], counts[1] / days[1], p))
    level = after[1].plan.variant
    for name in dict.fromkeys((level.name, *TRIALS)):
        if name in TRIALS and (name == level.name or not name.startswith("sl")):
            kpi = level if name == level.name else find(name)
            values = (kpi.value(old), kpi.value(new))
            changes.append(Change(name, *values, _p_shares(values, TRIALS[name], (old, new))))
    for name in AVERAGES:
        p = _p(*(side[0].moments.get(name, (0, 0, 0)) for side in (before, after)))
        changes.append(Change(name, find(name).value(old), find(name).value(new), p))
    return changes


def _moments(values: Ints) -> tuple[int, int, int]:
    """Count, sum and sum of squares, exact: a square of milliseconds may need 64 bits."""
    high, low = values >> 16, values & 0xFFFF
    squares = (int((high * high).sum()) << 32) + (int((high * low).sum()) << 17)
    return len(values), int(values.sum()), squares + int((low * low).sum())


def _p_rates(counts: list[int], days: list[int]) -> float:
    (a, b), (da, db) = counts, days
    return _two_sided(a / da - b / db, a / da**2 + b / db**2)


def _p_shares(
    values: tuple[Value, Value], trials: Callable[[Sums], int], sums: tuple[Sums, Sums]
) -> float | None:
    old, new = (trials(side) for side in sums)
    before, after = values
    if before is None or after is None or min(old, new) < FEWEST:
        return None
    pooled = (before * old + after * new) / (old + new)
    return _two_sided(after - before, pooled * (1 - pooled) * (1 / old + 1 / new))


def _p(old: tuple[int, int, int], new: tuple[int, int, int]) -> float | None:
    if min(old[0], new[0]) < FEWEST:
        return None
    variance = _variance_of_mean(*old) + _variance_of_mean(*new)
    return _two_sided(new[1] / new[0] - old[1] / old[0], variance)


def _variance_of_mean(count: int, total: int, squares: int) -> float:
    return (squares * count - total * total) / count / (count - 1) / count


def _two_sided(difference: float, variance: float) -> float:
    if variance <= 0:
        return 1.0 if difference == 0 else 0.0
    return erfc(abs(difference) / sqrt(2 * variance))
