"""`ccore cdr export`: the records for other programs."""

import csv
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from ccore.cli.options import FILE, example
from ccore.cli.record_rows import flat, kind_option
from ccore.cli.records_place import Place, days_option, finds_records, place_of
from ccore.cli.text import csv_cell, one_line_json, safe
from ccore.errors import BadRequest, DiskTrouble, reason

if TYPE_CHECKING:
    from ccore.cdr import Row as Kind
    from ccore.cdr import RowFact

__all__ = ["export"]


FORMATS = ("csv", "json", "queue_log", "parquet", "arrow")


@click.command(
    epilog=example(
        "ccore cdr export --csv --to contacts.csv",
        "ccore cdr export --format queue_log --to queue_log",
        "ccore cdr export --format parquet --to lake/contacts",
    )
)
@finds_records
@kind_option
@days_option()
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="csv",
    show_default=True,
    help="json: an object a line; queue_log: Asterisk's; parquet: a directory with a partition "
    "a day; arrow: one file.",
)
@click.option("--csv", "form", flag_value="csv", help="The same as --format csv.")
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
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
    if form in ("parquet", "arrow"):
        _export_arrow(place, Kind(kind), days, form, target)
        place.finish()
        return
    with _output(target) as file:
        if form == "queue_log":
            from ccore.cdr.exporting import queue_log

            place.check()
            for line in queue_log(place.directory, days or None, tell=place.tell):
                file.write(safe(line) + "\n")
        elif form == "json":
            for fact in place.facts(Kind(kind), days):
                file.write(one_line_json(flat(fact)) + "\n")
        else:
            _write_csv(file, kind, place.facts(Kind(kind), days))
    place.finish()


def _export_arrow(
    place: Place, kind: "Kind", days: tuple[date, ...], form: str, target: Path | None
) -> None:
    from ccore.cdr.exporting import write_arrow, write_parquet

    if target is None:
        what = "a directory" if form == "parquet" else "a file"
        raise BadRequest(what=f"{form} on standard output", expected=f"{what}: --to PATH")
    place.check()
    write = write_parquet if form == "parquet" else write_arrow
    count = write(place.directory, kind, target, days, place.tell)
    click.echo(f"{count} rows written to {safe(str(target))}", err=True)


@contextmanager
def _output(target: Path | None) -> Iterator[TextIO]:
    if target is None:
        yield sys.stdout
        return
    try:
        with target.open("w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise DiskTrouble(path=target, why=reason(error)) from error


def _write_csv(file: TextIO, kind: str, facts: Iterable["RowFact"]) -> None:
    from ccore.model import AgentInterval, ContactClosed, LegClosed

    fact_type = {"contact": ContactClosed, "leg": LegClosed, "agent": AgentInterval}[kind]
    names = [field.name for field in fields(fact_type)]
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: csv_cell(v) for k, v in flat(fact).items()} for fact in facts)
