"""Whatever stands in the file, it loads or BadConfig says why in one line."""

import tomllib
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccore.config import parse, schema
from ccore.config.faults import find_fault
from ccore.config.lines import find_lines
from ccore.config.schema import Config
from ccore.errors import BadConfig

KEYS = sorted(
    {
        name
        for one in vars(schema).values()
        if isinstance(one, type) and issubclass(one, msgspec.Struct)
        for name in one.__struct_fields__
    }
    | {"do"}
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.dates()
    | st.sampled_from(["queue:a", "ivr:main", "start", "a", "menu", "09:00-18:00", "hangup"])
)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*KEYS, "a", "main", "start", "mon"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(KEYS), TREES, max_size=4))
def test_any_tables_fit_or_their_fault_is_found(data: dict[str, Any]) -> None:
    fault = find_fault(data, Config)
    try:
        msgspec.convert(data, Config, strict=True)
    except (msgspec.ValidationError, OverflowError, ValueError):
        assert fault is not None
        assert "\n" not in fault.found + fault.expected
    else:
        assert fault is None


@given(st.dictionaries(st.sampled_from(KEYS), TREES, max_size=4))
def test_any_tables_written_as_toml_load_or_are_refused(data: dict[str, Any]) -> None:
    text = "\n".join(f"{key} = {toml(value)}" for key, value in data.items())
    with suppress(BadConfig):
        parse(text)


@given(st.text())
def test_any_text_loads_or_is_refused(text: str) -> None:
    with suppress(BadConfig):
        parse(text)
    find_lines(text)


@given(st.text(alphabet="[]{}\"'=.#\n ab1\\"))
def test_any_punctuation_loads_or_is_refused_in_one_line(text: str) -> None:
    said = []
    try:
        parse(text)
    except BadConfig as error:
        said.append(str(error))
    assert not any("\n" in line for line in said)


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 5_000, "a = " + "9" * 5_000, "[" + "a." * 2_000 + "a]", "\ufeff"]
)
def test_monstrous_text_is_refused(text: str) -> None:
    with pytest.raises(BadConfig):
        parse(text)


def test_lines_are_found_behind_strings_and_brackets_over_many_lines() -> None:
    text = (
        'a = """\nb = 1\n[c]\n"""\nd = [\n  1, # ]\n]\n[[e]]\nf = "["\n[[e]]\nf = 2\n[e.g]\nh = 1\n'
    )
    assert tomllib.loads(text)["e"][1]["g"]["h"] == 1
    lines = find_lines(text)
    assert lines[("a",)] == 1
    assert lines[("d",)] == 5
    assert lines[("e", 1, "f")] == 11
    assert lines[("e", 1, "g", "h")] == 13
    assert ("b",) not in lines
    assert ("c",) not in lines


def toml(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return "true" if value else "false"
    if isinstance(value, str):
        return (
            '"'
            + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in value)
            + '"'
        )
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {toml(item)}' for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return str(value)
