"""One pass over the rows: integer sums per group, from which every KPI is read.

All sums are 64-bit integers, so that the total equals the sum of its parts to the last unit; only
the last step of a figure divides.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ccore.cdr import Records, Rows
from ccore.cdr.layout import NONE_MS
from ccore.kpi.definitions import KPI, Value, find
from ccore.kpi.definitions import service_level as variant
from ccore.kpi.groups import Groups, Ints, cut, zone_of
from ccore.kpi.live import STATE_FIELDS
from ccore.kpi.sums import COUNT_OF, Part, Sums, part
from ccore.model import LegKind, Outcome

__all__ = ["Line", "Table", "parts_of", "table"]

# PARTS[outcome, queued]: the part of the counting model. A code that a newer ccore wrote is lost.
PARTS = np.full((256, 2), Part.FAILED, np.int64)
for _outcome in Outcome:
    for _queued in (False, True):
        PARTS[_outcome, int(_queued)] = part(_outcome, _queued)


@dataclass(slots=True)
class Line:
    """One group's figures; the total has an empty key."""

    key: tuple[str, ...]
    sums: Sums

    def value(self, name: str) -> Value:
        return find(name).value(self.sums)


@dataclass(slots=True)
class Table:
    """KPI of some rows, and everything that has to be said with them."""

    by: tuple[str, ...]
    threshold_s: int
    short_s: int
    service_level: str  # the variant as it was asked for
    timezone: str
    lines: list[Line]
    total: Line
    names: tuple[str, ...] = field(default=tuple(kpi.name for kpi in KPI))

    def level(self, line: Line) -> Value:
        """Service level in the chosen variant."""
        return variant(self.service_level).value(line.sums)

    def as_dicts(self) -> Iterator[dict[str, Value | str]]:
        """One flat dictionary a line, the total last and with empty keys."""
        for line in (*self.lines, self.total):
            key = line.key or ("",) * len(self.by)
            yield (
                dict(zip(self.by, key, strict=True))
                | {"service_level": self.level(line)}
                | {name: line.value(name) for name in self.names}
            )


def table(
    records: Records,
    *,
    by: tuple[str, ...] = (),
    threshold_s: int = 20,
    short_s: int = 5,
    service_level: str = "negative",
    timezone: str = "UTC",
    interval_s: int = 1800,
) -> Table:
    """KPI of `records` grouped by any of `groups.GROUPS`, in the order of the groups.

    Agents' time has no queue, language or entry: where it is grouped by one of these, figures made
    of it stand in the total alone.
    """
    variant(service_level)  # refused before any work is done
    groups = Groups(by, interval_s=interval_s, zone=zone_of(timezone))
    legs = records.legs[records.legs["kind"] == LegKind.WRAPUP]
    owner, start_us, length_us = cut(records.agents, quarters=groups.has_time)
    pieces = records.agents[owner] if groups.has_agent_time else records.agents[:0]
    keys = np.concatenate(
        [
            groups.of_contacts(records.contacts),
            groups.of_legs(legs, records.contacts),
            groups.of_agents(pieces, start_us[: len(pieces)]),
        ]
    )
    unique, index = _unique(keys)
    split = np.split(index, [len(records.contacts), len(records.contacts) + len(legs)])

    sums = _Accumulator(len(unique))
    _add_contacts(sums, records.contacts, split[0], threshold_s * 1000, short_s * 1000)
    sums.add("acw_us", split[1], np.maximum(legs["end_us"] - legs["start_us"], 0))
    if groups.has_agent_time:
        _add_agents(sums, pieces, length_us, split[2])

    lines = [
        Line(groups.labels(key, records.strings), sums.line(number))
        for number, key in groups.sorted(unique, records.strings)
    ]
    total = Sums()
    for line in lines:
        total.add(line.sums)
    if not groups.has_agent_time:
        whole = _Accumulator(1)
        _add_agents(whole, records.agents[owner], length_us, np.zeros(len(owner), np.int64))
        total.add(whole.line(0))
    return Table(
        by=by,
        threshold_s=threshold_s,
        short_s=short_s,
        service_level=service_level,
        timezone=timezone,
        lines=lines if by else [],
        total=Line((), total),
    )


def parts_of(contacts: Rows) -> Ints:
    """The part of the counting model of each contact."""
    queued = (contacts["queued_ms"] != NONE_MS).astype(np.int64)
    parts: Ints = PARTS[contacts["outcome"], queued]
    return parts


class _Accumulator:
    """A column of integers per field of Sums, a place per group."""

    def __init__(self, groups: int) -> None:
        self._groups = groups
        self._columns: dict[str, Ints] = {}

    def _column(self, name: str) -> Ints:
        return self._columns.setdefault(name, np.zeros(self._groups, np.int64))

    def add(self, name: str, index: Ints, values: npt.NDArray[np.integer]) -> None:
        np.add.at(self._column(name), index, values.astype(np.int64))

    def count(self, name: str, index: Ints) -> None:
        column = self._column(name)
        column += np.bincount(index, minlength=self._groups)

    def greatest(self, name: str, index: Ints, values: npt.NDArray[np.integer]) -> None:
        np.maximum.at(self._column(name), index, values.astype(np.int64))

    def line(self, group: int) -> Sums:
        return Sums(**{name: int(column[group]) for name, column in self._columns.items()})


def _add_contacts(
    sums: _Accumulator, rows: Rows, index: Ints, threshold_ms: int, short_ms: int
) -> None:
    parts = parts_of(rows)
    wait_ms = rows["wait_ms"].astype(np.int64)
    within = wait_ms <= threshold_ms
    sums.count("attempts", index)
    for kind, name in COUNT_OF.items():
        sums.count(name, index[parts == kind])
    sums.count("entered_ivr", index[(rows["ivr_ms"] > 0) | (rows["outcome"] == Outcome.IVR)])

    answered = parts == Part.ANSWERED
    at = index[answered]
    sums.count("answered_in", index[answered & within])
    sums.count("held", index[answered & (rows["hold_ms"] > 0)])
    sums.count("transferred", index[answered & (rows["transfers"] > 0)])
    sums.add("wait_answered_ms", at, wait_ms[answered])
    sums.add("talk_ms", at, rows["talk_ms"][answered])
    sums.add("hold_ms", at, rows["hold_ms"][answered])
    sums.greatest("longest_answered_ms", at, wait_ms[answered])

    abandoned = parts == Part.ABANDONED
    short = abandoned & (wait_ms <= short_ms)
    sums.count("abandoned_in", index[abandoned & within])
    sums.count("abandoned_short", index[short])
    sums.add("wait_abandoned_ms", index[abandoned], wait_ms[abandoned])
    sums.add("wait_short_ms", index[short], wait_ms[short])

    flowout = parts == Part.FLOWOUT
    sums.add("wait_flowout_ms", index[flowout], wait_ms[flowout])
    offered = answered | abandoned | flowout
    sums.greatest("longest_ms", index[offered], wait_ms[offered])


def _add_agents(sums: _Accumulator, rows: Rows, length_us: Ints, index: Ints) -> None:
    for state, name in STATE_FIELDS.items():
        chosen = rows["state"] == state
        sums.add(name, index[chosen], length_us[chosen])


def _unique(keys: Ints) -> tuple[Ints, Ints]:
    if keys.shape[1] == 0:  # one group, if there is anything at all
        return np.zeros((1, 0), np.int64), np.zeros(len(keys), np.int64)
    unique, index = np.unique(keys, axis=0, return_inverse=True)
    return unique, index.reshape(-1)
