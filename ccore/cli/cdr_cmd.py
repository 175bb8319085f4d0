"""`ccore cdr`: look at records, follow them, hand them to others, check the files."""

import csv
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import date
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from ccore.cli.options import FILE, example, json_option
from ccore.cli.records_place import Place, days_option, finds_records, place_of
from ccore.cli.tables import Column, Row, show
from ccore.cli.text import one_line_json, safe, span
from ccore.errors import DiskTrouble, RecordsDamaged

if TYPE_CHECKING:
    from ccore.cdr import RowFact

__all__ = ["cdr"]

KINDS = ("contact", "leg", "agent")
POLL_S = 0.5  # how often `tail --follow` looks; a row is on disk about 0.1 s after its call

kind_option = click.option(
    "--kind", type=click.Choice(KINDS), default="contact", show_default=True, help="Kind of row."
)


def _when(field: str, row: Row) -> str:
    at_s = max(0, min(row[field] // 1_000_000, 253_402_000_000))
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at_s))


def _good(row: Row) -> str:
    return {"answered": "green", "abandoned": "yellow", "failed": "bold red"}.get(
        row.get("outcome", ""), ""
    )


def _length(row: Row) -> str:
    return span((row["end_us"] - row["start_us"]) // 1000)


COLUMNS = {
    "contact": (
        Column("arrived", lambda row: _when("arrived_us", row)),
        Column("calling", lambda row: row["calling"]),
        Column("name", lambda row: row["calling_name"], spare=4),
        Column("called", lambda row: row["called"], spare=2),
        Column("queue", lambda row: row["queue"]),
        Column("agent", lambda row: row["agent"]),
        Column("outcome", lambda row: row["outcome"], style=_good),
        Column("ended by", lambda row: row["ended_by"], spare=3),
        Column("wait", lambda row: span(row["wait_ms"]), right=True),
        Column("talk", lambda row: span(row["talk_ms"]), right=True),
        Column("contact", lambda row: row["contact"], style=lambda _: "bright_black", spare=5),
    ),
    "leg": (
        Column("start", lambda row: _when("start_us", row)),
        Column("kind", lambda row: row["kind"]),
        Column("result", lambda row: row["result"]),
        Column("length", _length, right=True),
        Column("queue", lambda row: row["queue"]),
        Column("agent", lambda row: row["agent"]),
        Column("detail", lambda row: row["detail"]),
        Column("contact", lambda row: row["contact"], style=lambda _: "bright_black", spare=5),
    ),
    "agent": (
        Column("start", lambda row: _when("start_us", row)),
        Column("agent", lambda row: row["agent"]),
        Column("state", lambda row: row["state"]),
        Column("reason", lambda row: row["reason"]),
        Column("length", _length, right=True),
        Column("queue", lambda row: row["queue"]),
        Column("team", lambda row: row["team"]),
    ),
}


class _ShowByDefault(click.Group):
    """`ccore cdr --json` is `ccore cdr show --json`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_ShowByDefault,
    epilog=example("ccore cdr show --day 2026-11-21", "ccore cdr tail --follow"),
)
def cdr() -> None:
    """Read, export and verify the records; without a command show them."""


@cdr.command("show", epilog=example("ccore cdr show --kind leg --day 2026-11-21"))
@finds_records
@kind_option
@days_option()
@json_option
def show_rows(
    cdr_dir: Path | None, config_path: Path, kind: str, days: tuple[date, ...], json: bool
) -> None:
    """List the records, oldest first."""
    from ccore.cdr import Row as Kind

    place = place_of(cdr_dir, config_path)
    rows = [_flat(fact) for fact in place.load(days).facts(Kind(kind))]
    show(rows, COLUMNS[kind], json=json, empty="No records.")
    place.finish()


@cdr.command(epilog=example("ccore cdr tail --follow --json"))
@finds_records
@kind_option
@click.option("--lines", "-n", type=click.IntRange(0), default=10, show_default=True)
@click.option("--follow", "-f", is_flag=True, help="Go on with what is written from now on.")
@json_option
def tail(
    cdr_dir: Path | None, config_path: Path, kind: str, lines: int, follow: bool, json: bool
) -> None:
    """The last records written; with --json one object a line."""
    place = place_of(cdr_dir, config_path)
    seen = _newest(place, kind)
    rows = [row for _, row in seen[len(seen) - min(lines, len(seen)) :]]
    if json or follow:
        _print_lines(rows, kind, json)
    else:
        show(rows, COLUMNS[kind], json=False, empty="No records.")
    last = max((seq for seq, _ in seen), default=0)
    stamp = _stamp(place.directory, kind)
    while follow:
        time.sleep(POLL_S)
        now = _stamp(place.directory, kind)
        if now != stamp:
            stamp = now
            fresh = [(seq, row) for seq, row in _newest(place, kind) if seq > last]
            _print_lines([row for _, row in fresh], kind, json)
            last = max((seq for seq, _ in fresh), default=last)
    place.finish()


@cdr.command(epilog=example("ccore cdr verify --cdr var/cdr"))
@finds_records
@json_option
def verify(cdr_dir: Path | None, config_path: Path, json: bool) -> None:
    """Check every byte of every file; exit code 21 if anything is damaged."""
    from ccore.cdr import segments

    place = place_of(cdr_dir, config_path)
    rows: list[Row] = []
    for segment in segments(place.directory, tell=place.tell):
        for damage in segment.damage:
            place.tell(RecordsDamaged(file=segment.path, what=damage.what, offset=damage.offset))
        rows.append(
            {
                "file": segment.path.name,
                "rows": sum(block.count for block in segment.blocks),
                "blocks": len(segment.blocks),
                "last": segment.last_seq,
                "damage": [asdict(damage) for damage in segment.damage],
            }
        )
    columns = (
        Column("file", lambda row: row["file"]),
        Column("rows", lambda row: row["rows"], right=True),
        Column("blocks", lambda row: row["blocks"], right=True),
        Column("last number", lambda row: row["last"], right=True),
        Column(
            "state",
            lambda row: f"{len(row['damage'])} damaged" if row["damage"] else "good",
            style=lambda row: "bold red" if row["damage"] else "green",
        ),
    )
    show(rows, columns, json=json, empty="No records.")
    place.finish()


@cdr.command(epilog=example("ccore cdr export --csv --to contacts.csv"))
@finds_records
@kind_option
@days_option()
@click.option(
    "--csv", "form", flag_value="csv", default="csv", help="Comma-separated, the default."
)
@click.option("--json", "form", flag_value="json", help="One JSON object a line.")
@click.option("--to", "target", type=FILE, help="File to write, instead of standard output.")
def export(
    cdr_dir: Path | None,
    config_path: Path,
    kind: str,
    days: tuple[date, ...],
    form: str,
    target: Path | None,
) -> None:
    """Hand the records on: times in microseconds since 1970 UTC, lengths in milliseconds."""
    from ccore.cdr import Row as Kind

    place = place_of(cdr_dir, config_path)
    facts = place.load(days).facts(Kind(kind))
    with _output(target) as file:
        if form == "json":
            for fact in facts:
                file.write(one_line_json(_flat(fact)) + "\n")
        else:
            _write_csv(file, kind, facts)
    place.finish()


@contextmanager
def _output(target: Path | None) -> Iterator[TextIO]:
    if target is None:
        yield sys.stdout
        return
    try:
        with target.open("w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise DiskTrouble(path=target, why=error.strerror) from error


def _write_csv(file: TextIO, kind: str, facts: Iterable["RowFact"]) -> None:
    from ccore.model import AgentInterval, ContactClosed, LegClosed

    fact_type = {"contact": ContactClosed, "leg": LegClosed, "agent": AgentInterval}[kind]
    names = [field.name for field in fields(fact_type)]
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: _cell(v) for k, v in _flat(fact).items()} for fact in facts)


def _cell(value: Any) -> Any:
    """A caller may call himself `=cmd(...)`: a spreadsheet must not run it."""
    if isinstance(value, str):
        formula = value[:1] in ("=", "+", "-", "@") and not value[1:].isdigit()
        return ("'" + safe(value)) if formula else safe(value)
    return int(value) if isinstance(value, bool) else value


def _flat(fact: "RowFact") -> dict[str, Any]:
    return {
        name: value.name.lower().replace("_", "-") if isinstance(value, IntEnum) else value
        for name, value in asdict(fact).items()
    }


def _print_lines(rows: list[Row], kind: str, json: bool) -> None:
    for row in rows:
        if json:
            click.echo(one_line_json(row))
        else:
            cells = (str(column.cell(row) or "-") for column in COLUMNS[kind])
            click.echo("  ".join(safe(cell) for cell in cells))
    sys.stdout.flush()


def _newest(place: Place, kind: str) -> list[tuple[int, Row]]:
    """Rows of the last two days in the order of writing: a call may end on another day."""
    from ccore.cdr import Row as Kind
    from ccore.cdr import Strings, facts, read

    days = sorted({path.name[:10] for path in place.directory.glob(f"*.{kind}.ccr")})[-2:]
    rows = read(place.directory, Kind(kind), map(date.fromisoformat, days), tell=place.tell)
    flat = map(_flat, facts(Kind(kind), rows, Strings(place.directory)))
    return sorted(zip(rows["seq"].tolist(), flat, strict=True), key=lambda pair: pair[0])


def _stamp(directory: Path, kind: str) -> list[tuple[str, int]]:
    return sorted((path.name, path.stat().st_size) for path in directory.glob(f"*.{kind}.ccr"))
