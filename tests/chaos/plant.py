"""A switch, the wires to it, and a daemon's parts that can be killed: link, floor, writer, records.

Everything is the daemon's own but for its sockets and its clock: bytes pass `Wire`s, and time is
told. What the process writes lies in a directory and is all that is left of it after `kill`.
"""

import random
import uuid
from contextlib import ExitStack, suppress
from pathlib import Path

from ccore.cdr.journal import JournalWriter
from ccore.cdr.recordings import RecordingIndex
from ccore.config import Config
from ccore.daemon.writer import Writer, alive_us
from ccore.errors import CcoreError, DiskTrouble
from ccore.esl import FrameDecoder, Link, job_of
from ccore.floor import Floor
from ccore.model import Event, JobDone, News, Noted
from ccore.sim.switch import SimSwitch
from ccore.store import SqliteStore
from tests.book.play import Callers, Happening
from tests.book.virtual import COMMANDS, EVENTS, NODE, PASSWORD, START_US
from tests.chaos.disk import Disk
from tests.chaos.wire import Mangle, Wire
from tests.floor.random_centre import nobody
from tests.floor.world import Centre

__all__ = ["Plant"]

ALIVE_US = 1_000_000


class Plant(Centre):
    """A world of `tests.floor`, with a process and a switch that can die."""

    def __init__(self, config: Config, seed: int, directory: Path, disk: Disk) -> None:
        self._now_us = START_US
        self._rng = random.Random(f"plant {seed}")
        self.config = config
        self.directory = directory
        self.disk = disk
        self.seed = seed
        self.log: list[bytes] = []
        self.facts = []
        self.happenings: list[Happening] = []
        self.contacts: dict[str, str] = {}
        self.recordings: dict[str, int] = {}
        self.callers = Callers(nobody())
        self.known: set[str] = set()  # every contact that was ever told of
        self.came: set[str] = set()  # every caller's channel that the dialplan took
        self.clocks: dict[str, tuple[int, int]] = {}  # contact -> arrived_us, queued_us
        self.registered: set[str] = set()
        self.mangle = Mangle(self._rng)
        self.lives = 0
        self.is_dead = self.is_cut = True
        self.switch: SimSwitch
        self.wires: dict[int, Wire] = {}
        self._flushed_us = 0
        self._connect_at_us = 0  # when the daemon tries again; 0: it is connected
        self.boot_switch()
        self.start()

    # The switch.

    def boot_switch(self) -> None:
        self.lives += 1
        core = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        self.switch = SimSwitch(
            password=PASSWORD, now_us=self._now_us, seed=self.seed + self.lives, core_uuid=core
        )
        self.has_switch = True

    def kill_switch(self) -> None:
        """Its calls are gone, and so is who was registered. Phones come back after a while."""
        # With it dies all memory of whom nobody of us has seen.
        self.came &= self.known
        self.has_switch = False
        self.happenings += [
            Happening(leg.phone, "over") for leg in self.switch.core.legs.values() if leg.phone
        ]
        self.switch.core.legs.clear()
        self._lost("it closed the connection")

    def act(self, phone: str, action: str, **args: str) -> None:
        if action in ("register", "unregister"):
            (self.registered.add if action == "register" else self.registered.discard)(phone)
        if self.has_switch:
            super().act(phone, action, **args)

    # The process.

    def start(self) -> None:
        """Raises DiskTrouble where the disk does not even take a lock."""
        records = self.directory / "cdr"
        with ExitStack() as opened:
            self.store = SqliteStore(self.directory)
            opened.callback(self.store.close)
            self.journal = JournalWriter(records)
            opened.callback(self.journal.close)
            self.index = RecordingIndex(records)
            opened.pop_all()
        self.writer = Writer(self.journal, self.index, self.store, lambda news: None)
        rng = random.Random(f"floor {self.seed} {self._now_us}")

        def new_id() -> str:
            return str(uuid.UUID(int=rng.getrandbits(128), version=4))

        self.floor = Floor(self.config, new_id, self._now_us, "/recordings")
        for saved in self.store.load_agents():
            self.floor.agents.restore(saved.agent, saved.state, saved.reason)
        notes = self.store.load_notes()
        self.floor.recall(notes, alive_us(notes), self._now_us)
        self.link = Link(NODE, f"chaos-{self.lives}", rng)
        self.is_dead = False
        self._connect_at_us = self._now_us
        self._settle()

    def kill(self) -> None:
        """kill -9: what is in memory is gone, what the kernel has is there."""
        self.clocks |= {
            contact.id: (contact.arrived_us, contact.queued_us)
            for contact in self.floor.contacts.values()
        }
        self.is_dead = self.is_cut = True
        for connection in self.wires:
            self.switch.disconnect(connection, self._now_us)
        self.wires.clear()
        self.mangle.clear()
        self.journal._pending.clear()
        self.store._agents.clear()
        self.store._last.clear()
        self.store._ledger._new.clear()
        for closing in (self.journal.close, self.store.close, self.index.close):
            with suppress(CcoreError):
                closing()

    def reload(self, config: Config) -> None:
        self.config = config
        if not self.is_dead:
            super().reload(config)

    def order(self, request):  # type: ignore[no-untyped-def]
        return {"ok": False} if self.is_dead else super().order(request)

    # The wires.

    def cut(self) -> None:
        self._lost("cut")
        self._settle()

    def mend(self) -> None:
        """Whatever was wrong is not any more."""
        for wire in self.wires.values():
            wire.stalled_until_us = 0
        self._settle()

    def _log_in(self) -> None:
        self.link.opening()
        for connection in (EVENTS, COMMANDS):
            self.switch.connect(connection, self._now_us)
        for connection in (EVENTS, COMMANDS):
            self.switch.receive(connection, f"auth {PASSWORD}\n\n".encode(), self._now_us)
        greeting = {EVENTS: FrameDecoder(), COMMANDS: FrameDecoder()}
        replies = [
            frame.reply
            for connection, data in self.switch.take_output()
            for frame in greeting[connection].feed(data)
            if frame.content_type == b"command/reply"
        ]
        assert replies == ["+OK accepted", "+OK accepted"]
        self.wires = {conn: Wire(conn) for conn in (EVENTS, COMMANDS)}
        self.mangle.clear()
        self.is_cut = False
        self.link.opened(self._now_us)

    def _lost(self, why: str) -> None:
        if self.is_dead or not self.wires:
            return
        for connection in self.wires:
            self.switch.disconnect(connection, self._now_us)
        self.wires.clear()
        self.is_cut = True
        self._handle(self.link.closed(self._now_us, why))
        self._connect_at_us = self._now_us + self.link.pause_us()

    def _settle(self) -> None:
        rounds = 0
        while True:
            moved = False
            if not self.is_dead:
                moved = self._tell_switch()
            if self.wires:
                moved |= self._exchange()
            elif self.has_switch:
                self.switch.take_output()
            self._take()
            if not self.is_dead:
                self.check()
            rounds += 1
            assert rounds < 1_000, "the floor and the switch talk without end at one instant"
            if not moved:
                return

    def _tell_switch(self) -> bool:
        moved = False
        for _, command in self.floor.take_commands():
            job = job_of(command)
            if self.link.is_up:
                self.link.send(command, self._now_us)
            elif job:
                moved = True
                self._handle([JobDone(job, self._now_us, False, "LINK_DOWN")])
        return moved

    def _exchange(self) -> bool:
        try:
            return self._pass_bytes()
        except CcoreError as error:
            self._lost(str(error))
            return True

    def _pass_bytes(self) -> bool:
        moved = False
        for connection, data in (
            (EVENTS, self.link.take_event_bytes()),
            (COMMANDS, self.link.take_command_bytes()),
        ):
            through, is_cut = self.wires[connection].passes(data) if data else (b"", False)
            if through:
                moved = True
                self.switch.receive(connection, through, self._now_us)
            if is_cut:
                raise DiskTrouble(path="wire", why="cut on the way there")
        for connection, data in self.switch.take_output():
            self.wires[connection].to_us += self.mangle(data) if connection == EVENTS else data
        for connection, wire in self.wires.items():
            data = wire.take(self._now_us)
            if not data:
                continue
            moved = True
            through, is_cut = wire.passes(data)
            self._handle(self._read(connection, through))
            if is_cut:
                raise DiskTrouble(path="wire", why="cut on the way here")
        self._handle(self.link.take_events())
        return moved

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            self.floor.handle(NODE, event, self._now_us)

    def _take(self) -> None:
        if not self.is_dead:
            facts = self.floor.take_facts()
            self.known |= {
                str(fact.fields["contact"])
                for fact in facts
                if isinstance(fact, News) and fact.kind == "arrived"
            }
            self.writer.take(facts)
            if facts:
                self.writer.flush()
            self.facts += [fact for fact in facts if not isinstance(fact, News | Noted)]
        if self.has_switch:
            legs = self.switch.core.legs.values()
            self.came |= {leg.uuid for leg in legs if leg.vars.get("ccore_way") == "inbound"}
        for _, phone, what, _detail in self.switch.take_happenings():
            self.happenings.append(Happening(phone, "over" if what == "hungup" else what))
        self.switch.take_files()

    # Time.

    def _next_us(self, until_us: int) -> int:
        dues = [until_us]
        if self.has_switch:
            dues.append(self.switch.next_deadline() or until_us)
        if not self.is_dead:
            dues.append(self.floor.next_deadline() or until_us)
            if self.wires:
                dues.append(self.link.next_deadline())
            elif self.has_switch:
                dues.append(self._connect_at_us)
        dues += [
            w.stalled_until_us for w in self.wires.values() if w.stalled_until_us > self._now_us
        ]
        return max(self._now_us, min(dues))

    def wait(self, until_us: int) -> list[Happening]:
        while not self.happenings and self._now_us < until_us:
            self._now_us = self._next_us(until_us)
            if self.has_switch:
                self.switch.on_deadline(self._now_us)
            if not self.is_dead:
                self._live()
            self._settle()
        happenings, self.happenings = self.happenings, []
        return happenings

    def _live(self) -> None:
        """What the daemon does by the clock."""
        self.writer.alive(self._now_us)
        if self._now_us >= self._flushed_us + ALIVE_US:
            self._flushed_us = self._now_us
            self.writer.flush()
        due_us = self.floor.next_deadline()
        if due_us is not None and due_us <= self._now_us:
            self.floor.on_deadline(self._now_us)
        if not self.wires:
            if self.has_switch and self._now_us >= self._connect_at_us:
                self._log_in()
        elif self._now_us >= self.link.next_deadline():
            try:
                self._handle(self.link.tick(self._now_us))
            except CcoreError as error:
                self._lost(str(error))
