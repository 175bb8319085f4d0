"""Playing a scenario in a world, be it simulated or real.

A world has a clock, phones that act and report, a floor that takes orders and tells its news, and
gives up its rows at the end. The player knows nothing else of it.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from ccore.model import Fact
from tests.book.scenario import Caller, Line, Phone, Scenario

__all__ = ["Callers", "Ending", "Happening", "World", "play"]

# What is left to do after the last call: an agent's wrap-up, the index of recordings.
SETTLE_US = 1_500_000


@dataclass(slots=True, frozen=True)
class Happening:
    """What a phone saw, or what the floor told of its call."""

    phone: str  # agent:1001 or caller:1
    what: str


@dataclass(slots=True)
class Ending:
    """What there is to judge when a scenario is over."""

    facts: list[Fact]
    view: Mapping[str, Any]
    recordings: dict[str, int]  # file name -> length in ms, 0 if only its existence is known
    replies: list[dict[str, Any]] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)  # legs still on the switch


class Callers:
    """Which caller a new contact is: by number, and by turn where some share one."""

    def __init__(self, scenario: Scenario) -> None:
        self._waiting: dict[str, list[str]] = {}
        for caller in sorted(scenario.callers, key=lambda c: c.at_us):
            self.expect(caller.number, f"caller:{caller.id}")

    def expect(self, number: str, phone: str) -> None:
        self._waiting.setdefault(number, []).append(phone)

    def arrived(self, number: str) -> str:
        phones = self._waiting.get(number)
        return phones.pop(0) if phones else ""


class World(Protocol):
    def now_us(self) -> int: ...
    def act(self, phone: str, action: str, **args: str) -> None: ...
    def order(self, request: Mapping[str, Any]) -> dict[str, Any]: ...
    def wait(self, until_us: int) -> list[Happening]:
        """Let time pass until then, or until something happens."""
        ...

    def contact_of(self, phone: str) -> str:
        """The id of a caller's contact."""
        ...

    def is_quiet(self) -> bool:
        """No call is left."""
        ...

    def end(self) -> Ending: ...


@dataclass(slots=True)
class Actor:
    """One phone and where it is in its script."""

    phone: str
    script: tuple[Line, ...]
    repeats: bool
    seen: list[str] = field(default_factory=list)
    at: int = 0  # next line
    cursor: int = 0  # triggers before this one are used up
    is_waiting: bool = False  # the next line's delay runs

    def next_line(self) -> Line | None:
        if self.at >= len(self.script):
            if not self.repeats:
                return None
            self.at = 0
        line = self.script[self.at]
        for position in range(self.cursor, len(self.seen)):
            if self.seen[position] == line.trigger:
                self.cursor = position + 1
                return line
        return None


class Player:
    def __init__(self, scenario: Scenario, world: World) -> None:
        self.scenario = scenario
        self.world = world
        self.start_us = world.now_us()
        self.agenda: list[tuple[int, int, Callable[[], None]]] = []
        self.ties = count()
        self.replies: list[dict[str, Any]] = []
        self.actors: dict[str, Actor] = {}
        self.to_come = len(scenario.callers)
        self.orders = list(scenario.orders)

    def at(self, due_us: int, act: Callable[[], None]) -> None:
        heapq.heappush(self.agenda, (due_us, next(self.ties), act))

    def set_up(self) -> None:
        for phone in self.scenario.phones:
            self._set_up_phone(phone)
        for caller in self.scenario.callers:
            self.at(self.start_us + caller.at_us, lambda c=caller: self._call(c))  # type: ignore[misc]
        for order in [one for one in self.orders if not one.phone]:
            self.orders.remove(order)
            self.at(self.start_us + order.after_us, lambda o=order: self._order(o.request))  # type: ignore[misc]

    def _set_up_phone(self, phone: Phone) -> None:
        name = f"agent:{phone.id}"
        self.actors[name] = Actor(name, phone.script, repeats=True)
        for at_us, number in phone.dials:
            self.at(self.start_us + at_us, lambda n=number: self._dial(name, n))  # type: ignore[misc]

    def _dial(self, phone: str, number: str) -> None:
        self.world.act(phone, "dial", number=number)

    def _call(self, caller: Caller) -> None:
        name = f"caller:{caller.id}"
        self.actors[name] = Actor(name, caller.script, repeats=False)
        self.to_come -= 1
        self.world.act(name, "call", called=caller.dials, calling=caller.number, name=caller.name)
        self.notice(Happening(name, "start"))

    def _order(self, request: dict[str, Any]) -> None:
        request = dict(request)
        if str(request.get("contact", "")).startswith("caller "):
            phone = f"caller:{request['contact'].removeprefix('caller ')}"
            request["contact"] = self.world.contact_of(phone)
        self.replies.append(self.world.order(request))

    def notice(self, happening: Happening) -> None:
        actor = self.actors.get(happening.phone)
        if actor is None:
            return
        actor.seen.append(happening.what)
        self._go_on(actor)
        for order in [o for o in self.orders if o.phone == happening.phone]:
            if order.trigger == happening.what:
                self.orders.remove(order)
                due_us = self.world.now_us() + order.after_us
                self.at(due_us, lambda o=order: self._order(o.request))  # type: ignore[misc]

    def _go_on(self, actor: Actor) -> None:
        if actor.is_waiting:
            return
        line = actor.next_line()
        if line is not None:
            actor.is_waiting = True
            self.at(self.world.now_us() + line.after_us, lambda: self._do(actor, line))

    def _do(self, actor: Actor, line: Line) -> None:
        actor.is_waiting = False
        actor.at += 1
        match line.action:
            case "digits":
                self.world.act(actor.phone, "digits", text=line.args)
            case "refer" | "dial":
                self.world.act(actor.phone, line.action, number=line.args)
            case "nothing":
                pass
            case _:
                self.world.act(actor.phone, line.action)
        self._go_on(actor)

    def run(self) -> Ending:
        self.set_up()
        deadline_us = self.start_us + round(self.scenario.within_s * 1e6)
        quiet_us = 0
        while True:
            now_us = self.world.now_us()
            if now_us >= deadline_us:
                break
            while self.agenda and self.agenda[0][0] <= now_us:
                heapq.heappop(self.agenda)[2]()
            if self.agenda or self.to_come or not self.world.is_quiet():
                quiet_us = 0
            else:
                quiet_us = quiet_us or now_us
                if now_us >= quiet_us + SETTLE_US:
                    break
            until_us = min(deadline_us, now_us + 200_000)
            if self.agenda:
                until_us = min(until_us, self.agenda[0][0])
            for happening in self.world.wait(until_us):
                self.notice(happening)
        ending = self.world.end()
        ending.replies = self.replies
        return ending


def play(scenario: Scenario, world: World) -> Ending:
    return Player(scenario, world).run()
