"""Agents: one true state with a reason, whatever their phones do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ccore.floor.contact import CallState
from ccore.model import AgentState
from tests.chaos.test_killed import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    bench.sign_in("1001")
    yield bench
    bench.plant.kill()


def reason(bench: Bench) -> str:
    return bench.plant.floor.agents.by_id["1001"].reason


def test_who_has_no_phone_is_put_aside_and_back_with_it(bench: Bench) -> None:
    bench.plant.act("agent:1001", "unregister")
    bench.pass_s(1)
    assert (bench.state_of("1001"), reason(bench)) == (AgentState.NOT_READY, "not-registered")
    contact = bench.call("4001")
    assert contact.offers == 0, "no caller had to find out"
    bench.plant.act("agent:1001", "register")
    bench.pass_s(1)
    assert contact.state is CallState.RINGING


def test_a_phone_that_goes_in_mid_call_ends_no_call(bench: Bench) -> None:
    contact = bench.call("4001")
    bench.plant.act("agent:1001", "answer")
    bench.pass_s(1)
    bench.plant.act("agent:1001", "unregister")
    bench.pass_s(1)
    assert contact.state is CallState.TALKING
    assert bench.state_of("1001") is AgentState.TALKING


def test_signing_in_twice_changes_nothing(bench: Bench) -> None:
    contact = bench.call("4001")
    bench.plant.act("agent:1001", "answer")
    bench.pass_s(1)
    bench.sign_in("1001")
    assert contact.state is CallState.TALKING
    bench.plant.act("caller:1", "hangup")
    bench.pass_s(1)
    bench.sign_in("1001")
    assert bench.state_of("1001") is AgentState.WRAPUP


def test_signing_out_in_the_middle_is_done_afterwards_even_after_a_kill(bench: Bench) -> None:
    contact = bench.call("4001")
    bench.plant.act("agent:1001", "answer")
    bench.pass_s(1)
    bench.plant.order({"do": "agent.sign_out", "agent": "1001"})
    bench.kill_and_start()
    assert bench.again(contact).state is CallState.TALKING
    bench.plant.act("caller:1", "hangup")
    bench.pass_s(1)
    assert bench.state_of("1001") is AgentState.SIGNED_OUT


def test_an_agents_phone_that_dies_frees_him_and_his_caller(bench: Bench) -> None:
    contact = bench.call("4001")
    bench.plant.act("agent:1001", "answer")
    bench.pass_s(1)
    bench.plant.act("agent:1001", "vanish")
    bench.pass_s(70)
    assert contact.is_over
    bench.pass_s(25)
    assert bench.state_of("1001") is AgentState.READY


def test_an_agent_who_dials_out_is_busy_until_he_is_back(bench: Bench) -> None:
    bench.plant.act("agent:1001", "dial", number="5551234")
    bench.pass_s(0.5)
    assert bench.state_of("1001") is AgentState.BUSY_OTHER, "it rings out there"
    contact = bench.call("4001")
    assert contact.offers == 0
    bench.plant.act("outside:5551234", "answer")
    bench.pass_s(5)
    bench.kill_and_start()
    assert bench.state_of("1001") is AgentState.BUSY_OTHER
    bench.plant.act("agent:1001", "hangup")
    bench.pass_s(1)
    assert bench.again(contact).state is CallState.RINGING


def test_a_code_dialled_while_ccore_was_away_is_heard_when_it_is_back(bench: Bench) -> None:
    bench.plant.kill()
    bench.plant.act("agent:1001", "dial", number="*14")
    bench.pass_s(2)
    bench.plant.start()
    bench.pass_s(0.5)  # not when channels are compared, seconds later
    assert (bench.state_of("1001"), reason(bench)) == (AgentState.NOT_READY, "break")
