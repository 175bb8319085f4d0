"""Bands that figures should lie in; below or above, what to look at first.

Bands come from `[kpi.targets]`; those below hold where it says nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ccore.cdr import Records, Rows, Strings, Text
from ccore.kpi.adherence import Adherence
from ccore.kpi.beside import BESIDE
from ccore.kpi.compute import Table, table_of_parts
from ccore.kpi.definitions import find
from ccore.kpi.figures import write
from ccore.kpi.formula import Figure, Value
from ccore.kpi.groups import Ints
from ccore.kpi.partial import Partial, unique_rows
from ccore.kpi.plan import Plan
from ccore.kpi.words import ENGLISH, Words
from ccore.model import LegKind, LegResult

__all__ = [
    "DEFAULTS",
    "LEVEL",
    "Band",
    "CausePart",
    "Causes",
    "Finding",
    "absence_causes",
    "findings",
    "findings_beside",
]

BUSY = 0.85  # occupancy above which an hour has no room for chance
MOST = 3  # causes of one kind that are named
OURS = ("no reason", "other calls")  # reasons that nobody gave
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
    figure: Figure
    value: Value
    band: Band

    @property
    def is_met(self) -> bool:
        return self.value is None or self.band.holds(self.value)

    def wanted(self, say: Words) -> str:
        """The band in words, such as "at least 80.0 %"."""
        bounds = (("least", self.band.least), ("most", self.band.most))
        return say["and"].join(
            say[word].format(bound=write(self.figure, bound, language=say["lang"]))
            for word, bound in bounds
            if bound is not None
        )

    def missed(self, name: str, say: Words) -> str:
        value = write(self.figure, self.value, language=say["lang"])
        return say["missed"].format(name=name, value=value, band=self.wanted(say))


def findings(result: Table, bands: Mapping[str, Band]) -> list[Finding]:
    """Every figure of the table that has a band, whether it holds or not."""
    sums = result.total.sums
    found = []
    for name, band in (DEFAULTS | dict(bands)).items():
        if name in BESIDE:
            continue
        is_unknown = name == "acw" and not sums.acw_us  # imported records often have no wrap-up
        kpi = result.plan.variant if name == LEVEL else find(name)
        found.append(Finding(name, kpi, None if is_unknown else kpi.value(sums), band))
    return found


def findings_beside(values: Mapping[str, Value], bands: Mapping[str, Band]) -> list[Finding]:
    """Figures beside the table that have a band; `values` are those that were asked for."""
    return [
        Finding(name, BESIDE[name], values[name], band)
        for name, band in bands.items()
        if name in BESIDE and name in values
    ]


@dataclass(slots=True)
class CausePart:
    """What some rows say of why service level may be low; parts add up."""

    places: Ints  # queue and hour, of those in which callers were missed
    missed: Ints  # callers, of each place
    hours: Partial
    vain: "Vain"


@dataclass(slots=True, frozen=True)
class Causes:
    """How to look for them under a plan: `part` day by day, then `words` for all of them."""

    plan: Plan

    @property
    def by_place(self) -> Plan:
        return replace(self.plan, by=("queue", "hour"), percentiles=False)

    @property
    def by_hour(self) -> Plan:
        return replace(self.plan, by=("hour",), percentiles=False)

    def part(self, records: Records) -> CausePart:
        vain = Vain()
        vain.look(records.legs)
        places = self.by_place.part(records)
        missed = (
            places.column("answered") + places.column("abandoned") - places.column("answered_in")
        )
        some = missed > 0  # queues times the hours of a year are many: no more is kept of them
        return CausePart(places.keys[some], missed[some], self.by_hour.part(records), vain)

    def words(self, parts: Iterable[CausePart], strings: Strings, say: Words) -> list[str]:
        """Where service level was missed, and what was short there."""
        found = list(parts)
        given = [np.zeros((0, 2), np.int64), *(part.places for part in found)]
        places, index = unique_rows(np.concatenate(given))
        if not len(places):
            return []
        missed = np.zeros(len(places), np.int64)
        np.add.at(missed, index, np.concatenate([part.missed for part in found]))
        busy_hours = table_of_parts((part.hours for part in found), self.by_hour, strings)
        hours = {line.key[0]: line for line in busy_hours.lines}
        causes = []
        for at in np.argsort(-missed, kind="stable")[:MOST]:
            queue, hour = self.by_place.groups.labels(places[at].tolist(), strings)
            text = say["missed_there"].format(
                queue=queue or say["no_queue"], hour=hour, missed=missed[at], all=missed.sum()
            )
            busy = hours[hour].value("occupancy")
            if busy is not None:
                why = say["too_few"] if busy > BUSY else say["free"]
                text += say["busy"].format(share=f"{100 * busy:.0f}", why=why)
            causes.append(text)
        vain = Vain()
        for part in found:
            vain.add(part.vain)
        return causes + vain.words(strings, say)


def absence_causes(
    agents: Mapping[str, Adherence], teams: Mapping[str, str], say: Words = ENGLISH
) -> list[str]:
    """Why adherence may be low, team by team, the most time first."""
    by_team: dict[str, Adherence] = {}
    for agent, found in agents.items():
        by_team.setdefault(teams.get(agent, ""), Adherence()).add(found)
    causes: list[tuple[int, str]] = []
    for team, found in by_team.items():
        kinds = {say["absent"]: found.absent_us, say["on_phone"]: found.on_phone_us}
        kinds |= {
            say["off_phone"].format(reason=say[reason] if reason in OURS else reason): us
            for reason, us in found.off_phone_us.items()
        }
        kinds[say["wrong_code"]] = found.wrong_code_us
        for kind, us in kinds.items():
            share = 100 * us / found.scheduled_us if found.scheduled_us else 0
            figures = {"hours": f"{us / 3.6e9:.2f}", "share": f"{share:.1f}"}
            text = say["of_plan"].format(team=team or say["no_team"], what=kind, **figures)
            causes.append((us, text))
    return [text for us, text in sorted(causes, reverse=True) if us]


@dataclass(slots=True)
class Vain:
    """Offers that agents did not take, by agent: callers waited on."""

    offers: int = 0
    counts: Counter[int] = field(default_factory=Counter)
    rung_us: Counter[int] = field(default_factory=Counter)

    def look(self, legs: Rows) -> None:
        rings = legs[legs["kind"] == LegKind.RING]
        self.offers += len(rings)
        vain = rings[np.isin(rings["result"], (LegResult.NO_ANSWER, LegResult.REFUSED))]
        lengths = vain["end_us"] - vain["start_us"]
        for agent, us in zip(vain["agent"].tolist(), lengths.tolist(), strict=True):
            self.counts[agent] += 1
            self.rung_us[agent] += us

    def add(self, other: "Vain") -> None:
        self.offers += other.offers
        self.counts.update(other.counts)
        self.rung_us.update(other.rung_us)

    def words(self, strings: Strings, say: Words) -> list[str]:
        worst = sorted(((count, agent) for agent, count in self.counts.items()), reverse=True)
        return [
            say["vain"].format(
                agent=strings.text(Text.AGENT, agent),
                count=count,
                offers=self.offers,
                seconds=f"{self.rung_us[agent] / 1e6:.0f}",
            )
            for count, agent in worst[:MOST]
        ]
