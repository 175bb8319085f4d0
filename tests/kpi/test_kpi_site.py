"""Figures beside the table: repeats, schedule, cost, attribution, periods, targets."""

from dataclasses import replace
from pathlib import Path

import pytest

from ccore.cdr import Records
from ccore.errors import BadConfig, BadRequest, UnknownName
from ccore.kpi import Experts, Table, table
from ccore.kpi.adherence import adherence
from ccore.kpi.compare import compare, sample_of
from ccore.kpi.money import cost_per_call, fen_of, read_costs
from ccore.kpi.repeats import repeats
from ccore.kpi.shifts import read_shifts
from ccore.kpi.targets import Band, Causes, findings
from ccore.kpi.words import words
from ccore.model import AgentInterval, AgentState, ContactClosed, Fact, LegClosed, LegKind
from tests.kpi.micro_set import EXPECTED, micro_facts, record, us

HEAD = "agent,start,end,activity\n"


@pytest.fixture(scope="module")
def micro(tmp_path_factory: pytest.TempPathFactory) -> Records:
    return record(tmp_path_factory.mktemp("cdr"), micro_facts())


def quarters(records: Records, rule: str) -> Table:
    return table(records, by=("interval",), interval_s=900, attribution=rule)


@pytest.mark.parametrize(
    ("rule", "name"),
    [("queued", "by_offered"), ("answer", "by_disposition"), ("end", "by_end")],
)
def test_intervals_by_each_rule(micro: Records, rule: str, name: str) -> None:
    expected = EXPECTED["interval_15min"][name]
    for place, line in enumerate(quarters(micro, rule).lines):
        counts = {
            "ANS": line.sums.answered,
            "ABN": line.sums.abandoned,
            "OUT": line.sums.flowout,
        }
        wanted = expected.get(str(place), {})
        assert {key: count for key, count in counts.items() if count} == wanted


def test_talk_counted_where_it_passed_or_where_the_call_ended(micro: Records) -> None:
    for rule, name in (
        ("split", "talkhold_seconds_interval_based"),
        ("end", "talkhold_seconds_call_based_at_end_incl_acw"),
    ):
        seconds = [
            (line.sums.talk_ms + line.sums.hold_ms) // 1000 for line in quarters(micro, rule).lines
        ]
        assert {str(n): s for n, s in enumerate(seconds) if s} == EXPECTED[name]


@pytest.mark.parametrize("rule", ["queued", "answer", "end", "event", "split"])
def test_a_rule_moves_figures_and_loses_none(micro: Records, rule: str) -> None:
    assert quarters(micro, rule).total == quarters(micro, "arrival").total


def test_service_level_counted_at_its_event(micro: Records) -> None:
    result = table(micro, by=("interval",), interval_s=900, service_level="sl9")
    assert result.plan.attribution == "event"
    assert result.level(result.total) == EXPECTED["all"]["SL2_abn_negative  At/(A+B)"]
    with pytest.raises(BadRequest, match="attribution event"):
        table(micro, service_level="sl9", attribution="arrival")
    with pytest.raises(UnknownName, match="attribution"):
        table(micro, attribution="sometime")


def test_first_call_resolution_by_four_rules(micro: Records) -> None:
    found, expected = repeats(micro), EXPECTED["FCR"]
    assert found.answered == expected["answered"]
    assert found.repeated == expected["followed_by_repeat_in_window"]
    assert found.fcr1 == expected["FCR_per_contact"]
    assert found.fcr2 == expected["FCR_per_caller(callers with single contact/callers)"]
    assert found.fcr3 == expected["callcenterdecoded_rule(calls from once-only callers/all calls)"]
    assert found.fcr4 == expected["issues/calls"]
    assert found.censored == 7  # the set is shorter than the window
    assert found.ivr_containment_true == EXPECTED["site"]["ivr_containment"]


