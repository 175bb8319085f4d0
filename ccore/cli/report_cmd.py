"""`ccore report`: the figures as one page that can be mailed."""

import time
from datetime import date
from pathlib import Path

import click

from ccore.cli.kpi_cmd import override
from ccore.cli.options import FILE, example, json_option
from ccore.cli.records_place import days_option, finds_records, place_of
from ccore.cli.tables import told
from ccore.errors import DiskTrouble

__all__ = ["report"]


@click.command(
    epilog=example("ccore report --to today.html", "ccore report --to r.html --language zh")
)
@finds_records
@click.option("--to", "target", type=FILE, required=True, help="HTML file to write.")
@click.option("--language", default="en", show_default=True, help="Language of the page: en or zh.")
@click.option("--title", default="", help="Heading of the page.")
@click.option("--threshold", "threshold_s", type=click.IntRange(0), help="Seconds to answer in.")
@click.option("--short", "short_s", type=click.IntRange(0), help="Seconds of a short abandon.")
@click.option("--service-level", metavar="NAME", help="Variant, such as negative or amazon.")
@click.option("--timezone", metavar="ZONE", help="Zone of days and hours, such as Asia/Shanghai.")
@days_option()
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
    timezone: str | None,
    days: tuple[date, ...],
    json: bool,
) -> None:
    """Key figures, charts, queues and agents as one HTML file that needs no other."""
    from ccore.kpi.report import render

    place = override(
        place_of(cdr_dir, config_path),
        threshold_s=threshold_s,
        short_s=short_s,
        service_level=service_level,
        timezone=timezone,
    )
    page = render(
        place.load(days),
        language=language,
        threshold_s=place.threshold_s,
        short_s=place.short_s,
        service_level=place.service_level,
        timezone=place.timezone,
        title=title,
        made=time.strftime("%Y-%m-%d %H:%M"),
    )
    try:
        target.write_text(page, "utf-8")
    except OSError as error:
        raise DiskTrouble(path=target, why=error.strerror) from error
    told({"file": str(target)}, json, str(target))
    place.finish()
