"""Links to several switches side by side: one that floods, stalls or dies holds up no other.

Fairness is counted in what the flooding one is given at a time, not in how long the others take: a
slow machine is slow for all.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator

import gevent
import pytest
from gevent import socket
from gevent.event import Event as Flag
from gevent.server import StreamServer

from ccore.cli.status_cmd import LINKS
from ccore.config.schema import Switch
from ccore.daemon.clock import Clock
from ccore.daemon.links import NodeLink
from ccore.errors import CcoreError
from ccore.model import AgentRegistered, DigitPressed, Event, LinkDown, LinkUp
from ccore.sim.server import SimServer, now_us
from ccore.sim.switch import SimSwitch

PATIENCE_S = 60
ROUNDS = 30
# Events of one turn: behind them every other link has its own.
MOST_AT_ONCE = 100

# A switch in a process of its own that presses keys as fast as the kernel takes them.
FLOOD = r"""
import socket, threading

def answer(line):
    if line.startswith("api version"):
        text = "FreeSWITCH Version 1.10.12"
    elif line.startswith("api global_getvar"):
        text = "core-flood"
    elif line.startswith("api show"):
        text = '{"row_count":0}'
    else:
        return "Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
    return f"Content-Type: api/response\nContent-Length: {len(text)}\n\n{text}"

def serve(sock):
    sock.sendall(b"Content-Type: auth/request\n\n")
    data = ""
    while piece := sock.recv(4096):
        *lines, data = (data + piece.decode()).split("\n\n")
        for line in lines:
            sock.sendall(answer(line.lstrip("\n")).encode())
            if "event plain" in line:
                flood(sock)

def flood(sock):
    body = b"Event-Name: DTMF\nUnique-ID: leg\nDTMF-Digit: 5\nFill: " + b"x" * 1000 + b"\n\n"
    event = b"Content-Length: %d\nContent-Type: text/event-plain\n\n%b" % (len(body), body)
    while True:
        sock.sendall(event * 100)

server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""


class Hearing:
    """Several links of one daemon and what they tell its runner."""

    def __init__(self) -> None:
        self.links: dict[str, NodeLink] = {}
        self.up: set[str] = set()
        self.down: set[str] = set()
        self.digits = 0
        self.most_at_once = 0
        self.registered: dict[str, int] = {}
        self.news = Flag()

    def add(self, node: str, port: int) -> NodeLink:
        switch = Switch(host="127.0.0.1", port=port, password="pear")
        link = NodeLink(node, switch, Clock(), self._deliver, "", self._refuse)
        self.links[node] = link
        link.start()
        return link

    def _deliver(self, node: str, events: list[Event], came_us: int) -> None:
        for event in events:
            match event:
                case LinkUp():
                    self.up.add(node)
                case LinkDown():
                    self.down.add(node)
                case DigitPressed():
                    self.most_at_once = max(self.most_at_once, len(events))
                    self.digits += 1
                case AgentRegistered():
                    self.registered[node] = int(event.user)
        self.news.set()

    def _refuse(self, error: CcoreError) -> None:
        raise AssertionError(error)

    def until(self, is_so: Callable[[], object]) -> None:
        with gevent.Timeout(PATIENCE_S):
            while not is_so():
                self.news.wait()
                self.news.clear()

    def round_trip(self, node: str, server: SimServer, number: int) -> None:
        """An event of a switch, a command to it and its reply."""
        server.act(f"agent:{number}", "register")
        self.until(lambda: self.registered.get(node) == number)
        replies: list[str] = []
        self.links[node].link.ask("api version", replies.append)
        self.links[node].flush()
        with gevent.Timeout(PATIENCE_S):
            while not replies:
                gevent.sleep(0)


@pytest.fixture
def hearing() -> Iterator[Hearing]:
    found = Hearing()
    yield found
    for link in found.links.values():
        link.stop()


@pytest.fixture
def healthy() -> Iterator[list[SimServer]]:
    servers = [SimServer(SimSwitch(password="pear", now_us=now_us(), seed=n)) for n in range(3)]
    for server in servers:
        server.start()
    yield servers
    for server in servers:
        server.stop()


@pytest.fixture
def flooding() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", FLOOD], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield int(process.stdout.readline())
    process.kill()
    process.communicate()


def test_a_switch_that_floods_leaves_the_others_their_turns(
    hearing: Hearing, healthy: list[SimServer], flooding: int
) -> None:
    names = [f"healthy-{number}" for number in range(len(healthy))]
    hearing.add("flooding", flooding)
    hearing.until(lambda: "flooding" in hearing.up and hearing.digits > 1_000)
    for name, server in zip(names, healthy, strict=True):
        hearing.add(name, server.port)
    hearing.until(lambda: hearing.up >= set(names))
    hearing.most_at_once = 0  # what came before the link was up came at once
    for number in range(1, ROUNDS + 1):
        for name, server in zip(names, healthy, strict=True):
            hearing.round_trip(name, server, number)
    assert hearing.most_at_once <= MOST_AT_ONCE
    # It is not starved either.
    seen = hearing.digits
    hearing.until(lambda: hearing.digits > seen + 1_000)


def test_a_switch_that_stalls_or_dies_is_its_own_affair(
    hearing: Hearing, healthy: list[SimServer]
) -> None:
    stalled: list[socket.socket] = []

    def stall(sock: socket.socket, _: object) -> None:
        """Ask for a password, and then neither read nor say anything."""
        sock.sendall(b"Content-Type: auth/request\n\n")
        stalled.append(sock)
        Flag().wait()

    server = StreamServer(("127.0.0.1", 0), stall)
    server.start()
    dying = healthy.pop()
    try:
        hearing.add("stalled", server.server_port)
        hearing.add("dying", dying.port)
        hearing.add("absent", 1)
        for number, one in enumerate(healthy):
            hearing.add(f"healthy-{number}", one.port)
        hearing.until(lambda: hearing.up >= {"dying", "healthy-0", "healthy-1"} and stalled)
        for number in range(1, ROUNDS + 1):
            if number == ROUNDS // 2:
                dying.stop()
            for place, one in enumerate(healthy):
                hearing.round_trip(f"healthy-{place}", one, number)
        hearing.until(lambda: "dying" in hearing.down)
        assert hearing.down.isdisjoint({"healthy-0", "healthy-1"})
        # What an operator reads of them.
        rows = [{"name": name, **link.figures()} for name, link in hearing.links.items()]
        shown = {
            row["name"]: [str(column.cell(row)) for column in LINKS if column.title != "lag"]
            for row in rows
        }
        assert shown["healthy-0"][:2] == ["healthy-0", "up"]
        assert "0.0 MB" in shown["healthy-0"]
        assert all(row["trouble"] for row in rows if row["name"] in ("dying", "absent"))
    finally:
        server.stop()
