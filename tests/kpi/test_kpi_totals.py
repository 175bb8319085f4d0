"""Totals equal the sum of their parts, and live figures equal batch figures, to the last unit."""

import tempfile
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.kpi import (
    GROUPS,
    NO_TEAMS,
    RULES,
    Counters,
    Days,
    Plan,
    Sums,
    partial,
    table,
    table_by_days,
)
from ccore.kpi.groups import AGENT_GROUPS
from ccore.kpi.targets import Causes
from ccore.kpi.words import words
from ccore.model import (
    AgentInterval,
    AgentState,
    ContactClosed,
    Fact,
    LegClosed,
    LegKind,
    LegResult,
)
from tests.cdr.fact_strategies import row_facts
from tests.kpi.micro_set import micro_facts, record

zones = st.sampled_from(["UTC", "Asia/Shanghai", "Asia/Kathmandu", "Europe/London"])
groupings = st.lists(st.sampled_from(GROUPS), unique=True, max_size=3).map(tuple)


@settings(max_examples=60, deadline=None)
@given(row_facts, groupings, zones, st.sampled_from(RULES))
def test_live_equals_batch_and_parts_add_up(
    facts: list[Fact], by: tuple[str, ...], zone: str, rule: str
) -> None:
    live = Counters(threshold_s=20, short_s=5)
    for fact in facts:
        live.add(fact)
    with tempfile.TemporaryDirectory() as directory:
        records = record(Path(directory), facts)
        result = table(records, by=by, timezone=zone, attribution=rule)
        assert result.total.sums == live.sums
        added = Sums()
        for line in result.lines:
            added.add(line.sums)
        if by and set(by) <= AGENT_GROUPS:
            assert added == live.sums
        elif by:
            assert asdict(added) | agent_time(live.sums) == asdict(live.sums)


@settings(max_examples=60, deadline=None)
@given(row_facts, groupings, zones, st.sampled_from(RULES))
def test_day_by_day_equals_one_pass(
    facts: list[Fact], by: tuple[str, ...], zone: str, rule: str
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        records = record(Path(directory), facts)
        days = Days(Path(directory))
        plan = Plan(
            by=by, timezone=zone, attribution=rule, teams=days.teams() if "team" in by else NO_TEAMS
        )
        one, other = (
            table(records, by=by, timezone=zone, attribution=rule),
            table_by_days(days, plan),
        )
        assert one.lines == other.lines
        assert one.total == other.total
        look, say = Causes(Plan(timezone=zone, attribution=rule)), words("en")
        assert look.words([look.part(records)], records.strings, say) == look.words(
            days.map(look.part), days.strings, say
        )
        days.strings.close()


def test_parts_that_are_added_as_they_come_give_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in range(5):
        facts = micro_facts()
        for fact in facts:
            for name in ("arrived_us", "queued_us", "answered_us", "ended_us", "contact_us"):
                if getattr(fact, name, 0):
                    setattr(fact, name, getattr(fact, name) + days * 86_400_000_000)
        record(tmp_path, facts)
    days = Days(tmp_path)
    plan = Plan(by=("queue", "interval"))
    at_once = table_by_days(days, plan)
    monkeypatch.setattr(partial, "FEW_GROUPS", 0)  # added with every part
    as_they_come = table_by_days(days, plan)
    assert as_they_come.lines == at_once.lines
    assert as_they_come.total == at_once.total


def test_no_stretch_is_longer_than_a_year_live_or_in_the_batch(tmp_path: Path) -> None:
    year_us = 366 * 86_400_000_000
    facts: list[Fact] = [
        AgentInterval("1", AgentState.READY, 0, 1 << 62),  # a clock that was set meanwhile
        LegClosed("x", 5, LegKind.WRAPUP, LegResult.DONE, 5, 1 << 62),
    ]
    live = Counters(20, 5)
    for fact in facts:
        live.add(fact)
    records = record(tmp_path, facts)
    for rule in RULES:
        found = table(records, by=("month",), attribution=rule)
        assert (found.total.sums.ready_us, found.total.sums.acw_us) == (year_us, year_us)
        assert sum(line.sums.ready_us for line in found.lines) == year_us
    assert (live.sums.ready_us, live.sums.acw_us) == (year_us, year_us)


def test_a_wrong_clock_ends_no_look_at_what_is_covered(tmp_path: Path) -> None:
    wrong = [AgentInterval("1", AgentState.READY, us, us) for us in (-(1 << 62), 1 << 62)]
    record(tmp_path, [*wrong])
    covered = Days(tmp_path).covered("Asia/Shanghai")
    assert covered is not None
    assert covered[0] == date(1970, 1, 1)
    (tmp_path / "empty").mkdir()
    assert Days(tmp_path / "empty").covered("UTC") is None


@settings(max_examples=60, deadline=None)
@given(row_facts, zones)
def test_a_day_of_the_zone_is_its_line_of_all_days(facts: list[Fact], zone: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        record(Path(directory), facts)
        plan = Plan(timezone=zone)
        every = Days(Path(directory))
        lines = table_by_days(every, replace(plan, by=("day",))).lines
        every.strings.close()
        for line in lines:
            chosen = (date.fromisoformat(line.key[0]),)
            days = Days(Path(directory), chosen, zone=zone)
            assert table_by_days(days, plan).total.sums == line.sums
            days.strings.close()


def agent_time(sums: Sums) -> dict[str, int]:
    """The sums that a queue, a language or an entry has none of."""
    names = list(asdict(sums))
    return {name: getattr(sums, name) for name in names[names.index("ready_us") :]}


def test_live_figures_of_the_micro_set() -> None:
    live = Counters(threshold_s=20, short_s=5)
    for fact in micro_facts():
        live.add(fact)
    assert (live.offered, live.answered, live.abandoned) == (11, 7, 3)
    assert live.service_level == 0.4
    assert live.value("aht") == 1530 / 7


def test_wrap_up_is_found_under_the_entry_of_its_contact(tmp_path: Path) -> None:
    records = record(tmp_path, micro_facts())
    (line,) = table(records, by=("entry",)).lines
    assert line.key == ("95588",)
    assert line.sums.acw_us == 240_000_000


def test_clocks_going_back_give_two_hours_of_the_same_name(tmp_path: Path) -> None:
    facts = [fact for fact in micro_facts() if isinstance(fact, ContactClosed)][:2]
    for number, fact in enumerate(facts):
        fact.arrived_us = (1_792_888_200 + 3600 * number) * 1_000_000  # 00:30 and 01:30 UTC
    records = record(tmp_path, list(facts))
    keys = [line.key[0] for line in table(records, by=("hour",), timezone="Europe/London").lines]
    assert keys == ["2026-10-25T01:00+01:00", "2026-10-25T01:00+00:00"]


def test_weeks_are_iso_weeks_and_months_are_local(tmp_path: Path) -> None:
    facts = [fact for fact in micro_facts() if isinstance(fact, ContactClosed)][:3]
    new_year = 1798732800  # in Shanghai, a Friday
    moments = (new_year - 1, new_year, new_year + 2 * 86_400)
    for at_s, fact in zip(moments, facts, strict=True):
        fact.arrived_us = at_s * 1_000_000
    records = record(tmp_path, list(facts))

    def keys(*by: str) -> list[tuple[str, ...]]:
        return [line.key for line in table(records, by=by, timezone="Asia/Shanghai").lines]

    assert keys("month") == [("2026-12",), ("2027-01",)]
    assert keys("year", "week") == [("2026", "2026-W53"), ("2027", "2026-W53")]
