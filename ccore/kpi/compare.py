"""Period against period: a shift is reported as one only if chance would seldom make it.

    shares    two-proportion z-test (pooled), contacts as trials
    averages  Welch's test on contacts, normal approximation
    counts    difference of two Poisson rates per day

A shift is more than chance at p < 0.01, two-sided, with at least 30 contacts on either side. Calls
come in waves, so real p-values are larger than these; hence 0.01 and not 0.05.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np

from ccore.cdr import Records
from ccore.kpi.compute import Table
from ccore.kpi.definitions import Value, find
from ccore.kpi.groups import Ints
from ccore.kpi.passes import parts_of
from ccore.kpi.sums import Part, Sums

__all__ = ["CHANCE", "Change", "compare"]

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


def compare(before: tuple[Records, Table], after: tuple[Records, Table]) -> list[Change]:
    """Both tables by the same plan."""
    old, new = before[1].total.sums, after[1].total.sums
    changes = []
    days = [max(1, _days(side[0])) for side in (before, after)]
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
    for name, (part, field) in AVERAGES.items():
        samples = [_of(side[0], part, field) for side in (before, after)]
        changes.append(Change(name, find(name).value(old), find(name).value(new), _p(*samples)))
    return changes


def _days(records: Records) -> int:
    return len(np.unique(records.contacts["arrived_us"] // 86_400_000_000))


def _of(records: Records, part: Part, field: str) -> Ints:
    rows = records.contacts
    values: Ints = rows[field][parts_of(rows) == part].astype(np.int64)
    return values


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


def _p(old: Ints, new: Ints) -> float | None:
    if min(len(old), len(new)) < FEWEST:
        return None
    variance = float(old.var(ddof=1)) / len(old) + float(new.var(ddof=1)) / len(new)
    return _two_sided(float(new.mean() - old.mean()), variance)


def _two_sided(difference: float, variance: float) -> float:
    if variance <= 0:
        return 1.0 if difference == 0 else 0.0
    return erfc(abs(difference) / sqrt(2 * variance))
