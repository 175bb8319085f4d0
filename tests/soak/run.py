"""A centre at work for hours of virtual time: switch, link, floor, writer, records on disk.

What is measured of the process: resident memory, open files, and its own time for a call. What is
counted inside: whatever could be left behind by a call.
"""

import gc
import os
import random
import resource
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean
from time import process_time

from ccore.cdr.journal import JournalWriter
from ccore.cdr.recordings import RecordingIndex
from ccore.config import parse
from ccore.daemon.writer import Writer
from ccore.esl import FrameDecoder, Link
from ccore.floor import Floor
from ccore.model import Fact, LegKind, RecordingClosed
from ccore.sim.pace import EXACT
from ccore.sim.population import Habits, Population
from ccore.sim.switch import SimSwitch
from ccore.store import SqliteStore

__all__ = ["OVERLOAD", "START_US", "WORK", "Load", "Sample", "Soak", "growth"]

START_US = 1_795_300_000_000_000
EVENTS, COMMANDS = 1, 2
NODE, PASSWORD = "main", "pear"
FLUSH_EVERY_US = 1_000_000
# Each different caller is remembered: his texts in the records, his last agent for a while.
CALLERS = 2_000

CENTRE = """
[site]
name = "soak"
languages = ["en"]

[switch.main]

[[entries]]
number = "4000"
to = "ivr:main"

[[entries]]
number = "4009"
to = "queue:sales"
priority = 600

[queues.sales]
music = "silence_stream://-1"
ring_s = 15
max_wait_s = 300
wrap_up_s = 2
record = 0.3
announce_every_s = 20
announce_position = true
announce_wait = true
last_agent_s = 3
max_waiting = 100
full = "hangup"

[queues.service]
music = "silence_stream://-1"
ring_s = 15
wrap_up_s = 2
max_waiting = 100
full = "hangup"

[boxes.general]

[prompts.texts.menu]
en = "Choose"

[flows.main.start]
do = "menu"
prompt = "menu"
options = { 1 = "sales", 2 = "service", 3 = "message" }
default = "sales"

[flows.main.sales]
do = "go"
to = "queue:sales"

[flows.main.service]
do = "go"
to = "queue:service"

[flows.main.message]
do = "voicemail"
box = "general"
"""

HABITS = Habits(
    languages={"en": 1.0},
    called={"4000": 0.95, "4009": 0.05},
    menus={"menu": {"": "11112223"}},
    press_after_s=(0.2, 1.5),
    patience_s=40.0,
    talk_median_s=8.0,
    answer_after_s=(0.3, 3.0),
    forgets=0.002,
    codes_at_start=("*11",),
)


@dataclass(slots=True, frozen=True)
class Load:
    agents: int
    rate_per_s: float


# With 10 s of talk and 4 s around it some 110 agents are busy: queues form and empty again.
WORK = Load(agents=120, rate_per_s=8.0)
# Ten agents take 0.7 calls a second: ten times as many come.
OVERLOAD = Load(agents=10, rate_per_s=7.0)


@dataclass(slots=True, frozen=True)
class Sample:
    calls: int
    rss_mb: float
    files: int
    us_per_call: float  # of this process: the simulated switch, its callers and the records inside
    kept: int  # things inside the floor and the link that could be left behind


