"""What is escaped comes out of the switch's way of taking texts apart as it went in.

`ccore.sim.separate` is that way; `python -m tests.real quoting` asks a real switch.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccore.errors import UnsafeValue
from ccore.esl.quote import argument, check, header, setting, shown, variable, word
from ccore.sim.separate import braces, separate
from tests.esl.nasty import NASTY, REFUSED

# Texts of what has a meaning, so that random ones get somewhere; and any others.
TEXTS = st.lists(
    st.sampled_from([*"\\'\",;= ^{}[]|:_$%&()<>~nrts", "^^:", "${x}", "ARRAY::", ":_:", "undef"])
    | st.characters(codec="utf-8", exclude_characters="\r\n\0"),
    max_size=30,
).map("".join)


def through_originate(values: list[str]) -> list[str] | None:
    """What the variables of a leg are, as the switch reads an originate with these."""
    names = [f"v{number}" for number in range(len(values))]
    inside = ",".join(
        f"{name}={variable(value, 'x')}" for name, value in zip(names, values, strict=True)
    )
    words = separate(f"{{a=1,{inside},z=2}}user/1 &park()", " ", 10)
    told, dial = braces(words[0])
    assert (dial, words[1:], told["a"], told["z"]) == ("user/1", ["&park()"], "1", "2")
    return [told.get(name, "") for name in names]


@given(values=st.lists(TEXTS, min_size=1, max_size=4))
def test_variables_of_an_originate_come_back(values: list[str]) -> None:
    passed = [value for value in values if not refused(variable, value)]
    assert through_originate(passed) == passed


@given(values=st.lists(TEXTS, min_size=1, max_size=4))
def test_variables_set_on_a_channel_come_back(values: list[str]) -> None:
    passed = [value for value in values if not refused(setting, value)]
    pairs = separate("a=1;" + ";".join(f"v={setting(value, 'x')}" for value in passed), ";", 64)
    assert [pair.partition("=")[2] for pair in pairs] == ["1", *passed]


@given(values=st.lists(TEXTS, min_size=1, max_size=4))
def test_arguments_come_back(values: list[str]) -> None:
    line = " ".join(argument(value, "x") for value in values)
    assert separate(f"leg {line} end", " ", 10) == ["leg", *values, "end"]


@given(value=st.text(max_size=100))
def test_nothing_gets_out_of_its_line(value: str) -> None:
    for place in (word, argument, variable, setting, header):
        try:
            told = place(value, "x")
        except UnsafeValue:
            continue
        assert not set(told) & set("\r\n\0")
        told.encode("utf-8", "surrogateescape")
    plain = shown(value)
    assert len(plain) <= 40
    assert variable(plain, "a name") is not None


@pytest.mark.parametrize("value", NASTY)
def test_nasty_values_pass_unchanged(value: str) -> None:
    assert through_originate([value]) == [value]
    assert separate(f"v={setting(value, 'x')}", ";", 64) == [f"v={value}"]


@pytest.mark.parametrize("value", REFUSED)
def test_what_no_escape_carries_is_refused(value: str) -> None:
    with pytest.raises(UnsafeValue):
        variable(value, "x")


def test_a_command_that_would_unload_the_event_socket_is_refused() -> None:
    assert check("api reloadxml") == "api reloadxml"
    with pytest.raises(UnsafeValue):
        check("api echo Mod_Event_Socket unLOAD")


def refused(place: object, value: str) -> bool:
    try:
        place(value, "x")  # type: ignore[operator]
    except UnsafeValue:
        return True
    return False
