"""No value breaks out of its place, and what must get through does."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.errors import UnsafeValue
from ccore.esl import encode
from ccore.model import (
    ArmFallback,
    Bridge,
    Command,
    Hangup,
    Play,
    PlayMusic,
    RecordMessage,
    Ring,
    SetVariables,
    StartRecording,
    Transfer,
)
from ccore.sim.separate import braces, separate

ROOT = Path(__file__).parent.parent.parent / "ccore"


def ring(name: str, number: str = "13800000001", dial: str = "user/1001@agents") -> Ring:
    return Ring("leg-1", "job-1", dial, 15, name, number, {"contact": "leg-0"})


@given(name=st.text(max_size=80), number=st.text(max_size=20))
def test_a_callers_name_and_number_stay_in_their_places(name: str, number: str) -> None:
    data, replies = encode(ring(name, number))
    line, job, blank, end = data.decode().split("\n")
    assert (replies, job, blank, end) == (1, "Job-UUID: job-1", "", "")
    words = separate(line.removeprefix("bgapi originate "), " ", 10)
    assert words[1:] == ["&park()"]
    variables, dial = braces(words[0])
    assert dial == "user/1001@agents"
    assert variables.keys() - {"origination_caller_id_name"} == {
        "origination_uuid",
        "originate_timeout",
        "ignore_early_media",
        "rdnis",
        "origination_caller_id_number",
        "ccore_contact",
    }
    assert not set(variables.get("origination_caller_id_name", "")) & set('"{}[]\\$|<>\r\n\0')


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("李 小龙", "李 小龙"),
        ("O'Brien, Pat", "O'Brien, Pat"),
        ('Evil" <sip:x@y>', "Evil sip:x@y"),
        ("reload mod_event_socket", "reload mod event socket"),
        ("a\nUnique-ID: b", "a Unique-ID: b"),
    ],
)
def test_names_are_shown_as_they_are_as_far_as_phones_can(name: str, seen: str) -> None:
    line = encode(ring(name))[0].decode().partition("\n")[0]
    variables, _ = braces(separate(line.removeprefix("bgapi originate "), " ", 10)[0])
    assert variables["origination_caller_id_name"] == seen


NASTY = ["a\nb", "a\r\nb", "a\0b", "a b", "a,b", "a'b", 'a"b', "a{b", "a}b", "a;b=c", "a^b", "${x}"]


@pytest.mark.parametrize("value", NASTY)
def test_ids_that_could_break_out_are_refused(value: str) -> None:
    for command in (
        Hangup(value),
        Hangup("leg", value),
        Bridge("leg", value, "job"),
        Transfer("leg", value, "ccore-outbound"),
        SetVariables("leg", {value: "x"}),
        ring("x", dial=f"user/{value} &hangup()"),
    ):
        with pytest.raises(UnsafeValue):
            encode(command)


@pytest.mark.parametrize("value", ["a\nb", "a'b", 'a"b', "a\\b", "a\0b", "/x/${y}.wav", " /a.wav"])
def test_files_and_sources_that_could_break_out_are_refused(value: str) -> None:
    for command in (
        Play("leg", (value,), "app"),
        PlayMusic("leg", value),
        RecordMessage("leg", f"/r/{value}", 10, 3, "app"),
    ):
        if not (isinstance(command, RecordMessage) and value.startswith(" ")):
            with pytest.raises(UnsafeValue):
                encode(command)


def test_prompts_may_lie_in_a_directory_with_blanks() -> None:
    data, _ = encode(Play("leg", ("/my centre/a.wav", "/my centre/b.wav"), "app"))
    assert b"execute-app-arg: file_string:///my centre/a.wav!/my centre/b.wav\n" in data


def test_a_transfer_names_no_other_leg() -> None:
    with pytest.raises(UnsafeValue):
        encode(Transfer("leg", "-both", "ccore-outbound"))


def test_recordings_may_have_blanks_and_quotes_in_their_names() -> None:
    path = "/r/O'Brien, 1.wav"
    start, _ = encode(StartRecording("leg", path))
    assert separate(start.decode().strip().removeprefix("api uuid_record "), " ", 5) == [
        "leg",
        "start",
        path,
    ]
    with pytest.raises(UnsafeValue):
        encode(StartRecording("leg", "/r/a\nb"))


def test_messages_may_have_blanks_in_their_names() -> None:
    message, _ = encode(RecordMessage("leg", "/my centre/a, b.wav", 10, 3, "app"))
    (arg,) = re.findall(r"execute-app-arg: (.*)\n", message.decode().partition("\n\n")[2])
    assert separate(arg, " ", 5) == ["/my centre/a, b.wav", "10", "200", "3"]


def test_nothing_unloads_the_event_socket() -> None:
    with pytest.raises(UnsafeValue, match="event socket"):
        encode(SetVariables("leg", {"said": "UnLoad that MOD_event_socket"}))


# Halves of characters too, which no encoding carries.
ANY = st.sampled_from(["leg-1", "/r/a.wav"]) | st.text(st.characters(exclude_categories=()))
VALUES: dict[object, st.SearchStrategy[object]] = {
    str: ANY,
    int: st.integers(0, 100),
    bool: st.booleans(),
    tuple[str, ...]: st.lists(ANY, min_size=1, max_size=3).map(tuple),
    Mapping[str, str]: st.dictionaries(ANY, ANY, max_size=3),
}


@pytest.mark.parametrize("kind", get_args(Command), ids=lambda kind: kind.__name__)
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_any_values_are_whole_commands_or_refused(kind: type, data: st.DataObject) -> None:
    hints = get_type_hints(kind)
    command = kind(**{name: data.draw(VALUES[hint]) for name, hint in hints.items()})
    try:
        sent, replies = encode(command)
    except UnsafeValue:
        return
    assert sent.endswith(b"\n\n")
    assert sent.count(b"\n\n") == replies
    assert not set(b"\r\0") & set(sent)


def test_what_the_switch_answers_unencoded_is_never_asked_for() -> None:
    source = "".join(path.read_text("utf-8") for path in ROOT.rglob("*.py"))
    source += "".join(path.read_text("utf-8") for path in ROOT.rglob("*.pyx"))
    for line in source.splitlines():
        if "global_getvar" not in line and "uuid_getvar" not in line:
            assert not re.search(r"""["'](getvar|linger)\b""", line), line


def test_one_command_can_be_two_on_the_wire() -> None:
    for command in (ArmFallback("leg", 30), RecordMessage("leg", "/r/x.wav", 10, 3, "app")):
        data, replies = encode(command)
        assert replies == 2
        assert data.count(b"\n\n") == 2


def test_files_in_a_row_are_one_playback() -> None:
    data, _ = encode(Play("leg", ("/p/a.wav", "/p/b.wav"), "app-1"))
    assert b"execute-app-arg: file_string:///p/a.wav!/p/b.wav\nEvent-UUID: app-1" in data
