"""Names lead somewhere: destinations, prompts, languages, numbers. A check yields its doubts."""

import re
import string
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec

from ccore.config.destination import split
from ccore.config.faults import Fault, nearest, show
from ccore.config.lines import Path
from ccore.config.schema import (
    Collect,
    Config,
    GoTo,
    HangUp,
    Hours,
    Menu,
    Message,
    Say,
    SetLanguage,
)
from ccore.config.system import SYSTEM_PROMPTS

__all__ = [
    "Doubts",
    "check_callers",
    "check_entries",
    "check_files",
    "check_references",
    "check_site",
    "check_text",
    "check_told",
    "destinations",
    "once",
]

Doubts = Iterator[tuple[Path, str]]

# What a command to the switch cannot carry.
_UNTELLABLE = re.compile(r"['\"\\\x00-\x1f\x7f]")
PATTERN_FIELDS = ("agent", "called", "contact", "day", "queue", "time")


def check_text(config: Config) -> Doubts:
    """No control characters anywhere: these texts end up in ESL lines, dial strings and files."""
    for path, text in _texts(msgspec.to_builtins(config), ()):
        spoken = path[:2] == ("prompts", "texts")  # a long text may be broken into lines
        if any((ord(c) < 32 and not (spoken and c in "\n\t")) or ord(c) == 127 for c in text):
            raise Fault(path, show(text), "text without control characters")
        if any(0xD800 <= ord(c) < 0xE000 for c in text):
            raise Fault(path, show(text), "text without surrogates")
    yield from ()


def check_site(config: Config) -> Doubts:
    languages = config.site.languages
    if not languages:
        raise Fault(("site", "languages"), "no language", 'at least one, such as ["zh", "en"]')
    once(languages, ("site", "languages"), "language")
    once(config.reasons, ("reasons",), "reason")
    for name, by_language in config.prompts.texts.items():
        for language, text in by_language.items():
            path = ("prompts", "texts", name, language)
            if language not in languages:
                yield path, f"{language} is none of site.languages ({', '.join(languages)})"
            elif not text.strip():
                raise Fault(path, "an empty text", "what is to be said")
    addresses: dict[tuple[str, int], str] = {}
    for name, switch in config.switch.items():
        if not switch.host or any(c.isspace() for c in switch.host):
            raise Fault(("switch", name, "host"), show(switch.host), "a host's name or address")
        other = addresses.setdefault((switch.host, switch.port), name)
        if other != name:
            found = f"the address of switch.{other}, {switch.host}:{switch.port}"
            raise Fault(("switch", name), found, "another host or port for each switch")


def check_references(config: Config) -> Doubts:
    """Every destination and every prompt that is named anywhere is there."""
    known: dict[str, Collection[str]] = {
        "ivr": config.flows,
        "queue": config.queues,
        "agent": config.agents,
        "voicemail": config.boxes,
        "split": config.splits,
    }
    whats = {
        "ivr": "a flow",
        "queue": "a queue",
        "agent": "an agent",
        "voicemail": "a box",
        "split": "a split",
    }
    for path, to in destinations(config):
        try:
            kind, name = split(to)
        except ValueError as error:
            raise Fault(path, show(to), str(error)) from None
        if kind in known and name not in known[kind]:
            raise Fault(path, show(to), nearest(name, known[kind], whats[kind]))
    texts = config.prompts.texts
    for path, prompt in _prompts(config):
        if not prompt or (prompt in SYSTEM_PROMPTS and prompt not in texts):
            continue
        if prompt not in texts:
            expected = nearest(prompt, {*texts, *SYSTEM_PROMPTS}, "a prompt of [prompts.texts]")
            raise Fault(path, show(prompt), expected)
        missing = [language for language in config.site.languages if language not in texts[prompt]]
        if missing == list(config.site.languages):
            expected = f"one in {', '.join(missing)}"
            raise Fault(("prompts", "texts", prompt), "no text in a language of the site", expected)
        if missing and prompt not in SYSTEM_PROMPTS:
            yield path, f"prompt {prompt} has no text in {', '.join(missing)}"
    for path, language in _languages(config):
        if language and language not in config.site.languages:
            expected = nearest(language, config.site.languages, "a language of site.languages")
            raise Fault(path, show(language), expected)
    for key, names, there in (
        ("expert_queues", config.kpi.expert_queues, config.queues),
        ("expert_agents", config.kpi.expert_agents, config.agents),
    ):
        for index, name in enumerate(names):
            if name not in there:
                yield ("kpi", key, index), f"{name} is none of them: only old records have it"
    for path, calendar in _calendars(config):
        if calendar and calendar not in config.calendars:
            raise Fault(path, show(calendar), nearest(calendar, config.calendars, "a calendar"))


def check_entries(config: Config) -> Doubts:
    once((entry.number for entry in config.entries), ("entries",), "entry number")
    for index, entry in enumerate(config.entries):
        path = ("entries", index, "number")
        if not entry.number:
            raise Fault(path, "an empty number", "the number that callers dial, or * for any")
        if entry.closed != "hangup" and not entry.calendar:
            yield ("entries", index, "closed"), "is never used, the entry has no calendar"
    if not config.entries:
        yield ("entries",), "there is none, so no call is taken"


def check_callers(config: Config) -> Doubts:
    once((one.name for one in config.callers), ("callers",), "name")
    owners: dict[tuple[str, str], str] = {}
    for index, one in enumerate(config.callers):
        for kind, patterns in (("numbers", one.numbers), ("prefixes", one.prefixes)):
            for pattern in patterns:
                path = ("callers", index, kind)
                if not pattern:
                    raise Fault(path, "an empty number", "at least one digit")
                if pattern.endswith("*") and len(pattern) > 1:
                    yield path, f"{pattern}: the * is taken for a key; use prefixes for beginnings"
                if (other := owners.setdefault((kind, pattern), one.name)) != one.name:
                    raise Fault(path, f"{pattern}, which is in {other} too", "each in one list")
        if not one.numbers and not one.prefixes:
            yield ("callers", index), f"list {one.name} names no caller"
        if one.blocked and one.priority:
            yield ("callers", index, "priority"), "is never used, these callers are blocked"
    once((one.prefix for one in config.territories), ("territories",), "prefix")


