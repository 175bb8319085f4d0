"""Small scripted switches on loopback, and a daemon's link to one of them."""

from collections.abc import Callable

import gevent
from gevent import socket
from gevent.event import Event as Flag

from ccore.config.schema import Switch
from ccore.daemon.clock import Clock
from ccore.daemon.links import NodeLink
from ccore.errors import CcoreError
from ccore.model import Event

__all__ = [
    "ACCEPTED",
    "AUTH",
    "PATIENCE_S",
    "Script",
    "Serve",
    "Watched",
    "answer",
    "api",
    "event",
    "healthy",
    "logged_in",
]

PATIENCE_S = 60
AUTH = b"Content-Type: auth/request\n\n"
ACCEPTED = b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n"

Script = Callable[[socket.socket, int], None]  # what a switch does with its so manieth connection
Serve = Callable[[Script], int]  # gives the port


def event(*lines: str, body: str = "") -> bytes:
    inner = f"Content-Length: {len(body)}\n\n{body}" if body else "\n"
    raw = ("\n".join(lines) + "\n" + inner).encode()
    return b"Content-Length: %d\nContent-Type: text/event-plain\n\n%b" % (len(raw), raw)


def api(text: bytes) -> bytes:
    return b"Content-Type: api/response\nContent-Length: %d\n\n%b" % (len(text), text)


class Watched:
    """A daemon's link to a scripted switch, and what it tells the runner."""

    def __init__(self, port: int, daemon_id: str = "") -> None:
        self.events: list[Event] = []
        self.refusals: list[CcoreError] = []
        self._news = Flag()
        switch = Switch(host="127.0.0.1", port=port, password="pear")
        self.node = NodeLink("main", switch, Clock(), self._deliver, daemon_id, self._refuse)
        self.node.start()

    def _deliver(self, node: str, events: list[Event], came_us: int) -> None:
        self.events += events
        self._news.set()

    def _refuse(self, error: CcoreError) -> None:
        self.refusals.append(error)
        self._news.set()

    def until(self, kind: type) -> Event:
        with gevent.Timeout(PATIENCE_S):
            while True:
                for each in self.events:
                    if isinstance(each, kind):
                        return each
                self._news.wait()
                self._news.clear()


def logged_in(sock: socket.socket) -> None:
    sock.sendall(AUTH)
    sock.recv(1000)
    sock.sendall(ACCEPTED)


def healthy(sock: socket.socket) -> None:
    """Log in and answer what a link asks when it comes up."""
    logged_in(sock)
    decoder = ""
    while data := sock.recv(65_536):
        decoder += data.decode()
        while "\n\n" in decoder:
            line, _, decoder = decoder.lstrip("\n").partition("\n\n")
            sock.sendall(answer(line))


def answer(line: str) -> bytes:
    match line:
        case "api version":
            return api(b"FreeSWITCH Version 1.10.12-release")
        case "api global_getvar core_uuid":
            return api(b"core-1")
        case "api show channels as json":
            return api(b'{"row_count":0}')
        case "":
            return b""
        case _ if line.startswith("api "):
            return api(b"+OK\n")
        case _:
            return b"Content-Type: command/reply\nReply-Text: +OK\n\n"
