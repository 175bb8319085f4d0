"""`ccore cdr import`: the calls of another system, put on record."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ccore.cli.options import FILE, example, json_option
from ccore.cli.text import as_json, safe
from ccore.errors import BadRequest, CcoreError, RecordsDamaged

if TYPE_CHECKING:
    from ccore.cdr.importing import Tally

__all__ = ["import_"]

FORMATS = ("table", "queue_log", "callcenter")


@click.command(
    "import",
    epilog=example(
        "ccore cdr import --mapping examples/anonymous-bank.toml --to bank january.txt.gz",
        "ccore cdr import --format queue_log --timezone Asia/Shanghai --to old /var/log/queue_log*",
    ),
)
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--to", "target", required=True, type=FILE, help="Directory of records to fill.")
@click.option("--mapping", "mapping_path", type=FILE, help="What the columns of a table mean.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="table: CSV and the like, needs --mapping; queue_log: Asterisk; "
    "callcenter: mod_callcenter's events as JSON lines.",
)
@click.option(
    "--timezone",
    default="UTC",
    show_default=True,
    metavar="ZONE",
    help="Zone of the days of a log's figures; a mapping says its own.",
)
@click.option(
    "--hash-numbers",
    "key_path",
    type=FILE,
    metavar="KEYFILE",
    help="Keep callers' numbers as keyed hashes; the key is made if it is not there.",
)
@json_option
def import_(
    files: tuple[Path, ...],
    target: Path,
    mapping_path: Path | None,
    form: str,
    timezone: str,
    key_path: Path | None,
    json: bool,
) -> None:
    """Put the calls of another system on record, once, and count what became of each row.

    What is on record already is not written again, so an import can be repeated. Files may be
    gzipped. Rows that do not fit are counted with their first lines and left out.
    """
    from ccore.cdr import load_key
    from ccore.cdr.importing import import_files, load_mapping

    if (form == "table") != (mapping_path is not None):
        raise BadRequest(
            what="a table without a mapping" if form == "table" else f"a mapping for a {form}",
            expected="--mapping FILE for a table, --format for a log",
        )
    _check_zone(timezone)
    mapping = load_mapping(mapping_path) if mapping_path else None
    damaged: list[CcoreError] = []

    def tell(trouble: CcoreError) -> None:
        damaged.append(trouble)
        click.echo(f"ccore: {safe(str(trouble))}", err=True)

    sizes = [path.stat().st_size for path in files if path.exists()]
    with _bar(sum(sizes), quiet=json) as progress:
        tally = import_files(
            files,
            target,
            format=form,
            mapping=mapping,
            mapping_path=mapping_path or target,
            timezone=timezone,
            number_key=load_key(key_path) if key_path else None,
            progress=progress,
            tell=tell,
        )
    if json:
        click.echo(as_json(tally.as_dict() | {"to": str(target)}))
    else:
        _say(tally, target)
    if damaged or tally.cut:
        click.get_current_context().exit(RecordsDamaged.exit_code)


@contextmanager
def _bar(total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """How far the files are read, in a terminal only."""
    if quiet or not sys.stderr.isatty():
        yield lambda count: None
        return
    with click.progressbar(length=total, label="import", file=sys.stderr) as bar:
        yield bar.update


def _check_zone(name: str) -> None:
    from ccore.kpi.groups import zone_of

    zone_of(name)


def _say(tally: "Tally", target: Path) -> None:
    rows = [
        (tally.read, "read", ""),
        *((count, "written", kind) for kind, count in tally.written.items() if count),
        *((count, "on record already", kind) for kind, count in tally.known.items() if count),
        *((count, "ignored", why) for why, count in tally.ignored.items()),
        *((count, "mended", what) for what, count in tally.mended.items()),
    ]
    for why, trouble in tally.bad.items():
        found = f', such as "{trouble.found}"' if trouble.found else ""
        more = ", ..." if trouble.rows > len(trouble.first) else ""
        rows.append((trouble.rows, "bad", f"{why}{found}: {', '.join(trouble.first)}{more}"))
    width = max(len(f"{count}") for count, _, _ in rows)
    for count, word, why in rows:
        click.echo(safe(f"{count:>{width}} {word}{': ' if why else ''}{why}"))
    for what in tally.cut:
        click.echo(safe(f"not read to its end: {what}"))
    if not any(tally.written.values()) and not any(tally.known.values()):
        click.echo("Nothing was written.")
    else:
        click.echo(safe(f"ccore kpi --cdr {target} has the figures."))
