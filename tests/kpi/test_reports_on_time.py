"""A page for each day that is over, written once, compared with the day before."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccore.cdr import Records
from ccore.cli.records_place import Place
from ccore.cli.report_every import begin_of, between, following, run
from tests.kpi.micro_set import micro_facts, record


class Over(Exception):
    pass


class Clock:
    def __init__(self, at: datetime, nights: int) -> None:
        self.at, self.nights = at, nights

    def now(self) -> datetime:
        return self.at

    def wait(self, seconds: float) -> None:
        if not self.nights:
            raise Over
        self.nights -= 1
        self.at += timedelta(seconds=seconds)


def test_a_page_for_each_day_that_is_over(tmp_path: Path) -> None:
    record(tmp_path / "cdr", micro_facts())
    said: list[str] = []

    def page(records: Records, before: Records, made: str) -> str:
        return f"{len(records.contacts)} after {len(before.contacts)}, {made}"

    def go(at: datetime, nights: int) -> None:
        clock = Clock(at, nights)
        with pytest.raises(Over):
            run(
                "day",
                Place(tmp_path / "cdr"),
                tmp_path / "out",
                page,
                said.append,
                clock.now,
                clock.wait,
            )

    go(datetime(2026, 11, 21, 22, 30, tzinfo=UTC), nights=2)
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == {
        "report-2026-11-20.html": "0 after 0, 2026-11-21T00:00+00:00",
        "report-2026-11-21.html": "13 after 0, 2026-11-22T00:00+00:00",
        "report-2026-11-22.html": "0 after 13, 2026-11-23T00:00+00:00",
    }
    assert "report-2026-11-21.html written, 13 contacts" in said
    go(datetime(2026, 11, 22, 9, 0, tzinfo=UTC), nights=0)
    assert "report-2026-11-21.html is there already" in said
    (tmp_path / "out" / "report-2026-11-21.html").unlink()
    (tmp_path / "cdr").rename(tmp_path / "gone")
    go(datetime(2026, 11, 22, 9, 0, tzinfo=UTC), nights=0)
    assert any("failed: There is no directory of records" in line for line in said)


def test_periods_are_those_of_the_local_calendar() -> None:
    zone = ZoneInfo("Europe/London")
    evening = datetime(2026, 10, 25, 20, 15, tzinfo=zone)  # a day of 25 hours
    day = begin_of("day", evening)
    assert following("day", day).timestamp() - day.timestamp() == 25 * 3600
    assert begin_of("week", evening).date().isoformat() == "2026-10-19"
    hour = begin_of("hour", evening)
    assert following("hour", hour) == datetime(2026, 10, 25, 21, tzinfo=zone)


def test_agents_time_is_cut_to_the_period(tmp_path: Path) -> None:
    record(tmp_path, micro_facts())
    begin = datetime(2026, 11, 21, 0, 15, tzinfo=UTC)
    found = between(Place(tmp_path), begin, begin + timedelta(minutes=15))
    lengths = found.agents["end_us"] - found.agents["start_us"]
    assert int(lengths.sum()) == 900_000_000
    assert len(found.contacts) == 1  # the one that was blocked
