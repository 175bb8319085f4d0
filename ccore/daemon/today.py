"""The figures of the day that is on, by the definitions of every other day.

Each fact that goes on record is counted here as well, in all and by queue, so that at midnight the
live figures are what `ccore kpi` says of the day. After a restart the day's rows are counted first.
A day is one of the site's time zone; a contact belongs to the day on which it arrived, agents' time
to the day in which it passed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from ccore.cdr import RowFact, load
from ccore.cdr.records import Tell
from ccore.cdr.segment import day_of
from ccore.config.schema import Kpi
from ccore.kpi import Counters, Experts, Plan, table
from ccore.kpi.days import clipped
from ccore.kpi.groups import zone_of
from ccore.model import AgentInterval, ContactClosed, Fact, LegClosed

__all__ = ["Today"]

# Told beside service level; docs/kpi.md has their formulas.
FIGURES = (
    *("offered", "answered", "abandoned", "flowout", "abn1", "asa", "longest", "wait_p95"),
    *("att", "acw", "aht"),
)
OF_ALL = (*FIGURES, "blocked", "closed", "forced", "occupancy", "utilisation")


class Today:
    """Fed with facts, asked for figures; knows the time only by what it is told."""

    def __init__(
        self,
        wanted: Kpi,
        timezone: str,
        now_us: int,
        thresholds_s: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self.from_tomorrow(wanted, timezone, thresholds_s)
        self._begin(now_us)

    def from_tomorrow(
        self, wanted: Kpi, timezone: str, thresholds_s: Mapping[str, int] = MappingProxyType({})
    ) -> None:
        """Definitions of the next day: what was counted of this one cannot be counted anew."""
        self._next = wanted, zone_of(timezone), dict(thresholds_s)

    def recall(self, directory: Path, tell: Tell) -> None:
        """Begin with what the records have of the day."""
        first, last = day_of(self.begin_us), day_of(self.end_us - 1)
        # An agent's time lies under the day it began, which may be the one before.
        days = {first - timedelta(1), first, last}
        records = clipped(load(directory, days, tell=tell), self.begin_us, self.end_us)
        result = table(records, self._plan)
        self._all.sums = result.total.sums
        for line in result.lines:
            if line.key[0]:
                self._queues.setdefault(line.key[0], self._counters()).sums = line.sums
        records.strings.close()

    def add(self, facts: Iterable[Fact], now_us: int) -> None:
        if now_us >= self.end_us:
            self._begin(now_us)
        for fact in facts:
            if isinstance(fact, ContactClosed | LegClosed | AgentInterval):
                self._count(fact)

    def figures(self, now_us: int) -> dict[str, Any]:
        """With the definition used; a figure of nothing is None."""
        if now_us >= self.end_us:
            self._begin(now_us)
        return {
            "since_us": self.begin_us,
            "service_level_name": self._wanted.service_level,
            "threshold_s": self._wanted.threshold_s,
            "thresholds_s": self._thresholds_s,
            "short_s": self._wanted.short_s,
            **_told(self._all, OF_ALL),
            "queues": {
                name: _told(counters, FIGURES) for name, counters in sorted(self._queues.items())
            },
        }

    def _begin(self, now_us: int) -> None:
        self._wanted, self._zone, self._thresholds_s = self._next
        self.begin_us, self.end_us = _day(now_us, self._zone)
        self._all = self._counters()
        self._queues: dict[str, Counters] = {}

    @property
    def _plan(self) -> Plan:
        wanted = self._wanted
        return Plan(
            by=("queue",),
            threshold_s=wanted.threshold_s,
            thresholds_s=self._thresholds_s,
            short_s=wanted.short_s,
            service_level=wanted.service_level,
            experts=Experts(frozenset(wanted.expert_queues), frozenset(wanted.expert_agents)),
        )

    def _counters(self) -> Counters:
        plan = self._plan
        return Counters(
            plan.threshold_s, plan.short_s, plan.service_level, plan.experts, plan.thresholds_s
        )

    def _count(self, fact: RowFact) -> None:
        if isinstance(fact, AgentInterval):
            start_us, end_us = max(fact.start_us, self.begin_us), min(fact.end_us, self.end_us)
            if start_us < end_us:
                self._all.add(replace(fact, start_us=start_us, end_us=end_us))
            return
        arrived_us = fact.arrived_us if isinstance(fact, ContactClosed) else fact.contact_us
        if self.begin_us <= arrived_us < self.end_us:
            self._all.add(fact)
            if fact.queue:
                self._queues.setdefault(fact.queue, self._counters()).add(fact)


def _told(counters: Counters, names: Iterable[str]) -> dict[str, Any]:
    figures = {name: counters.value(name) for name in names}
    return {"service_level": counters.service_level, **figures}


def _day(now_us: int, zone: ZoneInfo) -> tuple[int, int]:
    local = datetime.fromtimestamp(now_us // 1_000_000, zone)
    begin = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    end = (begin + timedelta(days=1)).replace(fold=0)
    return round(begin.timestamp()) * 1_000_000, round(end.timestamp()) * 1_000_000
