"""The daemon is killed with a call in each state: the call is back in it, with its first clocks."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from ccore.config import parse
from ccore.floor.contact import CallState, Contact
from ccore.model import AgentInterval, AgentState, ContactClosed, LegClosed, LegKind, Outcome
from tests.chaos.disk import Disk
from tests.chaos.plant import Plant

SECOND_US = 1_000_000
CENTRE = """
site = {name = "test", languages = ["en"]}
switch.main = {fallback_s = 30}
agents.1001 = {name = "Ann"}
agents.1002 = {name = "Ben"}
boxes.general = {limit_s = 60, silence_s = 40}

[[entries]]
number = "4000"
to = "ivr:main"

[[entries]]
number = "4001"
to = "queue:sales"

[[entries]]
number = "4002"
to = "voicemail:general"

[queues.sales]
music = "silence_stream://-1"
ring_s = 20
wrap_up_s = 20
record = 1.0

[prompts.texts.menu]
en = "Choose"

[flows.main.start]
do = "say"
prompt = "menu"
next = "ask"

[flows.main.ask]
do = "menu"
prompt = "menu"
options = {1 = "go"}
timeout_s = 60

[flows.main.go]
do = "go"
to = "queue:sales"
"""


class Bench:
    """A plant with names for what people do."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.plant = Plant(parse(CENTRE, "killed.toml"), 7, directory, Disk(Random(7)))
        for agent in ("1001", "1002"):
            self.plant.act(f"agent:{agent}", "register")
        self.pass_s(1)

    def pass_s(self, seconds: float) -> None:
        until_us = self.plant.now_us() + int(seconds * SECOND_US)
        while self.plant.now_us() < until_us:
            self.plant.wait(until_us)

    def call(self, number: str, phone: str = "caller:1") -> Contact:
        known = set(self.plant.floor.contacts)
        calling = f"1380000000{phone[-1]}"
        self.plant.act(phone, "call", called=number, calling=calling, name="Li Na")
        self.pass_s(1)
        (new,) = self.plant.floor.contacts.keys() - known
        return self.plant.floor.contacts[new]

    def sign_in(self, agent: str) -> None:
        self.plant.order({"do": "agent.sign_in", "agent": agent})
        self.pass_s(0.5)

    def state_of(self, agent: str) -> AgentState:
        return self.plant.floor.agents.by_id[agent].state

    def kill_and_start(self, away_s: float = 2.0) -> None:
        self.plant.kill()
        self.pass_s(away_s)
        self.plant.start()
        self.pass_s(0.5)

    def again(self, before: Contact) -> Contact:
        after = self.plant.floor.contacts[before.id]
        assert after is not before
        assert (after.arrived_us, after.queued_us) == (before.arrived_us, before.queued_us)
        assert after.calling_name == "Li Na"
        return after

    def rows(self, contact: Contact) -> tuple[ContactClosed, list[LegClosed]]:
        facts = self.plant.facts
        (row,) = [f for f in facts if isinstance(f, ContactClosed) and f.contact == contact.id]
        legs = [f for f in facts if isinstance(f, LegClosed) and f.contact == contact.id]
        assert row.recovered
        return row, legs


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.plant.kill()


def outages(legs: list[LegClosed]) -> int:
    return sum(leg.kind is LegKind.OUTAGE for leg in legs)


def test_in_the_ivr_he_is_at_his_step(bench: Bench) -> None:
    contact = bench.call("4000")
    bench.pass_s(2)
    assert contact.visit is not None
    assert contact.visit.step == "ask"
    bench.kill_and_start()
    after = bench.again(contact)
    assert after.state is CallState.IVR
    assert after.visit is not None
    assert (after.visit.step, after.visit.entered_us) == ("ask", contact.visit.entered_us)
    bench.plant.act("caller:1", "digits", text="1")
    bench.pass_s(1)
    assert after.state is CallState.WAITING
    bench.plant.act("caller:1", "hangup")
    bench.pass_s(1)
    row, legs = bench.rows(contact)
    assert row.outcome is Outcome.ABANDONED
    assert outages(legs) == 1


