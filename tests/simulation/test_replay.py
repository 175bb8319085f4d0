"""Recorded days that come again: what is on record stays, what is not is drawn from the day."""

import gzip
import os
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from ccore.cdr import JournalWriter
from ccore.cli import main
from ccore.errors import BadRequest
from ccore.model import ContactClosed, EndedBy, Fact, Outcome
from ccore.sizing.reading import read, scenario_of
from ccore.sizing.replay import Patience, recorded
from ccore.sizing.simulate import on_record, simulate

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "anonymous-bank-1999"
MISSING = f"left out: the bank's records are not at {os.path.relpath(DATA, ROOT)}"
NINE_US = int(datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp()) * 1_000_000
DAY = "2026-11-23"


def contact(
    number: int, at_s: float, wait_s: float, talk_s: float, agent: str = "", priority: int = 0
) -> ContactClosed:
    """Talked to if there is an agent, else he gave up."""
    queued_us = NINE_US + round(at_s * 1e6)
    ended_us = queued_us + round((wait_s + talk_s) * 1e6)
    return ContactClosed(
        contact=f"call-{number}",
        node="sim",
        arrived_us=queued_us,
        ended_us=ended_us,
        outcome=Outcome.ANSWERED if agent else Outcome.ABANDONED,
        ended_by=EndedBy.CALLER,
        cause="NORMAL_CLEARING",
        called="4001",
        calling=f"1380000{number:04}",
        calling_name="",
        language="",
        entry="4001",
        queue="help desk",
        agent=agent,
        priority=priority,
        queued_us=queued_us,
        answered_us=queued_us + round(wait_s * 1e6) if agent else 0,
        wait_ms=round(wait_s * 1000),
        talk_ms=round(talk_s * 1000),
    )


def keep(directory: Path, contacts: list[ContactClosed]) -> Path:
    journal = JournalWriter(directory)
    for one in contacts:
        journal.append(one)
    journal.close()
    return directory


def again(directory: Path, **replay: object) -> tuple[list[ContactClosed], dict[str, float | None]]:
    data = {"day": DAY, "replay": {"records": str(directory), **replay}, "drain_s": 3600}
    facts: list[Fact] = []
    outcome = simulate(scenario_of(data), 1, keep=facts.append)
    return [fact for fact in facts if isinstance(fact, ContactClosed)], outcome.figures[""]


def test_a_day_with_one_agent_comes_again_to_the_second(tmp_path: Path) -> None:
    """Ann talks 100 s, writes up for 20 s while the second waits, talks to him; the third gives
    up."""
    day = [
        contact(1, 0, 0, 100, "ann"),
        contact(2, 50, 70, 60, "ann"),
        contact(3, 130, 30, 0),
        contact(4, 400, 0, 10, "ann"),
    ]
    rows, figures = again(keep(tmp_path / "cdr", day))
    by_wait = sorted((row.arrived_us - NINE_US, row.wait_ms, row.outcome) for row in rows)
    assert by_wait == [
        (0, 0, Outcome.ANSWERED),
        (50_000_000, 70_000, Outcome.ANSWERED),
        (130_000_000, 30_000, Outcome.ABANDONED),
        (400_000_000, 0, Outcome.ANSWERED),
    ]
    assert {row.agent for row in rows} == {"ann", ""}
    assert figures["offered"] == 4


def test_credit_lets_a_priority_customer_overtake(tmp_path: Path) -> None:
    day = [
        contact(1, 0, 0, 100, "ann"),
        contact(2, 10, 110, 50, "ann"),
        contact(3, 20, 80, 20, "ann", priority=90),
    ]
    cdr = keep(tmp_path / "cdr", day)
    with_credit, _ = again(cdr)
    without, _ = again(cdr, credit=False)
    priority = [{row.priority: row.wait_ms for row in rows} for rows in (with_credit, without)]
    assert len({row.entry for row in without}) == 2  # they can still be told apart
    assert priority[0][90] == 80_000
    assert 90 not in priority[1]
    waits = [sorted(row.wait_ms for row in rows) for rows in (with_credit, without)]
    assert waits[0] != waits[1]


