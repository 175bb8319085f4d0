"""`ccore kpi`: the figures, and which definition each of them used."""

import csv
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ccore.cli.options import FILE, SECONDS, example, json_option
from ccore.cli.queues_cmd import level_style
from ccore.cli.records_place import finds_records, period_options, place_of
from ccore.cli.tables import Column, Row, show
from ccore.cli.text import as_json, csv_cell, safe

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    from ccore.kpi import Table
    from ccore.kpi.days import Days, EveryDay
    from ccore.kpi.words import Words

__all__ = ["kpi", "override"]

# What fits side by side; --json and --csv have everything.
BESIDE = (
    "attempts",
    "offered",
    "answered",
    "abandoned",
    "flowout",
    "service_level",
    "abn1",
    "asa",
    "longest",
    "aht",
    "occupancy",
)
# A narrow terminal goes without these, the last first.
SPARE = ("aht", "flowout", "abn1", "longest", "occupancy")


def override(place: Any, **given: Any) -> Any:
    """What was said on the command line wins over the configuration."""
    return replace(place, **{name: value for name, value in given.items() if value is not None})


@click.command(
    epilog=example(
        "ccore kpi --by queue",
        "ccore kpi --cdr var/cdr --by day --by queue --service-level amazon --csv",
    )
)
@finds_records
@click.option(
    "--by",
    multiple=True,
    metavar="GROUP",
    help="interval, hour, day, week, month, quarter, year, queue, agent, team, language, entry, "
    "site, tenant, node, outcome or cause; may be given several times.",
)
@click.option("--threshold", "threshold_s", type=SECONDS, help="Seconds to answer in.")
@click.option("--short", "short_s", type=SECONDS, help="Seconds of a short abandon.")
@click.option(
    "--service-level",
    metavar="NAME",
    help="Variant, such as negative, ignore, positive, amazon, sl1.",
)
@click.option(
    "--attribution",
    metavar="RULE",
    help="When a contact counts: arrival, queued, answer, end, event or split.",
)
@click.option("--timezone", metavar="ZONE", help="Zone of days and hours, such as Asia/Shanghai.")
@click.option(
    "--interval",
    "minutes",
    type=click.Choice(["15", "30", "60"]),
    default="30",
    show_default=True,
    help="Minutes of an interval.",
)
@period_options
@click.option("--schedule", type=FILE, help="Shifts (CSV or TOML): adherence and conformance.")
@click.option("--cost", type=FILE, help="Amounts in fen (TOML): cost per call.")
@click.option(
    "--repeats",
    "repeats_h",
    type=click.IntRange(1, 24 * 366),
    metavar="HOURS",
    help="First-call resolution: callers who come again within so many hours.",
)
@click.option("--dask", metavar="ADDRESS", help="Compute on this Dask cluster; local starts one.")
@click.option("--sqlite", type=FILE, help="Keep the figures in this SQLite file, table kpi.")
@click.option(
    "--language",
    type=click.Choice(["en", "zh"]),
    default="en",
    show_default=True,
    help="Language of tables, formulas and causes.",
)
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
def kpi(
    cdr_dir: Path | None,
    config_path: Path,
    by: tuple[str, ...],
    threshold_s: int | None,
    short_s: int | None,
    service_level: str | None,
    attribution: str | None,
    timezone: str | None,
    minutes: str,
    days: tuple[date, ...],
    schedule: Path | None,
    cost: Path | None,
    repeats_h: int | None,
    against: tuple[date, ...],
    dask: str | None,
    sqlite: Path | None,
    language: str,
    json: bool,
    as_csv: bool,
) -> None:
    """Key figures from the records: a total, or a line for each group and the total.

    A contact counts when it arrived, if nothing else is said. An empty cell has nothing to be
    computed from.
    """
    from contextlib import ExitStack

    from ccore.cli.kpi_extras import Wanted, extras, lines
    from ccore.kpi import NO_TEAMS, table_by_days
    from ccore.kpi.words import words

    if json and as_csv:
        raise click.UsageError("--json and --csv: one of the two")
    say = words(language)
    place = override(
        place_of(cdr_dir, config_path),
        threshold_s=threshold_s,
        thresholds_s=None if threshold_s is None else {},
        short_s=short_s,
        service_level=service_level,
        attribution=attribution,
        timezone=timezone,
    )
    records = place.days(days)
    plan = place.plan(
        by=by,
        interval_s=int(minutes) * 60,
        teams=records.teams() if "team" in by else NO_TEAMS,
    )
    with ExitStack() as stack:
        spread = _spread(dask, stack)
        result = table_by_days(spread(records), plan)
        if sqlite:
            from ccore.kpi.keep import keep

            keep(result, sqlite, records=place.directory, days=days)
        wanted = Wanted(schedule, cost, repeats_h, against)
        beside = {} if as_csv else extras(records, spread, result, place, wanted, say)
    if json:
        click.echo(as_json(_document(result) | beside))
    elif as_csv:
        _print_csv(result)
    elif by:
        _show_lines(result, say, place.good_level)
    else:
        _show_total(result, say, place.good_level)
    place.note_empty(days)
    if not json and not as_csv:
        for line in lines(beside, say):
            click.echo(line)
    place.finish()


