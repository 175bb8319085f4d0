"""`ccore cdr`: look at records, follow them, check the files."""

import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ccore.cli.cdr_export_cmd import export
from ccore.cli.cdr_import_cmd import import_
from ccore.cli.options import example, json_option
from ccore.cli.record_rows import columns, flat, in_order, kind_option
from ccore.cli.records_place import Place, days_option, finds_records, place_of
from ccore.cli.tables import Column, Row, show
from ccore.cli.text import one_line_json, safe
from ccore.errors import RecordsDamaged

if TYPE_CHECKING:
    from ccore.cdr.segment import Damage

__all__ = ["cdr"]

_Newest = tuple[list[Row], int]  # rows, and the number of the last

POLL_S = 0.5  # how often `tail --follow` looks; a row is on disk about 0.1 s after its call


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
    """Read, import, export and verify the records; without a command show them."""


cdr.add_command(export)
cdr.add_command(import_)


@cdr.command("show", epilog=example("ccore cdr show --kind leg --day 2026-11-21"))
@finds_records
@kind_option
@days_option(help="Only what began on this day of the site; may be given several times.")
@json_option
def show_rows(
    cdr_dir: Path | None, config_path: Path, kind: str, days: tuple[date, ...], json: bool
) -> None:
    """List the records, oldest first; times are those of the site's time zone."""
    from ccore.cdr import Row as Kind

    place = place_of(cdr_dir, config_path)
    near = {day + timedelta(off) for day in days for off in (-1, 0, 1)}  # files have UTC days
    rows: list[Row] = [flat(fact) for fact in place.facts(Kind(kind), tuple(near))]
    rows = in_order(rows, kind, place.zone, days)
    show(rows, columns(kind, place.zone), json=json, empty="No records.")
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
    rows, last = _newest(place, kind, count=lines)
    cells = columns(kind, place.zone)
    if json or follow:
        _print_lines(rows, cells, json)
    else:
        show(rows, cells, json=False, empty="No records.")
    stamp = _stamp(place.directory, kind)
    while follow:
        time.sleep(POLL_S)
        now = _stamp(place.directory, kind)
        if now != stamp:
            stamp = now
            rows, last = _newest(place, kind, after=last)
            _print_lines(rows, cells, json)
    place.finish()


@cdr.command(epilog=example("ccore cdr verify --cdr var/cdr"))
@finds_records
@json_option
def verify(cdr_dir: Path | None, config_path: Path, json: bool) -> None:
    """Check every byte of every file; exit code 21 if anything is damaged."""
    from ccore.cdr import Strings, segments
    from ccore.cdr.segment import Damage

    place = place_of(cdr_dir, config_path)
    rows: list[Row] = []

    def unreadable(trouble: RecordsDamaged) -> None:
        place.tell(trouble)
        damage = Damage(0, str(trouble.fields["what"]), torn=False)
        rows.append(_verified(Path(str(trouble.fields["file"])).name, [], 0, [damage]))

    for segment in segments(place.directory, tell=unreadable):
        for damage in segment.damage:
            place.tell(RecordsDamaged(file=segment.path, what=damage.what, offset=damage.offset))
        blocks = [block.count for block in segment.blocks]
        rows.append(_verified(segment.path.name, blocks, segment.last_seq, segment.damage))
    strings = Strings(place.directory, tell=unreadable)
    if what := strings.check():
        unreadable(RecordsDamaged(file=strings.path, what=what, offset=0))
    strings.close()
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


@cdr.command(epilog=example("ccore cdr pack --cdr bank", "ccore cdr pack --older-than 30"))
@finds_records
@click.option(
    "--older-than",
    "age_days",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="Days of age from which a day is packed.",
)
@click.option("--gently", is_flag=True, help="Only with processor time that nobody else wants.")
@json_option
def pack(cdr_dir: Path | None, config_path: Path, age_days: int, gently: bool, json: bool) -> None:
    """Pack finished days: the same rows in a small part of the space.

    The daemon does this by itself. Beside a running one, only days that it has closed are packed.
    """
    from datetime import UTC, datetime

    from ccore.cdr import JournalWriter
    from ccore.cdr.packing import PackedDay, pack_closed
    from ccore.errors import AlreadyRunning

    if gently:
        _step_back()
    place = place_of(cdr_dir, config_path)
    place.check()
    rows: list[Row] = []

    def done(day: PackedDay) -> None:
        rows.append(asdict(day) | {"day": day.day.isoformat()})

    try:
        writer = JournalWriter(place.directory, tell=place.tell)
    except AlreadyRunning:  # the daemon closes its days itself
        pass
    else:
        writer.close_days(datetime.now(UTC).date() - timedelta(age_days - 1))
        writer.close()
    pack_closed(place.directory, place.tell, done)
    columns = (
        Column("day", lambda row: row["day"]),
        Column("rows", lambda row: row["rows"], right=True),
        Column("bytes before", lambda row: row["before_bytes"], right=True),
        Column("bytes", lambda row: row["bytes"], right=True),
    )
    show(rows, columns, json=json, empty="Nothing to pack.")
    place.finish()


def _step_back() -> None:
    """Lowest priority, whatever we were started with."""
    os.nice(19)
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _verified(file: str, blocks: list[int], last: int, damage: "list[Damage]") -> Row:
    return {
        "file": file,
        "rows": sum(blocks),
        "blocks": len(blocks),
        "last": last,
        "damage": [asdict(one) for one in damage],
    }


def _print_lines(rows: list[Row], shown: Sequence[Column], json: bool) -> None:
    for row in rows:
        if json:
            click.echo(one_line_json(row))
        else:
            cells = (str(column.cell(row) or "-") for column in shown)
            click.echo("  ".join(safe(cell) for cell in cells))
    sys.stdout.flush()


def _newest(place: Place, kind: str, *, after: int = 0, count: int | None = None) -> _Newest:
    """Rows of the last days in the order of writing: a call may end on another day.

    Days that end the calendar, and those written to last: a clock that was wrong leaves days of the
    future behind.
    """
    from ccore.cdr import Row as Kind
    from ccore.cdr import Strings, facts, read
    from ccore.cdr.records import days_in
    from ccore.cdr.segment import file_name

    def written_ns(day: date) -> int:
        path = place.directory / file_name(Kind(kind), day)
        return path.stat().st_mtime_ns if path.exists() else 0

    place.check()
    days = days_in(place.directory, Kind(kind))
    days = days[-2:] + sorted(days, key=written_ns)[-2:]
    rows = read(place.directory, Kind(kind), days, tell=place.tell)
    last = int(rows["seq"].max(initial=0))
    rows = rows[rows["seq"] > after]
    rows = rows[rows["seq"].argsort()]
    rows = rows[max(0, len(rows) - count) :] if count is not None else rows
    strings = Strings(place.directory, tell=place.tell)
    newest: list[Row] = [flat(fact) for fact in facts(Kind(kind), rows, strings)]
    strings.close()
    return newest, max(last, after)


def _stamp(directory: Path, kind: str) -> list[tuple[str, int]]:
    return sorted((path.name, path.stat().st_size) for path in directory.glob(f"*.{kind}.ccr"))
