"""ccore, its line and the switch die in the middle of everything; who can be kept is kept."""

import time
from typing import Any

from tests.real.case import Case, Stage, on
from tests.real.proxy import Mood

__all__ = ["CASES"]

# One agent for each state that a call can be in; who serves what is said by the queue's skill.
_EVERY_STATE: dict[str, Any] = {
    "entries": [
        *({"number": f"400{i}", "to": f"queue:q{i}"} for i in range(1, 6)),
        {"number": "4010", "to": "ivr:main"},
    ],
    "queues": {
        f"q{i}": {
            "skills": {f"s{i}": 1},
            "music": "silence_stream://-1",
            "ring_s": 60,
            "wrap_up_s": 120 if i == 3 else 0,
            "record": 1.0,
        }
        for i in range(1, 6)
    },
    "flows": {
        "main": {
            "start": {
                "do": "menu",
                "prompt": "menu",
                "options": {"1": "on"},
                "timeout_s": 60,
                "default": "on",
            },
            "on": {"do": "go", "to": "queue:q5"},
        }
    },
    "agents": {
        f"100{i}": {"skills": {f"s{i}": 5}, "start": "not-ready" if i == 5 else "ready"}
        for i in range(1, 6)
    },
}


@on(_EVERY_STATE)
def killed_with_a_call_in_every_state(stage: Stage) -> None:
    """kill -9 with calls talking, held, in wrap-up, ringing, waiting and in the menu: all are kept
    where they were, the phone that rang rings again, and every call has one record."""
    world = stage.world
    talking = stage.talk(1, "1001", "4001")
    held = stage.talk(2, "1002", "4002")
    world.order({"do": "call.hold", "contact": world.contact_of(held)})
    stage.until("agent:1002", "state holding")
    written_up = stage.talk(3, "1003", "4003")
    world.act(written_up, "hangup")
    stage.until("agent:1003", "state wrapup")
    ringing = stage.call(4, "4004")
    stage.until("agent:1004", "ringing")
    waiting = stage.call(5, "4005")
    stage.until(waiting, "waiting")
    choosing = stage.call(6, "4010")
    stage.until(choosing, "step start")
    before = {call["calling"][-1]: call for call in stage.calls()}
    stage.forget()
    world.kill()
    world.start()
    took_s = stage.until("agent:1004", "ringing")
    after = {call["calling"][-1]: call for call in stage.calls()}
    assert before.keys() == after.keys(), (before.keys(), after.keys())
    states = {digit: call["state"] for digit, call in after.items()}
    assert states == {"1": "talking", "2": "held", "4": "ringing", "5": "waiting", "6": "ivr"}
    moved = {d: (call["arrived_us"], after[d]["arrived_us"]) for d, call in before.items()}
    assert all(abs(new - old) < 1_000_000 for old, new in moved.values()), moved
    assert before["5"]["since_us"] == after["5"]["since_us"], "the first clock of who waits"
    assert stage.agent("1003")["state"] == "wrapup"
    assert all(phone != what for phone, what in stage.seen if what == "over"), stage.seen
    print(f"       rings again {took_s:.2f} s after the link was there", flush=True)
    world.act("agent:1004", "answer")
    stage.until(ringing, "talking")
    world.order({"do": "agent.ready", "agent": "1005"})
    stage.until("agent:1005", "ringing")
    world.act("agent:1005", "answer")
    stage.until(waiting, "talking")
    world.act(waiting, "hangup")
    world.act(choosing, "digits", text="1")
    stage.until(choosing, "waiting")
    for phone in (talking, held, ringing, choosing):
        world.act(phone, "hangup")
        stage.until(phone, "over")
    rows = stage.ended_rows()
    outcomes = {digit: row.outcome.name for digit, row in rows.items()}
    assert outcomes == {**dict.fromkeys("12345", "ANSWERED"), "6": "ABANDONED"}, outcomes
    assert all(rows[digit].recording for digit in "12345"), "each talk names its recording"


