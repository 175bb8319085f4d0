"""The tests' own event-socket client: small, and sharing nothing with ccore.esl.

One selector drives any number of connections without threads, so it works beside gevent and alone.
"""

import socket
from collections import deque
from collections.abc import Callable
from urllib.parse import unquote

__all__ = ["Wire", "WireError", "ask"]

Headers = dict[str, str]
Taker = Callable[[Headers, str], None]

READ_BYTES = 1 << 16
PATIENCE_S = 60.0  # a switch that says nothing for so long is stuck


class WireError(Exception):
    """The switch closed the connection or refused us."""


class Wire:
    """One connection. Replies go, in order, to whoever sent the command; events to `on_event`."""

    def __init__(self, port: int, password: str, on_event: Taker | None = None) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._on_event = on_event
        self._buffer = b""
        self._waiting: deque[Taker | None] = deque()
        self._greeted = False
        while not self._greeted:
            self.read()
        if "+OK" not in self.call(f"auth {password}")[0].get("Reply-Text", ""):
            raise WireError("wrong password")

    def send(self, command: str, taker: Taker | None = None) -> None:
        self._waiting.append(taker)
        self.sock.sendall(command.encode("utf-8", "surrogateescape") + b"\n\n")

    def nudge(self) -> None:
        """End the listener's nap, so that events come at once."""
        self.sock.sendall(b"\n")

    def call(self, command: str) -> tuple[Headers, str]:
        """Send and wait for the reply."""
        got: list[tuple[Headers, str]] = []
        self.send(command, lambda headers, body: got.append((headers, body)))
        while not got:
            self.read()
        return got[0]

    def api(self, command: str) -> str:
        return self.call(f"api {command}")[1].strip()

    def read(self) -> None:
        """Read what is there (waiting for the first byte) and hand out every whole frame."""
        data = self.sock.recv(READ_BYTES)
        if not data:
            raise WireError("the switch closed the connection")
        self._buffer += data
        while (frame := self._next()) is not None:
            headers, body = frame
            kind = headers.get("Content-Type", "")
            if kind == "auth/request":
                self._greeted = True
            elif kind == "text/event-plain":
                self._event(body)
            elif kind == "text/disconnect-notice":
                raise WireError("the switch said goodbye")
            elif self._waiting and (taker := self._waiting.popleft()) is not None:
                taker(headers, body.decode("utf-8", "surrogateescape"))

    def close(self) -> None:
        self.sock.close()

    def _next(self) -> tuple[Headers, bytes] | None:
        head, found, rest = self._buffer.partition(b"\n\n")
        if not found:
            return None
        headers = _headers(head)
        length = int(headers.get("Content-Length", "0"))
        if len(rest) < length:
            return None
        self._buffer = rest[length:]
        return headers, rest[:length]

    def _event(self, body: bytes) -> None:
        head, _, rest = body.partition(b"\n\n")
        event = {k: unquote(v, errors="surrogateescape") for k, v in _headers(head).items()}
        if self._on_event is not None:
            self._on_event(event, rest.decode("utf-8", "surrogateescape"))


def _headers(head: bytes) -> Headers:
    lines = head.decode("utf-8", "surrogateescape").strip("\n").split("\n")
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def ask(port: int, password: str, *commands: str) -> list[str]:
    """Connect, ask each api command, close."""
    wire = Wire(port, password)
    try:
        return [wire.api(command) for command in commands]
    finally:
        wire.close()
