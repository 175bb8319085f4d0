"""By what figures are grouped: the value of a row in each grouping, as an integer.

Time groups are local time of a zone. A contact belongs to the interval in which it arrived, its
wrap-up with it; agents' time is cut at the borders and belongs to the interval in which it passed.
"""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from ccore.cdr import Rows, Strings, Text
from ccore.errors import BadRequest, UnknownName

__all__ = ["GROUPS", "TIME_GROUPS", "Groups", "Ints", "cut", "zone_of"]

Ints = npt.NDArray[np.int64]

SECOND_US = 1_000_000
# Every zone in use is a whole number of quarter hours from UTC, and changes at one: whatever is cut
# at quarter hours falls whole into intervals, hours and days of any of them.
QUARTER_US = 900 * SECOND_US
DAY_US = 86_400 * SECOND_US
LAST_US = 253_370_764_800 * SECOND_US  # the year 9999; a clock that is wrong must not end a report
EPOCH = date(1970, 1, 1)

TIME_GROUPS = frozenset({"interval", "hour", "day", "week", "month", "year"})
TEXT_GROUPS = {
    "queue": Text.QUEUE,
    "agent": Text.AGENT,
    "site": Text.SITE,
    "language": Text.LANGUAGE,
    "entry": Text.ENTRY,
    "node": Text.NODE,
}
GROUPS = ("interval", "hour", "day", "week", "month", "year", *TEXT_GROUPS)
DATE_GROUPS = {"day": 10, "week": 10, "month": 7, "year": 4}  # characters of a date that name it
AGENT_GROUPS = TIME_GROUPS | {"agent", "site"}  # what agents' time can be divided by


class Groups:
    """One way of grouping, such as by queue and hour."""

    def __init__(self, by: tuple[str, ...], *, interval_s: int, zone: ZoneInfo) -> None:
        for name in by:
            if name not in GROUPS:
                raise UnknownName(kind="grouping", name=name, known=", ".join(GROUPS))
        if interval_s not in (900, 1800, 3600):
            raise BadRequest(what=f"an interval of {interval_s} s", expected="900, 1800 or 3600 s")
        self.by = by
        self._interval_us = interval_s * SECOND_US
        self._zone = zone

    @property
    def has_time(self) -> bool:
        return not TIME_GROUPS.isdisjoint(self.by)

    @property
    def has_agent_time(self) -> bool:
        return AGENT_GROUPS.issuperset(self.by)

    def of_contacts(self, rows: Rows) -> Ints:
        return self._columns(len(rows), rows, rows["arrived_us"])

    def of_legs(self, rows: Rows, contacts: Rows) -> Ints:
        """Where a leg has no such field its contact is asked, if it is among `contacts`."""
        owner = _find(contacts, rows) if {"entry", "node"} & set(self.by) else None
        columns = self._columns(len(rows), rows, rows["contact_us"])
        for index, name in enumerate(self.by):
            if name in ("entry", "node") and owner is not None:
                found = owner >= 0
                columns[found, index] = contacts[name][owner[found]]
        return columns

    def of_agents(self, rows: Rows, start_us: Ints) -> Ints:
        return self._columns(len(rows), rows, start_us)

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
        if name in DATE_GROUPS:
            first = EPOCH + timedelta(days=value)
            if name == "week":
                year, week, _ = first.isocalendar()
                return f"{year}-W{week:02}"
            return first.isoformat()[: DATE_GROUPS[name]]
        local = datetime.fromtimestamp(value // SECOND_US, self._zone)
        return local.isoformat(timespec="minutes")

    def _columns(self, count: int, rows: Rows, at_us: Ints) -> Ints:
        columns = np.zeros((count, len(self.by)), np.int64)
        names = rows.dtype.names or ()
        for index, name in enumerate(self.by):
            if name in TIME_GROUPS:
                columns[:, index] = self._time(name, at_us)
            elif name in names:
                columns[:, index] = rows[name]
        return columns

    def _time(self, name: str, at_us: Ints) -> Ints:
        at_us = np.clip(at_us.astype(np.int64), 0, LAST_US)
        offset_us = _offsets(at_us, self._zone)
        if name in DATE_GROUPS:
            return _first_day((at_us + offset_us) // DAY_US, name)
        size_us = self._interval_us if name == "interval" else 3600 * SECOND_US
        return (at_us + offset_us) // size_us * size_us - offset_us


def zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadRequest(
            what=f"time zone {name!r}", expected="an IANA name such as Asia/Shanghai"
        ) from error


def cut(rows: Rows, *, quarters: bool) -> tuple[Ints, Ints, Ints]:
    """Stretches of time as (row index, start_us, length_us), on request cut at quarter hours."""
    start = rows["start_us"].astype(np.int64)
    end = rows["end_us"].astype(np.int64)
    index: Ints = np.flatnonzero(end > start).astype(np.int64)
    if not quarters or not len(index):
        return index, start[index], end[index] - start[index]
    first = start[index] // QUARTER_US
    pieces = (end[index] - 1) // QUARTER_US - first + 1
    owner = np.repeat(index, pieces)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    border = (np.repeat(first, pieces) + nth) * QUARTER_US
    begin = np.maximum(start[owner], border)
    return owner, begin, np.minimum(end[owner], border + QUARTER_US) - begin


def _first_day(days: Ints, name: str) -> Ints:
    """The day with which the week (ISO: a Monday), month or year of each day begins."""
    if name == "day":
        return days
    if name == "week":
        return days - (days + 3) % 7  # 1970-01-01 was a Thursday
    unit = "M" if name == "month" else "Y"
    dates = days.astype("datetime64[D]").astype(f"datetime64[{unit}]")
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


def _offset(at_s: int, zone: ZoneInfo) -> timedelta:
    return datetime.fromtimestamp(at_s, zone).utcoffset() or timedelta()


def _find(contacts: Rows, legs: Rows) -> Ints:
    """For each leg the index of its contact, or -1."""
    if not len(contacts):
        return np.full(len(legs), -1, np.int64)
    keys, wanted = _keys(contacts), _keys(legs)
    order = np.argsort(keys, kind="stable")
    place = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
    found = order[place]
    return np.where(keys[found] == wanted, found, -1).astype(np.int64)


def _keys(rows: Rows) -> npt.NDArray[Any]:
    pair = np.empty((len(rows), 2), ">u8")  # big endian: bytes then compare as numbers do
    pair[:, 0], pair[:, 1] = rows["contact_hi"], rows["contact_lo"]
    return pair.view("S16").ravel()
