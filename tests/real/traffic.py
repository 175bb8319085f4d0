"""Callers and agents who go on by themselves, whatever becomes of ccore: what faults are tried on.

They know nothing but their own phones: a caller knows that he talks because the agent's phone was
rung with his number. So a call that ends without caller or agent having wished it is a lost one,
and that is said by the phones alone.
"""

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from random import Random

from tests.real.phones import RealPhones

__all__ = ["Call", "Pace", "Traffic"]

QUEUE, MENU = "4001", "4010"
# A caller without an agent after so long gives up: nothing may keep a run from ending.
PATIENCE_S = 90.0
FIRST_NUMBER = 13_700_000_000


@dataclass(frozen=True, slots=True)
class Pace:
    rate_per_s: float
    talk_s: float  # on average; from half of it to half more
    menu_share: float = 0.2  # callers who come by the menu and press a key
    hold_share: float = 0.2  # talks in which the agent holds for a moment
    patience_s: float = PATIENCE_S


@dataclass(slots=True)
class Call:
    number: str
    phone: str
    placed_s: float
    talk_s: float
    is_menu: bool
    is_held: bool
    ends_at_caller: bool
    answered_s: float = 0.0
    rung_s: float = 0.0  # when an agent's phone was first rung for him
    talked_s: float = 0.0  # when an agent answered him
    over_s: float = 0.0
    cause: str = ""
    is_wished: bool = False  # he, or the agent he talked to, has ended it

    @property
    def is_up(self) -> bool:
        return not self.over_s and not self.is_wished

    @property
    def is_lost(self) -> bool:
        """Over, although nobody wished it."""
        return bool(self.over_s) and not self.is_wished


class Traffic:
    """`run` it for a while; what it has seen stands in `calls`."""

    def __init__(self, phones: RealPhones, pace: Pace, seed: int) -> None:
        self.phones = phones
        self.pace = pace
        self.calls: dict[str, Call] = {}  # by number
        self.rings: list[tuple[float, str]] = []  # when an agent's phone rang, and for whom
        self.trouble: list[str] = []
        self.is_placing = True
        self._rng = Random(seed)
        self._by_phone: dict[str, Call] = {}
        self._at_desk: dict[str, tuple[int, Call]] = {}  # agent's phone to its call of the moment
        self._calls_of_desks = count()
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._ties = count()
        self._numbers = count(FIRST_NUMBER + seed * 10_000)
        self._next_s = time.monotonic()

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Let calls come and go for so long, or until something is so."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s and not until():
            self.step()

    def step(self, most_s: float = 0.02) -> None:
        now_s = time.monotonic()
        if not self.is_placing:
            self._next_s = now_s
        elif now_s >= self._next_s:
            # After a pause of ours the missed ones do not come all at once.
            self._next_s = max(self._next_s + 1 / self.pace.rate_per_s, now_s - 0.2)
            self._place(now_s)
        while self._agenda and self._agenda[0][0] <= now_s:
            heapq.heappop(self._agenda)[2]()
        due_s = min(self._next_s, self._agenda[0][0]) if self._agenda else self._next_s
        wait_s = most_s if not self.is_placing else min(most_s, max(0.001, due_s - now_s))
        for happening in self.phones.take_happenings(wait_s):
            kind, _, _ = happening.phone.partition(":")
            if happening.what == "trouble":
                self.trouble.append(f"{happening.phone}: {happening.detail}")
            elif kind == "caller":
                self._caller(happening.phone, happening.what, happening.detail)
            elif kind == "agent":
                self._agent(happening.phone, happening.what, happening.detail)

    def finish(self, limit_s: float) -> None:
        """Nobody new; until everybody is gone."""
        self.is_placing = False
        self.run(limit_s, until=lambda: not any(not call.over_s for call in self.calls.values()))

    @property
    def up(self) -> list[Call]:
        return [call for call in self.calls.values() if call.is_up]

    def later(self, after_s: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (time.monotonic() + after_s, next(self._ties), act))

    # Callers.

    def _place(self, now_s: float) -> None:
        rng, pace = self._rng, self.pace
        number = str(next(self._numbers))
        call = Call(
            number=number,
            phone=f"caller:{number}",
            placed_s=now_s,
            talk_s=pace.talk_s * rng.uniform(0.5, 1.5),
            is_menu=rng.random() < pace.menu_share,
            is_held=rng.random() < pace.hold_share,
            ends_at_caller=rng.random() < 0.5,
        )
        self.calls[number] = self._by_phone[call.phone] = call
        called = MENU if call.is_menu else QUEUE
        self.phones.act(call.phone, "call", called=called, calling=number, name=f"C {number}")
        self.later(pace.patience_s, lambda: self._give_up(call))

    def _give_up(self, call: Call) -> None:
        if call.is_up and not call.talked_s:
            call.is_wished = True
            self.phones.act(call.phone, "hangup")

    def _caller(self, phone: str, what: str, cause: str) -> None:
        call = self._by_phone.get(phone)
        if call is None:
            return
        if what == "answered":
            call.answered_s = time.monotonic()
            if call.is_menu:
                self._press(call, 3)
        elif what == "hungup":
            call.over_s, call.cause = time.monotonic(), cause

    def _press(self, call: Call, tries: int) -> None:
        """A key, and again while no agent rings: a prompt may have been cut off by a fault."""

        def press() -> None:
            if call.is_up and not call.rung_s and tries:
                self.phones.act(call.phone, "digits", digits="1")
                self._press(call, tries - 1)

        self.later(self._rng.uniform(0.5, 1.5) if tries == 3 else 4.0, press)

    # Agents.

    def _agent(self, phone: str, what: str, detail: str) -> None:
        if what == "ringing":
            call = self.calls.get(detail.partition(" ")[0])
            if call is None:
                return
            now_s = time.monotonic()
            self.rings.append((now_s, call.number))
            call.rung_s = call.rung_s or now_s
            turn = next(self._calls_of_desks)
            self._at_desk[phone] = turn, call
            after_s = self._rng.uniform(0.1, 0.6)
            self._at(phone, turn, after_s, lambda: self.phones.act(phone, "answer"))
        elif what == "answered" and phone in self._at_desk:
            turn, call = self._at_desk[phone]
            call.talked_s = time.monotonic()
            if call.is_held:
                hold, resume = call.talk_s * 0.3, call.talk_s * 0.7
                self._at(phone, turn, hold, lambda: self.phones.act(phone, "hold"))
                self._at(phone, turn, resume, lambda: self.phones.act(phone, "unhold"))
            self._at(phone, turn, call.talk_s, lambda: self._end(phone, call))
        elif what == "hungup" and not self.phones.legs(phone):
            # Else it is an earlier call of his that ended after the next one rang.
            self._at_desk.pop(phone, None)

    def _at(self, phone: str, turn: int, after_s: float, act: Callable[[], None]) -> None:
        """Later, if that phone is still in that call then."""

        def check() -> None:
            if self._at_desk.get(phone, (-1, None))[0] == turn:
                act()

        self.later(after_s, check)

    def _end(self, phone: str, call: Call) -> None:
        if not call.is_up:
            return
        call.is_wished = True
        self.phones.act(call.phone if call.ends_at_caller else phone, "hangup")
