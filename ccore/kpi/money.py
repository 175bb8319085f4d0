"""Cost per call: amounts of money over days, in whole fen (the hundredth part of the currency).

    [[cost]]
    name = "wages"
    fen = 72_000_000
    from = 2026-11-01
    to = 2026-11-30

An amount counts for the days it covers; the days of an amount add up to it, to the last fen.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ccore.errors import BadConfig, reason
from ccore.kpi.sums import Sums

__all__ = ["Cost", "cost_per_call", "fen_of", "read_costs"]


@dataclass(slots=True, frozen=True)
class Cost:
    name: str
    fen: int
    first: date
    last: date

    def on(self, day: date) -> int:
        """The part of a day: the parts up to any day are the amount's share, rounded down."""
        days, place = (self.last - self.first).days + 1, (day - self.first).days
        if not 0 <= place < days:
            return 0
        return self.fen * (place + 1) // days - self.fen * place // days


def read_costs(path: Path) -> list[Cost]:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadConfig(
            file=path, place="file", found=reason(error), expected="a TOML file"
        ) from error
    rows = table.get("cost")
    if not isinstance(rows, list) or set(table) != {"cost"}:
        raise BadConfig(
            file=path, place="top level", found=", ".join(table) or "nothing", expected="[[cost]]"
        )
    return [_cost(path, place, row) for place, row in enumerate(rows, 1)]


def _cost(path: Path, place: int, row: Any) -> Cost:
    def refuse(key: str, expected: str) -> BadConfig:
        found = repr(row.get(key)) if isinstance(row, dict) else repr(row)
        return BadConfig(file=path, place=f"cost {place}, {key}", found=found, expected=expected)

    if not isinstance(row, dict) or not row.keys() <= {"name", "fen", "from", "to"}:
        raise refuse("keys", "name, fen, from and to")
    fen, first, last = (row.get(key) for key in ("fen", "from", "to"))
    if type(fen) is not int or fen < 0:
        raise refuse("fen", "a whole number of fen, such as 72_000_000")
    for key, day in (("from", first), ("to", last)):
        if not isinstance(day, date) or isinstance(day, datetime):
            raise refuse(key, "a day such as 2026-11-01, without quotes")
    assert isinstance(first, date)
    assert isinstance(last, date)
    if last < first:
        raise refuse("to", f"a day not before {first}")
    return Cost(str(row.get("name", "")), fen, first, last)


def fen_of(costs: Iterable[Cost], days: Iterable[date]) -> int:
    chosen = sorted(set(days))
    return sum(cost.on(day) for cost in costs for day in chosen)


def cost_per_call(fen: int, sums: Sums) -> float | None:
    """Fen / (answered by an agent + ended in the IVR)."""
    calls = sums.answered + sums.ivr
    return fen / calls if calls else None
