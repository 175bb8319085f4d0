"""Full cycles of the engine beside its plain twin: arrive, choose, reserve, confirm, next call.

One cycle: a call arrives and finds an idle agent or a queue, is offered and confirmed, and an agent
comes back and gets the best call that waits for him. Every agent has three of the skills and a
language; every queue asks for one skill and one language. Sizes stand in the groups' names.
"""

from random import Random

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from ccore._router import Router
from ccore.routing.plain import PlainRouter

AnyRouter = Router | PlainRouter

SKILLS = 20
LANGUAGES = (100, 101, 102)
CYCLES = 1_000
START_US = 1_700_000_000_000_000
FREE = 20  # one agent in so many is idle when agents are free

# The twin looks at everybody: beyond this size one round takes minutes.
PLAIN_AGENTS = 1_000

SIZES = [
    (make, agents)
    for agents in (100, 1_000, 10_000, 100_000)
    for make in (Router, PlainRouter)
    if make is Router or agents <= PLAIN_AGENTS
]


class Centre:
    """A router with so many agents, its queues, and a clock that goes on a second a cycle."""

    def __init__(self, make: type[AnyRouter], agents: int) -> None:
        random = Random(agents)
        self.router: AnyRouter = make()
        self.now_us = START_US
        self.calls = 0
        self.served: list[int] = []
        self.needs = [
            self.router.need({skill: 1 + skill % 3, language: 1})
            for skill in range(SKILLS)
            for language in LANGUAGES
        ]
        for agent in range(agents):
            skills = {random.randrange(SKILLS): 1 + random.randrange(5) for _ in range(3)}
            self.router.set_agent(agent, skills | {random.choice(LANGUAGES): 1})
        self.agents = random.sample(range(agents), agents)
        self.order = [random.choice(self.needs) for _ in range(CYCLES)]

    def arrive(self, need: int) -> int:
        call, self.calls = self.calls, self.calls + 1
        self.now_us += 1_000_000
        self.router.call_waiting(call, need, self.now_us)
        return call


def agents_are_free(centre: Centre) -> None:
    router, served = centre.router, centre.served
    for need in centre.order:
        call = centre.arrive(need)
        match = router.offer_for_call(call, centre.now_us)
        if match is None:
            router.call_gone(call)
            continue
        router.confirm(call)
        served.append(call)
        router.agent_ready(match.agent, centre.now_us)


def calls_wait(centre: Centre) -> None:
    router, served, agents = centre.router, centre.served, centre.agents
    for number, need in enumerate(centre.order):
        centre.arrive(need)
        agent = agents[number % len(agents)]
        router.agent_ready(agent, centre.now_us)
        match = router.offer_for_agent(agent, centre.now_us)
        if match is None:
            router.agent_away(agent)
        else:
            router.confirm(match.call)
            served.append(match.call)


def prepared(make: type[AnyRouter], agents: int, *, idle: int, waiting: int) -> Centre:
    centre = Centre(make, agents)
    for agent in centre.agents[:idle]:
        centre.router.agent_ready(agent, START_US + agent)
    for number in range(waiting):
        centre.arrive(centre.needs[number % len(centre.needs)])
    return centre


def name(size: object) -> str:
    return {Router: "cython", PlainRouter: "plain"}.get(size) or str(size)  # type: ignore[call-overload]


@pytest.mark.parametrize(("make", "agents"), SIZES, ids=name)
def test_agents_are_free(benchmark: BenchmarkFixture, make: type[AnyRouter], agents: int) -> None:
    benchmark.group = f"{CYCLES} cycles, {agents} agents, 5 % of them free, 60 queues"
    idle = max(1, agents // FREE)
    centre = prepared(make, agents, idle=idle, waiting=0)
    benchmark.pedantic(agents_are_free, args=(centre,), rounds=5)
    assert centre.router.waiting() == 0
    assert centre.router.idle() == idle
    assert len(centre.served) == len(set(centre.served)) > 0


@pytest.mark.parametrize(
    ("make", "agents", "waiting"),
    [
        (Router, 1_000, 100),
        (PlainRouter, 1_000, 100),
        (Router, 1_000, 10_000),
        (Router, 20_000, 10_000),
    ],
    ids=name,
)
def test_calls_wait(
    benchmark: BenchmarkFixture, make: type[AnyRouter], agents: int, waiting: int
) -> None:
    benchmark.group = f"{CYCLES} cycles, {agents} agents, {waiting} calls wait, 60 queues"
    centre = prepared(make, agents, idle=0, waiting=waiting)
    benchmark.pedantic(calls_wait, args=(centre,), rounds=5)
    router = centre.router
    assert router.waiting() + len(centre.served) == centre.calls
    assert len(centre.served) == len(set(centre.served)) > 0


@pytest.mark.parametrize("make", [Router, PlainRouter], ids=name)
def test_ten_thousand_give_up(benchmark: BenchmarkFixture, make: type[AnyRouter]) -> None:
    benchmark.group = "10000 waiting calls give up, 60 queues"

    def full() -> tuple[tuple[Centre, list[int]], dict[str, object]]:
        centre = prepared(make, 100, idle=0, waiting=10_000)
        centres.append(centre)
        return (centre, Random(1).sample(range(10_000), 10_000)), {}

    def give_up(centre: Centre, order: list[int]) -> None:
        for call in order:
            centre.router.call_gone(call)

    centres: list[Centre] = []
    benchmark.pedantic(give_up, setup=full, rounds=3)
    assert [centre.router.waiting() for centre in centres] == [0, 0, 0]


@pytest.mark.parametrize("size", [100, 1_000])
def test_both_serve_the_same_calls(size: int) -> None:
    """Not timed: what is measured above is the same work."""
    for cycle, idle, waiting in ((agents_are_free, size // FREE, 0), (calls_wait, 0, 50)):
        served = []
        for make in (Router, PlainRouter):
            centre = prepared(make, size, idle=idle, waiting=waiting)
            centre.order = centre.order[:100]
            cycle(centre)
            served.append(centre.served)
        assert served[0] == served[1] != []
