"""A scenario: a centre, its callers, its staff and a day. docs/scenarios.md has every key.

A scenario is a TOML file that is read, laid out for every site and variant, and checked here; the
centre in it is checked as a ccore.toml is.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from ccore.config import Config
from ccore.config.checks import check
from ccore.config.faults import find_fault, show
from ccore.config.lines import dotted
from ccore.config.table import Table
from ccore.errors import BadConfig, CcoreError, UnknownName
from ccore.sizing.draws import Span, check_span
from ccore.sizing.expand import for_every_site, merged
from ccore.sizing.replay import Recorded, recorded

__all__ = [
    "NODE",
    "Callers",
    "Named",
    "Order",
    "Replay",
    "Scenario",
    "Staff",
    "number_of",
    "read",
    "recorded_day",
    "scenario_of",
]

NODE = "sim"  # the switch of every scenario
LONGEST_H = 48  # a scenario may go on into the next night

Clock = Annotated[str, Meta(pattern=r"^([0-3][0-9]|4[0-8]):[0-5][0-9]\Z")]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Rate = Annotated[float, Meta(ge=0.0, le=1e7)]


class Callers(Table):
    """A stream of callers, at random (Poisson) at the given rate."""

    to: str = ""  # destination as in ccore.toml, such as queue:sales; or `dials`
    dials: str = ""  # an entry of the centre
    per_hour: Rate | tuple[Rate, ...] = 0.0  # callers an hour; a list: one for each hour
    talk: Span = Span(mean_s=180)  # with the agent, without wrap-up
    patience: Span | None = None  # until he gives up waiting; none: never
    calling: str = ""  # how his number begins (territories, lists of callers)
    language: str = ""  # of an entry made for `to`
    priority: int = 0  # likewise: credit in seconds
    digits: str = ""  # what he presses, one key after each prompt


class Staff(Table):
    """So many agents alike."""

    count: Annotated[int, Meta(ge=0, le=100_000)] = 1
    skills: dict[str, int] = {}
    queues: tuple[str, ...] = ()
    site: str = ""
    team: str = ""
    shifts: tuple[str, ...] = ()  # spans such as 09:00-17:30; none: the whole day
    answers: Span = Span(fixed_s=0)  # how long the phone rings
    misses: Share = 0.0  # share of offers that he lets ring out
    more: dict[str, Any] = {}  # any other key of an agent in ccore.toml


class Order(Table):
    """What somebody asks of the centre at a time, as over the control socket."""

    at: Clock
    request: dict[str, Any]


class Replay(Table):
    """Callers and agents of the scenario's day as they stand in records."""

    records: str  # directory
    absent_s: Annotated[int, Meta(ge=1)] = 900  # an agent without a call for longer was away
    credit: bool = True  # callers keep the priority that they had


class Scenario(Table):
    title: str = ""
    day: str = "2026-11-23"  # a Monday
    opens: Clock = "00:00"  # the first arrival
    closes: Clock = "24:00"  # the last arrival; who is there then is still served
    seeds: Annotated[int, Meta(ge=1, le=10_000)] = 1  # days to simulate, each by its own seed
    warm_up_s: Annotated[int, Meta(ge=0)] = 0  # arrivals this soon after opening are not counted
    interval_s: Annotated[int, Meta(ge=60, le=86_400)] = 1800  # of the picture
    prompt_s: Annotated[float, Meta(ge=0.0, le=600.0)] = 5.0  # length of every prompt
    drain_s: Annotated[int, Meta(ge=0)] = 7200  # who still waits so long after closing hangs up
    callers: dict[str, Callers] = {}
    staff: dict[str, Staff] = {}
    orders: tuple[Order, ...] = ()
    replay: Replay | None = None
    centre: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Named:
    """One variant of a file, laid out and checked."""

    variant: str
    scenario: Scenario
    config: Config
    file: str

    def at_us(self, clock: str) -> int:
        """A time of the scenario's day; beyond 24:00 is the next morning."""
        hours, minutes = (int(part) for part in clock.split(":"))
        zone = ZoneInfo(self.config.site.timezone)
        midnight = datetime.combine(date.fromisoformat(self.scenario.day), time(), zone)
        moment = midnight + timedelta(hours=hours, minutes=minutes)
        return round(moment.timestamp()) * 1_000_000

    @property
    def opens_us(self) -> int:
        return self.at_us(self.scenario.opens)

    @property
    def closes_us(self) -> int:
        return self.at_us(self.scenario.closes)

    @property
    def counts_from_us(self) -> int:
        return self.opens_us + self.scenario.warm_up_s * 1_000_000

    def staff_of(self) -> dict[str, Staff]:
        """Agent's id -> what is known of him."""
        return dict(
            (_agent_id(name, number), staff)
            for name, staff in self.scenario.staff.items()
            for number in range(staff.count)
        )