def test_what_took_place_stands_beside_what_would_have(tmp_path: Path) -> None:
    day = [contact(1, 0, 0, 100, "ann"), contact(2, 10, 110, 50, "ann", 90), contact(3, 5, 9, 0)]
    cdr = keep(tmp_path / "cdr", day)
    data = {"day": DAY, "replay": {"records": str(cdr)}}
    was = on_record(scenario_of(data))
    assert was is not None
    assert was.figures[""]["answered"] == 2
    assert was.figures[""]["asa"] == 55
    assert was.streams["help_desk, 90 s credit"]["asa"] == 110
    assert was.streams["help_desk"]["abandoned"] == 1


def test_an_agent_without_a_call_for_long_was_away(tmp_path: Path) -> None:
    day = [contact(1, 0, 0, 60, "ann"), contact(2, 7200, 0, 60, "ann"), contact(3, 3600, 40, 0)]
    cdr = keep(tmp_path / "cdr", day)
    assert len(recorded(str(cdr), DAY, "UTC").shifts(900)["ann"]) == 2
    away, _ = again(cdr)
    assert [row.outcome for row in sorted(away, key=lambda row: row.arrived_us)] == [
        Outcome.ANSWERED,
        Outcome.ABANDONED,
        Outcome.ANSWERED,
    ]
    there, _ = again(cdr, absent_s=10_000)
    assert {row.outcome for row in there} == {Outcome.ANSWERED}


def test_a_day_that_is_not_on_record_is_told(tmp_path: Path) -> None:
    cdr = keep(tmp_path / "cdr", [contact(1, 0, 0, 60, "ann")])
    with pytest.raises(BadRequest, match="No calls of 2026-11-20"):
        recorded(str(cdr), "2026-11-20", "UTC")


def test_patience_by_hand() -> None:
    """Four callers: gave up at 10, answered at 20, gave up at 30, answered at 40.

    After 10: 3/4 are left. At 30 two are there, one leaves: 3/4 × 1/2.
    """
    patience = Patience([(40, False), (10, True), (30, True), (20, False)])
    assert [patience.survives(wait) for wait in (5, 10, 29, 30, 99)] == [
        1.0,
        pytest.approx(0.75),
        pytest.approx(0.75),
        pytest.approx(0.375),
        pytest.approx(0.375),
    ]
    rng = Random(1)
    drawn = [patience.beyond(20, rng) for _ in range(4_000)]
    assert set(drawn) == {30, None}
    assert drawn.count(30) / 4_000 == pytest.approx(0.5, abs=0.03)


@pytest.mark.skipif(not DATA.is_dir() and os.environ.get("CI") != "true", reason=MISSING)
def test_a_bank_s_day_comes_again(tmp_path: Path) -> None:
    """2,755 offered, 1,581 answered, mean wait of the answered 78.6 s on record (docs/kpi.md)."""
    if not DATA.is_dir():
        pytest.fail(MISSING, pytrace=False)
    day = tmp_path / "may.txt"
    with gzip.open(DATA / "may.txt.gz", "rt", encoding="latin-1") as file:
        lines = [line for n, line in enumerate(file) if n == 0 or "\t990523\t" in line]
    day.write_text("".join(lines), "latin-1")
    mapping = ROOT / "examples" / "anonymous-bank.toml"
    args = ["cdr", "import", "--mapping", str(mapping), "--to", str(tmp_path / "bank"), str(day)]
    assert CliRunner().invoke(main, args).exit_code == 0
    data = read(ROOT / "examples" / "simulate-bank.toml")
    data["replay"]["records"] = str(tmp_path / "bank")
    got = {
        variant: simulate(scenario_of(data, variant), 1).figures[""]
        for variant in ("credit", "no-credit")
    }
    for figures in got.values():
        assert figures["offered"] == 2_755
    assert got["credit"]["answered"] == pytest.approx(1_581, rel=0.05)
    assert got["credit"]["asa"] == pytest.approx(78.6, rel=0.15)
