"""A simulated day: the same by its seed, whole in its records, and true to the people in it."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ccore.cdr import load
from ccore.cli import main
from ccore.kpi import table
from ccore.model import AgentInterval, AgentState, ContactClosed, Fact, LegClosed, Outcome
from ccore.sizing.reading import scenario_of
from ccore.sizing.scenario import Named
from ccore.sizing.simulate import expected_callers, simulate

US = 1_000_000


def scenario(**changes: Any) -> dict[str, Any]:
    return {
        "title": "A morning",
        "opens": "09:00",
        "closes": "11:00",
        "callers": {
            "all": {
                "to": "queue:q",
                "per_hour": 120.0,
                "talk": {"mean_s": 180, "cv": 1.1},
                "patience": {"mean_s": 60},
            }
        },
        "staff": {"team": {"count": 6}},
        "centre": {"queues": {"q": {"service_level": {"within_s": 20}}}},
        **changes,
    }


def day(data: dict[str, Any], seed: int = 1) -> tuple[Named, list[Fact], Any]:
    facts: list[Fact] = []
    named = scenario_of(data)
    return named, facts, simulate(named, seed, keep=facts.append)


def contacts(facts: list[Fact]) -> list[ContactClosed]:
    return [fact for fact in facts if isinstance(fact, ContactClosed)]


def digest(facts: list[Fact]) -> str:
    return sha256("\n".join(map(repr, facts)).encode()).hexdigest()


def test_a_seed_is_a_day() -> None:
    first, again, other = (digest(day(scenario(), seed)[1]) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_everybody_who_comes_is_accounted_for() -> None:
    named, facts, outcome = day(scenario())
    rows = contacts(facts)
    total = outcome.figures[""]
    assert total["offered"] == len(rows) == len({row.contact for row in rows})
    assert total["answered"] + total["abandoned"] == total["offered"]
    assert total["abandoned"] > 0
    assert sum(moment.offered for moment in outcome.course) == len(rows)
    assert abs(len(rows) - expected_callers(named)) < 60


def test_figures_are_those_of_the_records(tmp_path: Path) -> None:
    file, kept = tmp_path / "day.toml", tmp_path / "cdr"
    file.write_text(
        'opens = "09:00"\ncloses = "11:00"\n[callers.all]\nto = "queue:q"\nper_hour = 120\n'
        "patience = { mean_s = 60 }\n[staff.team]\ncount = 6\n[centre.queues.q]\n"
    )
    args = ["simulate", str(file), "--records", str(kept), "--json"]
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 0, result.output
    (told,) = json.loads(result.stdout)
    figures = told["queues"]["all"]
    by_kpi = next(iter(table(load(kept)).as_dicts()))
    for name in ("offered", "answered", "abandoned", "service_level", "abn1", "asa"):
        assert figures[name]["value"] == pytest.approx(by_kpi[name])


def test_queues_and_agents_add_up_over_the_day() -> None:
    _, facts, outcome = day(scenario())
    legs = [fact for fact in facts if isinstance(fact, LegClosed) and fact.kind.name == "QUEUE"]
    waited_s = sum(leg.end_us - leg.start_us for leg in legs) / US
    course_s = sum(moment.queue for moment in outcome.course) * 1800
    assert course_s == pytest.approx(waited_s, rel=0.05)  # a few wait on after closing
    assert all(moment.staffed == pytest.approx(6) for moment in outcome.course)
    assert 0.5 < outcome.figures[""]["occupancy"] < 1


def test_nobody_works_outside_his_shift() -> None:
    shifts = ["09:00-09:45", "10:15-11:00"]
    named, facts, outcome = day(scenario(staff={"team": {"count": 6, "shifts": shifts}}))
    ready = [f for f in facts if isinstance(f, AgentInterval) and f.state is AgentState.READY]
    begin_us, end_us = named.at_us("09:45"), named.at_us("10:15")
    assert ready
    assert not [f for f in ready if f.start_us < end_us and f.end_us > begin_us]
    # Calls go on to their end, no new one begins.
    answered = [row.answered_us for row in contacts(facts) if row.answered_us]
    assert not [at_us for at_us in answered if begin_us < at_us < end_us]
    assert outcome.figures[""]["abandoned"] > 20


def test_callers_without_patience_leave_at_once() -> None:
    stream = {"to": "queue:q", "per_hour": 240.0, "patience": {"fixed_s": 0}}
    _, facts, _ = day(scenario(callers={"all": stream}, staff={"team": {"count": 4}}))
    assert {row.wait_ms for row in contacts(facts)} == {0}
    assert {row.outcome for row in contacts(facts)} == {Outcome.ANSWERED, Outcome.ABANDONED}


def test_callers_with_all_the_patience_are_all_answered() -> None:
    stream = {"to": "queue:q", "per_hour": 240.0, "talk": {"fixed_s": 60}}
    _, facts, _ = day(scenario(callers={"all": stream}, staff={"team": {"count": 4}}))
    assert {row.outcome for row in contacts(facts)} == {Outcome.ANSWERED}
    assert {row.talk_ms for row in contacts(facts)} == {60_000}


def test_an_agent_who_lets_it_ring_is_passed_over() -> None:
    staff = {"deaf": {"count": 1, "misses": 1.0}, "team": {"count": 5, "answers": {"fixed_s": 2}}}
    centre = {
        "queues": {"q": {"ring_s": 10}},
        "agent_rules": {"no_answer": {"pause_s": 60, "limit": 0}},
    }
    _, facts, _ = day(scenario(staff=staff, centre=centre))
    rows = contacts(facts)
    assert not [row for row in rows if row.agent == "deaf-1"]
    assert [row for row in rows if row.offers > 1 and row.outcome is Outcome.ANSWERED]
    assert min(row.wait_ms for row in rows if row.answered_us) == 2_000


def test_wrap_up_keeps_an_agent_from_calls() -> None:
    stream = {"to": "queue:q", "per_hour": 240.0, "talk": {"fixed_s": 30}}
    data = scenario(
        callers={"all": stream},
        staff={"team": {"count": 1}},
        centre={"queues": {"q": {"wrap_up_s": 30}}},
    )
    _, facts, _ = day(data)
    answered = sorted(row.answered_us for row in contacts(facts) if row.answered_us)
    gaps = [after - before for before, after in zip(answered, answered[1:], strict=False)]
    assert min(gaps) >= 60 * US


def test_callers_go_through_the_menu() -> None:
    flow = {
        "start": {"do": "menu", "prompt": "ask", "options": {"1": "sales"}, "default": "bye"},
        "sales": {"do": "go", "to": "queue:q"},
        "bye": {"do": "hangup"},
    }
    centre = {
        "flows": {"main": flow},
        "queues": {"q": {}},
        "entries": [{"number": "4001", "to": "ivr:main"}],
        "prompts": {"texts": {"ask": {"en": "Sales? Press one."}}},
    }
    streams = {
        "press": {"dials": "4001", "per_hour": 60.0, "digits": "1"},
        "silent": {"dials": "4001", "per_hour": 60.0},
    }
    _, facts, _ = day(scenario(callers=streams, centre=centre))
    rows = contacts(facts)
    assert {row.outcome for row in rows} == {Outcome.ANSWERED, Outcome.IVR}
    assert min(row.ivr_ms for row in rows) > 0


def test_orders_are_obeyed_in_time_and_told_if_they_are_not() -> None:
    orders = [
        {"at": "10:00", "request": {"do": "agent.sign_out", "agent": f"team-{n}"}}
        for n in range(1, 7)
    ]
    orders.append({"at": "10:01", "request": {"do": "agent.sign_out", "agent": "nobody"}})
    named, facts, outcome = day(scenario(orders=orders))
    late = [row for row in contacts(facts) if row.queued_us > named.at_us("10:00")]
    assert {row.outcome for row in late} == {Outcome.ABANDONED}
    assert len(outcome.refused) == 1
    assert "nobody" in outcome.refused[0]


def test_the_expected_wait_is_judged_by_what_followed() -> None:
    _, _, outcome = day(scenario(callers={"all": {"to": "queue:q", "per_hour": 150.0}}))
    got = outcome.forecast.figures()
    assert got["told"] > 20
    assert 0 < got["error_s"] < got["waited_s"]


def test_those_who_still_wait_long_after_closing_give_up() -> None:
    data = scenario(
        callers={"all": {"to": "queue:q", "per_hour": 60.0}},
        staff={"team": {"count": 1, "shifts": ["09:00-09:10"]}},
        centre={"queues": {"q": {"announce_every_s": 30, "announce_position": True}}},
    )
    _, facts, _ = day(data)
    assert Outcome.ABANDONED in {row.outcome for row in contacts(facts)}