class Soak:
    def __init__(self, directory: Path, calls: int, load: Load = WORK, *, seed: int = 7) -> None:
        rng = random.Random(seed)
        self.calls = calls
        self.now_us = START_US
        self.samples: list[Sample] = []
        self.rows = 0
        self.outages = 0
        self.switch = SimSwitch(
            password=PASSWORD, now_us=START_US, seed=seed, pace=EXACT, domain="agents"
        )
        agents = [str(1000 + i) for i in range(load.agents)]
        habits = replace(HABITS, callers=calls, rate_per_s=load.rate_per_s)
        self.people = Population(habits, agents, seed=seed, now_us=START_US)
        self.store = SqliteStore(directory)
        self.journal = JournalWriter(directory / "cdr")
        self.index = RecordingIndex(directory / "cdr")
        self.writer = Writer(self.journal, self.index, self.store, lambda news: None)
        self.floor = Floor(
            parse(CENTRE + "".join(f"[agents.{id_}]\n" for id_ in agents), "soak.toml"),
            lambda: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            START_US,
            str(directory / "recordings"),
        )
        self.link = Link(NODE, "soak", rng)
        self._flushed_us = START_US
        self._log_in()

    def _log_in(self) -> None:
        self.link.opening()
        decoders = {EVENTS: FrameDecoder(), COMMANDS: FrameDecoder()}
        for conn in decoders:
            self.switch.connect(conn, self.now_us)
            self.switch.receive(conn, f"auth {PASSWORD}\n\n".encode(), self.now_us)
        for conn, data in self.switch.take_output():
            list(decoders[conn].feed(data))
        self.link.opened(self.now_us)
        self._settle()

    def run(
        self, tell: Callable[[Sample], None] = lambda sample: None, *, parts: int = 100
    ) -> None:
        """Until every caller has gone; a sample after each of so many parts."""
        every = max(self.calls // parts, 1)
        next_at, began_s, began = every, process_time(), 0
        while True:
            dues = (
                self.switch.next_deadline(),
                self.floor.next_deadline(),
                self.people.next_deadline(),
                self.link.next_deadline(),
            )
            self.now_us = max(self.now_us, min(due for due in dues if due is not None))
            self._turn()
            done = self.people.arrived - self.people.callers
            if done >= next_at or done >= self.calls:
                spent_s = process_time() - began_s
                self.samples.append(self._sample(done, spent_s / max(done - began, 1) * 1e6))
                tell(self.samples[-1])
                next_at, began_s, began = done + every, process_time(), done
            if done >= self.calls and not self.floor.contacts:
                break
        self.writer.flush()

    def _turn(self) -> None:
        now_us = self.now_us
        for action in self.people.on_deadline(now_us):
            args = dict(action.args)
            if "calling" in args:
                args["calling"] = f"138{int(str(args['calling'])) % CALLERS:08d}"
            self.switch.act(action.phone, action.name, now_us, **args)
        self.switch.on_deadline(now_us)
        due_us = self.floor.next_deadline()
        if due_us is not None and due_us <= now_us:
            self.floor.on_deadline(now_us)
        if now_us >= self.link.next_deadline():
            self._handle(self.link.tick(now_us))
        self._settle()
        if now_us >= self._flushed_us + FLUSH_EVERY_US:
            self._flushed_us = now_us
            self.writer.alive(now_us)
            self.writer.flush()

    def _settle(self) -> None:
        while True:
            moved = False
            for _, command in self.floor.take_commands():
                self.link.send(command)
            for conn, data in (
                (EVENTS, self.link.take_event_bytes()),
                (COMMANDS, self.link.take_command_bytes()),
            ):
                if data:
                    moved = True
                    self.switch.receive(conn, data, self.now_us)
            for conn, data in self.switch.take_output():
                moved = True
                read = self.link.receive_events if conn == EVENTS else self.link.receive_replies
                self._handle(read(data, self.now_us))
            self._handle(self.link.take_events())
            facts = self.floor.take_facts()
            if facts:
                self._keep(facts)
            while happenings := self.switch.take_happenings():
                for action in self.people.react(happenings):
                    moved = True
                    self.switch.act(action.phone, action.name, self.now_us, **action.args)
            self.switch.take_files()
            if not moved:
                return

    def _handle(self, events: list) -> None:  # type: ignore[type-arg]
        for event in events:
            self.floor.handle(NODE, event, self.now_us)

    def _keep(self, facts: list[Fact]) -> None:
        # No file of a recording exists here, so none is indexed.
        self.writer.take(fact for fact in facts if not isinstance(fact, RecordingClosed))
        self.outages += sum(getattr(fact, "kind", None) is LegKind.OUTAGE for fact in facts)

    def _sample(self, calls: int, us_per_call: float) -> Sample:
        gc.collect()
        page = resource.getpagesize()
        rss = int(Path("/proc/self/statm").read_text().split()[1]) * page
        floor = self.floor
        kept = sum(
            map(
                len,
                (
                    floor.contacts,
                    floor.contact_of,
                    floor.after_speech,
                    floor.timers,
                    floor.offers.by_leg,
                    floor.offers.by_job,
                    floor.voicemail.messages,
                    floor.features.by_leg,
                    floor.nails.by_leg,
                    floor.wrap_ups.contact_of,
                    self.switch.core.legs,
                ),
            )
        )
        files = len(os.listdir("/proc/self/fd"))
        return Sample(calls, rss / 1e6, files, us_per_call, kept)

    def close(self) -> None:
        for closing in (self.journal, self.store, self.index):
            closing.close()


@dataclass(slots=True)
class Growth:
    """The last quarter against the second: the first one fills caches."""

    rss: float = 0.0  # 0.01: one per cent more
    files: int = 0
    us_per_call: float = 0.0
    notes: list[str] = field(default_factory=list)


def growth(samples: list[Sample]) -> Growth:
    quarter = max(len(samples) // 4, 1)
    early, late = samples[quarter : 2 * quarter] or samples[:1], samples[-quarter:]

    def ratio(name: str) -> float:
        before = fmean(getattr(one, name) for one in early)
        return fmean(getattr(one, name) for one in late) / before - 1

    files = max(one.files for one in late) - max(one.files for one in early)
    return Growth(ratio("rss_mb"), files, ratio("us_per_call"))