def test_callers_may_be_looked_at_a_share_at_a_time(
    micro: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = repeats(micro)
    monkeypatch.setattr("ccore.kpi.repeats.SHARE", 3)
    assert repeats(micro) == at_once


def test_who_hides_his_number_is_no_repeat_caller(tmp_path: Path) -> None:
    facts = [fact for fact in micro_facts() if isinstance(fact, ContactClosed)]
    for fact in facts:
        fact.calling = "anonymous"
    found = repeats(record(tmp_path, list(facts)))
    assert (found.answered, found.unknown, found.fcr1) == (0, 7, None)


def test_adherence_conformance_and_utilisation(micro: Records, tmp_path: Path) -> None:
    plan = tmp_path / "plan.csv"
    plan.write_text(
        f"{HEAD}a1,2026-11-21T00:00,2026-11-21T00:35,phone\n"
        "a1,2026-11-21T00:35,2026-11-21T00:50,break\n"
        "a1,2026-11-21T00:50,2026-11-21T01:00,phone\n"
    )
    found = adherence(micro, read_shifts(plan, "UTC"))["a1"]
    expected = EXPECTED["agent_a1"]
    assert found.adherence == expected["adherence in-state seconds/scheduled"]
    assert found.conformance == expected["conformance phone_actual/phone_scheduled"]
    assert found.utilisation_paid == expected["utilisation handle/paid(3600)"]
    assert found.absent_us == 50_000_000
    assert found.off_phone_us == {"no reason": 300_000_000}
    a1 = next(line for line in table(micro, by=("agent",)).lines if line.key == ("a1",))
    assert a1.value("utilisation") == expected["utilisation handle/logged_in"]


def test_published_adherence(tmp_path: Path) -> None:
    """Due 09:00 to 10:00, there from 09:15 to 10:15."""
    plan = tmp_path / "plan.toml"
    plan.write_text(
        '[[shift]]\nagent = "1"\nstart = 2026-11-21T09:00:00\nend = 2026-11-21T10:00:00\n'
        'activity = "phone"\n'
    )
    there = AgentInterval("1", AgentState.READY, us(9 * 3600 + 900), us(10 * 3600 + 900))
    found = adherence(record(tmp_path / "cdr", [there]), read_shifts(plan, "UTC"))["1"]
    assert (found.adherence, found.conformance) == (0.75, 1.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "1,2026-11-21T09:00,2026-11-21T12:00,phone\n1,2026-11-21T11:59,2026-11-21T13:00,break",
            "row 3: found a shift of 1 that overlaps row 2",
        ),
        ("1,2026-11-21T09:00,noon,phone", "row 2, end: found 'noon'"),
        ("1,2026-11-21T09:00,2026-11-21T08:00,phone", "row 2, end"),
        ("1,2026-11-21T09:00", "row 2: found"),
        (",2026-11-21T09:00,2026-11-21T10:00,phone", "row 2: found"),
        ("1,0001-01-01T00:00+14:00,0001-01-01T08:00+14:00,phone", "row 2, start: found"),
        ("", "plan.csv: file: found no shift"),
    ],
)
def test_a_schedule_that_cannot_be_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    plan = tmp_path / "plan.csv"
    plan.write_text(HEAD + text + "\n")
    with pytest.raises(BadConfig) as error:
        read_shifts(plan, "UTC")
    assert said in str(error.value)
    assert "plan.csv" in str(error.value)


@pytest.mark.parametrize("text", ["", "shift = 1", "shift = [1]", "[[shift]]\nagent = 1", "[one]"])
def test_a_schedule_in_toml_that_cannot_be_is_one_line(tmp_path: Path, text: str) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(text)
    with pytest.raises(BadConfig, match=r"plan\.toml: (top level|shift 1|file): found "):
        read_shifts(plan, "UTC")


def test_cost_per_call_in_fen(micro: Records, tmp_path: Path) -> None:
    path = tmp_path / "cost.toml"
    path.write_text(
        '[[cost]]\nname = "wages"\nfen = 720000\nfrom = 2026-11-21\nto = 2026-11-21\n'
        '[[cost]]\nname = "rent"\nfen = 100\nfrom = 2026-12-01\nto = 2026-12-03\n'
    )
    costs = read_costs(path)
    fen = fen_of(costs, [costs[0].first])
    assert fen == EXPECTED["site"]["cost_fen"]
    each = cost_per_call(fen, table(micro).total.sums)
    assert each == EXPECTED["site"]["cost_per_call_fen_seed_rule"]
    days = [costs[1].first.replace(day=day) for day in (1, 2, 3)]
    assert [costs[1].on(day) for day in days] == [33, 33, 34]
    path.write_text("[[cost]]\nfen = 1.5\nfrom = 2026-12-01\nto = 2026-12-03\n")
    with pytest.raises(BadConfig, match="cost 1, fen: found 1.5"):
        read_costs(path)