def came_and_went_while_ccore_was_dead(stage: Stage) -> None:
    """kill -9, then one caller hangs up and one is served by the switch's fallback, before ccore is
    back: each has one record, with the times of his call, and after another kill still one."""
    world = stage.world
    world.kill()
    began_us = time.time_ns() // 1000 - 1_000_000
    leaving, calling = "caller:1", "13900000001"
    world.callers.expect(calling, leaving)
    hostile = "${hostname}=,|;<b>"
    world.phones.act(leaving, "call", called="4001", calling=calling, name=hostile)
    stage.wait(2)
    stage.world.act(leaving, "hangup")
    stage.until(leaving, "over")
    left_us = time.time_ns() // 1000 + 1_000_000
    staying = stage.call(2)
    stage.until(staying, "over")
    ended_us = time.time_ns() // 1000 + 1_000_000
    listed = stage.switch.api("global_getvar")[0]
    kept = [line for line in listed.splitlines() if line.startswith("ccore_unseen")]
    assert len(kept) == 2, kept
    world.start()
    stage.so(lambda: len(stage.rows()) == 2, "both are on record")
    world.kill()
    world.start()
    stage.so(
        lambda: "ccore_unseen" not in stage.switch.api("global_getvar")[0], "the switch forgets"
    )
    third = stage.talk(3)
    world.act(third, "hangup")
    stage.until(third, "over")
    again = stage.switch.api("global_getvar")[0]
    assert "ccore_unseen" not in again, again
    rows = stage.ended_rows()
    assert rows.keys() == {"1", "2", "3"}
    first, second = rows["1"], rows["2"]
    assert (first.outcome.name, first.ended_by.name) == ("FAILED", "CALLER"), first
    assert (second.outcome.name, second.ended_by.name) == ("OVERFLOWED", "SYSTEM"), second
    assert first.entry == second.entry == "4001", (first, second)
    assert first.recovered, first
    assert second.recovered, second
    clocks = [began_us, first.arrived_us, first.ended_us, left_us]
    assert clocks == sorted(clocks), clocks
    clocks = [left_us - 2_000_000, second.arrived_us, second.ended_us, ended_us]
    assert clocks == sorted(clocks), clocks


@on(line=True)
def line_cut_with_calls_waiting_and_talking(stage: Stage) -> None:
    """A reset of both connections: nobody is cut off, and the next call is offered at once."""
    talking = stage.talk(1)
    waiting = stage.call(2)
    stage.until(waiting, "waiting")
    stage.forget()
    connections = stage.proxy.connections
    stage.proxy.cut()
    stage.so(lambda: stage.proxy.connections >= connections + 2, "a new pair of connections")
    stage.so(stage.is_linked, "linked again")
    assert not [phone for phone, what in stage.seen if what == "over"], stage.seen
    stage.world.act(talking, "hangup")
    stage.until("agent:1001", "ringing")
    stage.world.act(waiting, "hangup")
    stage.until(waiting, "over")
    rows = stage.ended_rows()
    assert {d: row.outcome.name for d, row in rows.items()} == {"1": "ANSWERED", "2": "ABANDONED"}


@on({"switch": {"main": {"fallback_s": 60}}}, line=True)
def line_dead_without_a_word(stage: Stage) -> None:
    """Half-open: what is said is lost and nobody is told. ccore notices before the switch takes
    the waiting caller away, and who hung up meanwhile has his record."""
    stage.world.order({"do": "agent.sign_out", "agent": "1001"})
    leaving, staying = stage.call(1), stage.call(2)
    stage.until(leaving, "waiting")
    stage.until(staying, "waiting")
    stage.proxy.be(Mood.DEAF)
    stage.world.act(leaving, "hangup")
    stage.until(leaving, "over")
    took_s = stage.so(lambda: not stage.is_linked(), "ccore notices that its line is dead")
    print(f"       noticed after {took_s:.1f} s", flush=True)
    stage.proxy.be(Mood.CARRYING)
    stage.proxy.cut()
    stage.so(stage.is_linked, "linked again")
    assert (staying, "over") not in stage.seen
    assert [call["calling"][-1] for call in stage.calls()] == ["2"]
    stage.world.order({"do": "agent.sign_in", "agent": "1001"})
    stage.until("agent:1001", "ringing")
    stage.world.act("agent:1001", "answer")
    stage.until(staying, "talking")
    stage.world.act(staying, "hangup")
    stage.until(staying, "over")
    rows = stage.ended_rows()
    assert rows.keys() == {"1", "2"}
    assert rows["2"].outcome.name == "ANSWERED"


def switch_killed_and_started_again(stage: Stage) -> None:
    """A power cut of the switch: its calls end in the records, agents are free of them, and the
    next call is served as soon as the switch is there."""
    world = stage.world
    stage.talk(1)
    waiting = stage.call(2)
    stage.until(waiting, "waiting")
    stage.switch.kill()
    world.phones.reset()  # the far ends hear nothing of it, and give up
    stage.so(lambda: not stage.is_linked(), "ccore notices")
    stage.switch.start()
    stage.so(stage.is_linked, "linked again")
    stage.so(lambda: not stage.calls(), "no call is believed in that is gone")
    for agent in stage.switch.made.agents:
        world.phones.act(f"agent:{agent}", "register")
    world.phones.await_registered()
    world.order({"do": "agent.ready", "agent": "1001"})
    assert stage.agent("1001")["state"] == "ready"
    stage.forget()
    third = stage.talk(3)
    world.act(third, "hangup")
    stage.until(third, "over")
    rows = stage.ended_rows()
    assert rows.keys() == {"1", "2", "3"}
    assert rows["3"].outcome.name == "ANSWERED"


CASES: tuple[Case, ...] = (
    killed_with_a_call_in_every_state,
    came_and_went_while_ccore_was_dead,
    line_cut_with_calls_waiting_and_talking,
    line_dead_without_a_word,
    switch_killed_and_started_again,
)
