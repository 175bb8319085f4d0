"""The formulas against tables computed with fifty digits, and what they must always obey."""

import json
from math import exp
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.errors import BadRequest
from ccore.sizing.erlang import (
    blocking,
    blocking_with_recall,
    least,
    most_load,
    servers_for_blocking,
    waiting,
)
from ccore.sizing.patience import impatient
from ccore.sizing.staffing import Demand, Target, agents_for, serve

TABLES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "vectors" / "erlang.json").read_text("utf-8")
)
EXACT = pytest.approx
DIGITS = 1e-9


@pytest.mark.parametrize(("servers", "load", "lost"), TABLES["B"])
def test_erlang_b(servers: int, load: str, lost: str) -> None:
    assert blocking(servers, float(load)) == EXACT(float(lost), rel=DIGITS)


@pytest.mark.parametrize(("servers", "target", "load"), TABLES["B_maxload"])
def test_load_that_so_many_lines_carry(servers: int, target: str, load: str) -> None:
    assert most_load(servers, float(target)) == EXACT(float(load), rel=DIGITS)


@pytest.mark.parametrize(("load", "target", "servers"), TABLES["B_lines"])
def test_lines_that_a_load_takes(load: str, target: str, servers: int) -> None:
    assert servers_for_blocking(float(load), float(target)) == servers


@pytest.mark.parametrize(("servers", "load", "recall", "lost", "total"), TABLES["EEB"])
def test_extended_erlang_b(servers: int, load: str, recall: str, lost: str, total: str) -> None:
    got = blocking_with_recall(servers, float(load), float(recall))
    assert got == EXACT((float(lost), float(total)), rel=DIGITS)


def test_lines_where_the_blocked_dial_again() -> None:
    assert servers_for_blocking(5.5, 0.03, recall=0.5) == 11
    assert servers_for_blocking(5.5, 0.03, recall=1.0) >= 11
    assert servers_for_blocking(0.0, 0.03, recall=0.5) == 1


@pytest.mark.parametrize(("servers", "load", "waits"), TABLES["C"])
def test_erlang_c(servers: int, load: str, waits: str) -> None:
    assert waiting(servers, float(load)) == EXACT(float(waits), rel=DIGITS)


@pytest.mark.parametrize("case", TABLES["C_kpi"])
def test_figures_of_erlang_c(case: dict[str, Any]) -> None:
    calls, period_s, handle_s, agents, within_s = case["calls,period_s,aht_s,n,T"]
    got = serve(Demand(calls_per_s=calls / period_s, handle_s=handle_s), agents, within_s)
    assert got.p_wait == EXACT(float(case["pw"]), rel=DIGITS)
    assert got.service_level == EXACT(float(case["sl"]), rel=DIGITS)
    assert got.wait_s == EXACT(float(case["asa"]), rel=DIGITS)
    assert got.occupancy == EXACT(float(case["occ"]), rel=DIGITS)
    assert got.queue == EXACT(float(case["lq"]), rel=DIGITS)


@pytest.mark.parametrize("case", TABLES["A"])
def test_figures_of_erlang_a(case: dict[str, Any]) -> None:
    calls, period_s, handle_s, patience_s, agents, within_s = case[
        "calls,period_s,aht_s,patience_s,n,T"
    ]
    got = impatient(agents, calls / period_s, handle_s, patience_s, within_s)
    assert got.p_wait == EXACT(float(case["pw"]), rel=DIGITS)
    assert got.abandoned == EXACT(float(case["pab"]), rel=DIGITS)
    assert got.wait_s == EXACT(float(case["ew"]), rel=DIGITS)
    assert got.queue == EXACT(float(case["lq"]), rel=DIGITS)
    assert got.occupancy == EXACT(float(case["occ"]), rel=DIGITS)
    assert got.service_level == EXACT(float(case["sl_offered"]), rel=DIGITS)
    assert got.service_level_answered == EXACT(float(case["sl_answered"]), rel=DIGITS)


def test_waits_of_those_who_are_answered_and_of_those_who_give_up() -> None:
    """The textbook case of the Palm queue: 48 calls a minute, 50 agents."""
    got = impatient(50, 48 / 60, 60, 120, 20)
    assert got.wait_answered_s == EXACT(3.61590, abs=5e-6)
    assert got.wait_abandoned_s == EXACT(6.64284, abs=5e-6)


def test_ten_thousand_servers_cost_no_digits() -> None:
    assert blocking(10_000, 10_000) == EXACT(0.0079367, abs=1e-6)  # about sqrt(2 / (π n))
    got = impatient(10_000, 10_000 / 180, 180, 120, 20)
    balance = 10_000 / 180 * (1 - got.abandoned) - 10_000 * got.occupancy / 180
    assert balance == EXACT(0, abs=1e-9)  # as many are served as come and stay


def test_far_too_few_agents_lose_all_but_those_they_can_serve() -> None:
    """The fluid law: 1 - n/a of the callers give up."""
    assert impatient(50, 100 / 180, 180, 120, 20).abandoned == EXACT(0.5, abs=1e-6)
    assert impatient(1, 1000, 180, 120, 20).abandoned == EXACT(1 - 1 / 180_000, rel=1e-9)


def test_patience_without_end_is_erlang_c() -> None:
    patient = serve(Demand(calls_per_s=100 / 1800, handle_s=180), 14, 20)
    almost = serve(Demand(calls_per_s=100 / 1800, handle_s=180, patience_s=1e9), 14, 20)
    assert almost.service_level == EXACT(patient.service_level, abs=1e-6)
    assert almost.wait_s == EXACT(patient.wait_s, rel=1e-5)


