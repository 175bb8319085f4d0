"""`ccore report`: the figures as one page that can be mailed."""

import time
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ccore.cli.kpi_cmd import override
from ccore.cli.options import FILE, SECONDS, example, json_option
from ccore.cli.records_place import finds_records, period_options, place_of
from ccore.cli.tables import told
from ccore.cli.text import safe

if TYPE_CHECKING:
    from ccore.cdr import Records
    from ccore.kpi.days import EveryDay

__all__ = ["report"]

PERIODS = ("hour", "day", "week")


@click.command(
    epilog=example("ccore report --to today.html", "ccore report --every day --to reports")
)
@finds_records
@click.option(
    "--to",
    "target",
    type=FILE,
    required=True,
    help="HTML file to write; with --every, a directory.",
)
@click.option("--language", default="en", show_default=True, help="Language of the page: en or zh.")
@click.option("--title", default="", help="Heading of the page.")
@click.option("--threshold", "threshold_s", type=SECONDS, help="Seconds to answer in.")
@click.option("--short", "short_s", type=SECONDS, help="Seconds of a short abandon.")
@click.option("--service-level", metavar="NAME", help="Variant, such as negative or amazon.")
@click.option(
    "--attribution",
    metavar="RULE",
    help="When a contact counts: arrival, queued, answer, end, event or split.",
)
@click.option("--timezone", metavar="ZONE", help="Zone of days and hours, such as Asia/Shanghai.")
@period_options
@click.option(
    "--every",
    type=click.Choice(PERIODS),
    help="Go on: when one is over, write its page to the directory --to, beside the one before.",
)
@json_option
def report(
    cdr_dir: Path | None,
    config_path: Path,
    target: Path,
    language: str,
    title: str,
    threshold_s: int | None,
    short_s: int | None,
    service_level: str | None,
    attribution: str | None,
    timezone: str | None,
    days: tuple[date, ...],
    against: tuple[date, ...],
    every: str | None,
    json: bool,
) -> None:
    """Key figures, charts, queues and agents as one HTML file that needs no other."""
    from ccore.cli.report_every import prepare, put, run
    from ccore.kpi.days import Loaded
    from ccore.kpi.groups import zone_of
    from ccore.kpi.report import render

    place = override(
        place_of(cdr_dir, config_path),
        threshold_s=threshold_s,
        thresholds_s=None if threshold_s is None else {},
        short_s=short_s,
        service_level=service_level,
        attribution=attribution,
        timezone=timezone,
    )
    plan = place.plan()

    def page(days: "EveryDay", before: "EveryDay | None", made: str) -> str:
        return render(
            days,
            plan,
            language=language,
            title=title,
            made=made,
            bands=place.targets,
            before=before,
        )

    def of_period(records: "Records", before: "Records", made: str) -> str:
        return page(Loaded(records), Loaded(before), made)

    if every:
        zone = zone_of(place.timezone)

        def now() -> datetime:
            return datetime.now(zone)

        def say(line: str) -> None:
            click.echo(f"{now().isoformat(timespec='seconds')} {safe(line)}", err=True)

        prepare(place, target)
        with suppress(KeyboardInterrupt):
            run(every, place, target, of_period, say, now)
        return
    before = place.days(against) if against else None
    place.note_empty(days)
    text = page(place.days(days), before, time.strftime("%Y-%m-%d %H:%M"))
    put(target, text)
    told({"file": str(target)}, json, str(target))
    place.finish()
