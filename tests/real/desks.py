"""Agents' phones come, go and die in the middle of calls: always one true state, with a reason."""

import json
from typing import Any

from tests.real.case import Case, Stage, on

__all__ = ["CASES"]

_TWO: dict[str, Any] = {
    "queues": {
        "sales": {"skills": {"sales": 1}, "music": "silence_stream://-1", "ring_s": 20},
    },
    "entries": [{"number": "4001", "to": "queue:sales"}],
    "flows": {},
    "agents": {
        "1001": {"skills": {"sales": 9}, "start": "ready"},
        "1002": {"skills": {"sales": 5}, "start": "signed-out"},
    },
}
# An address at which nobody answers: the phone's power was cut and nobody told the switch.
_DEAD = "sofia/agents/1001@127.0.0.1:9"
_DEAD_PHONE = {
    **_TWO,
    "queues": {"sales": {**_TWO["queues"]["sales"], "ring_s": 2}},
    "agents": {**_TWO["agents"], "1001": {**_TWO["agents"]["1001"], "contact": _DEAD}},
}


@on(_DEAD_PHONE)
def phone_dead_the_next_agent_takes_the_call(stage: Stage) -> None:
    """The agent's phone has lost its power: the caller keeps his place and reaches the next."""
    caller = stage.call(1)
    stage.so(lambda: stage.agent("1001")["state"] != "ready", "an offer to the dead phone")
    stage.world.order({"do": "agent.sign_in", "agent": "1002"})
    stage.until("agent:1002", "ringing")
    stage.world.act("agent:1002", "answer")
    stage.until(caller, "talking")
    dead = stage.agent("1001")
    assert dead["state"] in ("ready", "not-ready", "reserved", "ringing"), dead
    stage.world.act(caller, "hangup")
    stage.until(caller, "over")
    (row,) = stage.ended_rows().values()
    assert row.outcome.name == "ANSWERED"


@on(_TWO)
def leg_of_a_ringing_phone_vanishes(stage: Stage) -> None:
    """Somebody kills the agent's leg on the switch while it rings: the caller goes on waiting."""
    caller = stage.call(1)
    stage.until("agent:1001", "ringing")
    stage.world.order({"do": "agent.sign_in", "agent": "1002"})
    _kill_leg(stage, "1001")
    stage.until("agent:1001", "over")
    stage.until("agent:1002", "ringing")
    stage.world.act("agent:1002", "answer")
    stage.until(caller, "talking")
    stage.world.act(caller, "hangup")
    stage.until(caller, "over")
    (row,) = stage.ended_rows().values()
    assert row.outcome.name == "ANSWERED"


@on(_TWO)
def leg_of_a_talking_agent_vanishes(stage: Stage) -> None:
    """The same in the talk: the call ends as if he had hung up, and he is free again."""
    caller = stage.talk(1)
    _kill_leg(stage, "1001")
    stage.until(caller, "over")
    stage.so(lambda: stage.agent("1001")["state"] == "ready", "he is free")
    (row,) = stage.ended_rows().values()
    assert row.outcome.name == "ANSWERED"


@on(_TWO)
def signed_in_twice_is_one_agent(stage: Stage) -> None:
    """By phone and by command, again and again: one agent, one offer."""
    stage.world.order({"do": "agent.sign_in", "agent": "1002"})
    stage.world.act("agent:1002", "dial", number="*11")
    stage.until("agent:1002", "over")
    stage.world.order({"do": "agent.sign_in", "agent": "1002"})
    stage.world.order({"do": "agent.sign_in", "agent": "1001"})
    stage.forget()
    first, second = stage.call(1), stage.call(2)
    stage.until("agent:1001", "ringing")
    stage.until("agent:1002", "ringing")
    stage.wait(1.0)
    rings = [phone for phone, what in stage.seen if what == "ringing" and "agent" in phone]
    assert sorted(rings) == ["agent:1001", "agent:1002"], rings
    for phone in (first, second):
        stage.world.act(phone, "hangup")
        stage.until(phone, "over")
    assert stage.ended_rows().keys() == {"1", "2"}


