"""20,000 calls through codec and floor: simulated switch and callers, virtual time, one process.

Timed is the controller alone: from the switch's bytes to the bytes that go back to it. What the
simulated switch and its phones cost stays outside, and so do sockets and disk.
"""

import heapq
import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from time import thread_time_ns

from bench.centre import NODE, NUMBER, RING_S, TALK_S, agent_ids, centre
from bench.figures import Latency, latency
from ccore.config import parse
from ccore.esl import FrameDecoder, Link
from ccore.floor import Floor
from ccore.model import ContactClosed, Fact, LegParked, News, Outcome, Ring
from ccore.sim.switch import SimSwitch

__all__ = ["SimRun", "run"]

START_US = 1_795_300_000_000_000
EVENTS, COMMANDS = 1, 2  # the two connections
PASSWORD = "pear"


@dataclass(frozen=True, slots=True)
class SimRun:
    calls: int
    rate_per_s: float
    agents: int
    cpu_us_per_call: float
    calls_per_s: float  # that one core could steer
    events_per_call: float
    bytes_per_call: float
    park_to_offer: Latency  # the bytes of a park came -> the bytes of its offer leave


class World:
    def __init__(self, calls: int, rate_per_s: float, agents: int) -> None:
        rng = random.Random(7)
        self.now_us = START_US
        self.switch = SimSwitch(password=PASSWORD, now_us=START_US, seed=7)
        self.link = Link(NODE)
        self.floor = Floor(
            parse(centre(agents), "bench.toml"),
            lambda: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            START_US,
        )
        self.cpu_ns = 0
        self.delays_us: list[float] = []
        self.facts: list[Fact] = []
        self._plans: list[tuple[int, int, str, str]] = []  # at_us, order, phone, action
        self._order = 0
        for agent in agent_ids(agents):
            self.switch.act(f"agent:{agent}", "register", START_US)
        at_us = START_US + 1_000_000
        for number in range(1, calls + 1):
            self._plan(at_us, f"caller:{number}", "call")
            at_us += round(1e6 / rate_per_s)
        self._log_in()

    def _plan(self, at_us: int, phone: str, action: str) -> None:
        self._order += 1
        heapq.heappush(self._plans, (at_us, self._order, phone, action))

    def _log_in(self) -> None:
        for connection in (EVENTS, COMMANDS):
            self.switch.connect(connection, self.now_us)
            self.switch.receive(connection, f"auth {PASSWORD}\n\n".encode(), self.now_us)
        decoders = {EVENTS: FrameDecoder(), COMMANDS: FrameDecoder()}
        for connection, data in self.switch.take_output():
            list(decoders[connection].feed(data))  # the greeting
        self.link.opened(self.now_us)
        self._settle()

    def run(self) -> None:
        while self._plans or self.floor.contacts or self.switch.legs:
            dues = [self.switch.next_deadline(), self.floor.next_deadline()]
            dues.append(self._plans[0][0] if self._plans else None)
            self.now_us = max(self.now_us, min(due for due in dues if due is not None))
            while self._plans and self._plans[0][0] <= self.now_us:
                self._act(*heapq.heappop(self._plans)[2:])
            self.switch.on_deadline(self.now_us)
            self._settle()

    def _act(self, phone: str, action: str) -> None:
        if action == "call":
            calling = f"138{int(phone.partition(':')[2]):08d}"
            self.switch.act(phone, "call", self.now_us, called=NUMBER, calling=calling)
        else:
            self.switch.act(phone, action, self.now_us)

    def _settle(self) -> None:
        """Bytes back and forth until nobody has anything to say at this instant."""
        data: list[tuple[int, bytes]] = []
        while True:
            out = self._controller(data)
            for connection, said in out:
                self.switch.receive(connection, said, self.now_us)
            data = self.switch.take_output()
            self._react(self.switch.take_happenings())
            if not data and not out:
                return

    def _controller(self, data: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        """One turn of the controller, timed: what it does with these bytes, and what it says."""
        link, floor, now_us = self.link, self.floor, self.now_us
        began_ns = thread_time_ns()
        parked: set[str] = set()
        for connection, said in data:
            receive = link.receive_events if connection == EVENTS else link.receive_replies
            for event in receive(said, now_us):
                floor.handle(NODE, event, now_us)
                if type(event) is LegParked:
                    parked.add(event.leg)
        due_us = floor.next_deadline()
        if due_us is not None and due_us <= now_us:
            floor.on_deadline(now_us)
        offers = 0
        for _, command in floor.take_commands():
            link.send(command)
            if parked and type(command) is Ring and command.variables["contact"] in parked:
                offers += 1
        out = [(EVENTS, link.take_event_bytes()), (COMMANDS, link.take_command_bytes())]
        facts = floor.take_facts()
        took_ns = thread_time_ns() - began_ns
        self.cpu_ns += took_ns
        self.delays_us += [took_ns / 1000] * offers
        self.facts += (fact for fact in facts if not isinstance(fact, News))
        return [(connection, said) for connection, said in out if said]

    def _react(self, happenings: Iterable[tuple[int, str, str, str]]) -> None:
        for at_us, phone, what, _detail in happenings:
            if phone.startswith("agent:") and what == "ringing":
                self._plan(at_us + round(RING_S * 1e6), phone, "answer")
            elif phone.startswith("agent:") and what == "bridged":
                self._plan(at_us + round(TALK_S * 1e6), phone, "hangup")


def run(calls: int = 20_000, rate_per_s: float = 20, agents: int = 200) -> SimRun:
    world = World(calls, rate_per_s, agents)
    world.cpu_ns = 0  # reading the configuration and logging in belong to no call
    before = (world.link.received_events, world.link.received_bytes)
    world.run()
    check(world, calls)
    return SimRun(
        calls=calls,
        rate_per_s=rate_per_s,
        agents=agents,
        cpu_us_per_call=world.cpu_ns / 1000 / calls,
        calls_per_s=calls / (world.cpu_ns / 1e9),
        events_per_call=(world.link.received_events - before[0]) / calls,
        bytes_per_call=(world.link.received_bytes - before[1]) / calls,
        park_to_offer=latency(world.delays_us),
    )


def check(world: World, calls: int) -> None:
    """A fast controller that loses calls is none."""
    rows = [fact for fact in world.facts if isinstance(fact, ContactClosed)]
    answered = sum(row.outcome is Outcome.ANSWERED for row in rows)
    if len(rows) != calls or len({row.contact for row in rows}) != calls or answered != calls:
        raise AssertionError(f"{calls} calls gave {len(rows)} rows, {answered} answered")
    if len(world.delays_us) != calls:
        raise AssertionError(f"{calls} calls, {len(world.delays_us)} offered at once")
