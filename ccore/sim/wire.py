"""Event-socket bytes as a switch writes and reads them.

Commands end at a blank line; a line feed before a command is swallowed (clients use it to wake the
switch). A `Content-Length` among a command's headers announces a body. Frames the other way carry
their length outside; values inside a plain event are percent-encoded.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

__all__ = [
    "AUTH_REQUEST",
    "GOODBYE",
    "REJECTION",
    "CommandReader",
    "Order",
    "api_response",
    "encode",
    "event_frame",
    "job_reply",
    "reply",
]

# A real switch cuts a command here and takes what it has.
MAX_COMMAND_BYTES = 64 * 1024
# Bodies of commands are sendmsg arguments; nobody sends more. A longer one closes the connection.
MAX_BODY_BYTES = 1024 * 1024

AUTH_REQUEST = b"Content-Type: auth/request\n\n"
_GOODBYE_TEXT = b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
GOODBYE = (
    b"Content-Type: text/disconnect-notice\nContent-Length: %d\n\n" % len(_GOODBYE_TEXT)
) + _GOODBYE_TEXT
_REJECTION_TEXT = b"Access Denied, go away.\n"
REJECTION = (
    b"Content-Type: text/rude-rejection\nContent-Length: %d\n\n" % len(_REJECTION_TEXT)
) + _REJECTION_TEXT

_PLAIN = re.compile(r"[A-Za-z0-9_./,()*!~$'-]*").fullmatch
# What looks encoded already is passed on as it is: a property of the switch, not of this file.
_UNSAFE = re.compile(rb"%[0-9A-F]{2}|[^A-Za-z0-9_./,()*!~$'-]")


@lru_cache(8192)
def encode(value: str) -> bytes:
    """Percent-encode one header value as a plain event carries it."""
    if _PLAIN(value):
        return value.encode() or b"_undef_"
    raw = value.encode("utf-8", "surrogateescape")
    return _UNSAFE.sub(lambda m: m[0] if len(m[0]) == 3 else b"%%%02X" % m[0][0], raw)


def reply(text: str) -> bytes:
    return b"Content-Type: command/reply\nReply-Text: %b\n\n" % _line(text)


def job_reply(job: str) -> bytes:
    uuid = _line(job)
    head = b"Content-Type: command/reply\nReply-Text: +OK Job-UUID: %b\nJob-UUID: %b\n\n"
    return head % (uuid, uuid)


def api_response(text: str) -> bytes:
    body = text.encode("utf-8", "surrogateescape")
    return b"Content-Type: api/response\nContent-Length: %d\n\n%b" % (len(body), body)


def event_frame(body: bytes, kind: bytes = b"plain") -> bytes:
    head = b"Content-Length: %d\nContent-Type: text/event-%b\n\n" % (len(body), kind)
    return head + body


def _line(text: str) -> bytes:
    return text.replace("\n", " ").encode("utf-8", "surrogateescape")


@dataclass(slots=True)
class Order:
    """One command as it stood on the wire. Header names are in lower case."""

    line: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


class CommandReader:
    """Cuts a client's bytes into orders. `broken` is set when no sense can be made of them."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._waiting: Order | None = None  # its body has not come yet
        self._missing = 0
        self.broken = False

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next(self) -> Order | None:
        while not self.broken:
            if self._waiting is not None:
                if len(self._buffer) < self._missing:
                    return None
                order, self._waiting = self._waiting, None
                order.body = _text(self._take(self._missing))
                return order
            self._skip_newlines()
            head = self._head()
            if head is None:
                return None
            order = _parse(head)
            length = order.headers.get("content-length", "0").strip()
            if not length.isdecimal() or int(length) == 0:
                return order
            if int(length) > MAX_BODY_BYTES:
                self.broken = True
                return None
            self._waiting, self._missing = order, int(length)
        return None

    def _skip_newlines(self) -> None:
        buffer = self._buffer
        start = 0
        while start < len(buffer) and buffer[start] in b"\r\n":
            start += 1
        del buffer[:start]

    def _head(self) -> bytes | None:
        """Two line feeds in a row end a command; carriage returns between them do not count."""
        match = re.search(rb"\n\r*\n", self._buffer)
        if match is not None:
            return self._take(match.end())
        if len(self._buffer) >= MAX_COMMAND_BYTES:
            return self._take(MAX_COMMAND_BYTES)
        return None

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


def _parse(head: bytes) -> Order:
    lines = [line for line in re.split(r"[\r\n]+", _text(head)) if line]
    order = Order(lines[0] if lines else "")
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            order.headers.setdefault(name.lower(), value.lstrip(" "))
    return order


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
