"""A short session between a link and the simulated switch, recorded, so that it can be replayed
into a new link with a fault at any byte.

A caller comes and waits with music, hears a prompt, an agent is rung, answers, is bridged and
recorded; the caller hangs up; a job fails.
"""

from collections import Counter
from dataclasses import dataclass, field

from ccore.errors import CcoreError, ProtocolError
from ccore.esl import Link
from ccore.model import (
    Answer,
    ArmFallback,
    Bridge,
    Command,
    Event,
    JobDone,
    LegParked,
    LinkUp,
    Play,
    PlayMusic,
    Ring,
    SetVariables,
    StartRecording,
)
from ccore.sim.pace import EXACT
from ccore.sim.switch import SimSwitch
from tests.faults.line import Line

__all__ = ["COMMANDS", "EVENTS", "Replay", "Session", "record", "replay"]

START_US = 1_795_300_000_000_000
SECOND_US = 1_000_000
EVENTS, COMMANDS = 1, 2  # the two connections


@dataclass
class Session:
    """Steps: what the switch said on a connection and when; a command that was given; or when the
    link's own deadlines were looked at."""

    steps: list[tuple[int, int, bytes] | Command | int] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)

    def size(self, connection: int) -> int:
        """Bytes that the switch said."""
        said = (step for step in self.steps if isinstance(step, tuple))
        return sum(len(data) for conn, _, data in said if conn == connection)


class _Recorder:
    def __init__(self) -> None:
        self.session = Session()
        self.now_us = START_US
        self.switch = SimSwitch(password="pear", now_us=START_US, pace=EXACT)
        self.link = Link("main")

    def run(self) -> Session:
        switch = self.switch
        switch.act("agent:1001", "register", self.now_us)
        switch.act("caller:0", "call", self.now_us, called="4001", calling="13800000000", name="Wu")
        for conn in (EVENTS, COMMANDS):
            switch.connect(conn, self.now_us)
            switch.receive(conn, b"auth pear\n\n", self.now_us)
        switch.take_output()
        self.link.opened(self.now_us)
        self._settle()
        switch.act("caller:1", "call", self.now_us, called="4001", calling="13800000001", name="Li")
        self._pass(1)
        leg = next(event.leg for event in self.session.heard if isinstance(event, LegParked))
        self._give(ArmFallback(leg, 120), Answer(leg), PlayMusic(leg, "local_stream://moh"))
        self._give(SetVariables(leg, {"state": "waiting", "queue": "sales"}))
        self._give(Play(leg, ("/p/a.wav",), "app-1"))
        self._pass(10)
        self._give(Ring("agent-leg", "job-1", "user/1001@agents", 15, "Li, O'Hara", "138"))
        self._pass(2)
        switch.act("agent:1001", "answer", self.now_us)
        self._pass(1)
        self._give(Bridge(leg, "agent-leg", "job-2"), StartRecording(leg, "/r/x.wav"))
        self._pass(5)
        switch.act("caller:1", "hangup", self.now_us)
        self._pass(2)
        self._give(Ring("leg-9", "job-9", "user/9999@agents", 15, "Li", "138"))
        self._pass(100)
        return self.session

    def _give(self, *commands: Command) -> None:
        for command in commands:
            self.session.steps.append(command)
            self.link.send(command)
        self._settle()

    def _pass(self, seconds: int) -> None:
        end_us = self.now_us + seconds * SECOND_US
        self._settle()
        while (due_us := self._next_deadline()) <= end_us:
            self.now_us = max(self.now_us, due_us)
            self.switch.on_deadline(self.now_us)
            self._settle()
            if self.link.next_deadline() <= self.now_us:
                self.session.steps.append(self.now_us)
                self.session.heard += self.link.tick(self.now_us)
                self._settle()
        self.now_us = end_us

    def _next_deadline(self) -> int:
        due_us, link_us = self.switch.next_deadline(), self.link.next_deadline()
        return link_us if due_us is None else min(due_us, link_us)

    def _settle(self) -> None:
        moved = True
        while moved:
            moved = False
            for conn, data in (
                (EVENTS, self.link.take_event_bytes()),
                (COMMANDS, self.link.take_command_bytes()),
            ):
                if data:
                    moved = True
                    self.switch.receive(conn, data, self.now_us)
            for conn, data in self.switch.take_output():
                moved = True
                self.session.steps.append((conn, self.now_us, data))
                self.session.heard += _hear(self.link, conn, data, self.now_us)


def record() -> Session:
    session = _Recorder().run()
    kinds = Counter(type(event) for event in session.heard)
    assert kinds[LinkUp] == 1
    assert kinds[JobDone] == 2
    return session


@dataclass
class Replay:
    heard: list[Event]
    error: CcoreError | None  # what the link said of it; it was closed then
    closing: list[Event]  # what it told at its end


def replay(session: Session, lines: dict[int, Line]) -> Replay:
    """The same session into a new link, over these lines."""
    link = Link("main")
    link.opened(START_US)
    heard: list[Event] = []
    now_us = START_US
    try:
        for step in session.steps:
            if isinstance(step, tuple):
                conn, now_us, data = step
                if data := lines[conn].carry(data):
                    heard += _hear(link, conn, data, now_us)
                if lines[conn].is_cut:
                    raise ProtocolError(what="cut")  # a socket's end is told at once
            elif isinstance(step, int):
                now_us = step
                heard += link.tick(now_us)
            else:
                link.send(step)
            link.take_event_bytes(), link.take_command_bytes()
        for conn, line in lines.items():
            if data := line.release():
                heard += _hear(link, conn, data, now_us)
                link.take_command_bytes()
        heard += link.tick(now_us)
    except CcoreError as error:
        return Replay(heard, error, link.closed(now_us, str(error)))
    return Replay(heard, None, link.closed(now_us, "the end"))


def _hear(link: Link, conn: int, data: bytes, now_us: int) -> list[Event]:
    receive = link.receive_events if conn == EVENTS else link.receive_replies
    return receive(data, now_us)
