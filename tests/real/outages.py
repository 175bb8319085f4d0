"""The daemon dies, is doubled, or is not there: what callers on a real switch notice of it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ccore.cdr.layout import Row
from ccore.cdr.records import load
from ccore.errors import AlreadyRunning
from ccore.model import ContactClosed
from tests.book.real import RealWorld
from tests.book.scenario import Scenario, read
from tests.real.phones import RealPhones
from tests.real.switch import RealSwitch

__all__ = ["OUTAGES", "run_outage"]

PATIENCE_S = 15.0


class Outage:
    """One daemon, one switch, and what a person would do to them."""

    def __init__(self, world: RealWorld) -> None:
        self.world = world
        self.seen: list[tuple[str, str]] = []

    def until(self, phone: str, what: str) -> float:
        """Wait for a happening; the seconds it took."""
        began = time.monotonic()
        while (phone, what) not in self.seen:
            for happening in self.world.wait(self.world.now_us() + 50_000):
                self.seen.append((happening.phone, happening.what))
            if time.monotonic() > began + PATIENCE_S:
                raise AssertionError(f"{phone} never saw {what!r}; seen: {self.seen[-12:]}")
        return time.monotonic() - began

    def call(self, number: int, dials: str = "4001") -> str:
        phone = f"caller:{number}"
        calling = f"1390000{number:04d}"
        self.world.callers.expect(calling, phone)
        self.world.act(phone, "call", called=dials, calling=calling, name=f"Caller {number}")
        return phone

    def calls(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = self.world.order({"do": "calls"})["calls"]
        return calls

    def rows(self) -> list[ContactClosed]:
        found = load(self.world.directory / "var" / "cdr").facts(Row.CONTACT)
        return [row for row in found if isinstance(row, ContactClosed)]


def killed_with_calls_waiting_and_talking(outage: Outage) -> None:
    """kill -9: nobody is cut off, places are kept, and what goes on is recorded."""
    world = outage.world
    talking = outage.call(1)
    outage.until("agent:1001", "ringing")
    world.act("agent:1001", "answer")
    outage.until(talking, "talking")
    first, second = outage.call(2), outage.call(3)
    outage.until(first, "waiting")
    outage.until(second, "waiting")
    before = {call["contact"]: call["arrived_us"] for call in outage.calls()}
    world.kill()
    outage.seen.clear()
    world.start()
    after = {call["contact"]: call for call in outage.calls()}
    assert before.keys() == after.keys(), f"{before.keys()} became {after.keys()}"
    states = sorted(call["state"] for call in after.values())
    assert states == ["talking", "waiting", "waiting"], states
    assert all(abs(after[id_]["arrived_us"] - us) < 1_000_000 for id_, us in before.items())
    places = {c["calling"][-1]: c["position"] for c in after.values() if c["state"] == "waiting"}
    assert places == {"2": 1, "3": 2}, places
    world.act(talking, "hangup")
    outage.until("agent:1001", "ringing")
    world.act("agent:1001", "answer")
    outage.until("agent:1001", "talking")
    (now,) = [call for call in outage.calls() if call["state"] == "talking"]
    assert now["calling"].endswith("2"), "the one who waited longest is served first"
    world.act(first, "hangup")
    world.act(second, "hangup")
    outage.until(first, "over")
    outage.until(second, "over")
    while outage.calls():
        world.wait(world.now_us() + 50_000)
    world.stop()
    rows = {row.calling[-1]: row for row in outage.rows()}
    assert len(outage.rows()) == 3, rows
    assert {n: row.outcome.name for n, row in rows.items()} == {
        "1": "ANSWERED",
        "2": "ANSWERED",
        "3": "ABANDONED",
    }


def stopped_in_order_with_a_call_waiting(outage: Outage) -> None:
    """Ctrl-C: the waiting caller is served by the switch's own fallback, not left in silence."""
    world = outage.world
    world.order({"do": "agent.sign_out", "agent": "1001"})
    phone = outage.call(1)
    outage.until(phone, "waiting")
    assert world.stop() == 0
    outage.until(phone, "over")


def absent_when_a_call_comes(outage: Outage) -> None:
    """No ccore at all: the caller is answered by the fallback and sent home."""
    outage.world.stop()
    phone = outage.call(1)
    outage.until(phone, "answered")
    outage.until(phone, "over")


def doubled_on_one_switch(outage: Outage) -> None:
    """A second daemon from another directory is refused, the first one goes on."""
    world = outage.world
    second = world.launch("--dir", str(world.directory / "other"))
    assert second.wait(PATIENCE_S) == AlreadyRunning.exit_code, world.log()
    assert "already serves switch main" in world.log()
    phone = outage.call(1)
    outage.until("agent:1001", "ringing")
    world.act(phone, "hangup")
    outage.until(phone, "over")


OUTAGES: tuple[Callable[[Outage], None], ...] = (
    killed_with_calls_waiting_and_talking,
    stopped_in_order_with_a_call_waiting,
    absent_when_a_call_comes,
    doubled_on_one_switch,
)


def run_outage(
    outage: Callable[[Outage], None], root: Path, switch: RealSwitch, phones: RealPhones
) -> list[str]:
    """What went wrong, with the daemon's last words."""
    scenario: Scenario = read("answered-and-the-caller-hangs-up")
    with RealWorld(scenario, root / outage.__name__, switch, phones) as world:
        try:
            outage(Outage(world))
        except AssertionError as fault:
            return [str(fault) or repr(fault), *world.log().splitlines()[-12:]]
    return []
