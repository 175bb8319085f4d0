"""The mapping file: which column of a foreign table means what.

A *text* is written with columns in braces, such as `"{date} {time}"`; text without braces is the
same for every row. A value is cleaned before it is used: blanks off its ends, words that mean
nothing made empty, words translated.
"""

import codecs
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, dataclass_transform
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from ccore.config.faults import find_fault, show
from ccore.config.lines import dotted, find_lines, line_of
from ccore.errors import BadConfig, reason

__all__ = [
    "AgentTable",
    "Column",
    "ContactTable",
    "Duration",
    "File",
    "Ignore",
    "Mapping",
    "Moment",
    "OutcomeRule",
    "When",
    "load_mapping",
]

MAX_BYTES = 1024 * 1024  # far more than any table has columns

When = dict[str, tuple[str, ...]]  # column: the words of which it has one
Separator = Annotated[str, Meta(min_length=1, max_length=1)]


@dataclass_transform(frozen_default=True, kw_only_default=True)
class _Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class File(_Table):
    separator: Separator = ","
    quote: str = '"'  # empty: quotes are text like any other
    encoding: str = "utf-8"
    columns: tuple[str, ...] = ()  # names, where the first line has none
    skip_lines: int = 0  # lines above the one with the names


class Column(_Table):
    strip: bool = True  # take blanks off the ends
    empty: tuple[str, ...] = ()  # words that mean: nothing
    empty_match: str = ""  # regular expression of the same
    words: dict[str, str] = {}  # translations; other words stay
    only_digits: bool = False  # drop everything else, as from "+1 (555) 010-2030"


class Moment(_Table):
    at: str  # a text, such as "{date} {time}"
    format: str = "iso"  # iso, epoch, epoch-ms, epoch-us, or as in strptime, such as %d.%m.%y %H:%M
    after_midnight: bool = False  # where it lies before the arrival, it was on the next day


class Duration(_Table):
    column: str = ""
    unit: Literal["s", "ms", "us", "min", "h", "clock"] = "s"  # clock: 1:02:03 or 2:03
    since: str = ""  # instead of a column: the time between two texts of `format`
    until: str = ""
    format: str = "iso"
    negative: Literal["bad", "zero", "next-day"] = "bad"  # what to make of a negative one


class OutcomeRule(_Table):
    result: Literal[
        "answered",
        "abandoned",
        "overflowed",
        "voicemail",
        "ivr",
        "blocked",
        "closed",
        "forced",
        "failed",
        "callback",
        "left",
    ]
    when: When = {}  # all of these hold
    unless: When = {}  # and not all of these


class Ignore(_Table):
    reason: str
    when: When = {}
    unless: When = {}


class ContactTable(_Table):
    id: str  # text that no other contact has: what is on record already is not written again
    arrived: Moment | None = None  # or by queued, less the time in the IVR
    queued: Moment | None = None  # or arrived and the time in the IVR
    answered: Moment | None = None  # or queued and wait
    ended: Moment | None = None  # or everything added up
    ivr: Duration | None = None
    wait: Duration | None = None
    ring: Duration | None = None
    talk: Duration | None = None
    hold: Duration | None = None
    wrapup: Duration | None = None
    queue: str = ""  # a contact without one entered none
    agent: str = ""
    calling: str = ""
    calling_name: str = ""
    called: str = ""
    entry: str = ""
    language: str = ""
    site: str = ""
    node: str = ""
    cause: str = ""
    recording: str = ""
    ended_by: str = ""  # gives caller, agent, system or nothing
    priority: str = ""  # gives seconds of credit
    offers: str = ""  # gives a count
    transfers: str = ""  # gives a count
    tenant: str = ""
    survey: str = ""  # gives a mark, 1 to 5; 0: asked, none given; nothing: not asked


class AgentTable(_Table):
    agent: str
    state: str  # gives ready, not-ready, reserved, ringing, talking, wrapup, holding, busy-other
    start: Moment
    end: Moment | None = None
    length: Duration | None = None
    reason: str = ""
    queue: str = ""
    site: str = ""
    team: str = ""


class Mapping(_Table):
    timezone: str = "UTC"  # zone of the times in the table, and of the days of its figures
    file: File = File()
    columns: dict[str, Column] = {}
    ignore: tuple[Ignore, ...] = ()
    outcome: tuple[OutcomeRule, ...] = ()  # the first that holds
    contact: ContactTable | None = None
    agent: AgentTable | None = None


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping, or say in one line what is wrong with it."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        expected = "a mapping, such as examples/anonymous-bank.toml"
        raise _bad(path, "the file", reason(error), expected) from None
    try:
        text = data[:MAX_BYTES].decode("utf-8-sig")
        tree = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # both decoders raise kinds of ValueError
        raise _bad(path, "the file", show(str(error)), "TOML in UTF-8") from None
    lines = find_lines(text)

    def place(where: tuple[str | int, ...]) -> str:
        line = line_of(lines, where)
        return f"line {line}, {dotted(where)}" if line else dotted(where)

    if fault := find_fault(tree, Mapping):
        raise _bad(path, place(fault.path), fault.found, fault.expected)
    mapping = msgspec.convert(tree, Mapping, strict=True)
    for where, found, expected in _doubts(mapping):
        raise _bad(path, place(where), show(found), expected)
    if (mapping.contact is None) == (mapping.agent is None):
        found = "both" if mapping.contact else "neither"
        raise _bad(path, "the file", found, "either a table [contact] or a table [agent]")
    if mapping.contact and not (mapping.contact.arrived or mapping.contact.queued):
        raise _bad(path, place(("contact",)), "no arrived", "a key arrived or queued")
    if mapping.contact and not mapping.outcome:
        raise _bad(path, "the file", "no [[outcome]]", "what each contact counts as")
    if mapping.agent and not (mapping.agent.end or mapping.agent.length):
        raise _bad(path, place(("agent",)), "no end", "a key end or length")
    return mapping


def _doubts(mapping: Mapping) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """What has the right type and still cannot be."""
    try:
        ZoneInfo(mapping.timezone)
    except (KeyError, ValueError, OSError):
        yield ("timezone",), mapping.timezone, "an IANA name such as Asia/Jerusalem"
    try:
        codecs.lookup(mapping.file.encoding)
    except (LookupError, ValueError):
        yield ("file", "encoding"), mapping.file.encoding, "an encoding such as utf-8 or gb18030"
    if len(mapping.file.quote) > 1:
        yield ("file", "quote"), mapping.file.quote, "one character, or nothing"
    for name, column in mapping.columns.items():
        try:
            re.compile(column.empty_match)
        except re.error:
            yield (
                ("columns", name, "empty_match"),
                column.empty_match,
                "a regular expression",
            )
    tables = [table for table in (mapping.contact, mapping.agent) if table]
    for name, value in [pair for table in tables for pair in msgspec.structs.asdict(table).items()]:
        where = ("contact" if mapping.contact else "agent", name)
        if isinstance(value, Duration) and bool(value.column) == bool(value.since or value.until):
            yield where, "both or neither", "either a column, or since and until"
        if isinstance(value, Duration) and bool(value.since) != bool(value.until):
            yield where, "one of them", "since and until"


def _bad(path: Path, place: str, found: str, expected: str) -> BadConfig:
    return BadConfig(file=path, place=place, found=found, expected=expected)
