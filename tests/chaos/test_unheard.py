"""Events that never come: what stands still is found by comparing pictures, and put right."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ccore.config import parse
from ccore.floor.contact import CallState
from ccore.model import AgentState, ContactClosed, Transfer
from tests.chaos.test_killed import CENTRE, Bench

# Channels are listed every 10 s, and what differs is looked at twice, a second apart.
FOUND_S = 24


@contextmanager
def deaf(bench: Bench) -> Iterator[None]:
    """The switch loses every event meanwhile."""
    mangle = bench.plant.mangle
    bench.plant.mangle = lambda data: b""  # type: ignore[assignment, return-value]
    try:
        yield
    finally:
        bench.plant.mangle = mangle


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.plant.kill()


def repairs(bench: Bench) -> dict[str, int]:
    return dict(bench.plant.floor.reconciliation.repairs)


def test_a_caller_whose_end_was_lost_is_closed(bench: Bench) -> None:
    contact = bench.call("4001")
    with deaf(bench):
        bench.plant.act("caller:1", "hangup")
        bench.pass_s(1)
    bench.pass_s(FOUND_S)
    (row,) = [f for f in bench.plant.facts if isinstance(f, ContactClosed)]
    assert (row.contact, row.cause) == (contact.id, "LOST")
    assert repairs(bench) == {"call-gone": 1}


def test_an_agent_whose_calls_end_was_lost_is_freed(bench: Bench) -> None:
    bench.sign_in("1001")
    bench.call("4001")
    bench.plant.act("agent:1001", "answer")
    bench.pass_s(2)
    with deaf(bench):
        bench.plant.act("agent:1001", "hangup")
        bench.pass_s(1)
    assert bench.state_of("1001") is AgentState.TALKING, "nobody told us"
    bench.pass_s(FOUND_S + 20)
    assert bench.state_of("1001") is AgentState.READY
    assert set(repairs(bench).values()) == {1}, repairs(bench)  # of each leg once


def test_a_bridge_that_nobody_told_of_is_not_cut(bench: Bench) -> None:
    bench.sign_in("1001")
    contact = bench.call("4001")
    bench.plant.act("agent:1001", "answer")
    bench.plant.wait(bench.plant.now_us() + 25_000)
    while contact.state is CallState.RINGING:
        bench.plant.wait(bench.plant.now_us() + 5_000)
    with deaf(bench):
        bench.pass_s(2)
    assert contact.state is CallState.BRIDGING
    bench.pass_s(4)
    assert contact.state is CallState.TALKING
    assert repairs(bench) == {"bridge-unheard": 1}


def test_a_prompt_whose_end_was_lost_is_over(bench: Bench) -> None:
    contact = bench.call("4000")
    with deaf(bench):
        bench.pass_s(2)
    bench.pass_s(FOUND_S)
    assert contact.visit is not None
    assert contact.visit.step == "ask"
    assert repairs(bench) == {"prompt-over": 1}


def test_a_hold_that_was_not_heard_of_shows(bench: Bench) -> None:
    bench.sign_in("1001")
    contact = bench.call("4001")
    bench.plant.act("agent:1001", "answer")
    bench.pass_s(2)
    with deaf(bench):
        bench.plant.act("agent:1001", "hold")
        bench.pass_s(1)
    bench.pass_s(FOUND_S)
    assert contact.state is CallState.HELD
    assert bench.state_of("1001") is AgentState.HOLDING


def test_a_new_caller_whose_park_was_lost_waits_in_his_queue(bench: Bench) -> None:
    with deaf(bench):
        bench.plant.act("caller:1", "call", called="4001", calling="13800000001", name="Li Na")
        bench.pass_s(1)
    assert not bench.plant.floor.contacts
    bench.pass_s(FOUND_S)
    (contact,) = bench.plant.floor.contacts.values()
    assert contact.state is CallState.WAITING
    assert repairs(bench) == {"call-unknown": 1}
    bench.plant.act("caller:1", "hangup")
    bench.pass_s(1)
    (row,) = [f for f in bench.plant.facts if isinstance(f, ContactClosed)]
    assert (row.called, row.calling) == ("4001", "13800000001")


def test_a_leg_that_nobody_wants_is_ended(bench: Bench) -> None:
    """Such as one that a process before us rang, found when it was not there to be found."""
    plant = bench.plant
    line = (
        "bgapi originate {origination_uuid=orphan,ccore_agent=1002,ccore_contact=nobody}"
        "user/1002@agents &park()"
    )
    plant.switch.receive(2, f"{line}\n\n".encode(), plant.now_us())
    plant.link.ask("api version", lambda text: None)  # somebody must have asked for two replies
    bench.plant.act("agent:1002", "answer")
    bench.pass_s(FOUND_S)
    assert "orphan" not in plant.switch.core.legs


def test_nothing_is_put_right_where_nothing_is_wrong(bench: Bench) -> None:
    bench.sign_in("1001")
    bench.call("4001", "caller:1")
    bench.plant.act("agent:1001", "answer")
    bench.call("4001", "caller:2")
    bench.call("4000", "caller:3")
    bench.pass_s(45)
    assert repairs(bench) == {}


def test_a_caller_whose_way_out_was_lost_is_served_by_the_switch(bench: Bench) -> None:
    """The link died between two commands: his fallback was taken off, and then nobody sent him."""
    outside = '\noutbound = {allow = ["555*"]}\n'
    bench.plant.reload(parse(outside + CENTRE, "outside.toml"))
    contact = bench.call("4001")
    send = bench.plant.link.send
    bench.plant.link.send = lambda one, now_us: isinstance(one, Transfer) or send(one, now_us)  # type: ignore[method-assign, assignment, func-returns-value]
    bench.plant.order({"do": "call.transfer", "contact": contact.id, "to": "number:5551234"})
    bench.pass_s(1)
    assert contact.state is CallState.LEAVING
    bench.plant.link.send = send  # type: ignore[method-assign]
    assert bench.plant.switch.core.legs[contact.id].context == "ccore-inbound"
    seen = set()
    for _ in range(FOUND_S * 2):
        bench.pass_s(0.5)
        leg = bench.plant.switch.core.legs.get(contact.id)
        seen.add(leg.context if leg is not None else "gone")
    assert repairs(bench) == {"way-out-lost": 1}
    assert "ccore-fallback" in seen