def read(path: Path) -> dict[str, Any]:
    """The text of a file as a table; raises BadConfig."""
    try:
        with path.open("rb") as file:
            data = tomllib.load(file)
    except OSError as error:
        raise _bad(path, "the file", error.strerror or "unreadable", "a scenario") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _bad(path, "the file", str(error), "TOML") from None
    place = data.get("replay")
    if isinstance(place, dict) and isinstance(place.get("records"), str):
        place["records"] = str(path.parent / place["records"])
    for one in [data, *_tables(data.get("variants"))]:
        if isinstance(one.get("centre"), str):
            one["centre"] = _centre(path.parent / one["centre"])
    return data


def scenario_of(data: Mapping[str, Any], variant: str = "", file: str = "scenario") -> Named:
    """A variant of a table; "" is the scenario as it stands. Raises BadConfig, UnknownName."""
    variants = data.get("variants", {})
    if not isinstance(variants, dict) or not all(isinstance(v, dict) for v in variants.values()):
        raise _bad(file, "variants", show(variants), "tables, each with what it changes")
    if variant and variant not in variants:
        known = ", ".join(variants) or "none"
        raise UnknownName(kind="variant", name=variant, known=known)
    plain = {key: value for key, value in data.items() if key not in ("variants", "sites")}
    plain = merged(plain, variants.get(variant, {}))
    sites = data.get("sites", [])
    if not isinstance(sites, list) or not all(isinstance(site, str) and site for site in sites):
        raise _bad(file, "sites", show(sites), "a list of names")
    plain = for_every_site(plain, sites)
    if fault := find_fault(plain, Scenario):
        raise _bad(file, dotted(fault.path), fault.found, fault.expected)
    scenario = msgspec.convert(plain, Scenario, strict=True)
    _check(scenario, file)
    return Named(variant, scenario, _config(scenario, file), file)