def test_a_transferred_contact_counts_for_both_agents(tmp_path: Path) -> None:
    facts = micro_facts()
    call = next(f for f in facts if isinstance(f, ContactClosed) and f.transfers)
    call.queue, call.agent = "second-line", "a9"

    def talk(agent: str, start_us: int) -> LegClosed:
        return LegClosed(
            call.contact, call.arrived_us, LegKind.TALK, 12, start_us, start_us + 60_000_000,
            call.queue, agent,
        )  # fmt: skip

    facts += [talk("a1", call.answered_us), talk("a9", call.answered_us + 60_000_000)]
    records = record(tmp_path, facts)
    lines = {line.key[0]: line for line in table(records, by=("agent",)).lines}
    assert [lines[agent].value("handled") for agent in ("a1", "a9")] == [1, 1]
    assert [lines[agent].value("answered") for agent in ("a1", "a9")] == [2, 1]
    experts = Experts(queues=frozenset({"second-line"}))
    assert table(records, experts=experts).total.value("expert_rate") == 1 / 7
    assert table(records).total.value("expert_rate") == 0


def test_teams_are_those_of_the_agents_rows(tmp_path: Path) -> None:
    facts = micro_facts()
    for fact in facts:
        if isinstance(fact, AgentInterval):
            fact.team = "blue"
    lines = table(record(tmp_path, facts), by=("team",)).lines
    answered = {line.key[0]: line.sums.answered for line in lines}
    assert answered == {"": 4, "blue": 3}
    assert [line.value("occupancy") is None for line in lines] == [True, False]


def test_long_times_have_names(micro: Records) -> None:
    for by, name in (("quarter", "2026-Q4"), ("year", "2026"), ("month", "2026-11")):
        assert {line.key for line in table(micro, by=(by,)).lines} == {(name,)}


def test_a_shift_is_told_only_if_it_is_more_than_chance(tmp_path: Path) -> None:
    call = next(fact for fact in micro_facts() if isinstance(fact, ContactClosed))

    def calls(count: int, late: int) -> list[Fact]:
        return [
            replace(call, contact=f"c{n}", wait_ms=60_000 if n < late else 1000)
            for n in range(count)
        ]

    sides = []
    for name, late in (("before", 20), ("same", 22), ("worse", 60)):
        records = record(tmp_path / name, calls(100, late))
        sides.append((sample_of(records), table(records)))
    for after, is_shift in ((sides[1], False), (sides[2], True)):
        changes = {change.name: change for change in compare(sides[0], after)}
        assert changes["sl2"].is_more_than_chance is is_shift
        assert changes["asa"].is_more_than_chance is is_shift
        assert not changes["offered"].is_more_than_chance
        assert changes["aat"].p is None  # nobody abandoned


def test_a_missed_target_names_where_to_look(micro: Records) -> None:
    result = table(micro)
    found = {one.name: one for one in findings(result, {"asa": Band(most=15)})}
    assert not found["service_level"].is_met
    assert not found["asa"].is_met
    assert found["acw"].is_met
    look = Causes(result.plan)
    causes = look.words([look.part(micro)], micro.strings, words("en"))
    assert causes[0].startswith("sales, 2026-11-21T00:00+00:00: 4 of 6 missed there; occupancy")


def test_no_wrap_up_on_record_is_no_missed_target(tmp_path: Path) -> None:
    facts = [fact for fact in micro_facts() if not isinstance(fact, LegClosed)]
    found = {one.name: one for one in findings(table(record(tmp_path, facts)), {})}
    assert found["acw"].is_met


def test_percentiles_of_waits(micro: Records) -> None:
    sums = table(micro).total.sums  # 0 10 18 20 21 25 45
    assert sum(sums.waits.values()) == 7
    for name, seconds in (("wait_p50", 20), ("wait_p80", 25), ("wait_p95", 45)):
        value = table(micro).total.value(name)
        assert value is not None
        assert seconds <= value <= seconds * (1 + 1 / 64)
