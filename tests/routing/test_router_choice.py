"""Which agent, which call, and why: every order and condition; both twins sit the same exam."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccore._router import Match, Router, RouterError, UnknownId
from ccore.routing.plain import PlainRouter

SECOND = 1_000_000
NOON = 1_700_000_000 * SECOND
ENGLISH, SALES, FRENCH = 1, 3, 4
VOICE, CHAT = 0, 1
AnyRouter = Router | PlainRouter


@pytest.fixture(params=[Router, PlainRouter, lambda: Router(few=0)], ids=["few", "plain", "many"])
def router(request: pytest.FixtureRequest) -> AnyRouter:
    made: AnyRouter = request.param()
    return made


def turns(router: AnyRouter, need: int, calls: int = 3, **again: bool) -> list[int]:
    """Who is rung by so many calls, one after the other; with `ready`, they come back at once."""
    rung = []
    for call in range(calls):
        router.call_waiting(call, need, NOON)
        match = router.offer_for_call(call, NOON)
        assert match is not None
        rung.append(match.agent)
        router.confirm(call)
        if again:
            router.agent_ready(match.agent, NOON + call)
    return rung


def why(match: Match | None) -> tuple[str, str, int]:
    assert match is not None
    return match.rule, match.decided_by, match.runner_up


# UCCX's own example: three agents of competence 10, 10 and 5, in each order of getting ready.
@pytest.mark.parametrize(
    ("ready", "rung"), [("ABC", "ABC"), ("CAB", "ABC"), ("ACB", "ABC"), ("CBA", "BAC")]
)
def test_most_skilled_first_then_longest_idle(router: AnyRouter, ready: str, rung: str) -> None:
    for agent, level in enumerate((10, 10, 5)):
        router.set_agent(agent, {ENGLISH: level})
    for place, name in enumerate(ready):
        router.agent_ready("ABC".index(name), NOON + place)
    need = router.need({ENGLISH: 1}, order="most-skilled")
    assert "".join("ABC"[agent] for agent in turns(router, need)) == rung


@pytest.mark.parametrize(
    ("order", "rung"),
    [
        ("longest-idle", [0, 1, 2]),
        ("longest-ready", [2, 1, 0]),
        ("least-occupied", [1, 2, 0]),
        ("fewest-calls", [2, 0, 1]),
        ("weighted", [1, 2, 0]),
        ("fixed-order", [2, 0, 1]),
        ("least-versatile", [1, 0, 2]),
    ],
)
def test_each_order_has_its_own_first(router: AnyRouter, order: str, rung: list[int]) -> None:
    has: list[dict[int, int]] = [{ENGLISH: 1, SALES: 1}, {ENGLISH: 1}, {ENGLISH: 1, 7: 1, 8: 1}]
    for agent in range(3):
        router.set_agent(
            agent, has[agent], weight=(1.0, 4.0, 1.0)[agent], position=(5, 9, 1)[agent]
        )
        router.agent_ready(agent, NOON + agent, ready_us=NOON - agent)
        router.agent_figures(agent, occupancy=(0.9, 0.2, 0.5)[agent], calls=(4, 8, 3)[agent])
    assert turns(router, router.need({ENGLISH: 1}, order=order)) == rung


def test_round_robin_goes_round(router: AnyRouter) -> None:
    for agent in range(3):
        router.set_agent(agent, {})
        router.agent_ready(agent, NOON - agent)
    need = router.need({}, order="round-robin")
    first = turns(router, need, 3, ready=True)
    assert sorted(first) == [0, 1, 2]
    assert turns(router, need, 6, ready=True) == first * 2


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_is_the_same_for_a_seed_and_equal_for_all(seed: int) -> None:
    rung = []
    for router in (Router(seed), PlainRouter(seed), Router(seed, few=0)):
        for agent in range(4):
            router.set_agent(agent, {})
            router.agent_ready(agent, NOON)
        rung.append(turns(router, router.need({}, order="random"), 400, ready=True))
    assert rung[0] == rung[1] == rung[2]
    assert all(60 < rung[0].count(agent) < 140 for agent in range(4))  # 100 each, 9 more or less
    again = sum(one == two for one, two in zip(rung[0], rung[0][1:], strict=False))
    assert 60 < again < 140  # nor does it matter who was last


def test_weight_is_a_share_of_the_calls(router: AnyRouter) -> None:
    for agent, weight in enumerate((1.0, 2.0, 3.0)):
        router.set_agent(agent, {}, weight=weight)
        router.agent_ready(agent, NOON)
    rung = turns(router, router.need({}, order="weighted"), 60, ready=True)
    assert [rung.count(agent) for agent in range(3)] == [10, 20, 30]


def test_preferred_skills_go_before_the_order_and_the_reason_says_so(router: AnyRouter) -> None:
    router.set_agent(0, {ENGLISH: 1})
    router.set_agent(1, {ENGLISH: 1, FRENCH: 2})
    router.set_agent(2, {ENGLISH: 1, SALES: 3})
    for agent in range(3):
        router.agent_ready(agent, NOON + agent)
    need = router.need({ENGLISH: 1}, preferred={FRENCH: 2.0, SALES: 1.0})
    router.call_waiting(7, need, NOON)
    assert why(router.offer_for_call(7, NOON)) == ("longest-idle", "preferred-skills", 2)
    router.call_waiting(8, router.need({ENGLISH: 1}), NOON)
    assert why(router.offer_for_call(8, NOON)) == ("longest-idle", "longest-idle", 2)
    router.call_waiting(9, need, NOON)
    assert why(router.offer_for_call(9, NOON)) == ("longest-idle", "alone", -1)


@pytest.mark.parametrize(
    ("conditions", "agents"),
    [
        ({"sites": [1]}, [1, 3]),
        ({"sites": [1], "teams": [5]}, [3]),
        ({"groups": [9, 8]}, [2]),
        ({"sites": []}, []),
        ({"forbidden": [SALES]}, [1, 2, 3]),
        ({"agents": [0, 2], "forbidden": [SALES]}, [2]),
        ({}, [0, 1, 2, 3]),
    ],
)
def test_conditions_are_all_kept(
    router: AnyRouter, conditions: dict[str, Any], agents: list[int]
) -> None:
    router.set_agent(0, {ENGLISH: 2, SALES: 1}, site=0)
    router.set_agent(1, {ENGLISH: 2}, site=1)
    router.set_agent(2, {ENGLISH: 2}, site=2, group=9)
    router.set_agent(3, {ENGLISH: 2}, site=1, team=5)
    for agent in range(4):
        router.agent_ready(agent, NOON)
    need = router.need({ENGLISH: 1}, **conditions)
    assert router.idle_agents(need) == agents
    assert router.idle(need) == router.matching(need) == len(agents)


def test_one_voice_or_three_chats(router: AnyRouter) -> None:
    router.set_agent(0, {}, capacity={VOICE: 1, CHAT: 3})
    voice, chat = router.need({}, channel=VOICE), router.need({}, channel=CHAT)
    can = {}
    for holding in ({}, {CHAT: 1}, {CHAT: 2}, {CHAT: 3}, {VOICE: 1}):
        router.agent_ready(0, NOON, holding=holding)
        can[str(holding)] = router.idle(voice), router.idle(chat)
    assert list(can.values()) == [(1, 1), (0, 1), (0, 1), (0, 0), (0, 0)]
    router.agent_away(0)
    assert (router.matching(voice), router.matching(chat)) == (1, 1)


def test_an_agent_takes_from_his_own_list_of_queues_in_its_order(router: AnyRouter) -> None:
    """Amazon Connect's example: the second queue only when the first is empty, the third late."""
    first, second, third = (router.need({}, queue=queue) for queue in range(3))
    router.set_agent(0, {}, queues={0: (1, 0), 1: (2, 0), 2: (3, 20 * SECOND)})
    router.call_waiting(30, third, NOON - 90 * SECOND)
    router.call_waiting(20, second, NOON - 60 * SECOND)
    router.call_waiting(10, first, NOON)
    served = []
    for _ in range(2):
        router.agent_ready(0, NOON)
        match = router.offer_for_agent(0, NOON)
        assert match is not None
        served.append((match.call, match.decided_by))
        router.confirm(match.call)
    assert served == [(10, "queue-turn"), (20, "alone")]
    router.agent_ready(0, NOON)
    assert router.offer_for_agent(0, NOON) is None  # the third has not joined his list
    router.change_need(30, router.need({}, queue=2, waited_us=20 * SECOND), step=1)
    match = router.offer_for_call(30, NOON)
    assert match is not None
    assert (match.agent, match.step, match.waited_us) == (0, 1, 90 * SECOND)


