"""A busy day through the engine: same choices as ever, everybody's turn comes, nothing is left."""

from hashlib import sha256

import pytest

from ccore._router import Match, Router
from ccore.routing.plain import PlainRouter
from tests.routing.day import Day

GOLDEN = "8fb262fea1459e8db6aa7911f643e11f4a1fa01c2d1ae404493355a303127081"


def choices(router: Router | PlainRouter, *, seed: int, agents: int, calls: int) -> list[str]:
    day = Day(router, seed=seed, agents=agents, calls=calls)
    return [f"{day.now_us} {told(match)}" for match in day.matches()]


def told(match: Match) -> str:
    """The choice, in the words of the first golden day: what is said of it beside may grow."""
    call, agent, rule, candidates, waited_us = match.parts()[:5]
    return f"Match({call=}, {agent=}, {rule=}, {candidates=}, {waited_us=})"


def test_choices_unchanged() -> None:
    """One busy day, seed 7. A faster router must make the same choices."""
    lines = choices(Router(), seed=7, agents=24, calls=5_000)
    assert sha256("\n".join(lines).encode()).hexdigest() == GOLDEN


@pytest.mark.parametrize("seed", range(4))
def test_a_day_is_the_same_through_the_plain_twin(seed: int) -> None:
    size = {"agents": 12, "calls": 400}
    assert choices(Router(), seed=seed, **size) == choices(PlainRouter(), seed=seed, **size)


@pytest.mark.parametrize("agents", [10, 40])
def test_no_idle_agent_and_waiting_call_miss_each_other(agents: int) -> None:
    """The engine's invariant, at every decision of a day with and of one without a queue."""
    router = PlainRouter()
    day = Day(router, seed=3, agents=agents, calls=300)
    for _ in day.matches():
        assert router.overlooked() == []


def test_at_the_end_of_the_day_nothing_is_left() -> None:
    router = Router()
    day = Day(router, seed=5, agents=40, calls=3_000)
    answered = sum(match.waited_us >= 0 for match in day.matches())
    assert len(day.ended) == 3_000
    assert answered >= sum(how == "answered" for how in day.ended.values()) > 1_000
    assert not day.rung
    assert router.waiting() == 0
    assert router.idle() > 0
