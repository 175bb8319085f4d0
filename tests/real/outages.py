"""The daemon dies, is doubled, or is not there: what callers on a real switch notice of it."""

from ccore.errors import AlreadyRunning
from tests.real.case import PATIENCE_S, Case, Stage

__all__ = ["CASES"]


def killed_with_calls_waiting_and_talking(stage: Stage) -> None:
    """kill -9: nobody is cut off, places are kept, and what goes on is recorded."""
    world = stage.world
    talking = stage.talk(1)
    first = stage.call(2)
    stage.until(first, "waiting")
    second = stage.call(3)
    stage.until(second, "waiting")
    before = {call["contact"]: call["arrived_us"] for call in stage.calls()}
    stage.forget()
    world.kill()
    world.start()
    after = {call["contact"]: call for call in stage.calls()}
    assert before.keys() == after.keys(), f"{before.keys()} became {after.keys()}"
    states = sorted(call["state"] for call in after.values())
    assert states == ["talking", "waiting", "waiting"], states
    assert all(abs(after[id_]["arrived_us"] - us) < 1_000_000 for id_, us in before.items())
    places = {c["calling"][-1]: c["position"] for c in after.values() if c["state"] == "waiting"}
    assert places == {"2": 1, "3": 2}, places
    world.act(talking, "hangup")
    stage.until("agent:1001", "ringing")
    world.act("agent:1001", "answer")
    stage.until("agent:1001", "talking")
    (now,) = [call for call in stage.calls() if call["state"] == "talking"]
    assert now["calling"].endswith("2"), "the one who waited longest is served first"
    world.act(first, "hangup")
    world.act(second, "hangup")
    stage.until(first, "over")
    stage.until(second, "over")
    rows = stage.ended_rows()
    assert {n: row.outcome.name for n, row in rows.items()} == {
        "1": "ANSWERED",
        "2": "ANSWERED",
        "3": "ABANDONED",
    }


def stopped_in_order_with_a_call_waiting(stage: Stage) -> None:
    """Ctrl-C: the waiting caller is served by the switch's own fallback, not left in silence."""
    world = stage.world
    world.order({"do": "agent.sign_out", "agent": "1001"})
    phone = stage.call(1)
    stage.until(phone, "waiting")
    assert world.stop() == 0
    stage.until(phone, "over")


def absent_when_a_call_comes(stage: Stage) -> None:
    """No ccore at all: the caller is answered by the fallback and sent home."""
    stage.world.stop()
    phone = stage.call(1)
    stage.until(phone, "answered")
    stage.until(phone, "over")


def doubled_on_one_switch(stage: Stage) -> None:
    """A second daemon from another directory is refused, the first one goes on."""
    world = stage.world
    second = world.launch("--dir", str(world.directory / "other"))
    assert second.wait(PATIENCE_S) == AlreadyRunning.exit_code, world.log()
    assert "already serves switch main" in world.log()
    phone = stage.call(1)
    stage.until("agent:1001", "ringing")
    world.act(phone, "hangup")
    stage.until(phone, "over")


CASES: tuple[Case, ...] = (
    killed_with_calls_waiting_and_talking,
    stopped_in_order_with_a_call_waiting,
    absent_when_a_call_comes,
    doubled_on_one_switch,
)