def test_who_waited_first_is_served_first(bench: Bench) -> None:
    first = bench.call("4001", "caller:1")
    second = bench.call("4001", "caller:2")
    bench.kill_and_start(5)
    assert bench.again(first).state is bench.again(second).state is CallState.WAITING
    bench.sign_in("1001")
    assert bench.plant.floor.contacts[first.id].state is CallState.RINGING
    assert bench.plant.floor.contacts[second.id].state is CallState.WAITING


def test_an_offer_in_flight_is_settled_and_made_again(bench: Bench) -> None:
    bench.sign_in("1001")
    contact = bench.call("4001")
    assert contact.state is CallState.RINGING
    bench.kill_and_start()
    bench.pass_s(3)
    after = bench.again(contact)
    assert after.state is CallState.RINGING
    ringing = [leg for leg in bench.plant.switch.core.legs.values() if leg.phone == "agent:1001"]
    assert len(ringing) == 1, "the old offer's leg is gone"
    bench.plant.act("agent:1001", "answer")
    bench.pass_s(1)
    assert after.state is CallState.TALKING
    assert after.offers == 2


def test_a_talk_goes_on_and_is_one_row(bench: Bench) -> None:
    bench.sign_in("1001")
    contact = bench.call("4001")
    bench.plant.act("agent:1001", "answer")
    bench.pass_s(3)
    assert contact.tape is not None
    bench.kill_and_start(4)
    after = bench.again(contact)
    assert after.state is CallState.TALKING
    assert bench.state_of("1001") is AgentState.TALKING
    assert after.tape is not None
    assert after.tape.path == contact.tape.path
    bench.plant.act("caller:1", "hangup")
    bench.pass_s(1)
    row, legs = bench.rows(contact)
    (talk,) = [leg for leg in legs if leg.kind is LegKind.TALK]
    assert row.outcome is Outcome.ANSWERED
    assert row.answered_us == contact.answered_us == talk.start_us
    assert row.talk_ms >= 7_000
    assert bench.state_of("1001") is AgentState.WRAPUP


def test_a_held_call_is_held(bench: Bench) -> None:
    bench.sign_in("1001")
    contact = bench.call("4001")
    bench.plant.act("agent:1001", "answer")
    bench.pass_s(1)
    bench.plant.act("agent:1001", "hold")
    bench.pass_s(1)
    assert contact.state is CallState.HELD
    bench.kill_and_start()
    assert bench.again(contact).state is CallState.HELD
    assert bench.state_of("1001") is AgentState.HOLDING
    bench.plant.act("agent:1001", "unhold")
    bench.pass_s(1)
    bench.plant.act("caller:1", "hangup")
    bench.pass_s(1)
    row, _ = bench.rows(contact)
    assert row.hold_ms >= 3_000


def test_wrap_up_ends_when_it_would_have(bench: Bench) -> None:
    bench.sign_in("1001")
    contact = bench.call("4001")
    bench.plant.act("agent:1001", "answer")
    bench.pass_s(1)
    bench.plant.act("caller:1", "hangup")
    bench.pass_s(1)
    due_us = bench.plant.floor.agents.by_id["1001"].timer.due_us  # type: ignore[union-attr]
    bench.kill_and_start(5)
    assert bench.state_of("1001") is AgentState.WRAPUP
    assert bench.plant.floor.agents.by_id["1001"].timer.due_us == due_us  # type: ignore[union-attr]
    bench.pass_s(20)
    assert bench.state_of("1001") is AgentState.READY
    (row,) = [f for f in bench.plant.facts if getattr(f, "kind", None) is LegKind.WRAPUP]
    assert isinstance(row, LegClosed)
    assert row.contact == contact.id
    assert row.end_us - row.start_us >= 19 * SECOND_US


def test_a_message_is_recorded_to_its_end(bench: Bench) -> None:
    contact = bench.call("4002")
    bench.pass_s(2)
    (message,) = bench.plant.floor.voicemail.messages.values()
    assert message.record_us
    bench.kill_and_start(5)
    assert bench.again(contact).state is CallState.VOICEMAIL
    bench.pass_s(10)
    bench.plant.act("caller:1", "hangup")
    bench.pass_s(1)
    row, legs = bench.rows(contact)
    assert row.outcome is Outcome.VOICEMAIL
    (kept,) = [leg for leg in legs if leg.kind is LegKind.VOICEMAIL]
    assert kept.detail == message.path
    assert kept.end_us - kept.start_us >= 15 * SECOND_US


