from datetime import date

import pytest

from ccore.config.spans import parse_dates, parse_days, parse_span


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("09:00-18:00", (540, 1080)),
        ("00:00-24:00", (0, 1440)),
        ("22:00-06:00", (1320, 1800)),
        ("18:00-00:00", (1080, 1440)),
    ],
)
def test_span_counts_minutes_and_may_pass_midnight(text: str, minutes: tuple[int, int]) -> None:
    assert parse_span(text) == minutes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9:00-18:00",
        "09:00",
        "09:00-09:00",
        "24:00-01:00",
        "09:60-10:00",
        "09:00-25:00",
        "09:00-18:00\n",
        "٠٩:00-18:00",
    ],
)
def test_wrong_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="span|times"):
        parse_span(text)


def test_days_go_round_the_week() -> None:
    assert parse_days("mon") == (0,)
    assert parse_days("mon-fri") == (0, 1, 2, 3, 4)
    assert parse_days("sat-mon") == (5, 6, 0)


@pytest.mark.parametrize("text", ["", "Mon", "mon-", "monday", "mon-fri-sat", "mon,tue"])
def test_wrong_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a day"):
        parse_days(text)


def test_dates_are_one_or_a_stretch() -> None:
    assert parse_dates("2027-10-01") == (date(2027, 10, 1), date(2027, 10, 1))
    assert parse_dates("2027-10-01..2027-10-07") == (date(2027, 10, 1), date(2027, 10, 7))


@pytest.mark.parametrize(
    "text", ["", "2027-13-01", "20271001", "2027-10-07..2027-10-01", "2027-01-01..2029-01-01"]
)
def test_wrong_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="date"):
        parse_dates(text)
