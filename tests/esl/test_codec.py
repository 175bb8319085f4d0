"""The compiled codec against its plain twin: the same answer for any bytes, however they come."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ccore.errors import ProtocolError
from ccore.esl import EventView as InUse
from ccore.esl._codec import EventView, FrameDecoder
from ccore.esl.plain import PlainDecoder, PlainView
from tests.esl.captures import BOTH, CAPTURES, capture, cut, take, told

NAMES = (
    b"",
    b"A",
    b"Event-Name",
    b"Unique-ID",
    b"Content-Length",
    b"variable_ccore_x",
    b"Event-Date-Timestamp",
    b"a name that is longer than a register of sixteen bytes, and than two of them",
)
# Pieces that structure is made of, so that random bytes get somewhere.
PIECES = st.sampled_from(
    [
        b"\n",
        b"\n\n",
        b": ",
        b":",
        b"%",
        b"%0A",
        b"%0a%25",
        b"%C3%A9",
        b"\xff",
        b"Content-Length: 3\n",
        b"Content-Length:12\n",
        b"Content-Length: 99\n",
        b"Content-Length: 999999999999999999\n",
        b"Content-Length: " + b"1" * 30,
        b"Content-Type: text/event-plain\n",
        b"Content-Type: command/reply\n",
        b"Reply-Text: +OK \n",
        b"variable_ccore_",
        b"ARRAY::a|:b",
        b" ",
        b"\x0b",
        *(name + b": " for name in NAMES),
    ]
)
STREAMS = st.lists(PIECES | st.binary(max_size=20), max_size=40).map(b"".join)


def agree_on_events(bodies: list[bytes]) -> None:
    for body in bodies:
        assert told(EventView(body), NAMES) == told(PlainView(body), NAMES)


def test_what_was_built_is_what_is_used() -> None:
    assert InUse is EventView


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name.split(".")[0])
def test_of_a_real_switch_both_tell_the_same(path: Path) -> None:
    data = capture(path)
    seen, end = take(PlainDecoder, [data])
    assert end == ""
    rng = random.Random(path.name)
    for cuts in ([], [len(data) // 2], [rng.randrange(len(data)) for _ in range(100)]):
        assert take(FrameDecoder, cut(data, cuts)) == (seen, "")
    bodies = [body for kind, body, _, _ in seen if kind == b"text/event-plain"]
    agree_on_events(bodies[:: max(1, len(bodies) // 50)])


@pytest.mark.parametrize("path", CAPTURES[:3], ids=lambda path: path.name.split(".")[0])
def test_byte_by_byte_is_the_same_as_whole(path: Path) -> None:
    data = capture(path)[:30_000]
    whole = take(FrameDecoder, [data])
    assert len(whole[0]) > 1
    for make in BOTH:
        assert take(make, cut(data, range(len(data)))) == whole


@given(data=STREAMS, cuts=st.lists(st.integers(0, 400), max_size=6))
@example(data=b"A: " + b"x" * 47 + b"\n\n", cuts=[51])  # as long as a head may be
@example(data=b"A: " + b"x" * 48 + b"\n\n", cuts=[])
def test_any_bytes_are_the_same_to_both_however_they_are_cut(data: bytes, cuts: list[int]) -> None:
    limits = {"max_head_bytes": 50, "max_body_bytes": 99}
    whole = take(PlainDecoder, [data], **limits)
    for parts in (cut(data, []), cut(data, cuts), cut(data, range(len(data)))):
        for make in BOTH:
            assert take(make, parts, **limits) == whole
    agree_on_events([body for _, body, _, _ in whole[0]])


@given(raw=STREAMS)
def test_any_event_is_the_same_to_both(raw: bytes) -> None:
    agree_on_events([raw, b"Event-Name: X\n" + raw, raw + b"\n\n" + raw])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(raw=st.binary(max_size=40) | JSON.map(lambda told: json.dumps(told).encode()))
@example(raw=b"[" * 100_000)
@example(raw=b'{"a": ' + b"1" * 5_000 + b"}")
@example(raw=b'{"a": "\xff", "a": "second"}')
def test_any_json_is_the_same_to_both(raw: bytes) -> None:
    assert told(EventView(raw, True), NAMES) == told(PlainView(raw, True), NAMES)


@settings(deadline=None)
@given(data=STREAMS, sizes=st.lists(st.integers(1, 30), min_size=1, max_size=8))
def test_a_socket_may_put_bytes_in_itself(data: bytes, sizes: list[int]) -> None:
    for make in BOTH:
        decoder, at, bodies = make(), 0, []
        try:
            while at < len(data):
                size = sizes[at % len(sizes)]
                part = data[at : at + size]
                room = memoryview(decoder.room(size))
                room[: len(part)] = part
                room.release()
                for frame in decoder.filled(len(part)):
                    bodies.append(frame.body)
                at += size
        except ProtocolError:
            pass
        assert bodies == [body for _, body, _, _ in take(make, [data])[0]]
