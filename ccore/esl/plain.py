"""The codec in plain Python: says what `_codec` must do, and does it where that was not built.

A frame is header lines, a blank line and, if there is a Content-Length, a body. The body of a
text/event-plain frame is header lines again, with percent-encoded values, and may carry one more
body behind its own blank line.

Two rules keep a caller from forging anything: structure comes from the outer frame alone, and a
value is decoded only after its line has been cut out.
"""

from typing import Self
from urllib.parse import unquote_to_bytes

from ccore.errors import ProtocolError
from ccore.esl.json_event import ARRAY, BETWEEN, read_json
from ccore.esl.limits import MAX_BODY_BYTES, MAX_HEAD_BYTES, READ_BYTES

__all__ = ["PlainDecoder", "PlainFrame", "PlainView"]

MOST_DIGITS = 18  # of a number: what fits 64 bits whatever the digits

_LENGTH = b"\nContent-Length: "
_VARIABLE = b"variable_ccore_"


def _raw_text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _text(raw: bytes) -> str:
    return _raw_text(unquote_to_bytes(raw) if b"%" in raw else raw)


def _number(raw: bytes) -> int:
    """-1 if these bytes are no number."""
    return int(raw) if raw.isdigit() and len(raw) <= MOST_DIGITS else -1


class PlainView:
    """An event's bytes, whose headers are found and decoded only when asked for."""

    __slots__ = ("_head", "_is_json", "_told", "raw")

    def __init__(self, raw: bytes, is_json: bool = False) -> None:
        end = raw.find(b"\n\n")
        self.raw = raw
        self._head = b"\n" + (raw if end < 0 else raw[: end + 1])
        self._is_json = is_json
        self._told: tuple[dict[str, str], str] | None = None

    def _json(self) -> tuple[dict[str, str], str]:
        if self._told is None:
            self._told = read_json(self.raw)
        return self._told

    def get(self, name: bytes, default: str = "") -> str:
        """The value of the first header of that name."""
        if self._is_json:
            return self._json()[0].get(_raw_text(name), default)
        key = b"\n" + name + b": "
        at = self._head.find(key)
        if at < 0:
            return default
        at += len(key)
        end = self._head.find(b"\n", at)
        return _text(self._head[at : end if end >= 0 else None])

    def values(self, names: tuple[bytes, ...]) -> tuple[str, ...]:
        """Of several names, "" for those that are missing."""
        return tuple(self.get(name) for name in names)

    def int(self, name: bytes) -> int:
        """A header as a number; 0 if there is none, or it is none."""
        return max(0, _number(self.get(name).encode("utf-8", "surrogateescape")))

    def array(self, name: bytes) -> list[str]:
        """The values of a header that has several; a single value as a list of one."""
        value = self.get(name)
        if value.startswith(ARRAY):
            return value[len(ARRAY) :].split(BETWEEN)
        return [value] if value else []

    def headers(self) -> dict[str, str]:
        """All headers, decoded; the first of a name wins."""
        if self._is_json:
            return dict(self._json()[0])
        found: dict[str, str] = {}
        for line in self._head[1:].split(b"\n"):
            name, colon, value = line.partition(b": ")
            if colon:
                found.setdefault(_raw_text(name), _text(value))
        return found

    def ccore_variables(self) -> dict[str, str]:
        """The channel's `ccore_*` variables, without that prefix."""
        size = len(_VARIABLE)
        if self._is_json:
            prefix = _VARIABLE.decode()
            told = self._json()[0].items()
            return {name[size:]: value for name, value in told if name.startswith(prefix)}
        found: dict[str, str] = {}
        for line in self._head.split(b"\n"):
            if line.startswith(_VARIABLE):
                name, _, value = line[size:].partition(b": ")
                found.setdefault(_raw_text(name), _text(value))
        return found

    @property
    def body(self) -> str:
        """The inner body (result of a background job); "" if there is none."""
        if self._is_json:
            return self._json()[1]
        at = self._head.rfind(_LENGTH)
        if at < 0:
            return ""
        end = self._head.find(b"\n", at + 1)
        length = _number(self._head[at + len(_LENGTH) : end if end >= 0 else None])
        start = len(self._head)  # `_head` has one line feed more in front, `raw` one blank line
        return _raw_text(self.raw[start : start + max(0, length)])


