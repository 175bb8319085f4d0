"""What an agent and a caller would notice of the engine's rules; both twins sit the same exam."""

from collections.abc import Callable

import pytest

from ccore._router import Match, Router, RouterError, UnknownId, WrongState
from ccore.routing.plain import PlainRouter

SECOND = 1_000_000
NOON = 1_700_000_000 * SECOND
ENGLISH, MANDARIN, SALES = 1, 2, 3
AnyRouter = Router | PlainRouter


@pytest.fixture(params=[Router, PlainRouter], ids=["compiled", "plain"])
def router(request: pytest.FixtureRequest) -> AnyRouter:
    made: AnyRouter = request.param()
    return made


def ready(router: AnyRouter, agent: int, since: int = NOON, **skills: int) -> None:
    names = {"english": ENGLISH, "mandarin": MANDARIN, "sales": SALES}
    router.set_agent(agent, {names[name]: level for name, level in skills.items()})
    router.agent_ready(agent, since)


def agent_of(match: Match | None) -> int | None:
    return None if match is None else match.agent


def call_of(match: Match | None) -> int | None:
    return None if match is None else match.call


def test_the_longest_idle_agent_over_all_profiles_gets_the_call(router: AnyRouter) -> None:
    ready(router, 0, NOON + 3, english=5)
    ready(router, 1, NOON + 1, english=5, sales=1)
    ready(router, 2, NOON + 2, english=5)
    ready(router, 3, NOON, mandarin=5)
    router.call_waiting(7, router.need({ENGLISH: 3}), NOON)
    match = router.offer_for_call(7, NOON + 10)
    assert match == Match(
        7, 1, "longest-idle", 3, 10, step=0, runner_up=2, decided_by="longest-idle"
    )


def test_an_agent_whose_level_is_too_low_is_not_rung(router: AnyRouter) -> None:
    ready(router, 0, english=3)
    router.call_waiting(7, router.need({ENGLISH: 4}), NOON)
    assert router.offer_for_call(7, NOON) is None
    assert router.matching(router.need({ENGLISH: 3})) == 1


def test_only_the_agents_of_a_closed_queue_get_its_calls(router: AnyRouter) -> None:
    need = router.need({ENGLISH: 1}, agents=[1, 2])
    ready(router, 0, NOON, english=1)
    ready(router, 2, NOON + 1, english=1)
    router.call_waiting(7, need, NOON)
    assert agent_of(router.offer_for_call(7, NOON)) == 2
    ready(router, 1, NOON + 2, english=1)  # told of after the queue was
    assert router.matching(need) == 2
    assert router.need({ENGLISH: 1}, agents=(2, 1)) == need
    assert router.matching(router.need({}, agents=[])) == 0


def test_priority_overtakes_and_an_old_call_is_not_starved(router: AnyRouter) -> None:
    """Each second a caller with 90 s of credit comes, and one caller is served."""
    need = router.need({})
    router.set_agent(0, {})
    router.call_waiting(0, need, NOON)
    for second in range(200):
        now = NOON + second * SECOND
        router.call_waiting(1 + second, need, now, credit_us=90 * SECOND)
        router.agent_ready(0, now)
        match = router.offer_for_agent(0, now)
        assert match is not None
        router.confirm(match.call)
        if match.call == 0:
            break
    assert second == 90


def test_without_ageing_priority_is_strict(router: AnyRouter) -> None:
    need = router.need({})
    router.set_agent(0, {})
    router.call_waiting(0, need, NOON, weight=0.0)
    router.call_waiting(1, need, NOON + 3600 * SECOND, credit_us=1, weight=0.0)
    router.agent_ready(0, NOON)
    assert call_of(router.offer_for_agent(0, NOON + 7200 * SECOND)) == 1


def test_a_queue_that_ages_faster_catches_up(router: AnyRouter) -> None:
    """20 s ahead at half the pace: level after 40 s of the faster one's wait."""
    slow, fast = router.need({ENGLISH: 1}), router.need({SALES: 1})
    router.call_waiting(1, slow, NOON, credit_us=20 * SECOND, weight=0.5)
    router.call_waiting(2, fast, NOON)
    for after_s, first in ((39, 1), (41, 2)):
        ready(router, 0, NOON, english=1, sales=1)
        assert call_of(router.offer_for_agent(0, NOON + after_s * SECOND)) == first
        router.release(first, requeue=True)


