"""Bytes of a real switch, and bytes of nobody, through the decoder."""

import gzip
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccore.errors import ProtocolError
from ccore.esl import EventView, FrameDecoder, translate
from ccore.model import JobDone, LegHungUp

DATA = Path(__file__).parent.parent / "data" / "esl"
CAPTURES = sorted(DATA.glob("*.s2c.gz"))


def frames(data: bytes, *cuts: int) -> list[tuple[bytes, bytes]]:
    decoder = FrameDecoder()
    edges = [0, *sorted(cuts), len(data)]
    return [
        (frame.content_type, frame.body)
        for start, end in zip(edges, edges[1:], strict=False)
        for frame in decoder.feed(data[start:end])
    ]


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.name.split(".")[0])
def test_fed_whole_byte_by_byte_and_in_halves_is_the_same(capture: Path) -> None:
    data = gzip.decompress(capture.read_bytes())
    whole = frames(data)
    assert whole[0][0] == b"auth/request"
    start = data[:20_000]
    bytewise = frames(start, *range(1, len(start)))
    assert bytewise == frames(start)
    assert frames(data, len(data) // 2) == whole


def words(name: str) -> list[object]:
    data = gzip.decompress(
        next(path for path in CAPTURES if path.name.startswith(name)).read_bytes()
    )
    views = [EventView(body) for kind, body in frames(data) if kind == b"text/event-plain"]
    return [word for view in views if (word := translate(view)) is not None]


def test_a_busy_agent_is_told_by_job_and_by_leg() -> None:
    said = words("agent_busy")
    (job,) = [word for word in said if isinstance(word, JobDone)]
    assert (job.ok, job.text) == (False, "USER_BUSY")
    assert "USER_BUSY" in [word.cause for word in said if isinstance(word, LegHungUp)]


def test_who_hung_up_is_known() -> None:
    legs = {
        name: [word.by_phone for word in words(name) if isinstance(word, LegHungUp)]
        for name in (
            "queue_bridge_record_caller_hangs_up",
            "answer_then_controller_hangs_up",
        )
    }
    assert True in legs["queue_bridge_record_caller_hangs_up"]
    assert legs["answer_then_controller_hangs_up"] == [False]


def test_a_header_with_line_breaks_forges_nothing() -> None:
    """The capture holds a SIP header whose value ends its line and begins a frame of its own."""
    data = gzip.decompress((DATA / "hostile_caller_id.s2c.gz").read_bytes())
    views = [EventView(body) for kind, body in frames(data) if kind == b"text/event-plain"]
    evil = [view for view in views if view.get(b"variable_sip_h_X-Evil")]
    assert evil
    assert {view.get(b"variable_sip_h_X-Evil") for view in evil} == {"a\n\nContent-Length: 5"}
    assert {len(view.get(b"Unique-ID")) for view in evil} == {36}
    assert {view.body for view in evil} == {""}


@given(name=st.text(max_size=200))
def test_any_value_comes_back_and_stays_a_value(name: str) -> None:
    raw = (
        "Event-Name: CHANNEL_PARK\nUnique-ID: real\n"
        f"Caller-Caller-ID-Name: {quote(name, safe='')}\nvariable_ccore_x: y\n\n"
    ).encode()
    view = EventView(raw)
    assert view.get(b"Caller-Caller-ID-Name") == name
    assert view.get(b"Unique-ID") == "real"
    assert view.ccore_variables() == {"x": "y"}


def test_headers_are_not_looked_for_in_a_jobs_result() -> None:
    raw = b"Event-Name: BACKGROUND_JOB\nContent-Length: 18\n\nUnique-ID: forged\n"
    view = EventView(raw)
    assert view.get(b"Unique-ID") == ""
    assert view.body == "Unique-ID: forged\n"


@given(data=st.binary(max_size=400), cut=st.integers(0, 400))
def test_any_bytes_are_frames_or_one_error(data: bytes, cut: int) -> None:
    decoder = FrameDecoder()
    try:
        for part in (data[:cut], data[cut:]):
            for frame in decoder.feed(part):
                translate(EventView(frame.body))
    except ProtocolError:
        pass


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Length: -1\n\n",
        b"Content-Length: 99999999999\n\n",
        b"Content-Length: 1e3\n\n",
        b"no colon at all\n\n",
        b"x" * 70_000,
        b"A: " + b"x" * 70_000 + b"\n\n",
    ],
)
def test_a_broken_peer_costs_a_bounded_buffer(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        list(FrameDecoder().feed(data))
