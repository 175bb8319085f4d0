"""The compiled engine and its plain twin, told the same things, make the same choices."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ccore._router import Match, Router, RouterError
from ccore.engine.words import ORDERS
from ccore.routing.plain import PlainRouter

AGENTS = st.integers(0, 5)
SKILLS = st.dictionaries(st.integers(0, 2), st.integers(1, 3), max_size=2)
RICH = st.dictionaries(st.integers(0, 2), st.integers(1, 3), min_size=2)
WEIGHTS = st.sampled_from([0.0, 0.5, 1.0, 1.0, 2.0, 0.0000004])
# Few distinct clocks, so that ties are common; and the real size of microseconds since 1970.
CLOCKS = st.one_of(st.integers(0, 20), st.integers(0, 20).map(lambda s: 1_700_000_000_000_000 + s))
PICK = st.integers(0, 59)  # one of those that there are
WILD = st.integers(-1, 20)  # any id, known or not
PRIORITIES = st.sampled_from([0, 0, 0, 1, -1])
LEASES = st.sampled_from([0, 0, 5, 10])
FEW = st.none() | st.sets(st.integers(0, 1))
# What else may be said of an agent and of a need; most say nothing.
PERSON = st.just({}) | st.fixed_dictionaries(
    {},
    optional={
        "site": st.integers(0, 1),
        "team": st.integers(-1, 1),
        "group": st.integers(0, 1),
        "weight": st.sampled_from([0.5, 2.0]),
        "position": st.integers(-1, 3),
        "capacity": st.none() | st.dictionaries(st.integers(0, 1), st.integers(0, 3)),
        "queues": st.none()
        | st.dictionaries(st.integers(0, 1), st.tuples(st.integers(1, 2), st.sampled_from([0, 9]))),
    },
)
ASKED = st.just({}) | st.fixed_dictionaries(
    {},
    optional={
        "preferred": st.dictionaries(st.integers(0, 2), st.sampled_from([0.5, 1.0])),
        "forbidden": st.sets(st.integers(0, 3), max_size=1),
        "sites": FEW,
        "teams": FEW,
        "groups": FEW,
        "queue": st.integers(-1, 1),
        "waited_us": st.sampled_from([0, 9]),
        "channel": st.integers(0, 1),
        "order": st.sampled_from(ORDERS),
    },
)
# What comes out of order is looked for: three in four needs ask for nothing but an order.
EASY = st.builds(lambda order: {"order": order}, st.sampled_from(ORDERS))


class SameChoices(RuleBasedStateMachine):
    few = 256  # needs look at each of the profiles that meet them

    def __init__(self) -> None:
        super().__init__()
        self.compiled = Router(seed=7, few=self.few)
        self.plain = PlainRouter(seed=7)
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

    def any_need(self, pick: int) -> int:
        return self.needs[pick % len(self.needs)]

    def any_call(self, pick: int) -> int:
        calls = [*self.waiting, *self.reserved]
        return calls[pick % len(calls)]

    @initialize(
        skills=st.lists(RICH, min_size=3, max_size=5),
        needs=st.lists(st.tuples(SKILLS, EASY), min_size=2),
    )
    def some_agents(
        self, skills: list[dict[int, int]], needs: list[tuple[dict[int, int], Any]]
    ) -> None:
        for wanted, conditions in needs:
            self.need(wanted, None, conditions)
        for agent, have in enumerate(skills):
            self.set_agent(agent, have, {})
            self.agent_ready(agent, agent, None, None)

    @rule(agent=AGENTS, skills=SKILLS | RICH, more=PERSON)
    def set_agent(self, agent: int, skills: dict[int, int], more: Any) -> None:
        self.both(lambda r: r.set_agent(agent, skills, **more))

    @rule(agent=AGENTS)
    def remove_agent(self, agent: int) -> None:
        self.both(lambda r: r.remove_agent(agent))

    @rule(
        agent=AGENTS,
        since=CLOCKS,
        ready=st.none() | CLOCKS,
        holding=st.none() | st.dictionaries(st.integers(0, 1), st.integers(0, 2)),
    )
    def agent_ready(
        self, agent: int, since: int, ready: int | None, holding: dict[int, int] | None
    ) -> None:
        self.both(lambda r: r.agent_ready(agent, since, ready_us=ready, holding=holding))

    @rule(agent=AGENTS)
    def agent_away(self, agent: int) -> None:
        self.both(lambda r: r.agent_away(agent))

    @rule(
        agent=AGENTS,
        occupancy=st.none() | st.sampled_from([0.0, 0.5, 0.9]),
        calls=st.none() | st.integers(0, 3),
    )
    def agent_figures(self, agent: int, occupancy: float | None, calls: int | None) -> None:
        self.both(lambda r: r.agent_figures(agent, occupancy=occupancy, calls=calls))

    @rule(skills=SKILLS, agents=st.none() | st.sets(AGENTS, max_size=4), more=ASKED | EASY)
    def need(self, skills: dict[int, int], agents: set[int] | None, more: Any) -> None:
        self.needs.append(self.both(lambda r: r.need(skills, agents, **more)))

    @precondition(lambda self: len(self.needs) > 1)
    @rule(pick=PICK)
    def drop_need(self, pick: int) -> None:
        need = self.any_need(pick)
        self.needs = [other for other in self.needs if other != need] or self.needs
        self.both(lambda r: r.drop_need(need))

    @rule(
        queue=st.integers(0, 1),
        weight=st.sampled_from([0.5, 1.0, 3.0]),
        credit=st.integers(-5, 5),
        without=st.sets(st.integers(0, 1)),
    )
    def set_queue(self, queue: int, weight: float, credit: int, without: set[int]) -> None:
        self.both(
            lambda r: r.set_queue(queue, weight=weight, credit_us=credit, without_groups=without)
        )

    @rule(
        need=PICK,
        entered=CLOCKS,
        credit=st.integers(-5, 5),
        weight=WEIGHTS,
        only=st.none() | AGENTS,
        prefer=st.none() | AGENTS,
        priority=PRIORITIES,
        ask=st.booleans(),
    )
    def call_waiting(
        self,
        need: int,
        entered: int,
        credit: int,
        weight: float,
        only: int | None,
        prefer: int | None,
        priority: int,
        ask: bool,
    ) -> None:
        call, self.calls = self.calls, self.calls + 1
        chosen = self.any_need(need)
        alone = -1 if only is None else only
        liked = -1 if prefer is None else prefer
        told = self.both(
            lambda r: r.call_waiting(
                call, chosen, entered, credit, weight, alone, prefer=liked, priority=priority
            )
        )
        if told is None:
            self.waiting.append(call)
            if ask:
                self.note(self.both(lambda r: r.offer_for_call(call, entered)))

    @precondition(lambda self: self.waiting)
    @rule(pick=PICK, now=CLOCKS, widen=st.booleans(), lease=LEASES)
    def offer_for_call(self, pick: int, now: int, widen: bool, lease: int) -> None:
        call = self.waiting[pick % len(self.waiting)]
        if widen:
            self.both(lambda r: r.widen(call))
        self.note(self.both(lambda r: r.offer_for_call(call, now, lease_us=lease)))

    @rule(agent=AGENTS, now=CLOCKS, lease=LEASES)
    def offer_for_agent(self, agent: int, now: int, lease: int) -> None:
        self.note(self.both(lambda r: r.offer_for_agent(agent, now, lease_us=lease)))

    @rule(now=CLOCKS, lease=LEASES)
    def offer_any(self, now: int, lease: int) -> None:
        self.note(self.both(lambda r: r.offer_any(now, lease_us=lease)))

    @rule(now=CLOCKS)
    def offer_everything(self, now: int) -> None:
        while (match := self.both(lambda r: r.offer_any(now))) is not None:
            self.note(match)
        assert self.plain.overlooked() == []

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

    @rule(now=CLOCKS)
    def expire(self, now: int) -> None:
        for call, agent in self.both(lambda r: r.expire(now)):
            assert self.reserved.pop(call) == agent
            self.waiting.append(call)
        due = self.both(lambda r: r.next_expiry())
        assert due is None or due > now

    @precondition(lambda self: self.waiting)
    @rule(pick=PICK)
    def call_gone(self, pick: int) -> None:
        call = self.waiting.pop(pick % len(self.waiting))
        self.both(lambda r: r.call_gone(call))

    @precondition(lambda self: self.waiting or self.reserved)
    @rule(pick=PICK, need=PICK, step=st.integers(-1, 3))
    def change_need(self, pick: int, need: int, step: int) -> None:
        call, chosen = self.any_call(pick), self.any_need(need)
        self.both(lambda r: r.change_need(call, chosen, step))

    @precondition(lambda self: self.waiting or self.reserved)
    @rule(pick=PICK, credit=st.integers(-5, 5), weight=WEIGHTS, priority=PRIORITIES)
    def change_score(self, pick: int, credit: int, weight: float, priority: int) -> None:
        call = self.any_call(pick)
        self.both(
            lambda r: r.change_score(call, credit_us=credit, weight=weight, priority=priority)
        )

    @rule(
        ask=st.sampled_from(
            ["widen", "call_gone", "confirm", "remove_agent", "agent_away", "has_call"]
        ),
        number=WILD,
    )
    def misuse(self, ask: str, number: int) -> None:
        if number in self.reserved and ask == "confirm":
            return
        if number in self.waiting and ask == "call_gone":
            return
        self.both(lambda r: getattr(r, ask)(number))

    @rule(
        call=WILD, need=WILD, now=CLOCKS, wild=st.sampled_from([-(2**60), 2**60, -1, 101, 40_000])
    )
    def misuse_with_more(self, call: int, need: int, now: int, wild: int) -> None:
        if call not in self.waiting:
            self.both(lambda r: r.offer_for_call(call, now))
        if call not in self.reserved:
            self.both(lambda r: r.release(call, requeue=True))
        if call < 0 or call in self.waiting or call in self.reserved:
            self.both(lambda r: r.call_waiting(call, need, now))
        if abs(wild) > 2**53:
            self.both(lambda r: r.agent_ready(0, wild))
            self.both(lambda r: r.release(call, requeue=True, ready=True, idle_since_us=wild))
            self.both(lambda r: r.offer_for_agent(0, wild))
            self.both(lambda r: r.call_waiting(1000, self.needs[0], wild))
            self.both(lambda r: r.call_waiting(1000, self.needs[0], now, wild))
        if wild > 100:
            self.both(lambda r: r.call_waiting(1000, self.needs[0], now, step=wild))
        if not -(2**15) <= wild < 2**15:
            self.both(lambda r: r.change_score(call, credit_us=0, weight=1, priority=wild))

    @rule(seed=st.integers(0, 3))
    def restart(self, seed: int) -> None:
        self.both(lambda r: r.restart(seed))
        self.waiting, self.reserved = [], {}

    @rule(now=CLOCKS)
    def places_agree(self, now: int) -> None:
        for call in (*self.waiting, *self.reserved):
            self.both(lambda r, call=call: r.position(call, now))
            self.both(lambda r, call=call: r.ahead(call, now))

    @invariant()
    def counts_agree(self) -> None:
        assert self.both(lambda r: (r.waiting(), r.idle()))[0] == len(self.waiting)
        self.both(lambda r: r.waiting_by_need())
        for need in self.needs[-3:]:
            self.both(lambda r, need=need: (r.waiting(need), r.idle(need), r.matching(need)))
            self.both(lambda r, need=need: r.agent_matches(0, need))
            self.both(lambda r, need=need: r.idle_agents(need))


class SameChoicesOfMany(SameChoices):
    few = 1  # needs that two profiles meet have keys, as those of many profiles do


TestSameChoices = SameChoices.TestCase
TestSameChoices.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
TestSameChoicesOfMany = SameChoicesOfMany.TestCase
TestSameChoicesOfMany.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)

CLOCK = st.integers(-(2**53), 2**53)


@given(
    entered=CLOCK,
    credit=CLOCK,
    now=CLOCK,
    weights=st.tuples(st.floats(0, 1_000_000), st.floats(0, 1_000_000)),
    queue=st.tuples(st.floats(0.001, 1000), CLOCK),
)
def test_no_clock_no_credit_and_no_weight_overflows(
    entered: int,
    credit: int,
    now: int,
    weights: tuple[float, float],
    queue: tuple[float, int],
) -> None:
    order = []
    for router in (Router(), PlainRouter()):
        router.set_queue(1, weight=queue[0], credit_us=queue[1])
        router.set_agent(0, {})
        router.agent_ready(0, 0)
        router.call_waiting(0, router.need({}), entered, 0, weights[0])
        router.call_waiting(1, router.need({}, queue=1), 0, credit, weights[1])
        router.call_waiting(2, router.need({}, queue=1), 0, -credit, weights[0])
        match = router.offer_for_agent(0, now)
        assert match is not None
        order.append((match, [router.position(call, now) for call in range(3)]))
    assert order[0] == order[1]


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf"), 1e7])
@pytest.mark.parametrize("make", [Router, PlainRouter])
def test_a_weight_that_is_none_is_refused(make: type[Router], weight: float) -> None:
    router = make()
    with pytest.raises(RouterError, match=r"call 1: weight .*, expected 0 to 1000000"):
        router.call_waiting(1, router.need({}), 0, weight=weight)
    assert router.waiting() == 0