def test_a_caller_whose_agent_did_not_answer_keeps_his_place(router: AnyRouter) -> None:
    need = router.need({ENGLISH: 1})
    ready(router, 0, english=1)
    router.call_waiting(1, need, NOON)
    router.call_waiting(2, need, NOON + SECOND)
    assert call_of(router.offer_for_agent(0, NOON + 2 * SECOND)) == 1
    assert (router.position(1, NOON), router.position(2, NOON)) == (0, 1)
    router.release(1, requeue=True)
    assert (router.position(1, NOON), router.position(2, NOON)) == (1, 2)
    assert router.offer_for_agent(0, NOON) is None  # put aside until ready again
    router.agent_ready(0, NOON)
    assert call_of(router.offer_for_agent(0, NOON + 3 * SECOND)) == 1


def test_an_agent_whose_caller_hung_up_while_it_rang_keeps_his_turn(router: AnyRouter) -> None:
    need = router.need({})
    ready(router, 0, NOON)
    ready(router, 1, NOON + 1)
    router.call_waiting(1, need, NOON)
    assert agent_of(router.offer_for_call(1, NOON)) == 0
    router.release(1, requeue=False, ready=True)
    router.call_waiting(2, need, NOON)
    assert agent_of(router.offer_for_call(2, NOON)) == 0


def test_an_agent_in_a_call_gets_no_other_until_he_is_ready(router: AnyRouter) -> None:
    need = router.need({})
    ready(router, 0)
    router.call_waiting(1, need, NOON)
    router.offer_for_call(1, NOON)
    router.call_waiting(2, need, NOON)
    assert router.offer_for_call(2, NOON) is None
    router.confirm(1)
    assert router.offer_for_call(2, NOON) is None
    router.agent_ready(0, NOON)
    assert call_of(router.offer_for_agent(0, NOON)) == 2


def test_a_call_for_its_last_agent_waits_for_him_alone_until_widened(router: AnyRouter) -> None:
    need = router.need({ENGLISH: 1})
    router.set_agent(0, {ENGLISH: 1})
    ready(router, 1, english=1)
    router.call_waiting(7, need, NOON, only=0)
    assert router.offer_for_call(7, NOON) is None
    assert router.offer_for_agent(1, NOON) is None
    router.agent_ready(0, NOON)
    assert router.offer_for_agent(0, NOON) == Match(7, 0, "last-agent", 1, 0)
    router.release(7, requeue=True)
    router.widen(7)
    assert router.offer_for_call(7, NOON) == Match(7, 1, "longest-idle", 1, 0)


def test_a_last_agent_who_lost_the_skill_is_not_rung(router: AnyRouter) -> None:
    ready(router, 0, english=1)
    router.call_waiting(7, router.need({ENGLISH: 1}), NOON, only=0)
    router.set_agent(0, {MANDARIN: 1})
    assert router.offer_for_call(7, NOON) is None
    assert router.offer_for_agent(0, NOON) is None


def test_a_newcomer_does_not_overtake_a_better_call_for_the_same_agent(router: AnyRouter) -> None:
    """Even when nobody asked for the agent who became ready."""
    need = router.need({})
    router.set_agent(0, {})
    router.call_waiting(1, need, NOON)
    router.agent_ready(0, NOON)
    router.call_waiting(2, need, NOON + SECOND)
    assert router.offer_for_call(2, NOON + SECOND) is None
    assert agent_of(router.offer_for_call(1, NOON + SECOND)) == 0


def test_a_skill_learnt_while_a_call_waits_counts_at_once(router: AnyRouter) -> None:
    ready(router, 0, NOON, english=1)
    ready(router, 1, NOON + 1, english=1)
    need = router.need({SALES: 2})
    router.call_waiting(7, need, NOON)
    assert router.offer_for_call(7, NOON) is None
    router.set_agent(1, {ENGLISH: 1, SALES: 2})
    assert call_of(router.offer_for_agent(1, NOON)) == 7
    router.set_agent(1, {ENGLISH: 1})  # lost while his phone rings: this call is still his
    router.confirm(7)
    assert (router.matching(need), router.idle()) == (0, 1)


def test_new_skills_do_not_cost_an_idle_agent_his_turn(router: AnyRouter) -> None:
    for agent in range(3):
        ready(router, agent, NOON + agent, english=1)
    router.set_agent(1, {ENGLISH: 2})
    router.set_agent(0, {ENGLISH: 2})
    need = router.need({ENGLISH: 1})
    for call, agent in enumerate((0, 1, 2)):
        router.call_waiting(call, need, NOON)
        assert agent_of(router.offer_for_call(call, NOON)) == agent