@on(_TWO)
def signed_out_while_his_phone_rings(stage: Stage) -> None:
    """The offer is taken back or ends, the caller reaches the next agent, he himself is gone."""
    caller = stage.call(1)
    stage.until("agent:1001", "ringing")
    stage.world.order({"do": "agent.sign_in", "agent": "1002"})
    stage.world.order({"do": "agent.sign_out", "agent": "1001"})
    _refuse(stage, "1001")
    stage.until("agent:1002", "ringing")
    stage.world.act("agent:1002", "answer")
    stage.until(caller, "talking")
    stage.so(lambda: stage.agent("1001")["state"] == "signed-out", "he is signed out")
    stage.world.act(caller, "hangup")
    stage.until(caller, "over")
    assert stage.ended_rows().keys() == {"1"}


@on(_TWO)
def unregistered_in_the_talk(stage: Stage) -> None:
    """The talk goes on; the next call is not lost on a phone that is not there, and the reason
    why he gets none stands beside his name. When the phone is back, so is he."""
    world = stage.world
    caller = stage.talk(1)
    world.phones.act("agent:1001", "unregister")
    stage.so(lambda: "error" in stage.switch.api("sofia_contact agents/1001@agents")[0],
             "the switch knows no phone of his")  # fmt: skip
    assert (caller, "over") not in stage.seen
    world.act(caller, "hangup")
    stage.until(caller, "over")
    second = stage.call(2)
    stage.so(lambda: stage.agent("1001")["reason"] == "not-registered", "put aside with a reason")
    world.phones.act("agent:1001", "register")
    stage.forget()
    stage.until("agent:1001", "ringing")
    world.act(second, "hangup")
    stage.until(second, "over")
    rows = stage.ended_rows()
    assert {d: row.outcome.name for d, row in rows.items()} == {"1": "ANSWERED", "2": "ABANDONED"}


@on(_TWO)
def who_dials_outside_is_offered_nothing_until_he_is_back(stage: Stage) -> None:
    """From the first digit on, not only when somebody answers there: his phone is in his hand."""
    stage.world.act("agent:1001", "call", called="5551234")
    stage.until("outside:5551234", "ringing")
    stage.until("agent:1001", "ringing")  # as he hears it, of the phone out there
    stage.so(lambda: stage.agent("1001")["state"] == "busy-other", "busy while it rings there")
    caller = stage.call(1)
    stage.until(caller, "waiting")
    stage.forget()
    assert [call["state"] for call in stage.calls()] == ["waiting"]
    assert stage.agent("1001")["state"] == "busy-other"
    stage.world.act("agent:1001", "hangup", line="out")
    stage.until("agent:1001", "ringing")
    stage.world.act("agent:1001", "answer")
    stage.until(caller, "talking")
    stage.world.act(caller, "hangup")
    stage.until(caller, "over")
    assert stage.ended_rows().keys() == {"1"}


def _kill_leg(stage: Stage, agent: str) -> None:
    legs: list[str] = []

    def find() -> bool:
        """The list of channels lags a little behind the channels."""
        rows = json.loads(stage.switch.api("show channels as json")[0]).get("rows", [])
        legs[:] = [row["uuid"] for row in rows if f"{agent}@" in row["name"]]
        return len(legs) == 1

    stage.so(find, f"one leg of agent {agent}")
    stage.switch.api(f"uuid_kill {legs[0]}")


def _refuse(stage: Stage, agent: str) -> None:
    """If it still rings."""
    if (f"agent:{agent}", "over") not in stage.seen:
        stage.world.act(f"agent:{agent}", "refuse")


CASES: tuple[Case, ...] = (
    phone_dead_the_next_agent_takes_the_call,
    leg_of_a_ringing_phone_vanishes,
    leg_of_a_talking_agent_vanishes,
    signed_in_twice_is_one_agent,
    signed_out_while_his_phone_rings,
    unregistered_in_the_talk,
    who_dials_outside_is_offered_nothing_until_he_is_back,
)