def test_the_reserve_joins_and_leaves_with_one_word(router: AnyRouter) -> None:
    need = router.need({}, queue=4)
    router.set_queue(4, without_groups=[7])
    router.set_agent(0, {}, group=7)
    router.agent_ready(0, NOON)
    router.call_waiting(1, need, NOON)
    assert router.offer_for_call(1, NOON) is None
    router.set_queue(4)
    match = router.offer_any(NOON)
    assert match is not None
    assert (match.call, match.agent, router.offer_any(NOON)) == (1, 0, None)
    router.release(1, requeue=True, ready=True)
    router.set_queue(4, without_groups=[7])
    assert (router.offer_any(NOON), router.matching(need)) == (None, 0)


def test_the_queue_furthest_behind_its_own_target_goes_first(router: AnyRouter) -> None:
    """30 of 60 s waited is less behind than 15 of 20: weight is one over the target."""
    for queue, target_s in ((1, 60), (2, 20)):
        router.set_queue(queue, weight=60 / target_s)
    router.call_waiting(1, router.need({}, queue=1), NOON - 30 * SECOND)
    router.call_waiting(2, router.need({}, queue=2), NOON - 15 * SECOND)
    router.set_agent(0, {})
    router.agent_ready(0, NOON)
    match = router.offer_for_agent(0, NOON)
    assert match is not None
    assert (match.call, match.decided_by, match.runner_up) == (2, "score", 1)


