"""Is it open, and when does that change? Spans of local days, laid onto the world's clock.

A span belongs to the day on which it begins: the night shift 22:00-06:00 of a Friday goes on into
Saturday, even if Saturday is a holiday. An exception replaces what its day begins, and goes before
a holiday.

When clocks are changed, the wall clock counts: 22:00-06:00 lasts seven or nine hours. A time that
comes twice opens the first and closes the second time; a time that is left out happens when the
clock jumps.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from ccore.config import schema
from ccore.config.spans import parse_dates, parse_days, parse_span
from ccore.errors import BadConfig

__all__ = ["Calendar", "never_opens"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)

T = TypeVar("T")
Spans = tuple[tuple[int, int], ...]  # minutes from the day's midnight

# A week, a span that begins on its last day and ends on the next, and a day for zones far away.
HORIZON = 10 * DAY


def never_opens(calendar: schema.Calendar) -> bool:
    return not any(calendar.hours.values()) and not any(calendar.exceptions.values())


class Calendar:
    """A calendar of the configuration; `zone` is used if it names none."""

    def __init__(
        self, calendar: schema.Calendar, zone: str, place: str = "", file: str = "ccore.toml"
    ) -> None:
        read = _Reader(file, place)
        self._zone = read.zone(calendar.timezone or zone)
        self._week: dict[int, Spans] = {
            day: read.spans(texts, f"hours.{key}")
            for key, texts in calendar.hours.items()
            for day in read.days(key)
        }
        self._special: dict[date, Spans] = {}
        for text in calendar.holidays:
            self._special.update((day, ()) for day in read.dates(text, "holidays"))
        for key, texts in calendar.exceptions.items():
            spans = read.spans(texts, f"exceptions.{key}")
            self._special.update((day, spans) for day in read.dates(key, "exceptions"))
        self._spans_of = lru_cache(maxsize=64)(self._lay_out)
        # The last answer holds from one change to the next.
        self._known_from_us, self._known_until_us, self._known = 0, 0, False

    def is_open(self, now_us: int) -> bool:
        if not self._known_from_us <= now_us < self._known_until_us:
            today = self._day(now_us)
            spans = (
                span for day in _days(today - 2 * DAY, today + DAY) for span in self._spans_of(day)
            )
            self._known = any(start <= now_us < end for start, end in spans)
            change_us = self._find_change(now_us, self._known)
            self._known_from_us = now_us
            self._known_until_us = 1 << 62 if change_us is None else change_us
        return self._known

    def next_change(self, now_us: int) -> int | None:
        """When it opens or closes next; None if it stays as it is for good."""
        return self._find_change(now_us, self.is_open(now_us))

    def _find_change(self, now_us: int, is_open: bool) -> int | None:
        today = self._day(now_us)
        last = max([today, *self._special]) + HORIZON
        until_us = now_us
        for day in _days(today - 2 * DAY, last):
            for start_us, end_us in self._spans_of(day):
                if not is_open and start_us > now_us:
                    return start_us
                if is_open and start_us <= until_us:
                    until_us = max(until_us, end_us)
                elif is_open:
                    return until_us
        # The days after the last special one repeat: what lasts through ten of them, lasts.
        return until_us if is_open and self._day(until_us) < last - DAY else None

    def _lay_out(self, day: date) -> tuple[tuple[int, int], ...]:
        """What begins on this day, as microseconds since 1970, in order."""
        spans = self._special.get(day, self._week.get(day.weekday(), ()))
        laid = [
            (self._instant(day, start, fold=0), self._instant(day, end, fold=1))
            for start, end in spans
        ]
        return tuple(sorted((start_us, end_us) for start_us, end_us in laid if start_us < end_us))

    def _instant(self, day: date, minute: int, fold: int) -> int:
        """When the wall clock of the zone shows this, the first (0) or the last (1) time."""
        wall = datetime.combine(day, time()) + timedelta(minutes=minute)
        instant = wall.replace(tzinfo=self._zone, fold=fold).astimezone(UTC)
        if instant.astimezone(self._zone).replace(tzinfo=None) != wall:
            instant = self._jump(instant)
        return (instant - EPOCH) // MICROSECOND

    def _jump(self, near: datetime) -> datetime:
        """The instant within a day of `near` at which the zone's clock jumps, to the second."""
        before, after = near - DAY, near + DAY
        offset = before.astimezone(self._zone).utcoffset()
        while after - before > timedelta(seconds=1):
            middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
            if middle.astimezone(self._zone).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return after

    def _day(self, now_us: int) -> date:
        return (EPOCH + now_us * MICROSECOND).astimezone(self._zone).date()


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += DAY


class _Reader:
    """Texts of a calendar, or BadConfig with the place where they stand."""

    def __init__(self, file: str, place: str) -> None:
        self.file = file
        self.place = place

    def spans(self, texts: tuple[str, ...], where: str) -> Spans:
        return tuple(sorted(self._read(parse_span, text, where) for text in texts))

    def days(self, key: str) -> tuple[int, ...]:
        return self._read(parse_days, key, "hours")

    def dates(self, text: str, where: str) -> Iterator[date]:
        return _days(*self._read(parse_dates, text, where))

    def zone(self, name: str) -> ZoneInfo:
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise self._bad(name, "timezone", "an IANA time zone such as Asia/Shanghai") from None

    def _read(self, parse: Callable[[str], T], text: str, where: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise self._bad(text, where, str(error)) from None

    def _bad(self, found: str, where: str, expected: str) -> BadConfig:
        place = f"{self.place}.{where}".strip(".")
        return BadConfig(file=self.file, place=place, found=repr(found), expected=expected)
