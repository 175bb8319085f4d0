"""The compiled engine and its plain twin, told the same things, make the same choices."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ccore._router import Match, Router, RouterError
from ccore.routing.plain import PlainRouter

AGENTS = st.integers(0, 5)
SKILLS = st.dictionaries(st.integers(0, 2), st.integers(1, 3), max_size=2)
RICH = st.dictionaries(st.integers(0, 2), st.integers(1, 3), min_size=2)
WEIGHTS = st.sampled_from([0.0, 0.5, 1.0, 1.0, 2.0, 0.0000004])
# Few distinct clocks, so that ties are common; and the real size of microseconds since 1970.
CLOCKS = st.one_of(st.integers(0, 20), st.integers(0, 20).map(lambda s: 1_700_000_000_000_000 + s))
PICK = st.integers(0, 59)  # one of those that there are
WILD = st.integers(-1, 20)  # any id, known or not


class SameChoices(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.compiled = Router()
        self.plain = PlainRouter()
        self.needs: list[int] = []
        self.waiting: list[int] = []
        self.reserved: dict[int, int] = {}  # call -> agent
        self.calls = 0

    def both(self, ask: Callable[[Any], object]) -> Any:
        answers = []
        for router in (self.compiled, self.plain):
            try:
                answers.append(ask(router))
            except RouterError as error:
                answers.append((type(error), str(error)))
        assert answers[0] == answers[1]
        return answers[0]

    def note(self, match: object) -> None:
        if isinstance(match, Match):
            assert match.agent not in self.reserved.values()
            self.waiting.remove(match.call)
            self.reserved[match.call] = match.agent

    @initialize(skills=st.lists(RICH, min_size=3, max_size=5), needs=st.lists(SKILLS, min_size=2))
    def some_agents(self, skills: list[dict[int, int]], needs: list[dict[int, int]]) -> None:
        for wanted in needs:
            self.need(wanted, None)
        for agent, have in enumerate(skills):
            self.set_agent(agent, have)
            self.agent_ready(agent, agent)

    @rule(agent=AGENTS, skills=SKILLS | RICH)
    def set_agent(self, agent: int, skills: dict[int, int]) -> None:
        self.both(lambda r: r.set_agent(agent, skills))

    @rule(agent=AGENTS)
    def remove_agent(self, agent: int) -> None:
        self.both(lambda r: r.remove_agent(agent))

    @rule(agent=AGENTS, since=CLOCKS)
    def agent_ready(self, agent: int, since: int) -> None:
        self.both(lambda r: r.agent_ready(agent, since))

    @rule(agent=AGENTS)
    def agent_away(self, agent: int) -> None:
        self.both(lambda r: r.agent_away(agent))

    @rule(skills=SKILLS, agents=st.none() | st.sets(AGENTS, max_size=4))
    def need(self, skills: dict[int, int], agents: set[int] | None) -> None:
        self.needs.append(self.both(lambda r: r.need(skills, agents)))

    @rule(
        need=PICK,
        entered=CLOCKS,
        credit=st.integers(-5, 5),
        weight=WEIGHTS,
        only=st.none() | AGENTS,
        ask=st.booleans(),
    )
    def call_waiting(
        self, need: int, entered: int, credit: int, weight: float, only: int | None, ask: bool
    ) -> None:
        call, self.calls = self.calls, self.calls + 1
        chosen = self.needs[need % len(self.needs)]
        alone = -1 if only is None else only
        told = self.both(lambda r: r.call_waiting(call, chosen, entered, credit, weight, alone))
        if told is None:
            self.waiting.append(call)
            if ask:
                self.note(self.both(lambda r: r.offer_for_call(call, entered)))

    @precondition(lambda self: self.waiting)
    @rule(pick=PICK, now=CLOCKS, widen=st.booleans())
    def offer_for_call(self, pick: int, now: int, widen: bool) -> None:
        call = self.waiting[pick % len(self.waiting)]
        if widen:
            self.both(lambda r: r.widen(call))
        self.note(self.both(lambda r: r.offer_for_call(call, now)))

    @rule(agent=AGENTS, now=CLOCKS)
    def offer_for_agent(self, agent: int, now: int) -> None:
        self.note(self.both(lambda r: r.offer_for_agent(agent, now)))

    @precondition(lambda self: self.reserved)
    @rule(pick=PICK)
    def confirm(self, pick: int) -> None:
        call = list(self.reserved)[pick % len(self.reserved)]
        self.both(lambda r: r.confirm(call))
        del self.reserved[call]

    @precondition(lambda self: self.reserved)
    @rule(pick=PICK, requeue=st.booleans(), ready=st.booleans(), since=st.just(0) | CLOCKS)
    def release(self, pick: int, requeue: bool, ready: bool, since: int) -> None:
        call = list(self.reserved)[pick % len(self.reserved)]
        self.both(lambda r: r.release(call, requeue=requeue, ready=ready, idle_since_us=since))
        del self.reserved[call]
        if requeue:
            self.waiting.append(call)

    @precondition(lambda self: self.waiting)
    @rule(pick=PICK)
    def call_gone(self, pick: int) -> None:
        call = self.waiting.pop(pick % len(self.waiting))
        self.both(lambda r: r.call_gone(call))

    @precondition(lambda self: self.waiting or self.reserved)
    @rule(pick=PICK, need=PICK, now=CLOCKS)
    def change_need(self, pick: int, need: int, now: int) -> None:
        calls = [*self.waiting, *self.reserved]
        call, chosen = calls[pick % len(calls)], self.needs[need % len(self.needs)]
        self.both(lambda r: r.change_need(call, chosen))

    @rule(
        ask=st.sampled_from(["widen", "call_gone", "confirm", "remove_agent", "agent_away"]),
        number=WILD,
    )
    def misuse(self, ask: str, number: int) -> None:
        if number in self.reserved and ask == "confirm":
            return
        if number in self.waiting and ask == "call_gone":
            return
        self.both(lambda r: getattr(r, ask)(number))

    @rule(call=WILD, need=WILD, now=CLOCKS)
    def misuse_with_more(self, call: int, need: int, now: int) -> None:
        if call not in self.waiting:
            self.both(lambda r: r.offer_for_call(call, now))
        if call not in self.reserved:
            self.both(lambda r: r.release(call, requeue=True))
        if call < 0 or call in self.waiting or call in self.reserved:
            self.both(lambda r: r.call_waiting(call, need, now))

    @rule(now=CLOCKS)
    def places_agree(self, now: int) -> None:
        for call in (*self.waiting, *self.reserved):
            self.both(lambda r, call=call: r.position(call, now))

    @invariant()
    def counts_agree(self) -> None:
        assert self.both(lambda r: (r.waiting(), r.idle()))[0] == len(self.waiting)
        for need in self.needs[-3:]:
            self.both(lambda r, need=need: (r.waiting(need), r.idle(need), r.matching(need)))
            self.both(lambda r, need=need: r.agent_matches(0, need))


TestSameChoices = SameChoices.TestCase
TestSameChoices.settings = settings(max_examples=100, stateful_step_count=60, deadline=None)


@given(
    entered=st.integers(-(2**62), 2**62),
    credit=st.integers(-(2**62), 2**62),
    now=st.integers(-(2**62), 2**62),
    weights=st.tuples(st.floats(0, 1_000_000), st.floats(0, 1_000_000)),
)
def test_no_clock_and_no_credit_overflows(
    entered: int, credit: int, now: int, weights: tuple[float, float]
) -> None:
    order = []
    for router in (Router(), PlainRouter()):
        need = router.need({})
        router.set_agent(0, {})
        router.agent_ready(0, 0)
        router.call_waiting(0, need, entered, 0, weights[0])
        router.call_waiting(1, need, 0, credit, weights[1])
        match = router.offer_for_agent(0, now)
        assert match is not None
        order.append((match.call, router.position(1 - match.call, now)))
    assert order[0] == order[1]


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf"), 1e7])
@pytest.mark.parametrize("make", [Router, PlainRouter])
def test_a_weight_that_is_none_is_refused(make: type[Router], weight: float) -> None:
    router = make()
    with pytest.raises(RouterError, match=r"call 1: weight .*, expected 0 to 1000000"):
        router.call_waiting(1, router.need({}), 0, weight=weight)
    assert router.waiting() == 0
