"""The owner of the floor goes on whatever one call does to it."""

from itertools import count

from ccore.config import parse
from ccore.daemon.clock import Clock
from ccore.daemon.runner import Runner
from ccore.floor import Floor
from ccore.model import Fact, LegHungUp, LegParked, LinkUp, Noted

CENTRE = """
site = {name = "test", languages = ["en"]}
switch.main = {}
agents.1001 = {}
entries = [{number = "4001", to = "queue:sales"}]
queues.sales = {}
"""


def test_a_call_that_cannot_be_noted_keeps_no_other_from_it() -> None:
    clock, numbers = Clock(), count()
    facts: list[Fact] = []
    floor = Floor(parse(CENTRE), lambda: f"id-{next(numbers)}", clock.now_us())
    runner = Runner(floor, clock, facts.extend, lambda now_us: None)
    now_us = clock.now_us()
    runner.deliver("main", [LinkUp(now_us, "core")], now_us)
    variables = {"entry": "4001"}
    parked = [
        LegParked(leg, now_us, "4001", "138", "", "ccore-inbound", False, variables)
        for leg in ("broken", "whole")
    ]
    runner.deliver("main", parked[:1], now_us)
    floor.contacts["broken"].wants = None  # type: ignore[assignment]  # a bug of ours
    floor.notes.calls.add("broken")
    facts.clear()
    runner.deliver("main", parked[1:], now_us)
    assert "call:whole" in {fact.key for fact in facts if isinstance(fact, Noted)}
    assert runner.faults == 1
    runner.deliver("main", [LegHungUp("broken", now_us, "NORMAL_CLEARING", True)], now_us)
    assert not floor.notes.calls
    assert set(floor.contacts) == {"whole"}
    runner.stop()
