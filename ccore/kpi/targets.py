"""Bands that figures should lie in; below or above, what to look at first.

Bands come from `[kpi.targets]`; those below hold where it says nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ccore.cdr import Records, Rows, Strings, Text
from ccore.kpi.adherence import Adherence
from ccore.kpi.compute import Table, table_of_parts
from ccore.kpi.definitions import Kpi, Value, find
from ccore.kpi.partial import merge
from ccore.model import LegKind, LegResult

__all__ = ["DEFAULTS", "Band", "Finding", "absence_causes", "findings", "level_causes"]

BUSY = 0.85  # occupancy above which an hour has no room for chance
MOST = 3  # causes of one kind that are named
LEVEL = "service_level"  # in the variant that was asked for


@dataclass(slots=True, frozen=True)
class Band:
    least: float | None = None
    most: float | None = None

    def holds(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (
            self.most is None or value <= self.most
        )


# The industry's usual ones: 80 % in the threshold, wrap-up 30 to 60 s, abandoning after 20 to 60 s.
DEFAULTS = {LEVEL: Band(least=0.8), "acw": Band(30, 60), "aat": Band(20, 60)}


@dataclass(slots=True, frozen=True)
class Finding:
    name: str
    value: Value
    band: Band

    @property
    def is_met(self) -> bool:
        return self.value is None or self.band.holds(self.value)


def findings(result: Table, bands: Mapping[str, Band]) -> list[Finding]:
    """Every figure that has a band, whether it holds or not."""
    sums = result.total.sums
    found = []
    for name, band in (DEFAULTS | dict(bands)).items():
        is_unknown = name == "acw" and not sums.acw_us  # imported records often have no wrap-up
        found.append(Finding(name, None if is_unknown else _kpi(name, result).value(sums), band))
    return found


def level_causes(days: Iterable[Records], result: Table) -> list[str]:
    """Why service level may be low: where it was missed, and what was short there."""
    by_place = replace(result.plan, by=("queue", "hour"), percentiles=False)
    by_hour = replace(by_place, by=("hour",))
    parts, vain, strings = [], _Vain(), None
    for records in days:
        parts.append((by_place.part(records), by_hour.part(records)))
        vain.add(records.legs)
        strings = records.strings
    if strings is None:
        return []
    # Queues times the hours of a year are many: only the worst become lines.
    places = merge((part for part, _ in parts), len(by_place.by))
    missed = places.column("answered") + places.column("abandoned") - places.column("answered_in")
    if not missed.sum():
        return []
    causes = []
    busy_hours = table_of_parts((part for _, part in parts), by_hour, strings)
    hours = {line.key[0]: line for line in busy_hours.lines}
    for at in np.argsort(-missed, kind="stable")[:MOST]:
        if not missed[at]:
            break
        queue, hour = by_place.groups.labels(places.keys[at].tolist(), strings)
        words = f"{queue or 'no queue'}, {hour}: {missed[at]} of {missed.sum()} missed there"
        busy = hours[hour].value("occupancy")
        if busy is not None:
            words += f"; occupancy {100 * busy:.0f} %"
            words += " (too few agents)" if busy > BUSY else " (agents were free: skills, offers)"
        causes.append(words)
    return causes + vain.words(strings)


def absence_causes(agents: Mapping[str, Adherence], teams: Mapping[str, str]) -> list[str]:
    """Why adherence may be low, team by team, the most time first."""
    by_team: dict[str, Adherence] = {}
    for agent, found in agents.items():
        by_team.setdefault(teams.get(agent, ""), Adherence()).add(found)
    causes: list[tuple[int, str]] = []
    for team, found in by_team.items():
        kinds = {"absent": found.absent_us, "on the phone while due elsewhere": found.on_phone_us}
        kinds |= {
            f"{reason} while due on the phone": us for reason, us in found.off_phone_us.items()
        }
        kinds["away under another reason than scheduled"] = found.wrong_code_us
        for kind, us in kinds.items():
            share = us / found.scheduled_us if found.scheduled_us else 0
            text = (
                f"{team or 'no team'}: {kind} {us / 3.6e9:.2f} h, {100 * share:.1f} % of the plan"
            )
            causes.append((us, text))
    return [text for us, text in sorted(causes, reverse=True) if us]


def _kpi(name: str, result: Table) -> Kpi:
    return result.plan.variant if name == LEVEL else find(name)


@dataclass(slots=True)
class _Vain:
    """Offers that agents did not take, by agent: callers waited on."""

    offers: int = 0
    counts: Counter[int] = field(default_factory=Counter)
    rung_us: Counter[int] = field(default_factory=Counter)

    def add(self, legs: Rows) -> None:
        rings = legs[legs["kind"] == LegKind.RING]
        self.offers += len(rings)
        vain = rings[np.isin(rings["result"], (LegResult.NO_ANSWER, LegResult.REFUSED))]
        lengths = vain["end_us"] - vain["start_us"]
        for agent, us in zip(vain["agent"].tolist(), lengths.tolist(), strict=True):
            self.counts[agent] += 1
            self.rung_us[agent] += us

    def words(self, strings: Strings) -> list[str]:
        worst = sorted(((count, agent) for agent, count in self.counts.items()), reverse=True)
        return [
            f"agent {strings.text(Text.AGENT, agent)}: {count} of {self.offers} offers not taken,"
            f" {self.rung_us[agent] / 1e6:.0f} s of ringing"
            for count, agent in worst[:MOST]
        ]