def test_a_preferred_agent_gets_the_call_if_he_is_there(router: AnyRouter) -> None:
    for agent in range(2):
        router.set_agent(agent, {})
        router.agent_ready(agent, NOON + agent)
    router.call_waiting(1, router.need({}), NOON, prefer=1)
    assert why(router.offer_for_call(1, NOON)) == ("preferred-agent", "preferred-agent", 0)
    router.call_waiting(2, router.need({}), NOON, prefer=1)
    assert why(router.offer_for_call(2, NOON)) == ("longest-idle", "alone", -1)


def test_a_lease_that_runs_out_frees_both_and_the_call_keeps_its_place(router: AnyRouter) -> None:
    need = router.need({})
    for call in range(2):
        router.set_agent(call, {})
        router.agent_ready(call, NOON)
        router.call_waiting(call, need, NOON + call)
    assert router.next_expiry() is None
    router.offer_for_call(0, NOON, lease_us=20)
    router.offer_for_call(1, NOON, lease_us=10)
    assert router.next_expiry() == NOON + 10
    assert router.expire(NOON + 9) == []
    assert router.expire(NOON + 30) == [(1, 1), (0, 0)]
    assert (router.idle(), router.waiting(), router.next_expiry()) == (0, 2, None)
    assert [router.position(call, NOON) for call in range(2)] == [1, 2]
    router.agent_ready(0, NOON)
    match = router.offer_for_agent(0, NOON)
    assert match is not None
    router.confirm(match.call)
    assert router.expire(NOON + 99) == []


