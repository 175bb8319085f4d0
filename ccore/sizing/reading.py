"""Reading a scenario: a TOML file, laid out for every site and variant, and checked."""

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from ccore.config.faults import find_fault, show
from ccore.config.lines import dotted
from ccore.errors import BadConfig, CcoreError, UnknownName, reason
from ccore.sizing.centre import centre_of
from ccore.sizing.draws import Span, check_span
from ccore.sizing.expand import for_every_site, merged
from ccore.sizing.scenario import Callers, Named, Scenario

__all__ = ["read", "scenario_of", "why_not"]

LIKE = "like"  # the key of a variant that begins where another one ends
LONGEST_H = 48  # a scenario may go on into the next night


def read(path: Path) -> dict[str, Any]:
    """The text of a file as a table; raises BadConfig."""
    try:
        with path.open("rb") as file:
            data = tomllib.load(file)
    except OSError as error:
        raise _bad(path, "the file", reason(error), "a scenario") from None
    except (ValueError, RecursionError) as error:
        raise _bad(path, "the file", str(error), "TOML") from None
    place = data.get("replay")
    if isinstance(place, dict) and isinstance(place.get("records"), str):
        place["records"] = str(path.parent / place["records"])
    for one in [data, *_tables(data.get("variants"))]:
        if isinstance(one.get("centre"), str):
            one["centre"] = _centre(path.parent / one["centre"])
    return data


def why_not(data: Mapping[str, Any]) -> str:
    """Why a file among others is not for us; "" if it is a scenario, with faults or without."""
    is_ours = data.keys() & {"callers", "replay", "centre", "variants"}
    if not is_ours or data.keys() & {"agents", "entries", "queues", "switch"}:  # a ccore.toml
        return "no scenario"
    replay = data.get("replay")
    records = str(replay.get("records", "")) if isinstance(replay, dict) else ""
    return f"no records at {records}" if records and not Path(records).is_dir() else ""


def scenario_of(data: Mapping[str, Any], variant: str = "", file: str = "scenario") -> Named:
    """A variant of a table; "" is the scenario as it stands. Raises BadConfig, UnknownName."""
    variants = data.get("variants", {})
    if not isinstance(variants, dict) or not all(isinstance(v, dict) for v in variants.values()):
        raise _bad(file, "variants", show(variants), "tables, each with what it changes")
    if variant and variant not in variants:
        known = ", ".join(variants) or "none"
        raise UnknownName(kind="variant", name=variant, known=known)
    plain = {key: value for key, value in data.items() if key not in ("variants", "sites")}
    for change in _changes(variants, variant, file):
        plain = merged(plain, {key: value for key, value in change.items() if key != LIKE})
    sites = data.get("sites", [])
    if not isinstance(sites, list) or not all(isinstance(site, str) and site for site in sites):
        raise _bad(file, "sites", show(sites), "a list of names")
    plain = for_every_site(plain, sites)
    if fault := find_fault(plain, Scenario):
        raise _bad(file, dotted(fault.path), fault.found, fault.expected)
    scenario = msgspec.convert(plain, Scenario, strict=True)
    _check(scenario, file)
    return Named(variant, scenario, centre_of(scenario, file), file)


def _changes(variants: Mapping[str, Any], variant: str, file: str) -> list[Mapping[str, Any]]:
    """A variant's own, after those of the variant that it is like."""
    found: list[Mapping[str, Any]] = []
    seen: list[str] = []
    while variant:
        if variant in seen or not isinstance(variants.get(variant), dict):
            way = " -> ".join([*seen, variant])
            raise _bad(file, f"variants.{seen[-1]}.{LIKE}", way, "another variant, not in a circle")
        seen.append(variant)
        found.insert(0, variants[variant])
        variant = str(variants[variant].get(LIKE, ""))
    return found


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
        raise _bad(path, "the file", reason(error), "a ccore.toml") from None
    except (ValueError, RecursionError) as error:
        raise _bad(path, "the file", str(error), "TOML") from None


def _bad(file: object, place: str, found: str, expected: str) -> BadConfig:
    return BadConfig(file=file, place=place, found=found, expected=expected)
