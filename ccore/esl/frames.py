"""Bytes of an event socket to frames, without sockets.

A frame is header lines, a blank line and, if there is a Content-Length, a body. The body of a
text/event-plain frame is header lines again, with percent-encoded values, and may carry one more
body behind its own blank line.

Two rules keep a caller from forging anything: structure comes from the outer frame alone, and a
value is decoded only after its line has been cut out.
"""

from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from ccore.errors import ProtocolError

__all__ = ["MAX_BODY_BYTES", "MAX_HEAD_BYTES", "EventView", "Frame", "FrameDecoder"]

# Outer heads seen on a real switch stay below 200 bytes; 64 KiB is what a broken peer may cost us.
MAX_HEAD_BYTES = 64 * 1024
# `show channels as json` is 700 bytes a leg: room for 45,000 legs in one reply.
MAX_BODY_BYTES = 32 * 1024 * 1024

_VARIABLE = b"\nvariable_ccore_"


def _text(raw: bytes) -> str:
    if b"%" in raw:
        raw = unquote_to_bytes(raw)
    elif raw.isascii():
        return raw.decode("ascii")
    return raw.decode("utf-8", "surrogateescape")


class Frame:
    """One outer frame. `head` maps header names to undecoded values; the first of a name wins."""

    __slots__ = ("body", "content_type", "head")

    def __init__(self, head: dict[bytes, bytes], body: bytes) -> None:
        self.head = head
        self.content_type = head.get(b"Content-Type", b"")
        self.body = body

    @property
    def reply(self) -> str:
        return _text(self.head.get(b"Reply-Text", b""))


class EventView:
    """A text/event-plain body whose headers are found and decoded only when asked for."""

    __slots__ = ("_head", "_raw")

    def __init__(self, raw: bytes) -> None:
        end = raw.find(b"\n\n")
        # A line feed before and behind every header, the first and the last too.
        self._head = b"\n" + (raw + b"\n" if end < 0 else raw[: end + 1])
        self._raw = raw

    def get(self, name: bytes, default: str = "") -> str:
        head = self._head
        at = head.find(b"\n" + name + b": ")
        if at < 0:
            return default
        at += len(name) + 3
        # `head` ends in a line feed.
        return _text(head[at : head.find(b"\n", at)])

    def int(self, name: bytes) -> int:
        value = self.get(name)
        return int(value) if value.isascii() and value.isdigit() else 0

    def ccore_variables(self) -> dict[str, str]:
        """The channel's `ccore_*` variables, without that prefix."""
        found: dict[str, str] = {}
        head = self._head
        at = head.find(_VARIABLE)
        while at >= 0:
            start = at + len(_VARIABLE)
            end = head.find(b"\n", start)
            name, _, value = head[start:end].partition(b": ")
            found.setdefault(_text(name), _text(value))
            at = head.find(_VARIABLE, end)
        return found

    @property
    def body(self) -> str:
        """The inner body (result of a background job); "" if there is none."""
        key = b"\nContent-Length: "
        at = self._head.rfind(key)
        if at < 0:
            return ""
        end = self._head.find(b"\n", at + 1)
        digits = self._head[at + len(key) : end if end >= 0 else None]
        if not digits.isdigit():
            return ""
        start = len(self._head)  # `_head` has one line feed more in front, `_raw` one blank line
        return self._raw[start : start + int(digits)].decode("utf-8", "surrogateescape")


class FrameDecoder:
    """Feed bytes as they come; whole frames come out, in order.

    Raises ProtocolError for bytes that can be no frame; the decoder is of no use afterwards.
    Memory is bounded by MAX_HEAD_BYTES + MAX_BODY_BYTES beside what one `feed` brings.
    """

    __slots__ = ("_body_bytes", "_buffer", "_head")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: dict[bytes, bytes] | None = None
        self._body_bytes = 0

    def feed(self, data: bytes) -> Iterator[Frame]:
        buffer = self._buffer
        buffer += data
        at = 0
        try:
            while True:
                if self._head is None:
                    while at < len(buffer) and buffer[at] == 10:  # blank lines between frames
                        at += 1
                    end = buffer.find(b"\n\n", at)
                    if end < 0:
                        if len(buffer) - at > MAX_HEAD_BYTES:
                            raise ProtocolError(what=f"a head beyond {MAX_HEAD_BYTES} bytes")
                        return
                    if end - at > MAX_HEAD_BYTES:
                        raise ProtocolError(what=f"a head beyond {MAX_HEAD_BYTES} bytes")
                    self._head = _parse_head(bytes(buffer[at:end]))
                    self._body_bytes = _content_length(self._head)
                    at = end + 2
                if len(buffer) - at < self._body_bytes:
                    return
                frame = Frame(self._head, bytes(buffer[at : at + self._body_bytes]))
                at += self._body_bytes
                self._head = None
                yield frame
        finally:
            del buffer[:at]


def _parse_head(block: bytes) -> dict[bytes, bytes]:
    head: dict[bytes, bytes] = {}
    for line in block.split(b"\n"):
        name, colon, value = line.partition(b": ")
        if not colon:
            name, colon, value = line.partition(b":")
        if not colon:
            raise ProtocolError(what=f"the header line {line[:60]!r}")
        head.setdefault(name, value.strip())
    return head


def _content_length(head: dict[bytes, bytes]) -> int:
    raw = head.get(b"Content-Length")
    if raw is None:
        return 0
    if not raw.isdigit() or int(raw) > MAX_BODY_BYTES:
        raise ProtocolError(what=f"Content-Length {raw[:20]!r}")
    return int(raw)
