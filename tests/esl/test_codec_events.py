"""What an event says: repeated headers, several values, results of jobs, broken text, JSON."""

import json

import pytest

from ccore.errors import ProtocolError
from ccore.esl._codec import EventView, FrameDecoder
from ccore.esl.plain import PlainDecoder, PlainView

Views = type[EventView] | type[PlainView]
both = pytest.mark.parametrize("make", [EventView, PlainView])


@both
def test_the_first_of_a_repeated_header_is_meant(make: Views) -> None:
    view = make(b"Hangup-Cause: NORMAL\nA: 1\nHangup-Cause: FORGED\n\n")
    assert view.get(b"Hangup-Cause") == "NORMAL"
    assert view.headers() == {"Hangup-Cause": "NORMAL", "A": "1"}


@both
def test_a_name_is_not_found_inside_another_or_inside_a_value(make: Views) -> None:
    view = make(b"Other-Leg-Unique-ID: a\nX: Unique-ID: b\nUnique-ID-2: c\nUnique-ID: d\n\n")
    assert view.get(b"Unique-ID") == "d"
    assert view.get(b"ID") == ""


@both
def test_values_of_several_lines_and_of_any_bytes(make: Views) -> None:
    view = make(b"sdp: v=0%0D%0Ao=-%0D%0A\nname: %E5%BC%A0\nlatin: caf%E9\nraw: \xe9 100% %4\n\n")
    assert view.get(b"sdp") == "v=0\r\no=-\r\n"
    assert view.get(b"name") == "张"
    assert view.get(b"latin").encode("utf-8", "surrogateescape") == b"caf\xe9"
    assert view.get(b"raw").encode("utf-8", "surrogateescape") == b"\xe9 100% %4"


@both
def test_a_long_value_is_decoded_whole(make: Views) -> None:
    view = make(b"long: " + b"%41b" * 5_000 + b"\nnext: 1\n\n")
    assert view.get(b"long") == "Ab" * 5_000
    assert view.int(b"next") == 1


@both
def test_a_header_of_several_values(make: Views) -> None:
    view = make(b"many: ARRAY%3A%3Aone%7C%3Atwo%20words%7C%3A\none: 1\nempty: \n\n")
    assert view.get(b"many") == "ARRAY::one|:two words|:"
    assert view.array(b"many") == ["one", "two words", ""]
    assert view.array(b"one") == ["1"]
    assert view.array(b"empty") == view.array(b"none") == []


@both
@pytest.mark.parametrize(
    ("written", "number"),
    [(b"42", 42), (b"-1", 0), (b"1e3", 0), (b"", 0), (b"%34%32", 42), (b"9" * 5_000, 0)],
)
def test_numbers(make: Views, written: bytes, number: int) -> None:
    assert make(b"n: " + written + b"\n\n").int(b"n") == number


@both
def test_a_jobs_result_is_as_long_as_its_last_header_says(make: Views) -> None:
    head = b"Content-Length: 99\nJob-Command: x\nContent-Length: 7\n\n"
    view = make(head + b"+OK 100% and more")
    assert view.body == "+OK 100"
    assert make(b"Content-Length: 99\n\n+OK").body == "+OK"
    assert make(b"A: b\n\nContent-Length: 2\n\nab").body == ""


def test_json_tells_what_a_plain_event_tells() -> None:
    plain = (
        b"Event-Name: CHANNEL_PARK\nvariable_ccore_entry: 4001\nEvent-Date-Timestamp: 17\n"
        b"many: ARRAY%3A%3Aa%7C%3Ab\nname: a%22%0Ab\nContent-Length: 3\n\n+OK"
    )
    written = json.dumps(
        {
            "Event-Name": "CHANNEL_PARK",
            "variable_ccore_entry": "4001",
            "Event-Date-Timestamp": "17",
            "many": ["a", "b"],
            "name": 'a"\nb',
            "Content-Length": "3",
            "_body": "+OK",
        }
    ).encode()
    for make in (EventView, PlainView):
        one, other = make(plain), make(written, True)
        assert one.headers() == other.headers()
        assert one.body == other.body == "+OK"
        assert one.ccore_variables() == other.ccore_variables() == {"entry": "4001"}
        assert one.int(b"Event-Date-Timestamp") == other.int(b"Event-Date-Timestamp") == 17
        assert one.array(b"many") == other.array(b"many") == ["a", "b"]


def test_the_outer_head_says_whether_an_event_is_json() -> None:
    body = b'{"Event-Name": "HEARTBEAT"}'
    for make in (FrameDecoder, PlainDecoder):
        for kind, name in ((b"json", "HEARTBEAT"), (b"plain", "")):
            head = b"Content-Length: %d\nContent-Type: text/event-%s\n\n" % (len(body), kind)
            (frame,) = make().feed(head + body)
            assert frame.event().get(b"Event-Name") == name


@both
@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"a": 1,}', b"\x00", b"null"])
def test_json_that_is_none_is_one_error(make: Views, raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        make(raw, True).get(b"Event-Name")
