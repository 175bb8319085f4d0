"""Bytes of a real switch, and what the compiled codec and its plain twin make of bytes."""

import gzip
from collections.abc import Iterable
from pathlib import Path

from ccore.errors import ProtocolError
from ccore.esl._codec import EventView, FrameDecoder
from ccore.esl.plain import PlainDecoder, PlainView

__all__ = ["BOTH", "CAPTURES", "Decoder", "Seen", "capture", "cut", "take", "told"]

ROOT = Path(__file__).parent.parent.parent
CAPTURES = sorted((ROOT / "tests" / "data" / "esl").glob("*.s2c.gz"))
# Kept beside a checkout only: 50 calls at once, 5 MB.
BURST = ROOT.parent / "shared" / "esl-captures" / "burst_of_50_calls.s2c"
if BURST.exists():
    CAPTURES.append(BURST)

BOTH = (FrameDecoder, PlainDecoder)
Decoder = type[FrameDecoder] | type[PlainDecoder]
# Frames as (content type, body, head, reply), and how it ended.
Seen = tuple[list[tuple[bytes, bytes, dict[bytes, bytes], str]], str]


def capture(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def cut(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(at for at in cuts if at <= len(data)), len(data)]
    return [data[start:end] for start, end in zip(edges, edges[1:], strict=False)]


def take(make: Decoder, parts: Iterable[bytes], **limits: int) -> Seen:
    """Everything a decoder gives for these pieces. The frames before an error count."""
    decoder = make(**limits)
    seen = []
    try:
        for part in parts:
            for frame in decoder.feed(part):
                seen.append((frame.content_type, frame.body, frame.head, frame.reply))
    except ProtocolError as error:
        return seen, str(error)
    return seen, ""


def told(view: EventView | PlainView, names: Iterable[bytes] = ()) -> object:
    """Everything an event says, also of headers that it does not have."""
    try:
        headers = view.headers()
        asked = {name.encode("utf-8", "surrogateescape") for name in headers} | set(names)
        return (
            headers,
            view.body,
            view.ccore_variables(),
            {name: (view.get(name, "-"), view.int(name), view.array(name)) for name in asked},
            view.values(tuple(sorted(asked))),
        )
    except ProtocolError as error:
        return str(error)
