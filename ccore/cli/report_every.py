"""Reports on time: when a day, a week or an hour is over, its page is written to a directory.

A page that is there already is left alone, so the command can be stopped and started at will. When
it starts it makes up for the last whole period. A period that fails is told, and tried again with
the next one.
"""

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ccore.errors import CcoreError, DiskTrouble, reason

if TYPE_CHECKING:
    from ccore.cdr import Records
    from ccore.cli.records_place import Place

__all__ = ["begin_of", "between", "following", "prepare", "put", "run"]

SETTLE_S = 60  # rows of calls that ended on the border are written by then
DAY = timedelta(days=1)
Render = Callable[["Records", "Records", str], str]


def begin_of(period: str, at: datetime) -> datetime:
    """The beginning of the period that a local moment lies in."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    if period == "hour":
        return hour
    day = hour.replace(hour=0)
    return day if period == "day" else day - at.weekday() * DAY


def following(period: str, begin: datetime) -> datetime:
    """The beginning of the next period; a day is a day of the calendar, whatever the clocks do."""
    if period == "hour":
        return datetime.fromtimestamp(begin.timestamp() + 3600, begin.tzinfo)
    return begin + DAY * (1 if period == "day" else 7)


def preceding(period: str, begin: datetime) -> datetime:
    return begin_of(period, datetime.fromtimestamp(begin.timestamp() - 1, begin.tzinfo))


def between(place: "Place", begin: datetime, end: datetime) -> "Records":
    """Contacts that arrived from `begin` to before `end`, their legs, and agents' time then."""
    from ccore.kpi.days import clipped

    first, last = (round(at.timestamp()) * 1_000_000 for at in (begin, end))
    days = _days(*(at.astimezone(UTC) for at in (begin, end)))
    return clipped(place.load(tuple(day.date() for day in days)), first, last)


def _days(start: datetime, stop: datetime) -> Iterator[datetime]:
    """UTC days of the files that may hold it: an agent's row lies under the day it began."""
    day = start - 2 * DAY
    while day <= stop + DAY:
        yield day
        day += DAY


def prepare(place: "Place", directory: Path) -> None:
    """What would fail every time is told before the first."""
    place.check()
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DiskTrouble(path=directory, why=reason(error)) from None
    if not os.access(directory, os.W_OK):
        raise DiskTrouble(path=directory, why="permission denied")


def run(
    period: str,
    place: "Place",
    directory: Path,
    render: Render,
    say: Callable[[str], None],
    now: Callable[[], datetime],
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """For ever, until interrupted."""
    begin = preceding(period, begin_of(period, now()))
    say(f"a report for every {period} to {directory}")
    while True:
        end = following(period, begin)
        due_s = end.timestamp() + SETTLE_S - now().timestamp()
        if due_s > 0:
            say(f"next: {_name(period, begin)}, due {end.isoformat(timespec='minutes')}")
            wait(due_s)
        try:
            say(_write(period, place, directory, render, begin, end))
        except CcoreError as trouble:
            say(f"{_name(period, begin)} failed: {trouble}")
        begin = end


def _write(
    period: str, place: "Place", directory: Path, render: Render, begin: datetime, end: datetime
) -> str:
    target = directory / _name(period, begin)
    if target.exists():
        return f"{target.name} is there already"
    records = between(place, begin, end)
    before = between(place, preceding(period, begin), begin)
    page = render(records, before, end.isoformat(timespec="minutes"))
    put(target, page)
    return f"{target.name} written, {len(records.contacts)} contacts"


def put(target: Path, page: str) -> None:
    """In one step: whoever mails it never finds half a page, also where two write the same one."""
    try:
        if target.exists() and not target.is_file():  # such as /dev/stdout
            target.write_text(page, "utf-8")
            return
        target = target.resolve()  # what a link points to, not the link
        partial = target.with_name(f".{target.name}.{os.getpid()}.part")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_text(page, "utf-8")
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise DiskTrouble(path=target, why=reason(error)) from error


def _name(period: str, begin: datetime) -> str:
    if period == "hour":
        return f"report-{begin.strftime('%Y-%m-%dT%H%M%z')}.html"
    return f"report-{begin.date().isoformat()}{'-week' if period == 'week' else ''}.html"
