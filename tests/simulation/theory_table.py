"""Every Erlang case of the tables, simulated: does the truth lie in the simulation's interval?

A 95 % interval misses the truth in one case of twenty, by its meaning. So what is judged is the
number of misses: more than chance would allow once in a thousand tables, and the floor, or the
simulation around it, is wrong.
"""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Any

from ccore.sizing.confidence import LEVEL, Mean, mean_of
from ccore.sizing.reading import scenario_of
from ccore.sizing.simulate import simulate
from ccore.sizing.staffing import Demand, serve

__all__ = ["Case", "Check", "cases", "check", "most_misses"]

TABLES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "vectors" / "erlang.json").read_text("utf-8")
)
HOURS = 46  # a scenario may be two days long; it begins empty, so the first quarter is not counted
WARM_UP = 0.25
HANDLE_S = 180.0  # where a table gives erlangs only
ONCE_IN = 1_000


@dataclass(frozen=True)
class Case:
    name: str
    agents: int
    calls_per_s: float
    handle_s: float
    patience: dict[str, float] | None  # of the scenario
    within_s: int
    truth: dict[str, float]  # figure of the simulation -> what the table says

    def stretch(self, calls: int) -> float:
        """All times are stretched alike, for so many calls a day: only their ratios matter."""
        return HOURS * 3600 * self.calls_per_s / calls

    def within(self, calls: int) -> int:
        """Seconds to answer in, stretched: a queue has whole seconds."""
        return round(self.within_s * self.stretch(calls))

    def truths(self, calls: int) -> dict[str, float]:
        """The table's figures, stretched; the service level by the formula, for whole seconds."""
        stretch = self.stretch(calls)
        known = {
            figure: value * stretch if figure in ("asa", "wait") else value
            for figure, value in self.truth.items()
        }
        if "occupancy" in known:
            patience_s = self.patience["mean_s"] * stretch if self.patience else 0.0
            demand = Demand(
                calls_per_s=calls / HOURS / 3600,
                handle_s=self.handle_s * stretch,
                patience_s=patience_s,
            )
            known["service_level"] = serve(demand, self.agents, self.within(calls)).service_level
        return known

    def scenario(self, calls: int) -> dict[str, Any]:
        """About so many calls a day."""
        stretch = self.stretch(calls)
        stream: dict[str, Any] = {
            "to": "queue:q",
            "per_hour": calls / HOURS,
            "talk": {"mean_s": self.handle_s * stretch},
        }
        if self.patience is not None:
            stream["patience"] = {key: s * stretch for key, s in self.patience.items()}
        return {
            "opens": "00:00",
            "closes": f"{HOURS}:00",
            "warm_up_s": round(WARM_UP * HOURS * 3600),
            "callers": {"all": stream},
            "staff": {"all": {"count": self.agents}},
            "centre": {"queues": {"q": {"service_level": {"within_s": self.within(calls)}}}},
        }


@dataclass(frozen=True)
class Check:
    case: str
    figure: str
    truth: float
    got: Mean

    @property
    def is_inside(self) -> bool:
        return self.got.covers(self.truth)


def cases() -> Iterator[Case]:
    for agents, load, lost in TABLES["B"]:
        yield Case(
            f"B n={agents} a={load}",
            agents,
            float(load) / HANDLE_S,
            HANDLE_S,
            {"fixed_s": 0.0},  # whoever finds nobody free is gone
            0,
            {"abn1": float(lost)},
        )
    for agents, load, waits in TABLES["C"]:
        yield Case(
            f"C n={agents} a={load}",
            agents,
            float(load) / HANDLE_S,
            HANDLE_S,
            None,
            20,
            {"p_wait": float(waits)},
        )
    for one in TABLES["C_kpi"]:
        calls, period_s, handle_s, agents, within_s = one["calls,period_s,aht_s,n,T"]
        name = f"C n={agents} {calls} calls/{period_s} s of {handle_s} s"
        truth = {"p_wait": "pw", "asa": "asa", "occupancy": "occ"}
        yield _of_table(name, one, truth, calls / period_s, handle_s, None, agents, within_s)
    for one in TABLES["A"]:
        calls, period_s, handle_s, patience_s, agents, within_s = one[
            "calls,period_s,aht_s,patience_s,n,T"
        ]
        name = f"A n={agents} {calls} calls/{period_s} s of {handle_s} s, patience {patience_s} s"
        truth = {"p_wait": "pw", "abn1": "pab", "wait": "ew", "occupancy": "occ"}
        patience = {"mean_s": float(patience_s)}
        yield _of_table(name, one, truth, calls / period_s, handle_s, patience, agents, within_s)


def _of_table(
    name: str,
    row: dict[str, Any],
    truth: dict[str, str],
    calls_per_s: float,
    handle_s: float,
    patience: dict[str, float] | None,
    agents: int,
    within_s: int,
) -> Case:
    known = {figure: float(row[key]) for figure, key in truth.items()}
    return Case(name, agents, calls_per_s, handle_s, patience, within_s, known)


def check(case: Case, calls: int, seeds: int) -> list[Check]:
    """Every case has seeds of its own: cases that shared callers would miss together."""
    named = scenario_of(case.scenario(calls))
    first = zlib.crc32(case.name.encode())
    days = [simulate(named, seed).figures[""] for seed in range(first, first + seeds)]
    checks = []
    for figure, truth in case.truths(calls).items():
        got = mean_of([day[figure] for day in days])
        assert got is not None
        checks.append(Check(case.name, figure, truth, got))
    return checks


def most_misses(checks: int) -> int:
    """More misses than this would come by chance less than once in a thousand tables.

    The figures of one case hang together, so that chance is a little larger than this says.
    """
    miss = 1 - LEVEL
    left = 1.0
    for misses in range(checks + 1):
        left -= comb(checks, misses) * miss**misses * (1 - miss) ** (checks - misses)
        if left < 1 / ONCE_IN:
            return misses
    return checks
