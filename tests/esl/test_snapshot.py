"""What a switch tells of its channels is taken as it is, or is one error, or is no channel."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.errors import ProtocolError
from ccore.esl.snapshot import Snapshot
from ccore.esl.words import leg_from_dump
from ccore.model import SwitchLeg

# What a parser of ours stumbles over: nested beyond its depth, beyond its digits, no digits at all.
DEEP = "[" * 100_000
LONG = "9" * 5_000
NO_DIGITS = "\N{SUPERSCRIPT TWO}"

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["rows", "uuid", "Unique-ID"]), inner, max_size=3)
    ),
)


def take(listed: str, dumped: str) -> list[SwitchLeg]:
    """A picture of a switch that gives these answers."""
    asked: list[tuple[str, Callable[[str], None]]] = []
    taken: list[list[SwitchLeg]] = []
    Snapshot(lambda line, answer: asked.append((line, answer)), taken.append)
    while asked:
        line, answer = asked.pop()
        answer(listed if "show channels" in line else dumped)
    (legs,) = taken
    return legs


def rows(*ids: str) -> str:
    return json.dumps({"row_count": len(ids), "rows": [{"uuid": id_} for id_ in ids]})


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=20) | VALUES.map(json.dumps), st.text(max_size=20) | VALUES.map(json.dumps))
def test_any_answers_are_a_picture_or_one_error(listed: str, dumped: str) -> None:
    try:
        legs = take(listed, dumped)
    except ProtocolError:
        return
    assert all(isinstance(leg, SwitchLeg) for leg in legs)


@pytest.mark.parametrize("listed", [DEEP, '{"rows":' + DEEP, '{"row_count":' + LONG])
def test_a_list_that_cannot_be_read_is_one_error(listed: str) -> None:
    with pytest.raises(ProtocolError, match="list of channels"):
        take(listed, "")


@pytest.mark.parametrize("dumped", [DEEP, '{"Unique-ID":' + DEEP, "-ERR No such channel!", "[]"])
def test_a_channel_that_cannot_be_read_is_none(dumped: str) -> None:
    assert take(rows("leg-1"), dumped) == []


@pytest.mark.parametrize("created", [LONG, NO_DIGITS, "", "-5", "1e9"])
def test_a_time_that_is_none_is_unknown(created: str) -> None:
    dump = {"Unique-ID": "leg-1", "Caller-Channel-Created-Time": created}
    leg = leg_from_dump(json.dumps(dump))
    assert leg is not None
    assert leg.created_us == 0


def test_a_channel_of_somebody_elses_naming_is_not_asked_for() -> None:
    dump = json.dumps({"Unique-ID": "leg-1"})
    assert len(take(rows("leg-1", "leg 2\n\napi hupall", ""), dump)) == 1
