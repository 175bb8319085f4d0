"""What a caller chooses (name, number, digits, headers) is data: never structure, anywhere."""

import json
import logging
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ccore.cli.text import as_json, one_line_json, safe
from ccore.daemon.logs import JsonFormatter, PlainFormatter
from ccore.errors import UnsafeValue
from ccore.esl.encode import encode
from ccore.floor.recording import file_name
from ccore.kpi.charts import Bar, bars
from ccore.model import Command, Hangup, Play, Ring, SetVariables, StartRecording, Transfer

# Each of these has broken something somewhere.
NASTY = [
    "",
    "\n\nEvent-Name: CHANNEL_HANGUP\n\n",
    "x\r\n\r\napi hupall\r\n\r\n",
    "%0A%0Aapi%20hupall%0A%0A",
    "',origination_uuid=1}user/1002@agents &park() '{a='",
    "${system(id)}",
    "$${hostname}",
    "[a=b]|user/1002",
    "^^:a=b:c=d",
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    "a/../../b",
    "\x1b[2J\x1b]0;root\x07",
    "\u202egnp.exe",
    "[red]x[/red][link=file:///etc/passwd]y[/link]",
    "<script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    "a\x00b",
    "\ud800",
    "\ufeff\u2028\u2029\x85",
    "a" * 5_000,
    "张伟\U0001f600",
    "=cmd|'/c calc'!A1",
    "'; drop table agents; --",
]
TEXTS = st.one_of(
    st.sampled_from(NASTY), st.text(max_size=60), st.text("%0aA\r\n,'{}&^$ ", max_size=12)
)
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def nasty(function):  # type: ignore[no-untyped-def]
    for text in NASTY:
        function = example(text)(function)
    return settings(max_examples=120, deadline=None)(function)


def commands(text: str) -> Iterator[Command]:
    """Every place of a command that something from outside might reach."""
    yield Ring("leg-1", "job-1", "user/1001@agents", 15, text, "13800138000")
    yield Ring("leg-1", "job-1", "user/1001@agents", 15, "Li", text)
    yield Ring("leg-1", "job-1", "user/1001@agents", 15, "Li", "1", variables={"queue": text})
    yield SetVariables("leg-1", {"entry": text})
    yield SetVariables("leg-1", {text: "1"})
    yield Hangup(text)
    yield Hangup("leg-1", text)
    yield StartRecording("leg-1", f"/recordings/{text}.wav")
    yield Play("leg-1", (f"/prompts/{text}.wav",), "app-1")
    yield Transfer("leg-1", text, "ccore-outbound")


@given(text=TEXTS)
@nasty
def test_no_command_becomes_two_and_no_originate_gets_a_second_target(text: str) -> None:
    for command in commands(text):
        try:
            data, replies = encode(command)
        except UnsafeValue:
            continue
        assert data.endswith(b"\n\n")
        assert data.count(b"\n\n") == replies
        assert b"\r" not in data
        assert b"\x00" not in data
        if isinstance(command, Ring):
            line = data.decode()
            assert line.count("&park()") == 1
            assert line.count("user/1001@agents") == 1
            assert line.startswith("bgapi originate {")
            _assert_one_group_of_variables(line)


@given(text=TEXTS)
@nasty
def test_no_name_or_number_keeps_an_agents_phone_from_ringing(text: str) -> None:
    """A refused command would be held against the agent, and the caller would reach nobody."""
    encode(Ring("leg-1", "job-1", "user/1001@agents", 15, text, text, variables={"contact": "c"}))


def _assert_one_group_of_variables(line: str) -> None:
    """The braces open once and close once, outside quotes nothing else is structure."""
    inside = line.removeprefix("bgapi originate ").partition("}user/1001@agents")[0]
    assert inside.count("{") == 1
    assert "}" not in inside
    assert "origination_uuid=leg-1" in inside
    assert inside.count("origination_uuid=") == 1
    assert "${" not in inside.replace("\\$", "")


@given(text=TEXTS)
@nasty
def test_no_name_of_a_recording_climbs_out_or_splits_a_command(text: str) -> None:
    pattern = "{day}/{queue}/{agent}/{called}/{contact}.wav"
    fields = {"day": text, "queue": text, "agent": text, "called": text, "contact": "c-1"}
    name = file_name(pattern, fields)
    assert re.fullmatch(r"[A-Za-z0-9_.\-/]+", name)
    assert not name.startswith("/")
    assert ".." not in name.split("/")
    assert name.endswith("c-1.wav")


@given(text=TEXTS)
@nasty
def test_no_log_line_becomes_two_and_no_terminal_obeys_it(text: str) -> None:
    record = logging.makeLogRecord(
        {"name": "ccore", "levelno": 30, "levelname": "WARNING", "msg": "from %s", "args": (text,)}
    )
    record.calling_name = text
    assert not CONTROL.search(PlainFormatter().format(record))
    line = JsonFormatter().format(record)
    assert line.isascii()
    assert "\n" not in line
    json.loads(line)


@given(text=TEXTS)
@nasty
def test_no_table_and_no_json_for_people_holds_what_a_terminal_obeys(text: str) -> None:
    assert not CONTROL.search(safe(text))
    assert not CONTROL.search(one_line_json({"name": text}))
    assert not CONTROL.search(as_json({"name": text}).replace("\n", ""))
    assert json.loads(one_line_json({"name": text})) == {"name": text}


class Tags(HTMLParser):
    """What is structure in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += [tag, *(name for name, _ in attrs)]


def structure(page: str) -> list[str]:
    tags = Tags()
    tags.feed(page)
    tags.close()
    return tags.seen


@given(text=TEXTS)
@nasty
def test_no_name_becomes_a_tag_of_a_chart(text: str) -> None:
    """`charts.bars` draws every bar's label and tip, which may hold names of queues and agents."""
    plain = bars([Bar("x", (3,), "x")], ["x"], title="x")
    drawn = bars([Bar(text, (3,), text)], [text], title=text)
    assert structure(drawn) == structure(plain)