def test_needs_do_not_pile_up_over_reloads(router: AnyRouter) -> None:
    """Each reload has other needs, some for closed sets of agents; calls keep theirs meanwhile."""
    for agent in range(4):
        router.set_agent(agent, {ENGLISH: 1})
    kept = router.need({ENGLISH: 1}, agents=[0])
    router.call_waiting(0, kept, NOON)
    router.drop_need(kept)
    numbers = set()
    for reload in range(1, 200):
        need = router.need({ENGLISH: 1}, agents=[reload % 4, 2], waited_us=reload)
        numbers.add(need)
        assert router.matching(need) == len({reload % 4, 2})
        router.drop_need(need)
    assert len(numbers) == 1
    router.agent_ready(0, NOON)
    assert router.offer_for_call(0, NOON) is not None
    router.confirm(0)
    with pytest.raises(UnknownId, match=f"need {kept} is not known"):
        router.waiting(kept)


@pytest.mark.parametrize(
    ("misuse", "says"),
    [
        (lambda r: r.need({}, order="fastest"), "order 'fastest': expected one of longest-idle"),
        (lambda r: r.need({1: 11}), "skill 1: level 11, expected 1 to 10"),
        (lambda r: r.need({}, preferred={1: 0.0}), "skill 1: weight 0.0, expected more than 0"),
        (lambda r: r.set_agent(0, {}, weight=0.0), "agent 0: weight 0.0, expected more than 0"),
        (lambda r: r.set_agent(0, {}, capacity={1: 11}), "channel 1: 11, expected 0 to 10"),
        (lambda r: r.set_queue(1, weight=-1.0), "queue 1: weight -1.0"),
        (lambda r: r.agent_figures(0, occupancy=1.5), "occupancy 1.5, expected 0 to 1"),
        (lambda r: r.call_waiting(1, 0, NOON, only=0, prefer=0), "only and prefer"),
        (lambda r: r.call_waiting(1, 0, NOON, priority=40_000), "priority: 40000, expected"),
        (lambda r: r.call_waiting(1, 0, 1 << 60), "entered_us: 1152921504606846976, expected"),
        (lambda r: r.offer_for_agent(0, NOON, lease_us=-1), "lease_us: -1, expected 0 to"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    router: AnyRouter, misuse: Callable[[Any], object], says: str
) -> None:
    router.set_agent(0, {})
    router.need({})
    with pytest.raises(RouterError, match=says) as caught:
        misuse(router)
    assert "\n" not in str(caught.value)
    assert (router.waiting(), router.matching(0)) == (0, 1)


@settings(deadline=None, max_examples=60)
@given(
    newcomers=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 90), st.sampled_from([0.2, 1.0, 2.0])),
        min_size=1,
        max_size=8,
    ),
    weights=st.lists(st.sampled_from([0.25, 1.0, 8.0]), min_size=4, max_size=4),
)
def test_nobody_starves_where_waiting_counts(
    newcomers: list[tuple[int, int, float]], weights: list[float]
) -> None:
    """However the same newcomers keep coming, faster than they are served, an old call is reached.

    By its score it overtakes whoever enters after a bound: the largest credit and weight there are,
    over its own.
    """
    router = Router()
    for queue, weight in enumerate(weights):
        router.set_queue(queue, weight=weight)
    needs = [router.need({}, queue=queue) for queue in range(4)]
    router.set_agent(0, {})
    old_weight, call = 0.2, 1
    router.call_waiting(0, needs[0], NOON, weight=old_weight)
    # Its score grows by 0.2 * 0.25 a second at least, and a newcomer's credit is 90 * 8 at most.
    # Those who came before that moment are finite; two come a second and one is served.
    overtakes_s = round(90 * max(weights) / (old_weight * weights[0])) + 1
    for second in range(0, 3 * overtakes_s + 2):
        now = NOON + second * SECOND
        for place in range(2):
            queue, credit_s, weight = newcomers[(second + place) % len(newcomers)]
            if second < overtakes_s:
                router.call_waiting(call, needs[queue], now, credit_s * SECOND, min(weight, 0.2))
                call += 1
        router.agent_ready(0, now)
        match = router.offer_for_agent(0, now)
        assert match is not None
        router.confirm(match.call)
        if match.call == 0:
            return
    raise AssertionError("the first call still waits")