class PlainFrame:
    """One outer frame. `head` maps header names to undecoded values; the first of a name wins."""

    __slots__ = ("body", "content_type", "head")

    def __init__(self, head: dict[bytes, bytes], body: bytes) -> None:
        self.head = head
        self.content_type = head.get(b"Content-Type", b"")
        self.body = body

    @property
    def reply(self) -> str:
        return _text(self.head.get(b"Reply-Text", b""))

    def event(self) -> PlainView:
        """What a frame of an event holds. The outer head alone says how it is written."""
        return PlainView(self.body, self.content_type == b"text/event-json")


class PlainDecoder:
    """Feed bytes as they come; whole frames come out, in order.

    Raises ProtocolError for bytes that can be no frame; the decoder is of no use afterwards.
    Memory is bounded by max_head_bytes + max_body_bytes beside what one `feed` brings, if the
    frames of each are taken.
    """

    def __init__(
        self, max_head_bytes: int = MAX_HEAD_BYTES, max_body_bytes: int = MAX_BODY_BYTES
    ) -> None:
        self._max_head_bytes = max_head_bytes
        self._max_body_bytes = max_body_bytes
        self._buffer = bytearray()
        self._at = 0  # bytes before are taken
        self._scanned = 0  # a head's end does not begin before this
        self._head: dict[bytes, bytes] | None = None  # of the frame whose body is to come
        self._body_bytes = 0
        self._room = bytearray()
        self._broken = ""

    @property
    def held_bytes(self) -> int:
        """The buffer's size."""
        return len(self._buffer)

    def feed(self, data: bytes | bytearray | memoryview) -> Self:
        """Frames that these bytes complete. Those not taken come with the next."""
        if not self._broken:
            self._buffer += data
        return self

    def room(self, size: int = READ_BYTES) -> bytearray:
        """Where a socket may put bytes itself, such as `n = sock.recv_into(decoder.room())`."""
        if len(self._room) < size:
            self._room = bytearray(size)
        return self._room

    def filled(self, size: int) -> Self:
        """As `feed`, of the first bytes of what `room` gave."""
        if not 0 <= size <= len(self._room):
            raise ValueError("more bytes than there was room for")
        with memoryview(self._room) as room:
            return self.feed(room[:size])

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> PlainFrame:
        if self._broken:
            raise ProtocolError(what=self._broken)
        if self._head is None:
            self._head = self._take_head()
        end = self._at + self._body_bytes
        if self._head is None or end > len(self._buffer):
            del self._buffer[: self._at]
            self._scanned -= self._at
            self._at = 0
            raise StopIteration
        frame = PlainFrame(self._head, bytes(self._buffer[self._at : end]))
        self._at = self._scanned = end
        self._head = None
        self._body_bytes = 0
        return frame

    def _take_head(self) -> dict[bytes, bytes] | None:
        buffer, most = self._buffer, self._max_head_bytes
        while self._at < len(buffer) and buffer[self._at] == 10:  # blank lines between frames
            self._at += 1
        end = buffer.find(b"\n\n", max(self._at, self._scanned))
        # Without an end one byte of leeway: it may be the first of the two line feeds of the end.
        size = len(buffer) - self._at - 1 if end < 0 else end - self._at
        if size > most:
            raise self._fail(f"a head beyond {most} bytes")
        if end < 0:
            self._scanned = max(self._at, len(buffer) - 1)
            return None
        head = self._parse_head(bytes(buffer[self._at : end]))
        self._at = self._scanned = end + 2
        self._body_bytes = self._content_length(head)
        return head

    def _parse_head(self, block: bytes) -> dict[bytes, bytes]:
        head: dict[bytes, bytes] = {}
        for line in block.split(b"\n"):
            name, colon, value = line.partition(b": ")
            if not colon:
                name, colon, value = line.partition(b":")
            if not colon:
                raise self._fail(f"the header line {line[:60]!r}")
            head.setdefault(name, value.strip())
        return head

    def _content_length(self, head: dict[bytes, bytes]) -> int:
        raw = head.get(b"Content-Length")
        if raw is None:
            return 0
        length = _number(raw)
        if not 0 <= length <= self._max_body_bytes:
            raise self._fail(f"Content-Length {raw[:20]!r}")
        return length

    def _fail(self, what: str) -> ProtocolError:
        self._broken = what
        self._buffer.clear()
        return ProtocolError(what=what)
