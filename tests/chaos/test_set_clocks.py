"""A switch whose clock is not ours: nobody's time is shortened or moved by it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ccore.floor.contact import CallState
from ccore.model import AgentInterval, AgentState, LegClosed, LegKind
from tests.chaos.test_killed import SECOND_US, Bench

SLACK_US = 100_000  # what an event needs, and the switch stamps by a clock that ticks every 20 ms


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.plant.kill()


def test_a_short_talk_has_its_length_and_lies_in_its_agents_time(bench: Bench) -> None:
    """A second behind is no more than a stall does: only what our commands brought about tells."""
    bench.plant.switch.core.skew_us = -SECOND_US
    contact = bench.call("4001")
    bench.sign_in("1001")
    assert contact.state is CallState.RINGING
    bench.plant.act("agent:1001", "answer")
    bench.pass_s(0.5)
    bench.plant.act("caller:1", "hangup")
    bench.pass_s(1)
    bench.plant.order({"do": "agent.sign_out", "agent": "1001"})
    bench.pass_s(1)
    facts = bench.plant.facts
    (talk,) = [f for f in facts if isinstance(f, LegClosed) and f.kind is LegKind.TALK]
    (busy,) = [f for f in facts if isinstance(f, AgentInterval) and f.state is AgentState.TALKING]
    assert talk.end_us - talk.start_us >= 400_000
    assert busy.start_us - SLACK_US <= talk.start_us
    assert talk.end_us <= busy.end_us + SLACK_US


def test_a_clock_set_back_by_an_hour_is_found_out(bench: Bench) -> None:
    bench.call("4001", "caller:1")
    bench.plant.switch.core.skew_us = -3_600 * SECOND_US
    for phone in ("caller:2", "caller:3"):
        bench.call("4001", phone)
        bench.pass_s(12)
    began_us = bench.plant.now_us()
    contact = bench.call("4001", "caller:4")
    assert began_us - SLACK_US <= contact.arrived_us <= began_us + SLACK_US