def test_who_hung_up_meanwhile_is_on_record(bench: Bench) -> None:
    waiting = bench.call("4001", "caller:1")
    bench.plant.kill()
    bench.pass_s(1)
    bench.plant.act("caller:1", "hangup")
    bench.pass_s(1)
    bench.plant.start()
    bench.pass_s(1)
    row, legs = bench.rows(waiting)
    assert (row.cause, row.outcome) == ("LOST", Outcome.FAILED)
    assert [leg.kind for leg in legs] == [LegKind.QUEUE]


def test_a_talk_that_ended_meanwhile_frees_the_agent(bench: Bench) -> None:
    bench.sign_in("1001")
    contact = bench.call("4001")
    bench.plant.act("agent:1001", "answer")
    bench.pass_s(2)
    bench.plant.kill()
    bench.plant.act("caller:1", "hangup")
    bench.pass_s(2)
    bench.plant.start()
    bench.pass_s(1)
    row, _ = bench.rows(contact)
    assert row.outcome is Outcome.ANSWERED
    assert bench.state_of("1001") is AgentState.READY
    intervals = [f for f in bench.plant.facts if isinstance(f, AgentInterval)]
    told = [(one.state, one.reason) for one in intervals if one.agent == "1001"]
    assert told[-2:] == [(AgentState.TALKING, ""), (AgentState.NOT_READY, "recovering")]


def test_a_switch_that_died_ends_its_calls_with_that_cause(bench: Bench) -> None:
    bench.sign_in("1001")
    talking = bench.call("4001", "caller:1")
    bench.plant.act("agent:1001", "answer")
    waiting = bench.call("4001", "caller:2")
    bench.plant.kill_switch()
    bench.pass_s(3)
    bench.plant.boot_switch()
    bench.plant.act("agent:1001", "register")
    bench.pass_s(30)
    causes = {f.contact: f.cause for f in bench.plant.facts if isinstance(f, ContactClosed)}
    assert causes == {talking.id: "SWITCH_RESTARTED", waiting.id: "SWITCH_RESTARTED"}
    assert bench.state_of("1001") is AgentState.READY
    contact = bench.call("4001", "caller:3")
    assert contact.state is CallState.RINGING, "new calls are served as soon as it is there"


def test_whom_the_fallback_took_while_a_phone_rang_has_that_ring_inside_his_wait(
    bench: Bench,
) -> None:
    bench.plant.reload(parse(CENTRE.replace("ring_s = 20", "ring_s = 60"), "rings-long.toml"))
    bench.sign_in("1001")
    contact = bench.call("4001")
    assert contact.state is CallState.RINGING
    bench.kill_and_start(29.2)  # by then its fallback is due
    assert bench.again(contact).state is CallState.LEAVING
    bench.plant.act("caller:1", "hangup")
    bench.pass_s(1)
    row, legs = bench.rows(contact)
    assert (row.outcome, row.offers) == (Outcome.OVERFLOWED, 1)
    assert row.ring_ms <= row.wait_ms
    (ring,) = [leg for leg in legs if leg.kind is LegKind.RING]
    (queue,) = [leg for leg in legs if leg.kind is LegKind.QUEUE]
    assert ring.end_us <= queue.end_us


def test_who_recovers_may_say_himself_that_he_is_ready(bench: Bench) -> None:
    """His switch may stay away for long; when it shows him in the talk still, that is believed."""
    bench.sign_in("1001")
    contact = bench.call("4001")
    bench.plant.act("agent:1001", "answer")
    bench.pass_s(1)
    bench.plant.kill()
    bench.plant.has_switch = False
    bench.plant.start()
    bench.pass_s(2)
    agent = bench.plant.floor.agents.by_id["1001"]
    assert (agent.state, agent.reason) == (AgentState.NOT_READY, "recovering")
    bench.plant.order({"do": "agent.ready", "agent": "1001"})
    assert agent.state is AgentState.READY
    bench.plant.has_switch = True
    bench.pass_s(5)
    assert agent.state is AgentState.TALKING
    assert bench.plant.floor.contacts[contact.id].state is CallState.TALKING
