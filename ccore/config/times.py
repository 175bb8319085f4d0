"""Calendars and time zones make sense."""

import zoneinfo
from collections.abc import Callable
from typing import TypeVar

from ccore.config.faults import Fault, nearest, show
from ccore.config.lines import Path
from ccore.config.places import Doubts
from ccore.config.schema import Calendar, Config, Hours
from ccore.config.spans import DAYS, parse_dates, parse_days, parse_span

__all__ = ["check_calendars"]

T = TypeVar("T")


def check_calendars(config: Config) -> Doubts:
    _zone(config.site.timezone, ("site", "timezone"))
    used = {entry.calendar for entry in config.entries}
    for steps in config.flows.values():
        used.update(step.calendar for step in steps.values() if isinstance(step, Hours))
    for name, calendar in config.calendars.items():
        path: Path = ("calendars", name)
        if calendar.timezone:
            _zone(calendar.timezone, (*path, "timezone"))
        _check(calendar, path)
        if name not in used:
            yield path, "no entry and no step uses this calendar"


def _check(calendar: Calendar, path: Path) -> None:
    owners: dict[int, str] = {}
    for key, spans in calendar.hours.items():
        place = (*path, "hours", key)
        for day in _read(parse_days, key, place):
            if (other := owners.setdefault(day, key)) != key:
                raise Fault(place, f"{DAYS[day]}, which {other} has too", "each day once")
        _apart(spans, place)
    for text in calendar.holidays:
        _read(parse_dates, text, (*path, "holidays"))
    for key, spans in calendar.exceptions.items():
        _read(parse_dates, key, (*path, "exceptions", key))
        _apart(spans, (*path, "exceptions", key))
    if not any(calendar.hours.values()) and not any(calendar.exceptions.values()):
        raise Fault(path, "a calendar that never opens", "hours, such as mon-fri = 09:00-18:00")


def _apart(spans: tuple[str, ...], path: Path) -> None:
    """Spans of one day do not overlap; one that runs past midnight may meet the next day's."""
    read = sorted((_read(parse_span, text, path), text) for text in spans)
    for ((_, end), text), ((start, _), other) in zip(read, read[1:], strict=False):
        if start < end:
            raise Fault(path, f"{text} and {other}", "spans that do not overlap")


def _zone(name: str, path: Path) -> None:
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, no key at all, a directory of zones
        zones = zoneinfo.available_timezones()
        expected = nearest(name, zones, "an IANA time zone such as Asia/Shanghai")
        raise Fault(path, show(name), expected) from None


def _read(parse: Callable[[str], T], text: str, path: Path) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise Fault(path, show(text), str(error)) from None
