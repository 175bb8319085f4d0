"""What `ccore kpi` says beside its table: schedule, cost, repeat calls, another period, targets."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccore.cli.records_place import Place
from ccore.cli.text import safe
from ccore.errors import BadRequest

if TYPE_CHECKING:
    from ccore.kpi import Table
    from ccore.kpi.adherence import Adherence
    from ccore.kpi.days import Days, EveryDay
    from ccore.kpi.shifts import Shift
    from ccore.kpi.targets import Finding
    from ccore.kpi.words import Words

__all__ = ["Wanted", "extras", "lines"]


@dataclass(slots=True, frozen=True)
class Wanted:
    schedule: Path | None
    cost: Path | None
    repeats_h: int | None
    against: Sequence[date]


def extras(
    days: "Days",
    spread: "Callable[[Days], EveryDay]",
    result: "Table",
    place: Place,
    wanted: Wanted,
    say: "Words",
) -> dict[str, Any]:
    """Only what was asked for; targets always. `spread` says where days are computed."""
    every = spread(days)
    out: dict[str, Any] = {"targets": _targets(every, result, place, say)}
    if wanted.cost is not None:
        out["cost"] = _cost(days, every, result, wanted.cost, place.timezone)
    if wanted.schedule is not None:
        out["adherence"] = _adherence(days, spread, wanted.schedule, place.timezone, say)
    if wanted.repeats_h is not None:
        out["repeats"] = _repeats(every, wanted.repeats_h)
    out["targets"] += _targets_beside(out, place, say)
    if wanted.against:
        out["against"] = _against(every, spread(place.days(tuple(wanted.against))), result)
    return out


def lines(found: dict[str, Any], say: "Words") -> list[str]:
    """The same for people, a line each."""
    from ccore.kpi.beside import OF_REPEATS

    out = []
    for target in found["targets"]:
        if not target["met"]:
            out.append(target["missed"])
            out += [f"  {cause}" for cause in target["causes"]]
    for name, agent in found.get("adherence", {}).get("agents", {}).items():
        out.append(_adhered(name, agent, say))
    if "adherence" in found:
        out.append(_adhered(say["all_agents"], found["adherence"]["all"], say))
        out += [f"  {cause}" for cause in found["adherence"]["causes"]]
        if outside := found["adherence"]["shifts_outside"]:
            out.append(say["outside"].format(count=outside))
    if "cost" in found:
        amount, each = found["cost"]["fen"], found["cost"]["fen_per_call"]
        text = say["cost"] if each is None else say["cost_each"]
        out.append(text.format(amount=f"{amount / 100:.2f}", each=f"{(each or 0) / 100:.2f}"))
    if "repeats" in found:
        line = found["repeats"]
        shares = ", ".join(
            f"{_name(one.name, say)} {_share(line[one.name], say)}" for one in OF_REPEATS
        )
        out.append(say["repeats"].format(window=line["window_h"], shares=shares, **line))
    for change in found.get("against", []):
        if change["more_than_chance"]:
            figures = {name: f"{change[name]:.4g}" for name in ("before", "after")}
            name = _name(change["name"], say)
            out.append(say["shift"].format(name=name, p=f"{change['p']:.1g}", **figures))
    return [safe(line) for line in out]


def _targets(
    every: "EveryDay", result: "Table", place: Place, say: "Words"
) -> list[dict[str, Any]]:
    from ccore.kpi.targets import LEVEL, Causes, findings

    out = []
    for finding in findings(result, place.targets):
        why: list[str] = []
        if finding.name == LEVEL and not finding.is_met:
            causes = Causes(replace(result.plan, by=()))
            why = causes.words(every.map(causes.part), every.strings, say)
        out.append(_target(finding, why, say))
    return out


def _targets_beside(found: dict[str, Any], place: Place, say: "Words") -> list[dict[str, Any]]:
    """Those of the schedule, whose causes stand there, and of repeat callers, where asked for."""
    from ccore.kpi.targets import findings_beside

    values = found.get("adherence", {}).get("all", {}) | found.get("repeats", {})
    return [_target(one, [], say) for one in findings_beside(values, place.targets)]


def _target(finding: "Finding", causes: list[str], say: "Words") -> dict[str, Any]:
    return {
        "name": finding.name,
        "value": finding.value,
        "least": finding.band.least,
        "most": finding.band.most,
        "band": finding.wanted(say),
        "met": finding.is_met,
        "missed": "" if finding.is_met else finding.missed(_name(finding.name, say), say),
        "causes": causes,
    }


def _repeats(every: "EveryDay", window_h: int) -> dict[str, Any]:
    from ccore.kpi.beside import OF_REPEATS
    from ccore.kpi.repeats import repeat_part, repeats_of

    found = repeats_of(every.map(repeat_part), every.strings, window_h)
    return asdict(found) | {one.name: getattr(found, one.name) for one in OF_REPEATS}


def _adherence(
    days: "Days",
    spread: "Callable[[Days], EveryDay]",
    schedule: Path,
    timezone: str,
    say: "Words",
) -> dict[str, Any]:
    """On the days that both the schedule and the records have."""
    from ccore.cdr import Text
    from ccore.kpi.adherence import Adherence, adherence_of, adherence_part
    from ccore.kpi.shifts import cut, read_shifts
    from ccore.kpi.targets import absence_causes

    planned = read_shifts(schedule, timezone)
    days = _scheduled(days, planned, timezone)
    every, shifts = spread(days), cut(planned, days.spans)
    agents = adherence_of(every.map(partial(adherence_part, shifts=shifts)), shifts)
    strings, teams = every.strings, days.teams()
    names = {
        strings.text(Text.AGENT, agent): strings.text(Text.TEAM, int(teams[agent]))
        for agent in teams.nonzero()[0].tolist()
    }
    whole = Adherence()
    for found in agents.values():
        whole.add(found)
    return {
        "agents": {name: _figures(found) for name, found in agents.items()},
        "all": _figures(whole),
        "causes": absence_causes(agents, names, say),
        "shifts_outside": len(planned) - len({shift.place for shift in shifts}),
    }


def _scheduled(days: "Days", shifts: "Sequence[Shift]", timezone: str) -> "Days":
    """Days with a schedule, of those that were chosen or that the records cover.

    Else all work before a schedule begins would be too much, and all plans for tomorrow missed.
    """
    from ccore.kpi.groups import zone_of

    zone = zone_of(timezone)
    ends_us = (min(shift.start_us for shift in shifts), max(shift.end_us for shift in shifts) - 1)
    first, last = (datetime.fromtimestamp(at // 1_000_000, zone).date() for at in ends_us)
    if covered := None if days.chosen else days.covered(timezone):
        first, last = max(first, covered[0]), min(last, covered[1])
    every = [first + timedelta(n) for n in range((last - first).days + 1)]
    chosen = tuple(day for day in every if not days.chosen or day in days.chosen)
    if not chosen:
        raise BadRequest(
            what="The schedule and the records have no day in common",
            expected=f"shifts of the days of {days.directory}",
        )
    return replace(days, chosen=chosen, zone=timezone)


def _figures(found: "Adherence") -> dict[str, Any]:
    from ccore.kpi.beside import OF_SCHEDULE

    heads = {"heads": len(found.heads), "present": len(found.present)}
    shares = {one.name: getattr(found, one.name) for one in OF_SCHEDULE}
    return asdict(found) | heads | {"absent_us": found.absent_us} | shares


def _cost(
    days: "Days", every: "EveryDay", result: "Table", cost: Path, timezone: str
) -> dict[str, Any]:
    """Of the chosen days, or from the first with a call to the last, days off between inside."""
    from ccore.kpi import Plan, table_by_days
    from ccore.kpi.money import cost_per_call, fen_of, read_costs

    plan = Plan(by=("day",), timezone=timezone, percentiles=False)
    lines = table_by_days(every, plan).lines
    used = [date.fromisoformat(line.key[0]) for line in lines if line.sums.attempts]
    span = [used[0] + timedelta(n) for n in range((used[-1] - used[0]).days + 1)] if used else []
    fen = fen_of(read_costs(cost), days.chosen or span)
    return {"fen": fen, "fen_per_call": cost_per_call(fen, result.total.sums)}


def _against(every: "EveryDay", earlier: "EveryDay", result: "Table") -> list[dict[str, Any]]:
    from ccore.kpi import table_by_days
    from ccore.kpi.compare import compare, merged, sample_of

    before = table_by_days(earlier, replace(result.plan, by=()))
    samples = [merged(some.map(sample_of)) for some in (earlier, every)]
    changes = compare((samples[0], before), (samples[1], result))
    return [asdict(change) | {"more_than_chance": change.is_more_than_chance} for change in changes]


def _name(name: str, say: "Words") -> str:
    """In English the name by which the figure is configured."""
    from ccore.kpi import KPI, SERVICE_LEVELS
    from ccore.kpi.beside import BESIDE

    if say["lang"] == "en":
        return name
    titles = {one.name: one.title_zh for one in (*SERVICE_LEVELS, *KPI, *BESIDE.values())}
    return titles.get(name, say["level"])


def _adhered(who: str, found: dict[str, Any], say: "Words") -> str:
    from ccore.kpi.beside import OF_SCHEDULE

    shares = {one.name: _share(found[one.name], say) for one in OF_SCHEDULE}
    return say["adhered"].format(who=who, **shares)


def _share(value: float | None, say: "Words") -> str:
    from ccore.kpi.figures import UNITS

    return "-" if value is None else f"{100 * value:.1f}{UNITS[say['lang']]['share']}"
