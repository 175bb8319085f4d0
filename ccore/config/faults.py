"""Why a value does not fit the schema: the exact place, what stands there, what would be right.

msgspec says `$.queues[...].ring_s`; a reader wants the name of the queue. So the value is walked
beside its type until the smallest part that does not convert is found.
"""

import difflib
import re
import types
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from ccore.config.lines import Path

__all__ = ["Fault", "find_fault", "nearest", "show"]

_SHOWN = 60  # characters of a wrong value that are repeated to the user

_LISTED = 12  # names that are listed when none is near

_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text in quotes",
    "bool": "true or false",
    "array": "a list in [ ]",
    "object": "a table",
}

# What each pattern of the schema means to a person.
_PATTERNS = (
    ("signed-out|ready", '"signed-out", "ready" or "not-ready"'),
    ("A-Za-z", "a name of letters, digits, _ . - (at most 64)"),
    ("*#+A-D", "a telephone number (digits, * # +)"),
    ("*#A-D", "one key of a telephone (0-9 * #)"),
)


class Fault(Exception):
    """Found at a path something other than expected."""

    def __init__(self, path: Path, found: str, expected: str) -> None:
        self.path, self.found, self.expected = path, found, expected
        super().__init__(found)


def show(value: object) -> str:
    """A value as it may be repeated in one line."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def nearest(name: str, known: Iterable[str], what: str) -> str:
    """What was expected, with the name that was probably meant, or all names if they are few."""
    names = sorted(known)
    if not names:
        return f"{what} (there are none)"
    if close := difflib.get_close_matches(name, names, 1, 0.6):
        return f"{what}, perhaps {close[0]}"
    return f"{what} ({', '.join(names)})" if len(names) <= _LISTED else what


def find_fault(value: Any, kind: Any, path: Path = ()) -> Fault | None:
    """The first part of `value` that is not of `kind`; None when all of it is."""
    try:
        msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as error:
        return _inside(value, kind, path) or Fault(path, show(value), _expected(str(error)))
    except (OverflowError, RecursionError, ValueError):
        return _inside(value, kind, path) or Fault(path, show(value), "a smaller value")
    return None


def _inside(value: Any, kind: Any, path: Path) -> Fault | None:
    origin = get_origin(kind)
    if origin is Annotated:
        return _inside(value, get_args(kind)[0], path)
    if origin is Literal:
        return Fault(path, show(value), nearest(str(value), get_args(kind), "one of the words"))
    if origin in (Union, types.UnionType):
        return _one_of(value, [k for k in get_args(kind) if k is not types.NoneType], path)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _struct(value, kind, path) if isinstance(value, dict) else None
    if origin is dict and isinstance(value, dict):
        key_kind, value_kind = get_args(kind)
        for key, item in value.items():
            if fault := find_fault(key, key_kind, (*path, key)):
                return fault
            if fault := find_fault(item, value_kind, (*path, key)):
                return fault
    if origin is tuple and isinstance(value, list):
        for index, item in enumerate(value):
            if fault := find_fault(item, get_args(kind)[0], (*path, index)):
                return fault
    return None


def _one_of(value: Any, kinds: list[Any], path: Path) -> Fault | None:
    """Structs told apart by their tag; or one kind that may also be left out."""
    if len(kinds) == 1:
        return _inside(value, kinds[0], path)
    if not all(isinstance(kind, type) and issubclass(kind, msgspec.Struct) for kind in kinds):
        return None  # a number or a list: msgspec's own sentence says which
    tags = {kind.__struct_config__.tag: kind for kind in kinds}
    field = kinds[0].__struct_config__.tag_field
    if not isinstance(value, dict):
        return None
    if field not in value:
        return Fault(path, f"no {field}", nearest("", tags, f"{field} = one of the steps"))
    tag = value[field]
    if not isinstance(tag, str) or tag not in tags:
        return Fault((*path, field), show(tag), nearest(str(tag), tags, "a kind of step"))
    return _struct(value, tags[tag], path)


def _struct(value: dict[str, Any], kind: type[msgspec.Struct], path: Path) -> Fault | None:
    hints = get_type_hints(kind, include_extras=True)
    known = set(kind.__struct_fields__)
    tag_field = kind.__struct_config__.tag_field
    for key, item in value.items():
        if key == tag_field:
            continue
        if key not in known:
            return Fault((*path, key), "an unknown key", nearest(key, known, "a known one"))
        if fault := find_fault(item, hints[key], (*path, key)):
            return fault
    for field in msgspec.structs.fields(kind):
        if field.required and field.name not in value:
            return Fault(path, f"no {field.name}", f"a key {field.name}")
    return None


def _expected(message: str) -> str:
    """msgspec's sentence in the words of a person who edits a TOML file."""
    if "matching regex" in message:
        for part, words in _PATTERNS:
            if part in message:
                return words
    if bound := re.search(r"`(int|float)` (>=|<=|>|<) (\S+?)(?: - at|$)", message):
        word = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}[bound[2]]
        return f"{_KINDS[bound[1]]}, {word} {bound[3]}"
    if most := re.search(r"`(array|object)` of length <= (\d+)", message):
        return f"a {'list' if most[1] == 'array' else 'table'} of at most {most[2]}"
    if kind := re.search(r"Expected `(\w+)", message):
        return _KINDS.get(kind[1], kind[1])
    return message.partition(" - at")[0]
