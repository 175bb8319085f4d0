"""The simulated world over bad lines: the whole floor, a fault somewhere, and the link that begins
anew. Virtual time: a stall, a pause and a silence cost nothing."""

import random
import re
from collections import Counter

from ccore.config import Config
from ccore.errors import CcoreError, ProtocolError
from ccore.esl import FrameDecoder, job_of
from ccore.model import AgentState, ContactClosed, Event, JobDone
from tests.book.play import Happening
from tests.book.scenario import Scenario
from tests.book.virtual import COMMANDS, EVENTS, PASSWORD, VirtualWorld
from tests.faults.line import Line

__all__ = ["BadWorld", "ShuffledWorld", "wrong_picture"]

SECOND_US = 1_000_000
STALL_US = 5 * SECOND_US  # so long does a stalled line stay so
HEAL_US = 90 * SECOND_US  # silence is noticed, the link begins anew, pictures are compared


class BadWorld(VirtualWorld):
    """`lines`: what the switch says on its first pair of connections goes through these."""

    def __init__(self, scenario: Scenario, config: Config, lines: dict[int, Line]) -> None:
        self.lines = lines
        self.breaks: list[str] = []
        self._conns = {EVENTS: EVENTS, COMMANDS: COMMANDS}
        self._back_us = 0  # when the next try is; 0: connected
        self._released_us = 0  # when a stall ends
        super().__init__(scenario, config)

    def _log_in(self) -> None:
        for conn in self._conns.values():
            self.switch.connect(conn, self._now_us)
            self.switch.receive(conn, f"auth {PASSWORD}\n\n".encode(), self._now_us)
        for _, data in self.switch.take_output():
            frames = [frame for frame in FrameDecoder().feed(data)]
            assert frames[-1].reply == "+OK accepted"
        self.link.opened(self._now_us)

    def _settle(self) -> None:
        try:
            while self._step():
                pass
        except CcoreError as error:
            self._break(error)

    def _step(self) -> bool:
        is_moved = False
        for _, command in self.floor.take_commands():
            if self.link.is_up:
                self.link.send(command)
            elif job := job_of(command):
                self._handle([JobDone(job, self._now_us, False, "LINK_DOWN")])
        for name, data in (
            (EVENTS, self.link.take_event_bytes()),
            (COMMANDS, self.link.take_command_bytes()),
        ):
            if data:
                is_moved = True
                self.switch.receive(self._conns[name], data, self._now_us)
        for conn, data in self.switch.take_output():
            for name in (EVENTS, COMMANDS):
                if conn == self._conns[name]:
                    is_moved = True
                    self._hear(name, self.lines[name].carry(data))
        self._handle(self.link.take_events())
        self._take()
        return is_moved

    def _hear(self, name: int, data: bytes) -> None:
        line = self.lines[name]
        if data:
            self._handle(self._read(name, data))
        if line.is_stalled and not self._released_us:
            self._released_us = self._now_us + STALL_US
        if line.is_cut:
            raise ProtocolError(what="the end of the connection")

    def _break(self, error: CcoreError) -> None:
        self.breaks.append(str(error))
        for conn in self._conns.values():
            self.switch.disconnect(conn, self._now_us)
        self._handle(self.link.closed(self._now_us, str(error)))
        self._back_us = self._now_us + self.link.pause_us()
        self._settle()

    def wait(self, until_us: int) -> list[Happening]:
        while not self.happenings and self._now_us < until_us:
            self._now_us = max(self._now_us, min([until_us, *self._dues()]))
            self.switch.on_deadline(self._now_us)
            due_us = self.floor.next_deadline()
            if due_us is not None and due_us <= self._now_us:
                self.floor.on_deadline(self._now_us)
            self._tend()
            self._settle()
        happenings, self.happenings = self.happenings, []
        return happenings

    def _dues(self) -> list[int]:
        dues = [self.switch.next_deadline(), self.floor.next_deadline()]
        dues += [self._released_us or None, self._back_us or self.link.next_deadline()]
        return [due for due in dues if due is not None]

    def _tend(self) -> None:
        """The link's deadlines, the end of a stall, the next try."""
        try:
            if self._back_us:
                if self._back_us <= self._now_us:
                    self._back_us = self._released_us = 0
                    self._conns = {name: conn + 2 for name, conn in self._conns.items()}
                    self.lines = {EVENTS: Line(), COMMANDS: Line()}
                    self._log_in()
                return
            if self._released_us and self._released_us <= self._now_us:
                self._released_us = 0
                for name, line in self.lines.items():
                    self._hear(name, line.release())
            if self.link.next_deadline() <= self._now_us:
                self._handle(self.link.tick(self._now_us))
        except CcoreError as error:
            self._break(error)

    def heal(self) -> None:
        """Let time pass until the picture must be right again."""
        end_us = self._now_us + HEAL_US
        while self._now_us < end_us:
            self.wait(end_us)


