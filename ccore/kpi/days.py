"""Records a day at a time, and a table of them in the memory of one day and its partial results.

A contact, its legs and the pieces of agents' time lie in the files of one UTC day each, so the
partial results of the days add up to what one pass over everything gives, to the last unit. What
looks from one contact to another of a later day keeps of each contact only what it looks at.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from ccore.cdr import DTYPES, Records, Row, Strings, read
from ccore.cdr.records import Tell, days_in, files_of
from ccore.cdr.segment import day_of
from ccore.errors import UnknownName
from ccore.kpi.compute import Table, table_of_parts
from ccore.kpi.groups import LAST_US, NO_TEAMS, Ints, teams_of, zone_of
from ccore.kpi.plan import Plan

__all__ = ["Days", "EveryDay", "Loaded", "clipped", "table_by_days"]

T = TypeVar("T")
ONE_DAY = timedelta(days=1)
STAYS = timedelta(days=7)  # so long an agent's state may have been on: it lies where it began


class EveryDay(Protocol):
    """Some work done for every day: here one after another, or on a cluster in any order."""

    @property
    def strings(self) -> Strings: ...

    def map(self, work: Callable[[Records], T]) -> Iterator[T]: ...


@dataclass(frozen=True)
class Days:
    """The days of a directory of records, or those that were chosen; read anew each time.

    Chosen are UTC days, which are files as a whole; with a zone, days of that zone: contacts that
    arrived in them with their legs, and agents' time as it passed in them.
    """

    directory: Path
    chosen: tuple[date, ...] = ()
    tell: Tell | None = None  # as in `ccore.cdr.read`
    zone: str = ""

    @property
    def dates(self) -> list[date]:
        """The UTC days that have to be read."""
        if not self.directory.is_dir():
            raise UnknownName(
                kind="directory of records", name=str(self.directory), known="none here"
            )
        days = days_in(self.directory)
        if not self.zone:
            return [day for day in days if not self.chosen or day in self.chosen]
        return [day for day in days if self._has_span(day, before=STAYS)]

    def _has_span(self, day: date, *, before: timedelta = timedelta()) -> bool:
        return any(day_of(begin) - before <= day <= day_of(end - 1) for begin, end in self.spans)

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """The chosen days in microseconds; days in a row are one span."""
        zone, spans = zone_of(self.zone), list[tuple[int, int]]()
        for day in sorted(set(self.chosen)):
            midnights = (datetime.combine(one, time(), zone) for one in (day, day + ONE_DAY))
            begin, end = (round(at.timestamp()) * 1_000_000 for at in midnights)
            if spans and spans[-1][1] == begin:
                begin = spans.pop()[0]
            spans.append((begin, end))
        return spans

    def covered(self, zone: str) -> tuple[date, date] | None:
        """The first and the last day of a zone on which somebody called or was at work."""
        dates = self.dates
        moments = [np.empty(0, np.int64)]
        for day in {*dates[:1], *dates[-1:]}:
            records = self.of(day)
            agents = records.agents
            moments += [records.contacts["arrived_us"], agents["start_us"], agents["end_us"]]
        every = np.clip(np.concatenate(moments), 0, LAST_US)
        if not len(every):
            return None
        ends_s = (int(every.min()) // 1_000_000, int(every.max()) // 1_000_000)
        first, last = (datetime.fromtimestamp(at_s, zone_of(zone)).date() for at_s in ends_s)
        return first, last

    @cached_property
    def strings(self) -> Strings:
        return Strings(self.directory, tell=self.tell)

    def __iter__(self) -> Iterator[Records]:
        for day in self.dates:
            yield self.of(day)

    def map(self, work: Callable[[Records], T]) -> Iterator[T]:
        for day in self.dates:
            yield work(self.of(day))  # no name for the rows: the next day's need their place

    def of(self, day: date) -> Records:
        has_calls = not self.zone or self._has_span(day)
        contacts, legs, agents = (
            read(self.directory, kind, [day], tell=self.tell)
            if has_calls or kind is Row.AGENT
            else np.empty(0, DTYPES[kind])
            for kind in Row
        )
        records = Records(contacts, legs, agents, self.strings)
        if not self.zone:
            return records
        parts = [clipped(records, *span) for span in self.spans]
        contacts, legs, agents = (
            np.concatenate([part.rows(kind) for part in parts]) for kind in Row
        )
        return Records(contacts, legs, agents, self.strings)

    def has(self, day: date) -> bool:
        """Whether there are files of a day."""
        return bool(files_of(self.directory, day))

    def teams(self) -> Ints:
        """Each agent's team by his latest rows."""
        teams = NO_TEAMS.copy()
        for day in self.dates:
            teams = teams_of(read(self.directory, Row.AGENT, [day], tell=self.tell), teams)
        return teams


@dataclass(frozen=True)
class Loaded:
    """Records that are in memory, as if they were all of one day."""

    records: Records

    @property
    def strings(self) -> Strings:
        return self.records.strings

    def map(self, work: Callable[[Records], T]) -> Iterator[T]:
        yield work(self.records)


def clipped(records: Records, first_us: int, last_us: int) -> Records:
    """Contacts that arrived from `first_us` to before `last_us`, their legs, agents' time then."""
    contacts, legs, agents = records.contacts, records.legs, records.agents
    agents = agents[(agents["start_us"] < last_us) & (agents["end_us"] > first_us)].copy()
    agents["start_us"] = np.maximum(agents["start_us"], first_us)
    agents["end_us"] = np.minimum(agents["end_us"], last_us)
    return Records(
        contacts[(contacts["arrived_us"] >= first_us) & (contacts["arrived_us"] < last_us)],
        legs[(legs["contact_us"] >= first_us) & (legs["contact_us"] < last_us)],
        agents,
        records.strings,
    )


def table_by_days(days: EveryDay, plan: Plan) -> Table:
    return table_of_parts(days.map(plan.part), plan, days.strings)
