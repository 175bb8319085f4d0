"""The whole floor over a bad line: whatever happens on it, floor and switch agree in the end."""

from collections.abc import Iterator

import pytest

from tests.book.center import config_of
from tests.book.play import play
from tests.book.scenario import read
from tests.book.virtual import COMMANDS, EVENTS
from tests.faults.line import Fault, Kind, Line
from tests.faults.world import BadWorld, wrong_picture

SCENARIOS = ("answered-and-the-caller-hangs-up", "menu-by-digit")
# Of the bytes that the switch says in a scenario: one in so many is hit. Primes, so that heads,
# names and values all are.
STEPS = {EVENTS: 4001, COMMANDS: 211}


def run(name: str, faults: dict[int, Fault]) -> tuple[BadWorld, dict[int, Line]]:
    scenario = read(name)
    lines = {conn: Line(faults.get(conn)) for conn in (EVENTS, COMMANDS)}
    world = BadWorld(scenario, config_of(scenario), dict(lines))
    play(scenario, world)
    world.heal()
    return world, lines


def faults(name: str, kind: Kind) -> Iterator[tuple[int, Fault]]:
    _, lines = run(name, {})
    for conn, line in lines.items():
        for at in range(0, line.carried, STEPS[conn]):
            yield conn, Fault(kind, at, size=7, flip=3)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("name", SCENARIOS)
def test_floor_and_switch_agree_in_the_end(name: str, kind: Kind) -> None:
    wrong = {}
    for conn, fault in faults(name, kind):
        world, _ = run(name, {conn: fault})
        if found := wrong_picture(world):
            wrong[conn, fault] = (found, world.breaks)
    assert wrong == {}
