"""Everything that a report tells of a period, from one pass over its days.

What is drawn by the hour or the day is added up from the intervals, so that a year is read once and
in the memory of one day and these sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ccore.cdr import Records
from ccore.kpi.compare import Sample, sample_of
from ccore.kpi.compute import Table, table_of
from ccore.kpi.days import EveryDay
from ccore.kpi.groups import Ints
from ccore.kpi.partial import Merger, Partial
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
    parts: list[Partial]
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
    mergers = [Merger(len(by)) for by in GROUPINGS]
    waits, ends, sample, causes = _no_waits(), list[int](), Sample(), list[CausePart]()
    for day in days.map(_Look(plans, Causes(plans[0])).at):
        for merger, part in zip(mergers, day.parts, strict=True):
            merger.add(part)
        waits += day.waits
        ends += day.arrived_us or ()
        sample.add(day.sample)
        causes.append(day.causes)
    total, intervals, queues, agents = (
        table_of(merger.whole(), plan, days.strings)
        for merger, plan in zip(mergers, plans, strict=True)
    )
    arrived_us = (min(ends, default=0), max(ends, default=0))
    return Summary(total, intervals, queues, agents, waits, arrived_us, sample, causes)


def _no_waits() -> Ints:
    return np.zeros((len(WAITED), len(WAITS_S) + 1), np.int64)


def _waits(records: Records) -> Ints:
    parts = parts_of(records.contacts)
    wait_ms = records.contacts["wait_ms"].astype(np.int64)
    place = np.searchsorted(np.array(WAITS_S) * 1000, wait_ms)  # left: a border is included
    counts = [np.bincount(place[parts == part], minlength=len(WAITS_S) + 1) for part in WAITED]
    return np.array(counts, np.int64)