def _check(scenario: Scenario, file: str) -> None:
    try:
        date.fromisoformat(scenario.day)
    except ValueError:
        raise _bad(file, "day", show(scenario.day), "a day such as 2026-11-23") from None
    if scenario.opens >= scenario.closes:
        raise _bad(file, "closes", scenario.closes, f"later than {scenario.opens}")
    hours = -(-(_minutes(scenario.closes) - _minutes(scenario.opens)) // 60)
    for name, callers in scenario.callers.items():
        place = f"callers.{name}"
        if bool(callers.to) == bool(callers.dials):
            raise _bad(file, place, "both or neither", "`to` or `dials`")
        rates = callers.per_hour
        if isinstance(rates, tuple) and len(rates) != hours:
            expected = f"{hours}, one for each hour from {scenario.opens}"
            raise _bad(file, f"{place}.per_hour", f"{len(rates)} rates", expected)
        _check_span(file, f"{place}.talk", callers.talk)
        if callers.patience is not None:
            _check_span(file, f"{place}.patience", callers.patience)
    for name, staff in scenario.staff.items():
        _check_span(file, f"staff.{name}.answers", staff.answers)
        for shift in staff.shifts:
            begin, _, end = shift.partition("-")
            if not all(_is_clock(part) for part in (begin, end)) or begin >= end:
                expected = "a span such as 09:00-17:30; 22:00-30:00 ends at six"
                raise _bad(file, f"staff.{name}.shifts", show(shift), expected)
    if not scenario.replay and not any(_has_calls(one) for one in scenario.callers.values()):
        raise _bad(file, "callers", "nobody who calls", "callers, or a replay of records")


def _config(scenario: Scenario, file: str) -> Config:
    """The centre's ccore.toml: with these agents, a number for each stream, and our switch."""
    centre = dict(scenario.centre)
    if scenario.replay is not None:
        centre = merged(recorded_day(scenario).centre(), centre)
    centre["switch"] = {NODE: {"fallback_s": 0}}  # a switch that never fails needs no fallback
    routing = centre.get("routing", {})
    if isinstance(routing, dict):
        centre["routing"] = {"decisions": False, **routing}  # nobody would read its log
    agents = centre.setdefault("agents", {})
    if scenario.staff and isinstance(agents, dict):
        agents = {}
        for name, staff in scenario.staff.items():
            said = {"skills": dict(staff.skills), "queues": list(staff.queues)}
            said |= {"site": staff.site, "team": staff.team} | staff.more
            agents |= {_agent_id(name, number): said for number in range(staff.count)}
    if isinstance(agents, dict):
        centre["agents"] = {
            name: {**one, "start": "signed-out", "nailed_up": False}
            for name, one in agents.items()
            if isinstance(one, dict)
        }
    entries = centre.get("entries", [])
    if isinstance(entries, list):
        made = [
            {
                "number": _number(place),
                "to": callers.to,
                "language": callers.language,
                "priority": callers.priority,
            }
            for place, callers in enumerate(scenario.callers.values())
            if callers.to
        ]
        centre["entries"] = [*entries, *made]
    if fault := find_fault(centre, Config):
        raise _bad(file, "centre." + dotted(fault.path), fault.found, fault.expected)
    config = msgspec.convert(centre, Config, strict=True)
    try:
        check(config, file)
    except BadConfig as error:
        fields = {**error.fields, "place": f"centre.{error.fields['place']}"}
        raise BadConfig(**fields) from None
    return config


def recorded_day(scenario: Scenario) -> Recorded:
    """What a replay repeats."""
    assert scenario.replay is not None
    site = scenario.centre.get("site", {})
    zone = site.get("timezone", "UTC") if isinstance(site, dict) else "UTC"
    return recorded(scenario.replay.records, scenario.day, str(zone))


def number_of(scenario: Scenario, name: str) -> str:
    """What callers of a stream dial."""
    callers = scenario.callers[name]
    return callers.dials or _number(list(scenario.callers).index(name))


def _number(place: int) -> str:
    return f"*{place:05}"  # no telephone number begins so


def _agent_id(name: str, number: int) -> str:
    return f"{name}-{number + 1}"


def _has_calls(callers: Callers) -> bool:
    rates = callers.per_hour
    return any(rates) if isinstance(rates, tuple) else rates > 0


def _check_span(file: str, place: str, span: Span) -> None:
    try:
        check_span(span, place)
    except CcoreError as error:
        raise _bad(file, place, "no single length", str(error.fields["expected"])) from None


def _is_clock(text: str) -> bool:
    hours, colon, minutes = text.partition(":")
    digits = len(hours) == len(minutes) == 2 and (hours + minutes).isdecimal()
    return bool(colon) and digits and _minutes(text) <= LONGEST_H * 60 and int(minutes) < 60


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _tables(value: Any) -> list[dict[str, Any]]:
    return [v for v in value.values() if isinstance(v, dict)] if isinstance(value, dict) else []


def _centre(path: Path) -> dict[str, Any]:
    """Another centre's ccore.toml."""
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise _bad(path, "the file", error.strerror or "unreadable", "a ccore.toml") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _bad(path, "the file", str(error), "TOML") from None


def _bad(file: object, place: str, found: str, expected: str) -> BadConfig:
    return BadConfig(file=file, place=place, found=found, expected=expected)
