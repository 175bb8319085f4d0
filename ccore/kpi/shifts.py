"""The schedule: who was to do what, and when. Read from CSV or TOML.

    agent,start,end,activity
    1001,2026-11-21T09:00,2026-11-21T12:00,phone

or, in TOML, one `[[shift]]` a stretch with the same keys. Times without an offset are local. The
activity `phone` is work on calls; any other name is a reason for being not ready.
"""

import csv
import io
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ccore.errors import BadConfig, reason
from ccore.kpi.groups import zone_of

__all__ = ["PHONE", "Shift", "cut", "read_shifts"]

PHONE = "phone"
KEYS = ("agent", "start", "end", "activity")
LONGEST_US = 24 * 3_600_000_000  # a longer shift is a slip of the pen


@dataclass(slots=True, frozen=True)
class Shift:
    agent: str
    start_us: int
    end_us: int
    activity: str
    place: str  # where it stands in the file
    day: str  # local date on which it begins


def read_shifts(path: Path, timezone: str) -> list[Shift]:
    """In order of agent and time. Two that overlap are refused with both their places."""
    zone = zone_of(timezone)

    def moment(place: str, key: str, value: Any) -> datetime:
        try:
            at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
            return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(zone)
        except (ValueError, OverflowError):  # the latter: another zone's year 0
            raise BadConfig(
                file=path, place=f"{place}, {key}", found=repr(value), expected="2026-11-21T09:00"
            ) from None

    shifts: list[Shift] = []
    for place, row in _rows(path):
        if set(row) != set(KEYS) or not row["agent"] or not row["activity"]:
            raise BadConfig(
                file=path,
                place=place,
                found=", ".join(str(key) for key, value in row.items() if value) or "nothing",
                expected=", ".join(KEYS),
            )
        start, end = (moment(place, key, row[key]) for key in ("start", "end"))
        start_us, end_us = (round(at.timestamp()) * 1_000_000 for at in (start, end))
        day = start.date().isoformat()
        if not start_us < end_us <= start_us + LONGEST_US:
            raise BadConfig(
                file=path,
                place=f"{place}, end",
                found=row["end"],
                expected="a time after the start, within 24 h",
            )
        shifts.append(Shift(str(row["agent"]), start_us, end_us, str(row["activity"]), place, day))
    if not shifts:
        raise BadConfig(file=path, place="file", found="no shift", expected=", ".join(KEYS))
    shifts.sort(key=lambda shift: (shift.agent, shift.start_us))
    for before, after in zip(shifts, shifts[1:], strict=False):
        if before.agent == after.agent and after.start_us < before.end_us:
            raise BadConfig(
                file=path,
                place=after.place,
                found=f"a shift of {after.agent} that overlaps {before.place}",
                expected="shifts of one agent one after another",
            )
    return shifts


def cut(shifts: Iterable[Shift], spans: Iterable[tuple[int, int]]) -> list[Shift]:
    """What of each shift lies in these spans, which are given in microseconds."""
    within = list(spans)
    return [
        replace(shift, start_us=max(shift.start_us, begin), end_us=min(shift.end_us, end))
        for shift in shifts
        for begin, end in within
        if shift.start_us < end and shift.end_us > begin
    ]


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        text = path.read_text("utf-8-sig")
        if path.suffix.lower() != ".toml":
            rows = csv.DictReader(io.StringIO(text), strict=True)
            yield from ((f"row {rows.line_num}", _named(row)) for row in rows)
            return
        table = tomllib.loads(text)
    except (OSError, ValueError, RecursionError, csv.Error) as error:
        raise BadConfig(
            file=path, place="file", found=reason(error), expected="a schedule as CSV or TOML"
        ) from error
    found = table.get("shift")
    is_list = isinstance(found, list) and all(isinstance(row, dict) for row in found)
    if set(table) != {"shift"} or not is_list:
        raise BadConfig(
            file=path, place="top level", found=", ".join(table) or "nothing", expected="[[shift]]"
        )
    for place, row in enumerate(found or (), 1):
        yield f"shift {place}", row


def _named(row: dict[Any, Any]) -> dict[str, Any]:
    """A row of CSV without the blanks around its cells; cells beyond the head keep no name."""
    return {str(key): (value or "") if key else value for key, value in row.items()} | {
        key: row[key].strip() for key in KEYS if isinstance(row.get(key), str)
    }
