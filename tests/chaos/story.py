"""One seed, one story: random traffic on a random centre, and everything dying now and then."""

import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from ccore.cdr.layout import Row
from ccore.cdr.records import load
from ccore.errors import DiskTrouble
from ccore.floor.adoption import FALLBACK
from ccore.floor.contact import CallState
from ccore.floor.entry import OUTBOUND
from ccore.model import AgentInterval, ContactClosed, LegClosed
from tests.chaos.disk import Disk
from tests.chaos.plant import Plant
from tests.floor.hunt import Traffic
from tests.floor.random_centre import AGENTS, random_config

__all__ = ["Outcome", "tell"]

FAULTS = (
    "kill",
    "kill",
    "kill",
    "switch",
    "cut",
    "cut_at_a_byte",
    "cut_at_a_byte",
    "stall",
    "half_open",
    "mangle",
    "mangle",
    "mangle",
    "clock",
    "disk",
)
FAULTS_A_STORY = 8
# After the last fault: a silent line is noticed in 9 s, a lost event at two lists of 10 s.
CALM_US = 45_000_000


@dataclass(slots=True)
class Outcome:
    """What happened in a story, to be added up."""

    faults: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    contacts: int = 0
    recovered: int = 0
    mangled: int = 0
    kept: int = 0  # places in queues that were the same after an outage


