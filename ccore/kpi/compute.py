"""From rows to a table of figures: partial results of the rows, added, named and put in order.

All sums are 64-bit integers, so that the total equals the sum of its parts to the last unit; only
the last step of a figure divides.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ccore.cdr import Records, Strings
from ccore.kpi.definitions import KPI, find
from ccore.kpi.formula import Value
from ccore.kpi.groups import teams_of
from ccore.kpi.partial import Partial, merge
from ccore.kpi.plan import Plan
from ccore.kpi.sums import Sums

__all__ = ["Line", "Table", "table", "table_of", "table_of_parts"]


@dataclass(slots=True)
class Line:
    """One group's figures; the total has an empty key."""

    key: tuple[str, ...]
    sums: Sums

    def value(self, name: str) -> Value:
        return find(name).value(self.sums)


@dataclass(slots=True)
class Table:
    """KPI of some rows, and everything that has to be said with them."""

    plan: Plan
    lines: list[Line]
    total: Line
    names: tuple[str, ...] = field(default=tuple(kpi.name for kpi in KPI))

    @property
    def by(self) -> tuple[str, ...]:
        return self.plan.by

    def level(self, line: Line) -> Value:
        """Service level in the chosen variant."""
        return self.plan.variant.value(line.sums)

    def as_dicts(self) -> Iterator[dict[str, Value | str]]:
        """One flat dictionary a line, the total last and with empty keys."""
        for line in (*self.lines, self.total):
            key = line.key or ("",) * len(self.by)
            yield (
                dict(zip(self.by, key, strict=True))
                | {"service_level": self.level(line)}
                | {name: line.value(name) for name in self.names}
            )


def table(records: Records, plan: Plan | None = None, **wanted: Any) -> Table:
    """KPI of `records` by a plan, or by the fields of one.

    Agents' time has no queue, language or entry: where it is grouped by one of these, figures made
    of it stand in the total alone.
    """
    if plan is None:
        if "team" in wanted.get("by", ()):
            wanted = {"teams": teams_of(records.agents)} | wanted
        plan = Plan(**wanted)
    return table_of_parts([plan.part(records)], plan, records.strings)


def table_of_parts(parts: Iterable[Partial], plan: Plan, strings: Strings) -> Table:
    """Partial results of any parts of the rows, whichever order they come in, as one table."""
    return table_of(merge(parts, len(plan.by)), plan, strings)


def table_of(whole: Partial, plan: Plan, strings: Strings) -> Table:
    """One partial result of everything as a table."""
    sums = whole.lines()
    lines = [
        Line(plan.groups.labels(key, strings), sums[number])
        for number, key in plan.groups.sorted(whole.keys, strings)
        if plan.by
    ]
    return Table(plan, lines, Line((), whole.total()))
