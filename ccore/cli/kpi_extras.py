"""What `ccore kpi` says beside its table: schedule, cost, repeat calls, another period, targets."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccore.cli.records_place import Place
from ccore.cli.text import safe

if TYPE_CHECKING:
    from ccore.cdr import Records
    from ccore.kpi import Days, Table

__all__ = ["extras", "words"]

REPEATS = ("fcr1", "fcr2", "fcr3", "fcr4", "ivr_containment_true")


def extras(
    days: "Days",
    result: "Table",
    place: Place,
    *,
    schedule: Path | None,
    cost: Path | None,
    repeats_h: int | None,
    against: Sequence[date],
) -> dict[str, Any]:
    """Only what was asked for; targets always.

    What looks from day to day is computed from the rows of all days at once.
    """
    out: dict[str, Any] = {"targets": _targets(days, result, place)}
    if cost is not None:
        out["cost"] = _cost(days, result, cost, place.timezone)
    if schedule is None and repeats_h is None and not against:
        return out
    records = place.load(days.chosen)
    if schedule is not None:
        out["adherence"] = _adherence(records, schedule, place.timezone)
    if repeats_h is not None:
        from ccore.kpi.repeats import repeats

        found = repeats(records, repeats_h)
        out["repeats"] = asdict(found) | {name: getattr(found, name) for name in REPEATS}
    if against:
        from ccore.kpi import table
        from ccore.kpi.compare import compare

        before = place.load(tuple(against))
        plan = replace(result.plan, by=())
        changes = compare((before, table(before, plan)), (records, result))
        out["against"] = [
            asdict(change) | {"more_than_chance": change.is_more_than_chance} for change in changes
        ]
    return out


def words(found: dict[str, Any]) -> list[str]:
    """The same for people, a line each."""
    lines = []
    for target in found["targets"]:
        if target["met"]:
            continue
        lines.append(f"target missed: {target['name']} is {target['value']:.4g}, {target['band']}")
        lines += [f"  {cause}" for cause in target["causes"]]
    for name, agent in found.get("adherence", {}).get("agents", {}).items():
        lines.append(f"{name}: {_shares(agent)}")
    if "adherence" in found:
        lines.append(f"all agents: {_shares(found['adherence']['all'])}")
        lines += [f"  {cause}" for cause in found["adherence"]["causes"]]
    if "cost" in found:
        each = found["cost"]["fen_per_call"]
        lines.append(
            f"cost {found['cost']['fen'] / 100:.2f}"
            + ("" if each is None else f", {each / 100:.2f} per call answered or ended in IVR")
        )
    if "repeats" in found:
        line = found["repeats"]
        shares = ", ".join(f"{name} {_share(line[name])}" for name in REPEATS)
        lines.append(
            f"repeats within {line['window_h']} h: {shares}; {line['censored']} of"
            f" {line['answered']} have no full window, {line['unknown']} no number"
        )
    for change in found.get("against", []):
        if change["more_than_chance"]:
            lines.append(
                f"more than chance: {change['name']} {change['before']:.4g} -> "
                f"{change['after']:.4g} (p = {change['p']:.1g})"
            )
    return [safe(line) for line in lines]


def _targets(days: "Days", result: "Table", place: Place) -> list[dict[str, Any]]:
    from ccore.kpi.targets import LEVEL, findings, level_causes

    out = []
    for finding in findings(result, place.targets):
        is_low = finding.name == LEVEL and not finding.is_met
        bounds = (("at least", finding.band.least), ("at most", finding.band.most))
        band = " and ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)
        out.append(
            {
                "name": finding.name,
                "value": finding.value,
                "band": band,
                "met": finding.is_met,
                "causes": level_causes(days, result) if is_low else [],
            }
        )
    return out


def _adherence(records: "Records", schedule: Path, timezone: str) -> dict[str, Any]:
    from ccore.cdr import Text
    from ccore.kpi import teams_of
    from ccore.kpi.adherence import Adherence, adherence
    from ccore.kpi.shifts import read_shifts
    from ccore.kpi.targets import absence_causes

    agents = adherence(records, read_shifts(schedule, timezone))
    teams = teams_of(records.agents)
    strings = records.strings
    names = {
        strings.text(Text.AGENT, agent): strings.text(Text.TEAM, int(teams[agent]))
        for agent in set(records.agents["agent"].tolist())
    }
    whole = Adherence()
    for found in agents.values():
        whole.add(found)

    def figures(found: Adherence) -> dict[str, Any]:
        shares = ("adherence", "conformance", "utilisation_paid")
        return asdict(found) | {name: getattr(found, name) for name in shares}

    return {
        "agents": {name: figures(found) for name, found in agents.items()},
        "all": figures(whole),
        "causes": absence_causes(agents, names),
    }


def _cost(days: "Days", result: "Table", cost: Path, timezone: str) -> dict[str, Any]:
    from ccore.kpi import Plan, table_by_days
    from ccore.kpi.money import cost_per_call, fen_of, read_costs

    plan = Plan(by=("day",), timezone=timezone, percentiles=False)
    lines = table_by_days(days, plan).lines
    used = [date.fromisoformat(line.key[0]) for line in lines if line.sums.attempts]
    span = [used[0] + timedelta(n) for n in range((used[-1] - used[0]).days + 1)] if used else []
    fen = fen_of(read_costs(cost), span)
    return {"fen": fen, "fen_per_call": cost_per_call(fen, result.total.sums)}


def _shares(found: dict[str, Any]) -> str:
    return (
        f"adherence {_share(found['adherence'])}, conformance (实际工作率) "
        f"{_share(found['conformance'])}, utilisation of paid time "
        f"{_share(found['utilisation_paid'])}"
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"