def check_files(config: Config) -> Doubts:
    pattern, path = config.recording.pattern, ("recording", "pattern")
    try:
        parts = list(string.Formatter().parse(pattern))
    except ValueError:
        raise Fault(path, show(pattern), "braces in pairs, such as {day}/{contact}.wav") from None
    fields = {name for _, name, _, _ in parts if name is not None}
    for name in sorted(fields):
        if name not in PATTERN_FIELDS:
            raise Fault(path, show("{" + name + "}"), nearest(name, PATTERN_FIELDS, "a field"))
    if any(form or conversion for _, _, form, conversion in parts):
        raise Fault(path, show(pattern), "fields without a format, such as {contact}")
    if "contact" not in fields:
        raise Fault(path, show(pattern), "{contact} in it, else calls overwrite one another")
    if pattern.startswith("/") or ".." in pattern.split("/"):
        raise Fault(path, show(pattern), "a path inside recording.dir")
    if not pattern.endswith(".wav"):
        raise Fault(path, show(pattern), "a name that ends in .wav")
    for place, name in ((("daemon", "socket"), config.daemon.socket),):
        if not name or "/" in name:
            raise Fault(place, show(name), "a file name inside daemon.dir")
    for place, name in (
        (("daemon", "dir"), config.daemon.dir),
        (("records", "dir"), config.records.dir),
        (("recording", "dir"), config.recording.dir),
        (("prompts", "dir"), config.prompts.dir),
    ):
        if not name:
            raise Fault(place, "nothing", "a directory")
    yield from ()


def check_told(config: Config) -> Doubts:
    """Paths reach the switch as they are, or it would play nothing and record nothing."""
    said = "switch_dir" if config.prompts.switch_dir else "dir"
    told: list[tuple[Path, str]] = [
        (("prompts", said), config.prompts.switch_dir or config.prompts.dir),
        (("recording", "dir"), config.recording.dir),
        *((("queues", name, "music"), queue.music) for name, queue in config.queues.items()),
    ]
    if not config.recording.dir.startswith("/"):
        told.append((("daemon", "dir"), config.daemon.dir))
    for path, value in told:
        if _UNTELLABLE.search(value):
            raise Fault(path, show(value), "a path without quotes and backslashes")
        if path[0] == "prompts" and "!" in value:  # which parts files that are said as one
            raise Fault(path, show(value), "a path without !")
    yield from ()


def once(values: Iterable[str], path: Path, what: str) -> None:
    """Every value at most once."""
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            raise Fault((*path, index), f"{show(value)} a second time", f"each {what} once")
        seen.add(value)


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield path, key
            yield from _texts(item, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))


def destinations(config: Config) -> Iterator[tuple[Path, str]]:
    """Every place where a destination stands, and what stands there."""
    for index, entry in enumerate(config.entries):
        yield ("entries", index, "to"), entry.to
        yield ("entries", index, "closed"), entry.closed
    for name, queue in config.queues.items():
        yield ("queues", name, "overflow"), queue.overflow
        yield ("queues", name, "full"), queue.full
        if queue.leave:
            yield ("queues", name, "leave", "to"), queue.leave.to
    for name, one in config.splits.items():
        for index, way in enumerate(one.ways):
            yield ("splits", name, "ways", index, "to"), way.to
    for flow, steps in config.flows.items():
        for name, step in steps.items():
            if isinstance(step, GoTo):
                yield ("flows", flow, name, "to"), step.to
            elif isinstance(step, Message):
                yield ("flows", flow, name, "box"), f"voicemail:{step.box}"


def _prompts(config: Config) -> Iterator[tuple[Path, str]]:
    for index, entry in enumerate(config.entries):
        yield ("entries", index, "emergency"), entry.emergency
    for flow, steps in config.flows.items():
        for name, step in steps.items():
            if isinstance(step, Say | Menu | Collect | HangUp):
                if not step.prompt and not isinstance(step, HangUp):
                    raise Fault(("flows", flow, name, "prompt"), "nothing", "a prompt")
                yield ("flows", flow, name, "prompt"), step.prompt
            if isinstance(step, Menu | Collect):
                yield ("flows", flow, name, "invalid"), step.invalid
    for name, queue in config.queues.items():
        yield ("queues", name, "announce"), queue.announce
        yield ("queues", name, "full_prompt"), queue.full_prompt
    for name, box in config.boxes.items():
        yield ("boxes", name, "greeting"), box.greeting
    yield ("agent_rules", "prompt"), config.agent_rules.prompt


def _languages(config: Config) -> Iterator[tuple[Path, str]]:
    for index, entry in enumerate(config.entries):
        yield ("entries", index, "language"), entry.language
    for index, territory in enumerate(config.territories):
        yield ("territories", index, "language"), territory.language
    for flow, steps in config.flows.items():
        for name, step in steps.items():
            if isinstance(step, SetLanguage):
                yield ("flows", flow, name, "language"), step.language or "(none)"


def _calendars(config: Config) -> Iterator[tuple[Path, str]]:
    for index, entry in enumerate(config.entries):
        yield ("entries", index, "calendar"), entry.calendar
    for flow, steps in config.flows.items():
        for name, step in steps.items():
            if isinstance(step, Hours):
                yield ("flows", flow, name, "calendar"), step.calendar or "(none)"
