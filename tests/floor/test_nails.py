"""Nailed-up agents of a centre on several switches."""

from itertools import count

from ccore.config import Config
from ccore.config.schema import Agent, Entry, Queue, Switch
from ccore.floor import Floor
from ccore.floor.contact import CallState
from ccore.model import (
    AgentState,
    Bridge,
    Command,
    LegHungUp,
    LegParked,
    LegsBridged,
    LinkUp,
    Ring,
)

NOON = 1_767_225_600_000_000
SECOND = 1_000_000
CONFIG = Config(
    switch={"east": Switch(host="10.0.0.1"), "west": Switch(host="10.0.0.2")},
    entries=(Entry(number="4001", to="queue:all"),),
    queues={"all": Queue()},
    agents={"ann": Agent(nailed_up=True, start="ready")},
)


def test_a_caller_on_another_switch_rings_him_and_his_leg_stays_up() -> None:
    ids = (f"id-{number}" for number in count())
    floor = Floor(CONFIG, lambda: next(ids), NOON)

    def told(node: str) -> list[Command]:
        return [command for at, command in floor.take_commands() if at == node]

    for node in CONFIG.switch:
        floor.handle(node, LinkUp(NOON, node, []), NOON)
    (nail,) = [command for command in told("east") if isinstance(command, Ring)]
    floor.handle("east", LegParked(nail.leg, NOON, "ann", "", "", "default", True), NOON)
    ann = floor.agents.by_id["ann"]
    assert ann.nail == nail.leg

    now_us = NOON + SECOND
    floor.handle("west", LegParked("far", now_us, "4001", "138", "", "x", False), now_us)
    (ring,) = [command for command in told("west") if isinstance(command, Ring)]
    assert ring.leg != nail.leg
    answered = LegParked(ring.leg, now_us, "ann", "", "", "default", True, ring.variables)
    floor.handle("west", answered, now_us)
    floor.handle("west", LegsBridged("far", now_us, ring.leg), now_us)
    assert floor.contacts["far"].state is CallState.TALKING
    floor.handle("west", LegHungUp(ring.leg, now_us, "NORMAL_CLEARING", True), now_us)
    floor.handle("west", LegHungUp("far", now_us, "NORMAL_CLEARING", False), now_us)
    assert (ann.state, ann.nail) == (AgentState.READY, nail.leg)

    floor.handle("east", LegParked("near", now_us, "4001", "138", "", "x", False), now_us)
    (bridge,) = [command for command in told("east") if isinstance(command, Bridge)]
    assert bridge.other == nail.leg
