"""No value breaks out of its place, and what must get through does."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccore.errors import UnsafeValue
from ccore.esl import encode
from ccore.model import (
    ArmFallback,
    Bridge,
    Hangup,
    Play,
    PlayMusic,
    RecordMessage,
    Ring,
    SetVariables,
    StartRecording,
    Transfer,
)


def ring(name: str, number: str = "13800000001", dial: str = "user/1001@agents") -> Ring:
    return Ring("leg-1", "job-1", dial, 15, name, number, {"contact": "leg-0"})


@given(name=st.text(max_size=80))
def test_a_callers_name_stays_inside_its_quotes(name: str) -> None:
    data, replies = encode(ring(name))
    text = data.decode()
    assert replies == 1
    assert text.count("\n") == 3  # command, Job-UUID, blank line
    match = re.fullmatch(
        r"bgapi originate \{(.*)\}user/1001@agents &park\(\)\nJob-UUID: job-1\n\n", text, re.DOTALL
    )
    assert match is not None
    shown = re.search(r"origination_caller_id_name='([^']*)'", match[1])
    assert shown is not None
    assert not set(shown[1]) & set("'\",{}[]\\$|<>\r\n\0")


def test_chinese_names_are_shown_as_they_are() -> None:
    data, _ = encode(ring("李 小龙"))
    assert "origination_caller_id_name='李 小龙'" in data.decode()


NASTY = ["a\nb", "a\r\nb", "a\0b", "a b", "a,b", "a'b", 'a"b', "a{b", "a}b", "a;b=c", "a^b", "${x}"]


@pytest.mark.parametrize("value", NASTY)
def test_ids_and_variables_that_could_break_out_are_refused(value: str) -> None:
    for command in (
        Hangup(value),
        Hangup("leg", value),
        Bridge("leg", value, "job"),
        Transfer("leg", value, "ccore-outbound"),
        SetVariables("leg", {"queue": value}),
        SetVariables("leg", {value: "x"}),
        ring("x", number=value),
    ):
        with pytest.raises(UnsafeValue):
            encode(command)


@pytest.mark.parametrize("value", ["a\nb", "a b", "a'b", "a\0b", "/x/y z.wav"])
def test_files_and_sources_that_could_break_out_are_refused(value: str) -> None:
    for command in (
        Play("leg", (value,), "app"),
        PlayMusic("leg", value),
        StartRecording("leg", value),
        RecordMessage("leg", value, 10, 3, "app"),
    ):
        with pytest.raises(UnsafeValue):
            encode(command)


def test_one_command_can_be_two_on_the_wire() -> None:
    for command in (ArmFallback("leg", 30), RecordMessage("leg", "/r/x.wav", 10, 3, "app")):
        data, replies = encode(command)
        assert replies == 2
        assert data.count(b"\n\n") == 2


def test_files_in_a_row_are_one_playback() -> None:
    data, _ = encode(Play("leg", ("/p/a.wav", "/p/b.wav"), "app-1"))
    assert b"execute-app-arg: file_string:///p/a.wav!/p/b.wav\nEvent-UUID: app-1" in data
