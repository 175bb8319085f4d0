"""Calendars: open when the clock on the wall says so, on every day and in every zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.config import schema
from ccore.errors import BadConfig
from ccore.routing.calendar import Calendar, never_opens

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def calendar(zone: str = "UTC", **fields: object) -> Calendar:
    return Calendar(schema.Calendar(timezone=zone, **fields), "UTC", "calendars.test")  # type: ignore[arg-type]


def us(text: str, zone: str = "UTC", fold: int = 0) -> int:
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return (local - EPOCH) // timedelta(microseconds=1)


def test_office_hours_open_and_close_to_the_microsecond() -> None:
    office = calendar(hours={"mon-fri": ("09:00-12:00", "13:00-18:00")})
    assert not office.is_open(us("2026-03-02T09:00") - 1)
    assert office.is_open(us("2026-03-02T09:00"))
    assert office.is_open(us("2026-03-02T12:00") - 1)
    assert not office.is_open(us("2026-03-02T12:00"))
    assert office.next_change(us("2026-03-02T12:00")) == us("2026-03-02T13:00")
    assert office.next_change(us("2026-03-06T18:00")) == us("2026-03-09T09:00")  # over the weekend


def test_a_night_shift_runs_past_midnight_of_its_last_day() -> None:
    night = calendar(hours={"fri": ("22:00-06:00",)}, holidays=("2026-03-07",))
    assert night.is_open(us("2026-03-07T05:59"))  # began on Friday
    assert not night.is_open(us("2026-03-07T06:00"))
    assert not night.is_open(us("2026-03-06T05:00"))
    assert night.next_change(us("2026-03-06T23:00")) == us("2026-03-07T06:00")


def test_around_the_clock_has_no_seam_at_midnight() -> None:
    always = calendar(hours={"mon-sun": ("00:00-24:00",)})
    assert always.is_open(us("2026-03-02T00:00"))
    assert always.is_open(us("2026-03-02T00:00") - 1)
    assert always.next_change(us("2026-03-02T15:00")) is None


def test_around_the_clock_closes_for_a_holiday_years_ahead() -> None:
    always = calendar(hours={"mon-sun": ("00:00-24:00",)}, holidays=("2029-12-25",))
    assert always.next_change(us("2026-03-02T15:00")) == us("2029-12-25T00:00")
    assert always.next_change(us("2029-12-25T15:00")) == us("2029-12-26T00:00")
    assert always.next_change(us("2029-12-26T15:00")) is None


def test_a_holiday_week_is_closed_and_an_exception_in_it_open() -> None:
    golden_week = calendar(
        "Asia/Shanghai",
        hours={"mon-sun": ("09:00-18:00",)},
        holidays=("2026-10-01..2026-10-07",),
        exceptions={"2026-10-04": ("10:00-14:00",), "2026-10-10": ()},
    )
    shanghai = "Asia/Shanghai"
    assert not golden_week.is_open(us("2026-10-01T12:00", shanghai))
    assert golden_week.is_open(us("2026-10-04T13:59", shanghai))
    assert not golden_week.is_open(us("2026-10-04T14:00", shanghai))
    assert golden_week.is_open(us("2026-10-08T12:00", shanghai))
    assert not golden_week.is_open(us("2026-10-10T12:00", shanghai))
    closed = us("2026-09-30T18:00", shanghai)
    assert golden_week.next_change(closed) == us("2026-10-04T10:00", shanghai)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-28", 7), ("2026-10-24", 9), ("2026-06-06", 8)]
)
def test_a_night_over_a_change_of_clocks_is_shorter_or_longer(day: str, hours: int) -> None:
    night = calendar("Europe/Berlin", hours={"sat": ("22:00-06:00",)})
    opens = us(f"{day}T22:00", "Europe/Berlin")
    closes = night.next_change(opens)
    assert closes == opens + hours * 3_600_000_000


def test_times_that_the_clock_leaves_out_happen_when_it_jumps() -> None:
    jump = us("2026-03-29T03:00", "Europe/Berlin")  # from 02:00 to 03:00
    late = calendar("Europe/Berlin", hours={"sun": ("02:30-04:00",)})
    early = calendar("Europe/Berlin", hours={"sun": ("01:00-02:30",)})
    neither = calendar("Europe/Berlin", hours={"sun": ("02:10-02:50",)})
    assert late.next_change(jump - 60_000_000) == jump
    assert early.next_change(jump - 60_000_000) == jump
    assert neither.next_change(jump - 60_000_000) == us("2026-04-05T02:10", "Europe/Berlin")


def test_times_that_come_twice_open_the_first_and_close_the_second_time() -> None:
    berlin = "Europe/Berlin"
    twice = calendar(berlin, hours={"sun": ("02:15-02:45",)})
    opens = us("2026-10-25T02:15", berlin, fold=0)
    assert twice.next_change(opens - 1) == opens
    assert twice.next_change(opens) == us("2026-10-25T02:45", berlin, fold=1)


def test_the_sites_zone_is_used_where_the_calendar_names_none() -> None:
    office = Calendar(schema.Calendar(hours={"mon": ("09:00-18:00",)}), "Asia/Shanghai")
    assert office.is_open(us("2026-03-02T01:00"))
    assert not office.is_open(us("2026-03-02T10:00"))


def test_a_calendar_without_hours_never_opens() -> None:
    assert never_opens(schema.Calendar(hours={"mon": ()}, holidays=("2026-10-01",)))
    assert not never_opens(schema.Calendar(exceptions={"2026-10-01": ("10:00-14:00",)}))
    empty = calendar()
    assert not empty.is_open(us("2026-03-02T10:00"))
    assert empty.next_change(us("2026-03-02T10:00")) is None


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"hours": {"mon": ("9-18",)}}, "calendars.test.hours.mon: found '9-18', expected a span"),
        ({"hours": {"someday": ()}}, "calendars.test.hours: found 'someday', expected a day"),
        ({"holidays": ("2026-13-01",)}, "holidays: found '2026-13-01', expected a date"),
        ({"exceptions": {"2026-02-30": ()}}, "exceptions: found '2026-02-30', expected a date"),
        ({"timezone": "Mars/Base"}, "timezone: found 'Mars/Base', expected an IANA time zone"),
    ],
)
def test_faults_name_place_found_and_expected(fields: dict[str, object], says: str) -> None:
    with pytest.raises(BadConfig) as caught:
        Calendar(schema.Calendar(**fields), "UTC", "calendars.test")  # type: ignore[arg-type]
    assert says in str(caught.value)


SPANS = st.lists(
    st.tuples(st.integers(0, 1439), st.integers(1, 1439)).map(
        lambda span: (
            f"{span[0] // 60:02}:{span[0] % 60:02}-"
            f"{sum(span) % 1440 // 60:02}:{sum(span) % 1440 % 60:02}"
        )
    ),
    max_size=2,
).map(tuple)
ZONES = st.sampled_from(
    ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]
)


@settings(deadline=None)
@given(
    zone=ZONES,
    week=st.lists(SPANS, min_size=7, max_size=7),
    start=st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)),
    minutes=st.lists(st.integers(0, 3 * 1440), min_size=1, max_size=30),
)
def test_it_stays_as_it_is_until_the_next_change_and_then_turns(
    zone: str, week: list[tuple[str, ...]], start: datetime, minutes: list[int]
) -> None:
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    made = schema.Calendar(timezone=zone, hours=dict(zip(days, week, strict=True)))
    first_us = us(start.isoformat())
    is_open = Calendar(made, "UTC").is_open(first_us)
    change_us = Calendar(made, "UTC").next_change(first_us)
    for minute in minutes:
        now_us = first_us + minute * 60_000_000
        if change_us is None or now_us < change_us:
            assert Calendar(made, "UTC").is_open(now_us) == is_open
    if change_us is not None:
        assert change_us > first_us
        assert Calendar(made, "UTC").is_open(change_us - 1) == is_open
        assert Calendar(made, "UTC").is_open(change_us) != is_open


@settings(deadline=None)
@given(
    week=st.lists(SPANS, min_size=7, max_size=7),
    minutes=st.lists(st.integers(0, 14 * 1440 - 1), min_size=1, max_size=20),
)
def test_without_changes_of_clocks_it_is_plain_arithmetic(
    week: list[tuple[str, ...]], minutes: list[int]
) -> None:
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    hours = dict(zip(days, week, strict=True))
    made = Calendar(schema.Calendar(timezone="Asia/Shanghai", hours=hours), "UTC")
    monday_us = us("2026-03-02T00:00", "Asia/Shanghai")
    open_minutes = set()
    for day, spans in enumerate(week * 3):
        for text in spans:
            start, end = (int(t[:2]) * 60 + int(t[3:]) for t in text.split("-"))
            end += 1440 if end <= start else 0
            open_minutes.update(range((day - 7) * 1440 + start, (day - 7) * 1440 + end))
    for minute in minutes:
        assert made.is_open(monday_us + minute * 60_000_000) == (minute in open_minutes)