class Story(Traffic):
    """The steps of a `Traffic`, with faults between them."""

    world: Plant

    def __init__(self, seed: int, directory: Path, disk: Disk) -> None:
        self.rng = Random(f"chaos {seed}")
        self.config = random_config(self.rng)
        self.disk = disk
        self.outcome = Outcome()
        self.callers: list[str] = []
        self.agenda: list[tuple[int, Callable[[], None]]] = []
        self.deeds: list[str] = []
        self.with_cuts = False
        self.with_reloads = self.rng.random() < 0.2
        self.deaf = self.rng.random() < 0.2
        self.world = Plant(self.config, seed, directory, disk)
        for id_ in AGENTS:
            if self.rng.random() < 0.85:
                self.do(f"agent:{id_}", "register")

    def note(self, deed: str) -> None:
        self.deeds.append(f"{self.world.now_us() % 10**9 / 1e6:.3f} {deed}")

    def step(self) -> None:
        if self.rng.random() < FAULTS_A_STORY / 120:
            kind = self.rng.choice(FAULTS)
            self.outcome.faults[kind] += 1
            self.note(f"fault {kind}")
            getattr(self, f"fault_{kind}")()
        else:
            super().step()

    def step_renew(self) -> None:
        """Decision logs are other tests' matter."""

    def _some_us(self, most_us: int) -> int:
        return self.rng.choice(
            [0, 1_000, self.rng.randint(0, 1_000_000), self.rng.randint(0, most_us)]
        )

    # Faults.

    def fault_kill(self) -> None:
        if self.world.is_dead or self.disk.is_full or self.world.writer.trouble:
            return  # what a full disk did not take dies with the process: see docs/reliability.md
        self.world.kill()
        self.later(self._some_us(20_000_000), self.resurrect)

    def resurrect(self) -> None:
        if self.world.is_dead:
            self.note("start")
            try:
                self.world.start()
            except DiskTrouble:  # whoever starts it tries again
                self.later(1_000_000, self.resurrect)
            else:
                self.later(2_000_000, self.check_clocks)

    def check_clocks(self) -> None:
        """Whoever was there before and is there now has his first clocks."""
        world = self.world
        if world.is_dead or not world.floor.is_up("main"):
            return
        for id_, (arrived_us, queued_us) in world.clocks.items():
            contact = world.floor.contacts.get(id_)
            if contact is None or not contact.is_recovered:
                continue
            assert contact.arrived_us == arrived_us, f"{id_[:8]}: another arrival"
            if queued_us and contact.state is CallState.WAITING:
                assert contact.queued_us == queued_us, f"{id_[:8]}: lost his place"
                self.outcome.kept += 1
        world.clocks.clear()

    def fault_switch(self) -> None:
        if self.world.has_switch:
            self.world.kill_switch()
            self.later(1_000_000 + self._some_us(20_000_000), self.boot)

    def boot(self) -> None:
        if not self.world.has_switch:
            self.note("switch is back")
            self.world.boot_switch()
            for phone in sorted(self.world.registered):
                self.do(phone, "register")

    def fault_cut(self) -> None:
        self.world.cut()

    def fault_cut_at_a_byte(self) -> None:
        if self.world.wires:
            self.rng.choice(list(self.world.wires.values())).cut_after = self.rng.randint(0, 6_000)

    def fault_stall(self) -> None:
        until_us = self.world.now_us() + self._some_us(8_000_000)
        for wire in self.world.wires.values():
            if self.rng.random() < 0.7:
                wire.stalled_until_us = until_us

    def fault_half_open(self) -> None:
        for wire in self.world.wires.values():
            if self.rng.random() < 0.6:
                wire.is_dead = True

    def fault_mangle(self) -> None:
        mangle = self.world.mangle
        mangle.share = self.rng.choice([0.02, 0.1, 0.4])

        def over() -> None:
            mangle.share = 0.0

        self.later(self.rng.randint(1_000_000, 15_000_000), over)

    def fault_clock(self) -> None:
        """The switch's clock is set; ours runs steadily."""
        self.world.switch.core.skew_us += self.rng.choice(
            [-3_600_000_000, 3_600_000_000, -1_000_000, 1_000_000, 40_000]
        )

    def fault_disk(self) -> None:
        self.disk.is_full = True

        def over() -> None:
            self.disk.is_full = False

        self.later(self._some_us(10_000_000), over)

    # Closing time.

    def clear(self) -> None:
        self.note("calm")
        world = self.world
        world.mangle.share = 0.0
        for wire in world.wires.values():
            wire.cut_after = None  # a cut still to come would be no calm
        self.disk.is_full = False
        self.boot()
        self.resurrect()
        self.wait(CALM_US)
        self.check_known()
        self.check_served()
        super().clear()
        self.world.cut()  # whose coming and going were both lost on the way is told now
        self.wait(10_000_000)
        assert not [name for name in world.switch.core.globals if "unseen" in name]
        self.check_records()
        self.outcome.repairs = world.floor.reconciliation.repairs
        self.outcome.mangled = world.mangle.hits
        self.outcome.contacts = len(world.known)

    def check_known(self) -> None:
        """Nothing is on the switch that ccore does not know."""
        floor, core = self.world.floor, self.world.switch.core
        assert floor.is_up("main"), "the link is not up again"
        for id_, leg in core.legs.items():
            partner = leg.joint.other(leg).uuid if leg.joint is not None else ""
            known = (
                id_ in floor.contacts
                or partner in floor.contacts
                or id_ in floor.offers.by_leg
                or id_ in floor.nails.by_leg
                or id_ in floor.features.by_leg
            )
            way = leg.vars.get("ccore_way", "")
            is_ours = any(name.startswith("ccore_") for name in leg.vars) and way != "outbound"
            assert known or not is_ours or leg.cause, f"{leg.phone} {leg.context} {leg.vars}"

    def check_served(self) -> None:
        """Nobody stands in silence, but for a moment on his way."""
        before = self._in_silence()
        if before:
            self.wait(5_000_000)
            still = before & self._in_silence()
            assert not still, f"in silence: {still}"

    def _in_silence(self) -> set[tuple[str, CallState]]:
        floor, core = self.world.floor, self.world.switch.core
        found = set()
        for contact in floor.contacts.values():
            visit, leg = contact.visit, core.legs.get(contact.id)
            is_said = contact.last_words in floor.after_speech
            is_out = leg is not None and (leg.joint or leg.context in (FALLBACK, OUTBOUND))
            is_served = {
                CallState.IVR: visit is not None and (visit.speech or visit.silence),
                CallState.ARRIVING: is_said,
                CallState.ENDING: is_said,
                CallState.VOICEMAIL: contact.id in floor.voicemail.messages,
                CallState.LEAVING: is_out,
                CallState.PARTING: False,
            }
            if not is_served.get(contact.state, True):
                found.add((contact.id, contact.state))
        return found

    def check_records(self) -> None:
        """On disk, where it counts: each contact once, and what is told of it adds up."""
        world = self.world
        world.writer.flush()
        assert not world.writer.trouble, world.writer.trouble
        assert not world.journal.lost
        records = load(world.directory / "cdr")
        contacts = [f for f in records.facts(Row.CONTACT) if isinstance(f, ContactClosed)]
        times = Counter(row.contact for row in contacts)
        doubled = [id_ for id_, n in times.items() if n > 1]
        assert not doubled, f"more than one record: {doubled}"
        missing = (world.known | world.came) - times.keys()
        assert not missing, f"no record: {missing}"
        told = [f for f in world.facts if isinstance(f, LegClosed)]
        legs = [f for f in records.facts(Row.LEG) if isinstance(f, LegClosed)]
        assert len(legs) == len(told), "legs on disk and legs told"
        for leg in legs:
            assert leg.start_us <= leg.end_us, leg
        agents = [f for f in records.facts(Row.AGENT) if isinstance(f, AgentInterval)]
        assert all(row.start_us < row.end_us for row in agents)
        self.outcome.recovered = sum(row.recovered for row in contacts)


def tell(seed: int) -> Outcome:
    """Raises whatever breaks, with the seed and the last deeds in notes."""
    disk = Disk(Random(f"disk {seed}"))
    story = None
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ccore-chaos-")))
        stack.enter_context(disk.under())
        try:
            story = Story(seed, directory, disk)
            story.run()
        except Exception as error:
            error.add_note(f"seed {seed}: python -m tests.chaos --start {seed} --seeds 1")
            if story is not None:
                error.add_note("\n".join(story.deeds[-40:]))
            raise
        finally:
            disk.is_full = False
            if story is not None and not story.world.is_dead:
                story.world.kill()
    return story.outcome