def _spread(dask: str | None, stack: "ExitStack") -> "Callable[[Days], EveryDay]":
    """Where days are computed: here, or on a cluster that is asked once."""
    if dask is None:
        return lambda days: days
    from ccore.kpi.cluster import ClusterDays, connected

    client = stack.enter_context(connected(dask))
    return lambda days: ClusterDays(days, client)


def _document(result: "Table") -> dict[str, Any]:
    lines = list(result.as_dicts())
    return {
        "service_level": result.plan.service_level,
        "threshold_s": result.plan.threshold_s,
        "thresholds_s": result.plan.thresholds_s,
        "short_s": result.plan.short_s,
        "attribution": result.plan.attribution,
        "timezone": result.plan.timezone,
        "by": result.by,
        "lines": lines[:-1],
        "total": lines[-1],
    }


def _print_csv(result: "Table") -> None:
    """Line by line: a year has a million of queues times half hours."""
    names = dict.fromkeys((*result.by, "service_level", *result.names))
    writer = csv.DictWriter(sys.stdout, list(names), lineterminator="\n")
    writer.writeheader()
    for line in result.as_dicts():
        writer.writerow({name: csv_cell(value) for name, value in line.items()})


def _show_total(result: "Table", say: "Words", good: float | None) -> None:
    from ccore.kpi import KPI
    from ccore.kpi.chinese import formula, title
    from ccore.kpi.figures import write

    language = say["lang"]

    level = result.plan.variant
    rows: list[Row] = [
        {
            "figure": title(kpi, language) + (" *" if kpi is level else ""),
            "name": kpi.name,
            "value": write(kpi, kpi.value(result.total.sums), language=language),
            "formula": formula(kpi, language),
            "style": level_style(result.level(result.total), good) if kpi is level else "",
        }
        for kpi in KPI
    ]
    columns = (
        Column(say["figure"].lower(), lambda row: row["figure"]),
        Column(
            say["value"].lower(),
            lambda row: row["value"],
            right=True,
            style=lambda row: row["style"],
        ),
        Column(say["name"], lambda row: row["name"], style=lambda _: "cyan"),
        Column(say["formula"].lower(), lambda row: row["formula"], style=lambda _: "bright_black"),
    )
    show(rows, columns, json=False, empty="")
    click.echo(_caption(result, say))


def _show_lines(result: "Table", say: "Words", good: float | None) -> None:
    from ccore.kpi import find
    from ccore.kpi.chinese import title
    from ccore.kpi.figures import write

    # Agents' time belongs to no queue: what the total alone would have is no column.
    beside = [
        name
        for name in BESIDE
        if name not in result.names or any(line.value(name) is not None for line in result.lines)
    ]
    rows: list[Row] = []
    for line in (*result.lines, result.total):
        if line.key:
            pairs = zip(result.by, line.key, strict=True)
            key = tuple(
                say.get(f"{name} {value}", value) or say["no"].format(name=name)
                for name, value in pairs
            )
        else:
            key = (say["total"], *("" for _ in result.by[1:]))
        row: dict[str, Any] = dict(zip(result.by, key, strict=True))
        row["bold"] = "" if line.key else "bold"
        row["level"] = result.level(line)
        for name in beside:
            wanted = result.plan.variant if name == "service_level" else find(name)
            row[f"kpi {name}"] = write(wanted, wanted.value(line.sums), language=say["lang"])
        rows.append(row)

    def group(name: str) -> Column:
        words = say.get(f"by {name}", name)
        return Column(words, lambda row: row[name], style=lambda row: str(row["bold"]))

    def figure(name: str) -> Column:
        if name == "service_level":
            return Column(
                f"{say['sl']} *",
                lambda row: row["kpi service_level"],
                right=True,
                style=lambda row: level_style(row["level"], good),
            )
        return Column(
            title(find(name), say["lang"]),
            lambda row: row[f"kpi {name}"],
            right=True,
            style=lambda row: str(row["bold"]),
            spare=SPARE.index(name) + 1 if name in SPARE else 0,
        )

    columns = [*(group(name) for name in result.by), *(figure(name) for name in beside)]
    show(rows, columns, json=False, empty="")
    click.echo(_caption(result, say))


def _caption(result: "Table", say: "Words") -> str:
    from ccore.kpi.chinese import formula

    plan = result.plan
    return say["caption"].format(
        name=safe(plan.service_level),
        variant=plan.variant.name,
        formula=formula(plan.variant, say["lang"]),
        threshold=safe(plan.limit),
        short=plan.short_s,
        rule=plan.attribution,
        zone=plan.timezone,
    )
