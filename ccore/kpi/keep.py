"""Tables of figures kept in SQLite, where any SQL tool can read them.

The table `kpi` has a row per line: what it is grouped by, the figures, and the definition that was
used. Lines of the same records, days, grouping and definition are one table of ours; when it comes
again its rows take the place of the earlier ones.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

from sqlite_utils import Database

from ccore.errors import DiskTrouble
from ccore.kpi.compute import Table
from ccore.kpi.definitions import KPI
from ccore.kpi.formula import Value
from ccore.kpi.groups import GROUPS

__all__ = ["keep"]

TABLE = "kpi"
# What makes a table the same one.
SAME: dict[str, type] = {
    "records": str,  # the directory
    "days": str,  # that were chosen, of `timezone`; or "all"
    "grouped_by": str,  # such as "queue,day"
    "service_level_name": str,
    "threshold_s": int,
    "thresholds": str,  # of queues with their own, such as sales=10,service=30
    "short_s": int,
    "attribution": str,
    "timezone": str,
    "interval_s": int,
    "experts": str,
}
COLUMNS: dict[str, type] = (
    SAME
    | {"service_level_formula": str, "is_total": int}
    | dict.fromkeys(GROUPS, str)  # null where not grouped by it, and in the total
    | {"service_level": float}
    | dict.fromkeys((kpi.name for kpi in KPI), float)  # null: nothing to compute it from
)


def keep(result: Table, target: Path, *, records: Path, days: Sequence[date] = ()) -> int:
    """Write the lines and the total of a table; how many rows that were."""
    same = _same(result, records, days)
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    places = ", ".join("?" for _ in COLUMNS)
    # Rows of an older ccore have null in a column that it did not know.
    where = " and ".join(f"ifnull(\"{name}\", '') = ?" for name in SAME)
    try:
        with closing(sqlite3.connect(target)) as connection:
            _make_room(Database(connection))
            with connection:
                connection.execute(f"delete from {TABLE} where {where}", tuple(same.values()))
                connection.executemany(
                    f"insert into {TABLE} ({names}) values ({places})", _rows(result, same)
                )
    except sqlite3.Error as error:
        raise DiskTrouble(path=target, why=str(error)) from error
    return len(result.lines) + 1


def _rows(result: Table, same: dict[str, str | int]) -> Iterator[tuple[Value | str, ...]]:
    """In the order of COLUMNS; the total has no groups."""
    formula = result.plan.variant.formula
    for line, figures in zip((*result.lines, result.total), result.as_dicts(), strict=True):
        row = same | figures | {"service_level_formula": formula, "is_total": int(not line.key)}
        if not line.key:
            row |= dict.fromkeys(result.by)
        yield tuple(row.get(name) for name in COLUMNS)


def _make_room(database: Database) -> None:
    """The table, and columns that an older ccore did not have."""
    table = database.table(TABLE)
    if not table.exists():
        table.create(COLUMNS)
        table.create_index(["grouped_by"])
        return
    known = table.columns_dict
    for name, kind in COLUMNS.items():
        if name not in known:
            table.add_column(name, kind)


def _same(result: Table, records: Path, days: Sequence[date]) -> dict[str, str | int]:
    plan = result.plan
    experts = sorted(plan.experts.queues | plan.experts.agents)
    return {
        "records": str(records.resolve()),
        "days": ",".join(sorted({day.isoformat() for day in days})) or "all",
        "grouped_by": ",".join(result.by),
        "service_level_name": plan.service_level,
        "threshold_s": plan.threshold_s,
        "thresholds": ",".join(f"{queue}={s}" for queue, s in plan.thresholds_s.items()),
        "short_s": plan.short_s,
        "attribution": plan.attribution,
        "timezone": plan.timezone,
        "interval_s": plan.interval_s,
        "experts": ",".join(experts),
    }
