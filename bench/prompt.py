"""From an event on a real FreeSWITCH to our handler: at rest, after a command, while calls wait.

The switch looks at a connection's events every 20 ms, or when a byte comes. A second process makes
it fire events at random moments (`sendevent`), and ours, with the daemon's own link, notes when its
handler has each. The clock starts before the order to fire is written, so what is told holds the
switch's reading of that order (0.2 to 0.4 ms) and is an upper bound. The switch's own stamp is of
no use here: it moves on every 20 ms.
"""

import json
import os
import random
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gevent
from gevent import subprocess
from gevent.event import Event as Flag

from bench.figures import Latency, as_urgent_as_the_switch, latency
from ccore.config.schema import Switch
from ccore.daemon.clock import Clock
from ccore.daemon.links import NodeLink
from ccore.errors import CcoreError
from ccore.model import DigitPressed, Event, LinkUp
from tests.calm import Watch
from tests.real.switch import Ports, RealSwitch
from tests.real.wire import Wire

__all__ = ["PromptRun", "Rest", "run"]

PORTS = Ports.at(38_000)
ROOT = Path(__file__).parent.parent
EVENTS = 400
LEAST_S, MOST_S = 0.004, 0.026  # between two events: out of step with every clock
PATIENCE_S = 60.0
IDLE_S = 5.0


@dataclass(frozen=True, slots=True)
class Rest:
    """Shares of one core while nothing happens."""

    ours: float
    switch: float


@dataclass(frozen=True, slots=True)
class PromptRun:
    switch: str
    at_rest: Latency  # nobody waits: the switch's own 20 ms
    after_command: Latency  # the event that our own command brings
    while_waiting: Latency  # the metronome beats
    resting: Rest
    beating: Rest
    stolen: float  # share of the cores' time that the host kept for others
    is_realtime: bool


class Listener:
    """The daemon's link, with a handler that looks at the clock."""

    def __init__(self, port: int, password: str) -> None:
        self.came_ns: dict[str, int] = {}
        self.trouble: CcoreError | None = None
        self._news = Flag()
        self._is_up = False
        self.node = NodeLink(
            "main",
            Switch(host="127.0.0.1", port=port, password=password),
            Clock(),
            self._deliver,
            "",
            self._refuse,
        )
        self.node.start()
        self.until(lambda: self._is_up)

    def _deliver(self, node: str, events: list[Event], came_us: int) -> None:
        now_ns = time.monotonic_ns()
        for event in events:
            if isinstance(event, DigitPressed):
                self.came_ns[event.leg] = now_ns
            self._is_up |= isinstance(event, LinkUp)
        self._news.set()

    def _refuse(self, error: CcoreError) -> None:
        self.trouble = error
        self._news.set()

    def until(self, is_so: Callable[[], bool]) -> None:
        with gevent.Timeout(PATIENCE_S):
            while not is_so():
                if self.trouble is not None:
                    raise self.trouble
                self._news.wait()
                self._news.clear()

    def commands(self, events: int) -> Latency:
        """Events that commands of our own bring."""
        sent_ns = {}
        for number in range(events):
            name = f"own-{number}"
            gevent.sleep(random.uniform(LEAST_S, MOST_S))
            sent_ns[name] = time.monotonic_ns()
            self.node.link.ask(_fire(name), lambda text: None)
            self.node.flush()
            self.until(lambda name=name: name in self.came_ns)  # type: ignore[misc]
        return self._latency(sent_ns)

    def presses(self, port: int, password: str, events: int) -> Latency:
        """Events that somebody else makes the switch fire."""
        command = [sys.executable, "-m", "bench.prompt", str(port), password, str(events)]
        told = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
        sent_ns = json.loads(told)
        self.until(lambda: sent_ns.keys() <= self.came_ns.keys())
        return self._latency(sent_ns)

    def _latency(self, sent_ns: dict[str, int]) -> Latency:
        return latency([(self.came_ns[name] - at) / 1000 for name, at in sent_ns.items()])


def run(root: Path, events: int = EVENTS) -> PromptRun:
    watch, is_realtime = Watch(), as_urgent_as_the_switch(0)
    with RealSwitch(root / "switch", PORTS) as switch:
        listener = Listener(switch.port, switch.password)
        try:
            at_rest = listener.presses(switch.port, switch.password, events)
            resting = _rest(switch.pid)
            after_command = listener.commands(events)
            listener.node.be_prompt(True)
            while_waiting = listener.presses(switch.port, switch.password, events)
            beating = _rest(switch.pid)
        finally:
            listener.node.stop()
        version = switch.api("version")[0].strip()
    return PromptRun(
        version,
        at_rest,
        after_command,
        while_waiting,
        resting,
        beating,
        watch.share(),
        is_realtime,
    )


def _rest(switch_pid: int) -> Rest:
    pids = (os.getpid(), switch_pid)
    began_s, before = time.monotonic(), [_cpu_s(pid) for pid in pids]
    gevent.sleep(IDLE_S)
    took_s = time.monotonic() - began_s
    ours, switch = ((_cpu_s(pid) - was) / took_s for pid, was in zip(pids, before, strict=True))
    return Rest(ours, switch)


def _cpu_s(pid: int) -> float:
    """To the nanosecond: what is measured here is less than a tick of /proc/PID/stat."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def _fire(name: str) -> str:
    return f"sendevent DTMF\nUnique-ID: {name}\nDTMF-Digit: 5"


def press(port: str, password: str, events: str) -> None:
    wire = Wire(int(port), password)
    wire.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    as_urgent_as_the_switch(0)
    sent_ns = {}
    for number in range(int(events)):
        time.sleep(random.uniform(LEAST_S, MOST_S))
        name = f"{os.getpid()}-{number}"
        sent_ns[name] = time.monotonic_ns()
        wire.call(_fire(name))
    wire.close()
    print(json.dumps(sent_ns))


if __name__ == "__main__":
    press(*sys.argv[1:])
