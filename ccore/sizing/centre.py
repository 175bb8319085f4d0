"""The centre of a scenario as a ccore.toml: its staff as agents, a number for each stream of
callers, and a switch that never fails."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ccore.config import Config
from ccore.config.checks import check
from ccore.config.faults import find_fault
from ccore.config.lines import Path, dotted
from ccore.errors import BadConfig
from ccore.sizing.expand import merged
from ccore.sizing.replay import Recorded, recorded
from ccore.sizing.scenario import NODE, Scenario, agent_id

__all__ = ["centre_of", "number_of", "recorded_day", "streams_of"]


def centre_of(scenario: Scenario, file: str) -> Config:
    """Checked as a ccore.toml is; raises BadConfig that names the place in the scenario."""
    centre: dict[str, Any] = dict(scenario.centre)
    entries: list[Any] = []
    if scenario.replay is not None:
        replayed = recorded_day(scenario).centre(scenario.replay.credit)
        entries = replayed.pop("entries")
        centre = merged(replayed, centre)
    centre["switch"] = {NODE: {"fallback_s": 0}}  # without a fallback there is none to put off
    if isinstance(routing := centre.get("routing", {}), dict):
        centre["routing"] = {"decisions": False, **routing}  # nobody would read its log
    if isinstance(agents := _agents(scenario, centre.get("agents", {})), dict):
        centre["agents"] = agents
    own = centre.get("entries", [])
    if isinstance(own, list):
        entries = [*own, *entries]
        centre["entries"] = [*entries, *_entries(scenario).values()]

    def place_of(path: Path) -> str:
        """Where it stands in the scenario; an entry that we made is its stream."""
        if path[:1] == ("entries",) and isinstance(number := path[1], int):
            made = list(_entries(scenario))[max(0, number - len(entries)) :]
            if number >= len(entries) and made:
                return dotted(("callers", made[0], *path[2:]))
        return dotted(("centre", *path))

    if fault := find_fault(centre, Config):
        place, found, expected = place_of(fault.path), fault.found, fault.expected
        raise BadConfig(file=file, place=place, found=found, expected=expected)
    config = msgspec.convert(centre, Config, strict=True)
    check(config, file, place_of)
    return config


def _agents(scenario: Scenario, agents: Any) -> Any:
    """The staff if there is any, beside recorded agents; else the centre's own."""
    if scenario.staff:
        agents = dict(agents) if scenario.replay is not None else {}
        for name, staff in scenario.staff.items():
            said = {"skills": dict(staff.skills), "queues": list(staff.queues)}
            said |= {"site": staff.site, "team": staff.team} | staff.more
            agents |= {agent_id(name, number): said for number in range(staff.count)}
    if not isinstance(agents, dict):
        return agents  # the check will say what is wrong
    absent = {"start": "signed-out", "nailed_up": False}
    return {
        name: {**one, **absent} if isinstance(one, Mapping) else one for name, one in agents.items()
    }


def _entries(scenario: Scenario) -> dict[str, dict[str, Any]]:
    """Stream -> the entry made for it, where it names no number of the centre's own."""
    return {
        name: {
            "number": number_of(scenario, name),
            "to": callers.to,
            "language": callers.language,
            "priority": callers.priority,
        }
        for name, callers in scenario.callers.items()
        if callers.to
    }


def recorded_day(scenario: Scenario) -> Recorded:
    """What a replay repeats."""
    assert scenario.replay is not None
    site = scenario.centre.get("site", {})
    zone = site.get("timezone", "UTC") if isinstance(site, dict) else "UTC"
    return recorded(scenario.replay.records, scenario.day, str(zone))


def number_of(scenario: Scenario, name: str) -> str:
    """What callers of a stream dial; no telephone number begins with a star."""
    return scenario.callers[name].dials or f"*{list(scenario.callers).index(name):05}"


def streams_of(scenario: Scenario) -> dict[str, str]:
    """Number dialled -> the stream of callers who dial it."""
    found = recorded_day(scenario).streams() if scenario.replay is not None else {}
    return found | {number_of(scenario, name): name for name in scenario.callers}
