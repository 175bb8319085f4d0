"""One day of a centre in virtual time: the floor itself, and for a switch a list of what is due.

The floor is fed the events that a switch would send and its commands are carried out at once: no
bytes, no clock, no sleep. What is simulated is people: callers who come, press, wait and give up,
and agents who work in shifts, answer or let it ring.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from random import Random
from typing import Any

from ccore.errors import CcoreError
from ccore.floor import Floor
from ccore.floor.notes import Notes
from ccore.model import (
    AppDone,
    Bridge,
    DigitPressed,
    Fact,
    Hangup,
    LegHungUp,
    LegParked,
    LegsBridged,
    LinkUp,
    News,
    Play,
    RecordMessage,
    Ring,
    Transfer,
)
from ccore.sizing.arrivals import Caller
from ccore.sizing.draws import NEVER_US, draw_us
from ccore.sizing.scenario import NODE, Named, Staff

__all__ = ["Day", "Shift"]

PRESS_US = 1_000_000  # from the end of a prompt to the key
MESSAGE_US = 15_000_000  # length of a voicemail message
ADVANCE = 1_000  # callers between two reports of progress

Shift = tuple[int, int]  # from, to, microseconds
Tell = Callable[[Fact], None]


class _Forgetful(Notes):
    """A simulated day is never picked up again: nothing is kept of its calls."""

    def write(self) -> None:
        self.calls.clear()
        self.agents.clear()


class _Call:
    """What the caller at the other end knows."""

    __slots__ = ("digits", "other", "patience_us", "talk_us", "talks")

    def __init__(self, caller: Caller) -> None:
        self.talk_us = caller.talk_us
        self.patience_us = caller.patience_us
        self.digits = caller.digits
        self.talks = False
        self.other = ""  # the agent's leg


class Day:
    """`tell` gets every fact as it happens; `queued` every caller who begins to wait."""

    def __init__(
        self,
        named: Named,
        callers: Iterable[Caller],
        shifts: Mapping[str, list[Shift]],
        seed: int,
        tell: Tell,
        queued: Callable[[Floor, str], None] | None = None,
    ) -> None:
        self._named = named
        self._tell = tell
        self._queued = queued
        self._numbers = count(1)
        self._rng = Random(f"{seed} agents")
        self._staff = named.staff_of()
        self._heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._calls: dict[str, _Call] = {}  # caller's leg -> call
        self._with: dict[str, str] = {}  # agent's leg that rings or talks -> caller's leg
        self.refused: list[str] = []  # orders that were not obeyed, and why
        self.now_us = min((at for spans in shifts.values() for at, _ in spans), default=1 << 62)
        self.now_us = min(self.now_us, named.opens_us)
        self._end_us = named.closes_us + named.scenario.drain_s * 1_000_000
        self.floor = Floor(named.config, lambda: f"x{next(self._numbers)}", self.now_us, "/tmp")
        self.floor.notes = _Forgetful(self.floor)
        self._callers = iter(callers)
        self._arrived = 0  # since progress was last reported
        for agent, spans in shifts.items():
            for begin_us, end_us in spans:
                self._at(begin_us, self._order, {"do": "agent.sign_in", "agent": agent})
                if end_us < self._end_us:
                    self._at(end_us, self._order, {"do": "agent.sign_out", "agent": agent})
        for order in named.scenario.orders:
            self._at(named.at_us(order.at), self._asked, order.request)
        self._react: dict[type, Callable[[Any], None]] = {
            Ring: self._ring,
            Bridge: self._bridge,
            Hangup: self._hang_up,
            Play: self._play,
            RecordMessage: self._record,
            Transfer: self._transfer,
        }

    def run(self, advance: Callable[[int], None] = lambda callers: None) -> None:
        """The whole day; `advance` hears how many callers have come since it heard last."""
        floor, heap = self.floor, self._heap
        floor.handle(NODE, LinkUp(self.now_us, "sim"), self.now_us)
        self._settle()
        self._next_caller()
        while True:
            due_us = floor.next_deadline()
            if heap and (due_us is None or heap[0][0] <= due_us):
                self.now_us, _, act, args = heapq.heappop(heap)
                act(*args)
            elif due_us is not None and due_us <= self._end_us:
                self.now_us = due_us
                floor.on_deadline(due_us)
            else:
                break
            self._settle()
            if self._arrived >= ADVANCE:
                advance(self._arrived)
                self._arrived = 0
        self._give_up_all()
        floor.agents.close_intervals()
        self._take()
        advance(self._arrived)

    # The world's clock.

    def _at(self, due_us: int, act: Callable[..., None], *args: Any) -> None:
        heapq.heappush(self._heap, (due_us, next(self._numbers), act, args))

    def _settle(self) -> None:
        """Until nobody has anything to say at this instant."""
        floor, react = self.floor, self._react
        while commands := floor.take_commands():
            for _, command in commands:
                act = react.get(type(command))
                if act is not None:
                    act(command)
        self._take()

    def _take(self) -> None:
        for fact in self.floor.take_facts():
            if type(fact) is News:
                if fact.kind == "waiting":
                    self._waits(str(fact.fields["contact"]))
            else:
                self._tell(fact)

    # Callers.

    def _next_caller(self) -> None:
        caller = next(self._callers, None)
        if caller is not None:
            self._at(caller.at_us, self._arrive, caller)

    def _arrive(self, caller: Caller) -> None:
        self._arrived += 1
        leg = f"c{next(self._numbers)}"
        self._calls[leg] = _Call(caller)
        self._handle(
            LegParked(leg, self.now_us, caller.dials, caller.calling, "", "ccore", answered=False)
        )
        self._next_caller()

    def _waits(self, leg: str) -> None:
        """His patience begins to run when he is first told to wait."""
        call = self._calls.get(leg)
        if call is None or call.talks:
            return
        if self._queued is not None:
            self._queued(self.floor, leg)
        patience_us, call.patience_us = call.patience_us, NEVER_US
        if patience_us < NEVER_US:
            self._at(self.now_us + patience_us, self._give_up, leg)

    def _give_up(self, leg: str) -> None:
        call = self._calls.get(leg)
        if call is not None and not call.talks:
            self._gone(leg, by_phone=True)

    def _give_up_all(self) -> None:
        """Long after closing: whoever is still there has been forgotten."""
        for leg in list(self._calls):
            self._gone(leg, by_phone=True)
            self._settle()

    def _gone(self, leg: str, by_phone: bool, cause: str = "NORMAL_CLEARING") -> None:
        call = self._calls.pop(leg, None)
        if call is None:
            return
        self._handle(LegHungUp(leg, self.now_us, cause, by_phone))
        if call.other:
            self._agent_gone(call.other)

    def _press(self, leg: str) -> None:
        call = self._calls.get(leg)
        if call is not None and call.digits:
            digit, call.digits = call.digits[0], call.digits[1:]
            self._handle(DigitPressed(leg, self.now_us, digit))

    def _talked(self, leg: str, other: str) -> None:
        call = self._calls.get(leg)
        if call is not None and call.other == other:
            self._gone(leg, by_phone=True)

    # The switch.

    def _handle(self, event: Any) -> None:
        self.floor.handle(NODE, event, self.now_us)

    def _ring(self, command: Ring) -> None:
        agent = command.variables.get("agent", "")
        self._with[command.leg] = command.variables.get("contact", "")
        staff = self._staff.get(agent, Staff())
        if staff.misses and self._rng.random() < staff.misses:
            return  # it rings until the floor has had enough
        answers_us = draw_us(staff.answers, self._rng)
        if answers_us:
            self._at(self.now_us + answers_us, self._answer, command)
        else:
            self._answer(command)

    def _answer(self, command: Ring) -> None:
        if command.leg in self._with:
            self._handle(
                LegParked(
                    command.leg,
                    self.now_us,
                    "",
                    "",
                    "",
                    "ccore",
                    answered=True,
                    variables=command.variables,
                )
            )

    def _bridge(self, command: Bridge) -> None:
        call = self._calls.get(command.leg)
        if call is None or command.other not in self._with:
            return  # the floor's own time-out mends it
        call.talks, call.other = True, command.other
        self._handle(LegsBridged(command.leg, self.now_us, command.other))
        self._at(self.now_us + call.talk_us, self._talked, command.leg, command.other)

    def _hang_up(self, command: Hangup) -> None:
        if command.leg in self._with:
            self._agent_gone(command.leg)
        else:
            self._gone(command.leg, by_phone=False, cause=command.cause)

    def _agent_gone(self, leg: str) -> None:
        if self._with.pop(leg, None) is not None:
            self._handle(LegHungUp(leg, self.now_us, "NORMAL_CLEARING", by_phone=False))

    def _play(self, command: Play) -> None:
        length_us = round(self._named.scenario.prompt_s * 1e6) * len(command.files)
        self._at(self.now_us + length_us, self._played, command)

    def _played(self, command: Play) -> None:
        call = self._calls.get(command.leg)
        if call is not None:
            self._handle(AppDone(command.leg, self.now_us, command.app, "FILE PLAYED"))
            if call.digits:
                self._at(self.now_us + PRESS_US, self._press, command.leg)

    def _record(self, command: RecordMessage) -> None:
        self._at(self.now_us + MESSAGE_US, self._gone, command.leg, True)

    def _transfer(self, command: Transfer) -> None:
        """Out of the centre: for us his leg ends there."""
        self._gone(command.leg, by_phone=False)

    # Agents and supervisors.

    def _order(self, request: Mapping[str, Any]) -> None:
        self.floor.order(request, self.now_us)

    def _asked(self, request: Mapping[str, Any]) -> None:
        try:
            self.floor.order(request, self.now_us)
        except CcoreError as error:
            self.refused.append(str(error))
