"""Reading a scenario file."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["BASE", "FOLDER", "Caller", "Line", "Order", "Phone", "Scenario", "names", "read"]

FOLDER = Path(__file__).parent.parent / "scenarios"
BASE = FOLDER / "base.toml"

_LINE = re.compile(
    r"(?P<trigger>[a-z]+(?: [\w.-]+)?)(?: \+(?P<after>\d+(?:\.\d+)?))?: (?P<action>.+)"
)
_WHEN = re.compile(r"(?P<kind>caller|agent) (?P<id>\w+) (?P<trigger>.+?)(?: \+(?P<after>[\d.]+))?")


@dataclass(slots=True, frozen=True)
class Line:
    trigger: str
    after_us: int
    action: str
    args: str


@dataclass(slots=True, frozen=True)
class Phone:
    """An agent's phone."""

    id: str
    is_registered: bool
    script: tuple[Line, ...]
    dials: tuple[tuple[int, str], ...]  # (at_us, number): feature codes, outbound


@dataclass(slots=True, frozen=True)
class Caller:
    id: str
    at_us: int
    number: str
    name: str
    dials: str
    script: tuple[Line, ...]


@dataclass(slots=True, frozen=True)
class Order:
    phone: str  # "caller:1": whose trigger; "" for a time
    trigger: str
    after_us: int
    request: dict[str, Any]


@dataclass(slots=True, frozen=True)
class Scenario:
    name: str
    title: str
    center: dict[str, Any]
    phones: tuple[Phone, ...]
    callers: tuple[Caller, ...]
    orders: tuple[Order, ...]
    within_s: float
    expect: dict[str, Any] = field(default_factory=dict)


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml") if path != BASE)


def read(name: str) -> Scenario:
    raw = tomllib.loads((FOLDER / f"{name}.toml").read_text())
    center = _merged(tomllib.loads(BASE.read_text()), raw.get("center", {}))
    agents = raw.get("agent", {})
    known = {"title", "center", "agent", "caller", "crowd", "order", "expect", "within_s"}
    unknown = raw.keys() - known
    if unknown:
        raise ValueError(f"{name}: unknown {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    callers = [
        Caller(
            id=str(number),
            at_us=round(one.get("at_s", 0) * 1e6),
            number=one.get("number", f"1380000{one.get('again', number):04d}"),
            name=one.get("name", f"Caller {number}"),
            dials=one["dials"],
            script=_script(one["script"]),
        )
        for number, one in enumerate([*raw.get("caller", []), *_crowd(raw.get("crowd"))], 1)
    ]
    return Scenario(
        name=name,
        title=raw["title"],
        center=center,
        phones=tuple(
            Phone(
                id_,
                agents.get(id_, {}).get("phone", True),
                _script(agents.get(id_, {}).get("script", ["ringing +0.3: answer"])),
                tuple(
                    (round(one["at_s"] * 1e6), one["number"])
                    for one in agents.get(id_, {}).get("dials", [])
                ),
            )
            for id_ in center["agents"]
        ),
        callers=tuple(callers),
        orders=tuple(_order(one) for one in raw.get("order", [])),
        within_s=raw.get("within_s", 20.0),
        expect=raw["expect"],
    )


def _crowd(crowd: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Many callers of one kind, evenly spread; `{i}` counts them."""
    if crowd is None:
        return []
    every_s = crowd["over_s"] / crowd["callers"]
    scripts = crowd["scripts"]
    return [
        {"at_s": i * every_s, "dials": crowd["dials"], "script": scripts[i % len(scripts)]}
        for i in range(crowd["callers"])
    ]


def _script(lines: list[str]) -> tuple[Line, ...]:
    script = []
    for text in lines:
        match = _LINE.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no script line; expected: TRIGGER [+SECONDS]: ACTION")
        verb, _, args = match["action"].partition(" ")
        if verb == "hang":
            verb, args = "hangup", ""
        if verb == "press":
            verb = "digits"
        script.append(Line(match["trigger"], round(float(match["after"] or 0) * 1e6), verb, args))
    return tuple(script)


def _order(raw: dict[str, Any]) -> Order:
    if "at_s" in raw:
        return Order("", "", round(raw["at_s"] * 1e6), raw["request"])
    match = _WHEN.fullmatch(raw["when"])
    if match is None:
        raise ValueError(f"{raw['when']!r}; expected: caller N TRIGGER [+SECONDS]")
    phone = f"{match['kind']}:{match['id']}"
    return Order(phone, match["trigger"], round(float(match["after"] or 0) * 1e6), raw["request"])


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
