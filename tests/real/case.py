"""What only a real switch can show: one daemon, one switch, and what a person would do to them.

A case is a function of a `Stage`; its docstring says what must hold. `on` gives it a centre of its
own, or a bad line to the switch. Each file of cases lists them in CASES, and __main__ the files.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ccore.cdr.layout import Row
from ccore.cdr.records import load
from ccore.model import ContactClosed
from tests.book.real import RealWorld
from tests.book.scenario import Phone, Scenario, read
from tests.real.phones import RealPhones
from tests.real.proxy import Proxy
from tests.real.switch import RealSwitch

__all__ = ["PATIENCE_S", "Case", "Stage", "on", "run_case"]

PATIENCE_S = 60.0  # for what takes a moment on a machine of its own
PLAIN = "answered-and-the-caller-hangs-up"

Case = Callable[["Stage"], None]


class Stage:
    """Phones that do as they are told, and what was seen of them and of ccore."""

    def __init__(self, world: RealWorld, proxy: Proxy | None) -> None:
        self.world = world
        self._proxy = proxy
        self.seen: list[tuple[str, str]] = []

    @property
    def switch(self) -> RealSwitch:
        return self.world.switch

    @property
    def proxy(self) -> Proxy:
        """The line to the switch, of a case that asked for one."""
        assert self._proxy is not None
        return self._proxy

    def until(self, phone: str, what: str) -> float:
        """Wait for a happening; the seconds it took."""
        return self.so(lambda: (phone, what) in self.seen, f"{phone} {what}")

    def so(self, is_so: Callable[[], bool], what: str) -> float:
        """Wait until something is so; the seconds it took."""
        began = time.monotonic()
        while not is_so():
            self.look()
            if time.monotonic() > began + PATIENCE_S:
                raise AssertionError(f"never: {what}; seen: {self.seen[-12:]}")
        return time.monotonic() - began

    def look(self) -> None:
        for happening in self.world.wait(self.world.now_us() + 50_000):
            self.seen.append((happening.phone, happening.what))

    def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look()

    def forget(self) -> None:
        """What comes now is new."""
        self.look()
        self.seen.clear()

    def call(self, number: int, dials: str = "4001", **more: Any) -> str:
        phone = f"caller:{number}"
        calling = f"1390000{number:04d}"
        self.world.callers.expect(calling, phone)
        act = self.world.phones.act if more else self.world.act
        act(phone, "call", called=dials, calling=calling, name=f"Caller {number}", **more)
        return phone

    def talk(self, number: int, agent: str = "1001", dials: str = "4001", **more: Any) -> str:
        """A caller who talks to that agent, the only one who is free."""
        phone = self.call(number, dials, **more)
        self.until(f"agent:{agent}", "ringing")
        self.world.act(f"agent:{agent}", "answer")
        self.until(phone, "talking")
        return phone

    def calls(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = self.world.order({"do": "calls"})["calls"]
        return calls

    def agent(self, id_: str) -> dict[str, Any]:
        agents: list[dict[str, Any]] = self.world.order({"do": "agents"})["agents"]
        return next(agent for agent in agents if agent["id"] == id_)

    def is_linked(self) -> bool:
        nodes = self.world.order({"do": "status"}).get("nodes", [])
        return bool(nodes) and all(node["up"] for node in nodes)

    def rows(self) -> list[ContactClosed]:
        found = load(self.world.directory / "var" / "cdr").facts(Row.CONTACT)
        return [row for row in found if isinstance(row, ContactClosed)]

    def ended_rows(self) -> dict[str, ContactClosed]:
        """Rows by the last digit of the caller's number, after an ordered end; one for each."""
        self.so(lambda: not self.calls(), "ccore has no call any more")
        self.world.stop()
        rows = self.rows()
        found = {row.calling[-1]: row for row in rows}
        assert len(found) == len(rows), rows
        return found


def on(center: dict[str, Any] | None = None, *, line: bool = False) -> Callable[[Case], Case]:
    """`center`: laid over the plain one; `line`: reach the switch through a proxy."""

    def mark(case: Case) -> Case:
        _STAGES[case.__name__] = (center or {}, line)
        return case

    return mark


_STAGES: dict[str, tuple[dict[str, Any], bool]] = {}


class _BehindProxy(RealWorld):
    port = 0

    def _center(self) -> dict[str, Any]:
        center = super()._center()
        nodes = {name: {**node, "port": self.port} for name, node in center["switch"].items()}
        return {**center, "switch": nodes}


def run_case(case: Case, root: Path, switch: RealSwitch, phones: RealPhones) -> list[str]:
    """What went wrong, with the daemon's last words."""
    center, has_line = _STAGES.get(case.__name__, ({}, False))
    scenario, directory = _scenario(center), root / case.__name__
    if not has_line:
        with RealWorld(scenario, directory, switch, phones) as world:
            return _play(case, Stage(world, None))
    with Proxy(switch.port) as proxy:
        kind = type("BehindProxy", (_BehindProxy,), {"port": proxy.port})
        with kind(scenario, directory, switch, phones) as world:
            return _play(case, Stage(world, proxy))


def _play(case: Case, stage: Stage) -> list[str]:
    try:
        case(stage)
    except AssertionError as fault:
        return [str(fault) or repr(fault), *stage.world.log().splitlines()[-12:]]
    return []


def _scenario(center: dict[str, Any]) -> Scenario:
    plain = read(PLAIN)
    whole = {**plain.center, **center}
    phones = tuple(Phone(id_, True, (), ()) for id_ in whole["agents"])
    return replace(plain, center=whole, phones=phones)
