"""Spans of a day, days of a week and dates, as calendars write them.

Everybody who reads a calendar reads it through here. Wrong text is a ValueError of one line that
says what was expected; the caller knows where it stood.
"""

import re
from datetime import date, timedelta

__all__ = ["DAYS", "DAY_MINUTES", "parse_dates", "parse_days", "parse_span"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60

_SPAN = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def parse_span(text: str) -> tuple[int, int]:
    """Minutes from the day's midnight to opening and closing.

    A span that ends at or before its beginning closes on the next day, so 22:00-06:00 is
    (1320, 1800). The whole day is 00:00-24:00.
    """
    found = _SPAN.fullmatch(text)
    if not found:
        raise ValueError("a span such as 09:00-18:00")
    start, end = (_minute(*found.group(i, i + 1)) for i in (1, 3))
    if start in (end, DAY_MINUTES):
        raise ValueError("a span that lasts, such as 09:00-18:00 (all day is 00:00-24:00)")
    return start, end if end > start else end + DAY_MINUTES


def parse_days(text: str) -> tuple[int, ...]:
    """Days of the week, Monday = 0: `mon` is (0,), `fri-mon` is (4, 5, 6, 0)."""
    first, dash, last = text.partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        raise ValueError("a day (mon tue wed thu fri sat sun) or days such as mon-fri")
    start = DAYS.index(first)
    end = DAYS.index(last) if dash else start
    return tuple((start + i) % 7 for i in range((end - start) % 7 + 1))


def parse_dates(text: str) -> tuple[date, date]:
    """The first and the last day of `2026-10-01..2026-10-07`; one date is both."""
    first, dots, last = text.partition("..")
    start = _date(first)
    end = _date(last) if dots else start
    if end < start:
        raise ValueError("dates in order, such as 2026-10-01..2026-10-07")
    if end - start > timedelta(days=366):
        raise ValueError("dates within one year")
    return start, end


def _minute(hour: str, minute: str) -> int:
    value = int(hour) * 60 + int(minute)
    if int(minute) > 59 or value > DAY_MINUTES:
        raise ValueError("times from 00:00 to 24:00")
    return value


def _date(text: str) -> date:
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError("a date that exists") from None
    raise ValueError("a date such as 2026-10-01, or 2026-10-01..2026-10-07")
