"""The router by names: modes of choice, reserves, starvation, and decisions that come again."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.config.demand import Caller, Wants
from ccore.config.schema import (
    Agent,
    Config,
    Queue,
    Reserve,
    Routing,
    ServiceLevel,
    Strategy,
    Widening,
)
from ccore.errors import BadLog
from ccore.routing.acd import Acd
from ccore.routing.case import Case
from ccore.routing.replay import encode, read, replay
from ccore.routing.shadow import Shadow
from ccore.routing.widening import Reach

S = 1_000_000
NOON = 1_767_225_600 * S


def case(queue: str, at_s: int, credit_s: int = 0, language: str = "") -> Case:
    at_us = NOON + at_s * S
    return Case(f"{queue}-{at_s}", queue, Caller(language), at_us, at_us, credit_s)


def opened(config: Config) -> tuple[Acd, list[bytes]]:
    """An Acd whose log begins here."""
    acd = Acd(config)
    log: list[bytes] = []
    acd.hear = lambda said: log.append(encode(said))
    acd.renew()
    return acd, log


def ready(acd: Acd, *agents: str) -> None:
    for place, agent in enumerate(agents):
        acd.ready(agent, NOON + place, NOON + place)


# Which agent.

STRATEGIES: list[tuple[Strategy, str]] = [
    ("longest-idle", "ann"),
    ("longest-ready", "cai"),
    ("least-occupied", "bo"),
    ("fewest-calls", "cai"),
    ("most-skilled", "bo"),
    ("least-versatile", "ann"),
    ("weighted", "bo"),
    ("fixed-order", "ann"),
]


@pytest.mark.parametrize(("strategy", "chosen"), STRATEGIES)
def test_each_strategy_has_its_own_first(strategy: Strategy, chosen: str) -> None:
    acd = Acd(
        Config(
            queues={"q": Queue(skills={"sales": 1}, strategy=strategy)},
            agents={
                "ann": Agent(skills={"sales": 2}, weight=1.0),
                "bo": Agent(skills={"sales": 9, "zh": 1}, weight=10.0),
                "cai": Agent(skills={"sales": 5, "zh": 1, "en": 1}, weight=1.0),
            },
        )
    )
    for agent, occupancy, calls, idle_s, ready_s in (
        ("ann", 0.9, 5, 1, 9),
        ("bo", 0.1, 6, 2, 8),
        ("cai", 0.5, 4, 3, 7),
    ):
        acd.figures(agent, occupancy, calls)
        acd.ready(agent, NOON + idle_s, NOON + ready_s)
    acd.enter(1, case("q", 10))
    decision = acd.offer_for_call(1, NOON + 10 * S)
    assert decision is not None
    assert (decision.agent, decision.rule, decision.candidates) == (chosen, strategy, 3)


def test_preferred_skills_go_before_the_strategy_and_the_reason_says_so() -> None:
    acd = Acd(
        Config(
            queues={"q": Queue(prefer={"gold": 2.0}, forbid=("trainee",))},
            agents={
                "ann": Agent(),
                "bo": Agent(skills={"gold": 3}),
                "cai": Agent(skills={"gold": 9, "trainee": 1}),
            },
        )
    )
    ready(acd, "ann", "bo", "cai")
    acd.enter(1, case("q", 0))
    decision = acd.offer_for_call(1, NOON)
    assert decision is not None
    assert (decision.agent, decision.decided_by, decision.runner_up) == (
        "bo",
        "preferred-skills",
        "ann",
    )
    assert decision.candidates == 2


# Which call.


def modes(calls: Any, **more: Any) -> Config:
    return Config(
        routing=Routing(calls=calls),
        queues={
            "fast": Queue(service_level=ServiceLevel(within_s=10, target=0.8), **more),
            "slow": Queue(service_level=ServiceLevel(within_s=60, target=0.8)),
        },
        agents={"ann": Agent()},
    )


def first(acd: Acd, now_s: int) -> str:
    acd.ready("ann", NOON, NOON)
    offered = acd.offer_for_agent("ann", NOON + now_s * S)
    assert offered is not None
    call, decision = offered
    acd.release(call, requeue=True)
    return decision.contact


def test_strict_lets_the_higher_credit_go_first_however_long_others_wait() -> None:
    for calls, chosen in (("score", "slow-0"), ("strict", "fast-1000")):
        acd = Acd(modes(calls))
        acd.enter(1, case("slow", 0))
        acd.enter(2, case("fast", 1000, credit_s=60))
        assert first(acd, 1001) == chosen


def test_service_targets_measure_a_wait_in_parts_of_the_queue_s_own_target() -> None:
    for calls, chosen in (("score", "slow-0"), ("service-target", "fast-10")):
        acd = Acd(modes(calls))
        acd.enter(1, case("slow", 0))  # 20 s of 60
        acd.enter(2, case("fast", 10))  # 10 s of 10
        assert first(acd, 20) == chosen


def test_a_queue_behind_its_target_gets_what_is_missing_on_top() -> None:
    acd = Acd(modes("service-target"))
    acd.enter(1, case("slow", 0))
    acd.enter(2, case("fast", 17))
    assert first(acd, 20) == "slow-0"  # a third of its target; the other three tenths
    for call in range(10, 60):  # nobody of the fast queue is answered
        acd.enter(call, case("fast", 17))
        acd.leave(call)
    assert first(acd, 20) == "fast-17"


@settings(deadline=None, max_examples=60)
@given(
    calls=st.sampled_from(["score", "service-target"]),
    weight=st.floats(1, 40),
    credit_s=st.integers(0, 300),
    patience_s=st.integers(1, 8),
)
def test_nobody_starves_beside_a_queue_that_is_favoured_and_never_empty(
    calls: str, weight: float, credit_s: int, patience_s: int
) -> None:
    """Each second a favoured caller comes and an agent takes one; they give up soon."""
    acd = Acd(modes(calls, weight=weight, credit_s=credit_s))
    acd.enter(0, case("slow", 0))
    # What the favoured ones can score at most, in seconds of the other queue's wait.
    scale = 6 if calls == "service-target" else 1
    bound_s = round((weight * (patience_s + 1 + credit_s)) * scale) + 60 + 2
    for now_s in range(1, bound_s + 1):
        acd.enter(now_s, case("fast", now_s))
        if now_s > patience_s:
            acd.leave(now_s - patience_s)
        acd.ready("ann", NOON, NOON)
        offered = acd.offer_for_agent("ann", NOON + now_s * S)
        assert offered is not None
        acd.confirm(offered[0], NOON + now_s * S)
        if offered[0] == 0:
            return
    pytest.fail(f"waits after {bound_s} s")


# The reserve.


def test_the_reserve_joins_at_one_mark_and_goes_at_a_lower_one() -> None:
    acd = Acd(
        Config(
            queues={"q": Queue(reserve=Reserve(groups=("help",), join_at=3, leave_at=1))},
            agents={"ann": Agent(group="help")},
        )
    )
    ready(acd, "ann")
    joined = []
    for call in range(4):
        acd.enter(call, case("q", call))
        joined.append("q" in acd.reserves)
    for call in range(3):
        acd.leave(call)
        joined.append("q" in acd.reserves)
    assert joined == [False, False, True, True, True, True, False]
    assert acd.offer_for_call(3, NOON) is None
    for call in (5, 6):
        acd.enter(call, case("q", call))
    assert acd.offer_for_agent("ann", NOON + 9 * S) is not None


# Decisions that come again.

CONFIG = Config(
    queues={
        "q": Queue(skills={"sales": 5}, steps=(Widening(after_s=20, lower={"sales": 1}),)),
    },
    agents={"ann": Agent(skills={"sales": 2}), "bo": Agent(skills={"sales": 9})},
)


# Of the choices of this story: a change of it is a change of what the router decides.
GOLDEN = "bcef5ec4472ed882e76a13d9c5ca2c602536aca2f0c5068c8d26a8e6ad3831e7"


def a_story() -> list[bytes]:
    """Bo takes the first caller; the second waits for a step and gets Ann."""
    acd, log = opened(CONFIG)
    ready(acd, "ann", "bo")
    acd.enter(1, case("q", 1))
    assert acd.offer_for_call(1, NOON + S) is not None
    acd.confirm(1, NOON + 2 * S)
    acd.enter(2, case("q", 3))
    assert acd.offer_for_call(2, NOON + 3 * S) is None
    acd.grow(2, Reach(step=1))
    decision = acd.offer_for_call(2, NOON + 23 * S)
    assert decision is not None
    assert (decision.agent, decision.step, decision.decided_by) == ("ann", 1, "alone")
    acd.confirm(2, NOON + 24 * S)
    return log


@pytest.mark.parametrize("plain", [False, True])
def test_a_log_replays_to_the_same_choices(plain: bool) -> None:
    outcome = replay(read(a_story()), plain=plain)
    assert (outcome.offers, outcome.decisions, outcome.is_same) == (3, 2, True)
    assert outcome.recorded == outcome.replayed == GOLDEN


def test_the_first_choice_that_differs_is_named() -> None:
    log = [line.replace(b'"bo"', b'"ann"') if b'["call"' in line else line for line in a_story()]
    outcome = replay(read(log))
    assert not outcome.is_same
    assert (outcome.line, outcome.was[1], outcome.now[1]) == (6, "ann", "bo")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda log: [b"{}\n"], "line 1 is nothing that a router is told"),
        (lambda log: [b"[1\n"], "line 1 is no JSON"),
        (lambda log: [b'["begin\xff"]\n'], "line 1 is no JSON"),
        (lambda log: [b"[[]]\n"], "line 1 is nothing that a router is told"),
        (lambda log: [line.replace(b"0001,", b"0" * 30 + b",") for line in log], "out of order"),
        (lambda log: log[2:], "line 1 is out of order"),
        (lambda log: [*log, log[-1]], "out of order"),
    ],
)
def test_a_log_that_is_none_is_refused_in_one_line(change: Any, what: str) -> None:
    with pytest.raises(BadLog, match=what):
        replay(read(change(a_story())))


def test_a_line_cut_off_in_writing_ends_the_log() -> None:
    log = a_story()
    assert replay(read([*log[:-1], log[-1][:9]])).said == len(log) - 1


def test_a_log_begins_anew_in_the_middle_and_is_whole() -> None:
    acd, log = opened(CONFIG)
    ready(acd, "ann", "bo")
    acd.enter(1, case("q", 1))
    assert acd.offer_for_call(1, NOON + S) is not None  # held while the log begins anew
    acd.enter(2, case("q", 3))
    log.clear()
    acd.renew()
    acd.release(1, requeue=True)
    acd.ready("bo", NOON, NOON + 30 * S)
    offered = acd.offer_for_agent("bo", NOON + 30 * S)
    assert offered is not None
    assert offered[1].contact == "q-1"  # his first clock
    outcome = replay(read(log))
    assert outcome.is_same
    assert outcome.decisions == 1


def test_a_shadow_says_who_would_have_come_and_how_much_sooner() -> None:
    sooner = Queue(skills={"sales": 5}, steps=(Widening(after_s=5, lower={"sales": 1}),))
    other = Config(queues={"q": sooner}, agents=CONFIG.agents)
    shadow = Shadow(other)
    log = a_story()
    # The centre asks again at 10 s, as it does when anything happens.
    asked = encode(("call", NOON + 10 * S, 2, None))
    at = next(n for n, line in enumerate(log) if line.startswith(b'["grow"'))
    shadow.follow(read([*log[:at], asked, *log[at:]]))
    verdict = shadow.verdicts["q"]
    assert (verdict.offers, verdict.same, verdict.different) == (2, 2, 0)
    assert (verdict.sooner, verdict.sooner_us) == (1, 13 * S)


def test_a_shadow_with_the_same_rules_does_the_same() -> None:
    shadow = Shadow(CONFIG)
    shadow.follow(read(a_story()))
    assert (shadow.verdicts["q"].same, shadow.verdicts["q"].different) == (2, 0)


def test_a_shadow_names_what_it_does_not_know() -> None:
    shadow = Shadow(Config(queues={"other": Queue()}, agents={"ann": Agent()}))
    shadow.follow(read(a_story()))
    assert shadow.unknown == {"agent bo": 1, "queue q": 2}
    assert shadow.verdicts == {}


def test_what_a_centre_keeps_secret_is_not_in_its_log() -> None:
    secret = Config(
        queues={"q": Queue()},
        agents={"ann": Agent(name="Ann Lee", contact="sofia/external/+8613800138000")},
    )
    _, log = opened(secret)
    assert b"Lee" not in b"".join(log)
    assert b"138" not in b"".join(log)


@pytest.mark.parametrize("calls", ["score", "strict", "service-target"])
@pytest.mark.parametrize("weight", [0.001, 1_000.0])
@pytest.mark.parametrize("within_s", [0, 1, 86_400])
@pytest.mark.parametrize("credit_s", [-1_000_000, 1_000_000])
def test_what_the_configuration_allows_the_engine_takes(
    calls: Any, weight: float, within_s: int, credit_s: int
) -> None:
    queue = Queue(
        weight=weight,
        ageing=min(weight, 100.0),
        credit_s=credit_s,
        prefer={f"s{n}": weight for n in range(100)},
        skills={f"s{n}": 10 for n in range(100)},
        service_level=ServiceLevel(within_s=within_s, target=1.0),
        strategy="weighted",
    )
    agent = Agent(weight=weight, skills={f"s{n}": 10 for n in range(400)})
    wants = Wants(tuple((f"s{n}", 10) for n in range(100, 300)))
    config = Config(routing=Routing(calls=calls), queues={"q": queue}, agents={"ann": agent})
    acd = Acd(config)
    one = case("q", 0, credit_s=2 * credit_s)
    one.caller = Caller(wants=wants)
    acd.enter(1, one)
    acd.leave(1)
    acd.enter(2, one)
    ready(acd, "ann")
    assert acd.offer_for_agent("ann", NOON + 10**9 * S) is not None
