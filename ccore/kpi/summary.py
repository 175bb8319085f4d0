"""Everything that a report tells of a period, from one pass over its days.

What is drawn by the hour or the day is added up from the intervals, so that a year is read once and
in the memory of one day and these sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ccore.cdr import Records
from ccore.kpi.compare import Sample, merged, sample_of
from ccore.kpi.compute import Table, table_of_parts
from ccore.kpi.days import EveryDay
from ccore.kpi.groups import Ints
from ccore.kpi.partial import Partial
from ccore.kpi.passes import parts_of
from ccore.kpi.plan import Plan
from ccore.kpi.sums import Part
from ccore.kpi.targets import CausePart, Causes

__all__ = ["WAITS_S", "Summary", "summary"]

# Borders of the waiting-time histogram, seconds; each bar includes its upper border.
WAITS_S = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300)
WAITED = (Part.ANSWERED, Part.ABANDONED, Part.FLOWOUT)
GROUPINGS = ((), ("interval",), ("queue",), ("agent",))


@dataclass(slots=True, frozen=True)
class Summary:
    total: Table
    intervals: Table
    queues: Table
    agents: Table
    waits: Ints  # contacts of A, B and F, a row each, by the borders and above the last
    arrived_us: tuple[int, int]  # the first and the last; of no meaning without contacts
    sample: Sample
    causes: list[CausePart]


@dataclass(slots=True, frozen=True)
class _Day:
    tables: list[Partial]
    waits: Ints
    arrived_us: tuple[int, int] | None
    sample: Sample
    causes: CausePart


@dataclass(slots=True, frozen=True)
class _Look:
    plans: Sequence[Plan]
    causes: Causes

    def at(self, records: Records) -> _Day:
        arrived = records.contacts["arrived_us"]
        return _Day(
            [plan.part(records) for plan in self.plans],
            _waits(records),
            (int(arrived.min()), int(arrived.max())) if len(arrived) else None,
            sample_of(records),
            self.causes.part(records),
        )


def summary(days: EveryDay, plan: Plan) -> Summary:
    """`plan` says all but the groupings."""
    plans = [replace(plan, by=by, percentiles=not by) for by in GROUPINGS]
    found = list(days.map(_Look(plans, Causes(plans[0])).at))

    def table(place: int) -> Table:
        return table_of_parts((day.tables[place] for day in found), plans[place], days.strings)

    total, intervals, queues, agents = map(table, range(len(plans)))
    ends = [at_us for day in found for at_us in day.arrived_us or ()]
    return Summary(
        total,
        intervals,
        queues,
        agents,
        waits=sum((day.waits for day in found), _no_waits()),
        arrived_us=(min(ends, default=0), max(ends, default=0)),
        sample=merged(day.sample for day in found),
        causes=[day.causes for day in found],
    )


def _no_waits() -> Ints:
    return np.zeros((len(WAITED), len(WAITS_S) + 1), np.int64)


def _waits(records: Records) -> Ints:
    parts = parts_of(records.contacts)
    wait_ms = records.contacts["wait_ms"].astype(np.int64)
    place = np.searchsorted(np.array(WAITS_S) * 1000, wait_ms)  # left: a border is included
    counts = [np.bincount(place[parts == part], minlength=len(WAITS_S) + 1) for part in WAITED]
    return np.array(counts, np.int64)
