"""Records as Arrow and Parquet, for DuckDB, Spark, ClickHouse, pandas.

Columns are those of the CSV export; moments are timestamps in UTC, words are dictionaries. Days are
written one after another, so a year needs no more memory than its busiest day.
"""

from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from enum import IntEnum
from pathlib import Path
from typing import Any

from ccore.cdr.layout import Row
from ccore.cdr.records import Tell, days_in, load
from ccore.cdr.rows import RowFact
from ccore.errors import DiskTrouble, ToolMissing, reason
from ccore.model import AgentInterval, ContactClosed, LegClosed

__all__ = ["write_arrow", "write_parquet"]

FACTS: dict[Row, type] = {
    Row.CONTACT: ContactClosed,
    Row.LEG: LegClosed,
    Row.AGENT: AgentInterval,
}
# Texts of which a day has few.
WORDS = {"node", "site", "entry", "queue", "agent", "team", "called", "language", "cause"}
WORDS |= {"outcome", "ended_by", "kind", "result", "state", "reason", "tenant"}


def write_parquet(
    directory: Path,
    kind: Row,
    target: Path,
    days: tuple[date, ...] = (),
    tell: Tell | None = None,
) -> int:
    """A directory `day=YYYY-MM-DD` below `target` for each day. The number of rows."""
    pa = _pyarrow()
    import pyarrow.parquet as pq

    count = 0
    for day, facts in _days(directory, kind, days, tell):
        table = _table(pa, kind, facts)
        path = target / f"day={day.isoformat()}" / f"{kind.value}.parquet"
        partial = path.with_suffix(".part")  # whoever reads the lake finds a day whole, or not
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(table, partial, compression="zstd")
            partial.replace(path)
        except OSError as error:
            raise DiskTrouble(path=path, why=reason(error)) from error
        count += table.num_rows
    return count


def write_arrow(
    directory: Path,
    kind: Row,
    target: Path,
    days: tuple[date, ...] = (),
    tell: Tell | None = None,
) -> int:
    """One Arrow IPC file (Feather version 2), a batch a day. The number of rows."""
    pa = _pyarrow()
    # A file's dictionaries may not change from batch to batch: here words are plain text.
    schema = pa.schema([field.with_type(_plain(pa, field.type)) for field in _schema(pa, kind)])
    count = 0
    try:
        with pa.OSFile(str(target), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            for _, facts in _days(directory, kind, days, tell):
                table = _table(pa, kind, facts, schema)
                writer.write_table(table)
                count += table.num_rows
    except OSError as error:
        raise DiskTrouble(path=target, why=reason(error)) from error
    return count


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError:
        raise ToolMissing(
            tool="pyarrow", why="Parquet and Arrow need it: pip install pyarrow"
        ) from None
    return pyarrow


def _days(
    directory: Path, kind: Row, days: tuple[date, ...], tell: Tell | None
) -> Iterator[tuple[date, list[RowFact]]]:
    for day in days_in(directory, kind):
        if days and day not in days:
            continue
        records = load(directory, [day], tell=tell)
        yield day, list(records.facts(kind))
        records.strings.close()


def _schema(pa: Any, kind: Row) -> Any:
    words = pa.dictionary(pa.int32(), pa.string())
    columns = []
    for field in fields(FACTS[kind]):
        if field.name.endswith("_us"):
            column = pa.timestamp("us", tz="UTC")
        elif field.name in WORDS:
            column = words
        elif field.type in (bool, "bool"):
            column = pa.bool_()
        else:
            column = pa.string() if field.type in (str, "str") else pa.int64()
        columns.append(pa.field(field.name, column))
    return pa.schema(columns)


def _plain(pa: Any, kind: Any) -> Any:
    return pa.string() if pa.types.is_dictionary(kind) else kind


def _table(pa: Any, kind: Row, facts: list[RowFact], schema: Any = None) -> Any:
    schema = _schema(pa, kind) if schema is None else schema
    columns = []
    for field in schema:
        values = [_value(field.name, getattr(fact, field.name)) for fact in facts]
        columns.append(pa.array(values, type=_plain(pa, field.type)).cast(field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _value(name: str, value: Any) -> Any:
    if isinstance(value, IntEnum):
        return value.name.lower().replace("_", "-")
    if name in ("queued_us", "answered_us") and not value:
        return None  # it never happened, which is not 1970
    return value