class ShuffledWorld(VirtualWorld):
    """Events arrive up to 0.2 s late and across channels in any order; a channel's in its own."""

    MOST_US = 200_000

    def __init__(self, scenario: Scenario, config: Config, seed: int) -> None:
        self._rng = random.Random(seed)
        self._held: list[tuple[int, int, bytes]] = []  # when, which, bytes
        self._last_us: dict[str, int] = {}  # of a channel
        self._count = 0
        super().__init__(scenario, config)

    def _read(self, connection: int, data: bytes) -> list[Event]:
        if connection == COMMANDS:
            return super()._read(connection, data)
        for frame in FrameDecoder().feed(data):
            if frame.content_type != b"text/event-plain":
                return super()._read(connection, data)
            found = re.search(rb"^Unique-ID: (.*)$", frame.body.partition(b"\n\n")[0], re.M)
            channel = found[1].decode() if found else ""
            due_us = max(
                self._now_us + self._rng.randrange(self.MOST_US), self._last_us.get(channel, 0)
            )
            self._last_us[channel] = due_us
            self._count += 1
            head = b"Content-Length: %d\nContent-Type: text/event-plain\n\n" % len(frame.body)
            self._held.append((due_us, self._count, head + frame.body))
        return []

    def wait(self, until_us: int) -> list[Happening]:
        while not self.happenings and self._now_us < until_us:
            next_us = min((due_us for due_us, _, _ in self._held), default=until_us)
            self.happenings += super().wait(min(until_us, max(next_us, self._now_us)))
            due = sorted(held for held in self._held if held[0] <= self._now_us)
            self._held = [held for held in self._held if held[0] > self._now_us]
            for _, _, data in due:
                self._handle(super()._read(EVENTS, data))
                self._settle()
        happenings, self.happenings = self.happenings, []
        return happenings

    def is_quiet(self) -> bool:
        return not self._held and super().is_quiet()


def wrong_picture(world: BadWorld) -> list[str]:
    """Where floor and switch do not agree; then everybody hangs up, and what is left of them."""
    floor, legs = world.floor, world.switch.core.legs
    found = [
        f"{one.state.value} without a leg" for one in floor.contacts.values() if one.id not in legs
    ]
    found += [
        f"{leg.phone} is unknown"
        for leg in legs.values()
        if leg.phone.startswith("caller:")
        and leg.uuid not in floor.contacts
        and leg.context != "ccore-fallback"  # the switch itself serves him
    ]
    for leg in list(legs.values()):
        world.act(leg.phone, "hangup")
    world.heal()
    found += [f"left on the floor: {one.state.value}" for one in floor.contacts.values()]
    found += [f"left on the switch: {leg.phone}" for leg in legs.values()]
    busy = (AgentState.RESERVED, AgentState.RINGING, AgentState.TALKING, AgentState.HOLDING)
    found += [
        f"agent {a.id} stays {a.state}" for a in floor.agents.by_id.values() if a.state in busy
    ]
    rows = Counter(fact.contact for fact in world.facts if isinstance(fact, ContactClosed))
    found += [f"{count} rows of one contact" for count in rows.values() if count > 1]
    return found