@settings(max_examples=60, deadline=None)
@given(
    agents=st.integers(1, 400),
    share=st.floats(0.05, 3.0),
    handle_s=st.floats(1, 2000),
    patience_s=st.floats(1, 5000),
    within_s=st.floats(0, 300),
)
def test_whatever_is_asked_the_figures_fit_together(
    agents: int, share: float, handle_s: float, patience_s: float, within_s: float
) -> None:
    calls_per_s = agents * share / handle_s
    got = impatient(agents, calls_per_s, handle_s, patience_s, within_s)
    for value in (got.p_wait, got.abandoned, got.occupancy, got.service_level):
        assert -1e-9 <= value <= 1 + 1e-9
    assert got.queue == EXACT(calls_per_s * got.wait_s, rel=1e-9, abs=1e-12)  # Little
    served = got.occupancy * agents / handle_s
    assert served == EXACT(calls_per_s * (1 - got.abandoned), rel=1e-9)
    mean_s = got.wait_answered_s * (1 - got.abandoned) + got.wait_abandoned_s * got.abandoned
    assert mean_s == EXACT(got.wait_s, rel=1e-6, abs=1e-9)
    # All who are answered at all are answered in the end: two ways to the same share.
    everybody = impatient(agents, calls_per_s, handle_s, patience_s, 1e7).service_level
    assert everybody == EXACT(1 - got.abandoned, abs=1e-8)


@settings(max_examples=60, deadline=None)
@given(load=st.floats(0.01, 3000), target=st.floats(1e-6, 0.9))
def test_lines_found_are_the_fewest(load: float, target: float) -> None:
    lines = servers_for_blocking(load, target)
    assert blocking(lines, load) <= target
    assert lines == 0 or blocking(lines - 1, load) > target


@settings(max_examples=40, deadline=None)
@given(
    calls_per_s=st.floats(0.001, 5),
    handle_s=st.floats(10, 900),
    patience_s=st.sampled_from([0.0, 30.0, 300.0]),
    level=st.floats(0.05, 0.99),
)
def test_agents_found_are_the_fewest(
    calls_per_s: float, handle_s: float, patience_s: float, level: float
) -> None:
    demand = Demand(calls_per_s=calls_per_s, handle_s=handle_s, patience_s=patience_s)
    agents = agents_for(demand, Target(service_level=level, within_s=20))
    assert serve(demand, agents, 20).service_level >= level
    if agents > 1 and (patience_s or agents - 1 > demand.erlangs):
        assert serve(demand, agents - 1, 20).service_level < level


def test_every_part_of_a_target_is_met() -> None:
    demand = Demand(calls_per_s=100 / 1800, handle_s=180, patience_s=120)
    for target in (
        Target(wait_s=2),
        Target(abandoned=0.01),
        Target(occupancy=0.6),
        Target(service_level=0.8, abandoned=0.02, occupancy=0.9),
    ):
        agents = agents_for(demand, target)
        met, short = (serve(demand, n, 20) for n in (agents, agents - 1))

        def meets(got: Any, target: Target = target) -> bool:
            return (
                (target.wait_s is None or got.wait_s <= target.wait_s)
                and (target.abandoned is None or got.abandoned <= target.abandoned)
                and (target.occupancy is None or got.occupancy <= target.occupancy)
                and (target.service_level is None or got.service_level >= target.service_level)
            )

        assert meets(met)
        assert not meets(short)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: waiting(10, 10),
        lambda: serve(Demand(calls_per_s=1, handle_s=180), 50, 20),
        lambda: agents_for(Demand(calls_per_s=1, handle_s=180), Target(service_level=1.0)),
        lambda: agents_for(Demand(calls_per_s=1, handle_s=180), Target(wait_s=0)),
        lambda: agents_for(Demand(calls_per_s=1, handle_s=180, patience_s=1), Target(abandoned=0)),
        lambda: agents_for(Demand(calls_per_s=1e9, handle_s=1e9), Target(service_level=0.8)),
        lambda: blocking_with_recall(10, 12, 1.0),
        lambda: blocking(-1, 2),
        lambda: blocking(2, float("nan")),
        lambda: impatient(0, 1, 1, 1, 1),
        lambda: most_load(0, 0.1),
        lambda: servers_for_blocking(3, 0),
    ],
)
def test_what_is_unstable_or_impossible_says_so_in_a_line(ask: Any) -> None:
    with pytest.raises(BadRequest) as told:
        ask()
    assert "\n" not in str(told.value)
    assert "Expected" in str(told.value)


def test_a_queue_that_grows_names_the_least_that_stops_it() -> None:
    with pytest.raises(BadRequest, match="grows without end.*at least 101 agents"):
        waiting(100, 100)


def test_least_gives_up_where_nothing_is_enough() -> None:
    assert least(lambda n: False) is None
    assert least(lambda n: n >= 777, 3) == 777
    assert least(lambda n: True, 5) == 5


def test_erlang_c_by_hand() -> None:
    """Two agents, one erlang: a third waits, and they wait e^(-t/handle) longer than t."""
    got = serve(Demand(calls_per_s=1 / 60, handle_s=60), 2, 60)
    assert got.p_wait == EXACT(1 / 3)
    assert got.service_level == EXACT(1 - exp(-1) / 3)
