"""`ccore cdr export`: the records for other programs."""

import csv
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from ccore.cli.options import FILE, example
from ccore.cli.record_rows import flat, kind_option
from ccore.cli.records_place import days_option, finds_records, place_of
from ccore.cli.text import one_line_json, safe
from ccore.errors import DiskTrouble

if TYPE_CHECKING:
    from ccore.cdr import RowFact

__all__ = ["export"]


@click.command(epilog=example("ccore cdr export --csv --to contacts.csv"))
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
                file.write(one_line_json(flat(fact)) + "\n")
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
    writer.writerows({k: _cell(v) for k, v in flat(fact).items()} for fact in facts)


def _cell(value: Any) -> Any:
    """A caller may call himself `=cmd(...)`: a spreadsheet must not run it."""
    if isinstance(value, str):
        formula = value[:1] in ("=", "+", "-", "@") and not value[1:].isdigit()
        return ("'" + safe(value)) if formula else safe(value)
    return int(value) if isinstance(value, bool) else value