def test_a_call_moved_to_another_requirement_keeps_its_clock(router: AnyRouter) -> None:
    english, sales = router.need({ENGLISH: 1}), router.need({SALES: 1})
    router.call_waiting(1, english, NOON)
    router.call_waiting(2, sales, NOON + SECOND)
    router.change_need(1, sales)
    assert (router.position(1, NOON), router.position(2, NOON)) == (1, 2)
    assert (router.waiting(english), router.waiting(sales), router.waiting()) == (0, 2, 2)


def test_gone_and_away_may_be_said_twice(router: AnyRouter) -> None:
    ready(router, 0)
    router.call_waiting(1, router.need({SALES: 1}), NOON)
    for _ in range(2):
        router.call_gone(1)
        router.agent_away(0)
    assert (router.waiting(), router.idle()) == (0, 0)


@pytest.mark.parametrize(
    ("misuse", "error", "says"),
    [
        (lambda r: r.call_waiting(7, 0, NOON), WrongState, "call 7 is here already"),
        (lambda r: r.call_waiting(9, 5, NOON), UnknownId, "need 5 is not known"),
        (lambda r: r.call_waiting(9, 0, NOON, only=4), UnknownId, "agent 4 is not known"),
        (lambda r: r.call_waiting(-1, 0, NOON), RouterError, "call -1: expected an id"),
        (lambda r: r.offer_for_call(7, NOON), WrongState, "call 7 is reserved already"),
        (lambda r: r.confirm(8), UnknownId, "call 8 is not known"),
        (lambda r: r.release(8, requeue=True), UnknownId, "call 8 is not known"),
        (lambda r: r.call_gone(7), WrongState, "release it with requeue=False"),
        (lambda r: r.agent_ready(0, NOON), WrongState, "agent 0 is reserved"),
        (lambda r: r.agent_away(0), WrongState, "agent 0 is reserved"),
        (lambda r: r.remove_agent(0), WrongState, "agent 0 is reserved"),
        (lambda r: r.agent_ready(99, NOON), UnknownId, "agent 99 is not known"),
        (lambda r: r.set_agent(-1, {}), RouterError, "agent -1: expected an id"),
        (lambda r: r.set_agent(1 << 30, {}), RouterError, "expected an id from 0 to"),
        (lambda r: r.set_agent(0, {1: 0}), RouterError, "skill 1: level 0, expected 1 to"),
    ],
)
def test_misuse_is_one_clear_line_and_changes_nothing(
    router: AnyRouter, misuse: Callable[[AnyRouter], object], error: type[Exception], says: str
) -> None:
    ready(router, 0)
    router.call_waiting(7, router.need({}), NOON)
    router.offer_for_call(7, NOON)
    with pytest.raises(error, match=says) as caught:
        misuse(router)
    assert isinstance(caught.value, ValueError)
    assert "\n" not in str(caught.value)
    assert (router.waiting(), router.idle(), router.matching(0)) == (0, 0, 1)
    router.confirm(7)


def test_many_come_and_go_without_a_trace() -> None:
    """Slots are used again: calls, lines and profiles do not pile up."""
    router = Router()
    need = router.need({ENGLISH: 1})
    router.set_agent(0, {ENGLISH: 1})
    router.set_agent(1, {})
    for call in range(20_000):
        router.call_waiting(call, need, NOON + call, weight=1 + call / 7, only=call % 3 - 1)
        router.set_agent(1, {ENGLISH: 1 + call % 10, SALES: 1}, site=call % 5000)
        router.widen(call)
        router.call_gone(call)
    assert (router.waiting(), router.matching(need)) == (0, 2)


def test_ten_thousand_callers_give_up_in_any_order() -> None:
    router = Router()
    need = router.need({})
    router.set_agent(0, {})
    order = [call * 7919 % 10_000 for call in range(10_000)]
    for call in order:
        router.call_waiting(call, need, NOON + call)
    for call in order[:9_990]:
        router.call_gone(call)
    left = sorted(order[9_990:])
    for call in left:
        router.agent_ready(0, NOON)
        assert call_of(router.offer_for_agent(0, NOON)) == call
        router.confirm(call)
