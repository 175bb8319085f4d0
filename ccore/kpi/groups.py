"""By what figures are grouped: the value of a row in each grouping, as an integer.

Time groups are local time of a zone; which moment of a contact counts is `attribution`'s to say.
Agents' time is cut at the borders and belongs to the interval in which it passed. A contact belongs
to the team of its agent, as the agents' own rows name it.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from ccore.cdr import Rows, Strings, Text
from ccore.cdr.rows import cause_name
from ccore.cdr.segment import LAST_DAY
from ccore.errors import BadRequest, UnknownName
from ccore.kpi.sums import LONGEST_US
from ccore.model import Outcome

__all__ = [
    "GROUPS",
    "LAST_US",
    "NO_TEAMS",
    "QUARTER_US",
    "TIME_GROUPS",
    "Groups",
    "Ints",
    "cut",
    "cut_at_quarters",
    "find_contacts",
    "in_time",
    "lengths",
    "teams_of",
    "zone_of",
]

Ints = npt.NDArray[np.int64]

SECOND_US = 1_000_000
# Every zone in use is a whole number of quarter hours from UTC, and changes at one: whatever is cut
# at quarter hours falls whole into intervals, hours and days of any of them.
QUARTER_US = 900 * SECOND_US
DAY_US = 86_400 * SECOND_US
LAST_US = 253_370_764_800 * SECOND_US  # the year 9999; a clock that is wrong must not end a report
EPOCH = date(1970, 1, 1)

TIME_GROUPS = ("interval", "hour", "day", "week", "month", "quarter", "year")
TEXT_GROUPS = {
    "queue": Text.QUEUE,
    "agent": Text.AGENT,
    "team": Text.TEAM,
    "site": Text.SITE,
    "language": Text.LANGUAGE,
    "entry": Text.ENTRY,
    "node": Text.NODE,
    "tenant": Text.TENANT,
}
# What the contact alone knows: its legs ask it.
OF_CONTACT = ("entry", "node", "outcome", "cause")
GROUPS = (*TIME_GROUPS, *TEXT_GROUPS, "outcome", "cause")
OUTCOMES = {int(one): one.name.lower() for one in Outcome}
# Characters of a date that name it.
DATE_GROUPS = {"day": 10, "week": 10, "month": 7, "quarter": 7, "year": 4}
# What agents' time can be divided by.
AGENT_GROUPS = frozenset(TIME_GROUPS) | {"agent", "team", "site"}
NO_TEAMS: Ints = np.zeros(1 << 16, np.int64)


class Groups:
    """One way of grouping, such as by queue and hour. `teams` has each agent's team, by id."""

    def __init__(
        self, by: tuple[str, ...], *, interval_s: int, zone: ZoneInfo, teams: Ints = NO_TEAMS
    ) -> None:
        for name in by:
            if name not in GROUPS:
                raise UnknownName(kind="grouping", name=name, known=", ".join(GROUPS))
        if interval_s not in (900, 1800, 3600):
            raise BadRequest(what=f"an interval of {interval_s} s", expected="900, 1800 or 3600 s")
        self.by = by
        self._interval_us = interval_s * SECOND_US
        self._zone = zone
        self._teams = teams

    @property
    def has_time(self) -> bool:
        return not set(TIME_GROUPS).isdisjoint(self.by)

    @property
    def has_agent_time(self) -> bool:
        return AGENT_GROUPS.issuperset(self.by)

    def of_contacts(self, rows: Rows, at_us: Ints) -> Ints:
        return self._columns(rows, at_us)

    def of_legs(self, rows: Rows, contacts: Rows, at_us: Ints) -> Ints:
        """Where a leg has no such field its contact is asked, if it is among `contacts`."""
        columns = self._columns(rows, at_us)
        if not set(OF_CONTACT).isdisjoint(self.by):
            owner = find_contacts(contacts, rows)
            found = owner >= 0
            for index, name in enumerate(self.by):
                if name in OF_CONTACT:
                    columns[:, index] = 0
                    columns[found, index] = contacts[name][owner[found]]
        return columns

    def of_agents(self, rows: Rows, start_us: Ints) -> Ints:
        return self._columns(rows, start_us)

    def of_times(self, at_us: Ints) -> Ints:
        """The time columns alone, one for each time group in the order of `by`."""
        names = [name for name in self.by if name in TIME_GROUPS]
        columns = np.zeros((len(at_us), len(names)), np.int64)
        for index, name in enumerate(names):
            columns[:, index] = self._time(name, at_us)
        return columns

    def labels(self, key: list[int], strings: Strings) -> tuple[str, ...]:
        return tuple(self._label(*pair, strings) for pair in zip(self.by, key, strict=True))

    def sorted(self, keys: Ints, strings: Strings) -> list[tuple[int, list[int]]]:
        """Keys with their places: times in order of time, names in order of the alphabet."""

        def rank(pair: tuple[int, list[int]]) -> list[tuple[int, str]]:
            return [
                (value, "") if name in TIME_GROUPS else (0, self._label(name, value, strings))
                for name, value in zip(self.by, pair[1], strict=True)
            ]

        return sorted(enumerate(keys.tolist()), key=rank)

    def _label(self, name: str, value: int, strings: Strings) -> str:
        if name in TEXT_GROUPS:
            return strings.text(TEXT_GROUPS[name], value)
        if name == "cause":
            return cause_name(value, strings)
        if name == "outcome":
            return OUTCOMES.get(value, "")
        if name in DATE_GROUPS:
            first = EPOCH + timedelta(days=value)
            if name == "week":
                year, week, _ = first.isocalendar()
                return f"{year}-W{week:02}"
            if name == "quarter":
                return f"{first.year}-Q{first.month // 3 + 1}"
            return first.isoformat()[: DATE_GROUPS[name]]
        local = datetime.fromtimestamp(value // SECOND_US, self._zone)
        return local.isoformat(timespec="minutes")

    def _columns(self, rows: Rows, at_us: Ints) -> Ints:
        columns = np.zeros((len(rows), len(self.by)), np.int64)
        names = rows.dtype.names or ()
        for index, name in enumerate(self.by):
            if name in TIME_GROUPS:
                columns[:, index] = self._time(name, at_us)
            elif name in names:
                columns[:, index] = rows[name]
            elif name == "team":
                columns[:, index] = self._teams[rows["agent"]]
        return columns

    def _time(self, name: str, at_us: Ints) -> Ints:
        at_us = in_time(at_us.astype(np.int64))
        offset_us = _offsets(at_us, self._zone)
        if name in DATE_GROUPS:
            return _first_day((at_us + offset_us) // DAY_US, name)
        size_us = self._interval_us if name == "interval" else 3600 * SECOND_US
        return (at_us + offset_us) // size_us * size_us - offset_us


def teams_of(agents: Rows, known: Ints | None = None) -> Ints:
    """Each agent's team by his latest rows; `known` is what earlier rows said."""
    teams = NO_TEAMS.copy() if known is None else known
    order = np.argsort(agents["start_us"], kind="stable")
    teams[agents["agent"][order]] = agents["team"][order]  # of equal places the last one stays
    return teams


def zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadRequest(
            what=f"time zone {name!r}", expected="an IANA name such as Asia/Shanghai"
        ) from error


def cut(rows: Rows, *, quarters: bool) -> tuple[Ints, Ints, Ints]:
    """Stretches of time as (row index, start_us, length_us), on request cut at quarter hours."""
    length = lengths(rows)
    start = in_time(rows["start_us"].astype(np.int64))
    index: Ints = np.flatnonzero(length > 0).astype(np.int64)
    start, length = start[index], length[index]
    if not quarters:
        return index, start, length
    owner, begin, piece, _ = cut_at_quarters(start, length)
    return index[owner], begin, piece


def lengths(rows: Rows) -> Ints:
    """Of legs or states, never negative; a clock that was wrong makes none longer than a year."""
    found: Ints = np.clip(rows["end_us"].astype(np.int64) - rows["start_us"], 0, LONGEST_US)
    return found


def in_time(at_us: Ints) -> Ints:
    """Moments between 1970 and the year 9999."""
    return np.clip(at_us, 0, LAST_US)


def cut_at_quarters(start: Ints, length: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Pieces of stretches, which begin `in_time`.

    As (index, start_us, length_us, 1 if it is the stretch's first piece).
    """
    end = start + length
    first = start // QUARTER_US
    pieces = np.maximum(end - 1, start) // QUARTER_US - first + 1
    owner = np.repeat(np.arange(len(start)), pieces)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    border = (first[owner] + nth) * QUARTER_US
    begin = np.maximum(start[owner], border)
    piece = np.minimum(end[owner], border + QUARTER_US) - begin
    return owner, begin, piece, (nth == 0).astype(np.int64)


def _first_day(days: Ints, name: str) -> Ints:
    """The day with which each day's week (ISO: a Monday), month, quarter or year begins."""
    if name == "day":
        return days
    if name == "week":
        return days - (days + 3) % 7  # 1970-01-01 was a Thursday
    dates = days.astype("datetime64[D]").astype(f"datetime64[{'Y' if name == 'year' else 'M'}]")
    if name == "quarter":
        dates = (dates.astype(np.int64) // 3 * 3).astype("datetime64[M]")
    first: Ints = dates.astype("datetime64[D]").astype(np.int64)
    return first


def _offsets(at_us: Ints, zone: ZoneInfo) -> Ints:
    """The zone's distance from UTC at each moment; asked once a quarter hour."""
    quarters, inverse = np.unique(at_us // QUARTER_US, return_inverse=True)
    offsets = [
        int(_offset(quarter * 900, zone).total_seconds()) * SECOND_US
        for quarter in quarters.tolist()
    ]
    return np.array(offsets, np.int64)[inverse]


@lru_cache(maxsize=200_000)  # the quarter hours of five years
def _offset(at_s: int, zone: ZoneInfo) -> timedelta:
    return datetime.fromtimestamp(at_s, zone).utcoffset() or timedelta()


def find_contacts(contacts: Rows, legs: Rows) -> Ints:
    """For each leg the index of its contact, or -1.

    An id is of one contact in its UTC day, by which files are named: days can be computed apart.
    """
    if not len(contacts):
        return np.full(len(legs), -1, np.int64)
    keys, wanted = _keys(contacts, "arrived_us"), _keys(legs, "contact_us")
    order = np.argsort(keys, kind="stable")
    place = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
    found = order[place]
    return np.where(keys[found] == wanted, found, -1).astype(np.int64)


def _keys(rows: Rows, arrival: str) -> npt.NDArray[Any]:
    keys = np.empty((len(rows), 3), ">u8")  # big endian: bytes then compare as numbers do
    keys[:, 0] = np.clip(rows[arrival] // DAY_US, 0, LAST_DAY)  # as `ccore.cdr` names its files
    keys[:, 1], keys[:, 2] = rows["contact_hi"], rows["contact_lo"]
    return keys.view("S24").ravel()
