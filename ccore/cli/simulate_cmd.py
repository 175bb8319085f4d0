"""`ccore simulate`: days of a centre in virtual time, through the floor that serves real calls."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ccore.cli.options import FILE, example, json_option
from ccore.cli.tables import Column, Row, show
from ccore.cli.text import as_json, safe

if TYPE_CHECKING:
    from ccore.sizing.outcome import Outcome
    from ccore.sizing.scenario import Named
    from ccore.sizing.summary import Line, Summary

__all__ = ["simulate"]

COUNTS = ("offered", "answered", "abandoned")
SHARES = ("service_level", "abn1", "occupancy")
SECONDS = ("asa", "longest")
THEORY = "Erlang"  # the line beside a variant that a formula fits


@click.command(
    epilog=example(
        "ccore simulate examples/simulate-day.toml",
        "ccore simulate examples/simulate-sites.toml --seeds 5 --to sites.html --language zh",
        "ccore simulate examples/simulate-skills.toml --least-staff --json",
        "ccore simulate examples/*.toml --json",
    )
)
@click.argument("files", metavar="FILE...", type=FILE, nargs=-1, required=True)
@click.option("--variant", "variants", multiple=True, help="Only this; `plain`: the file itself.")
@click.option("--seeds", type=click.IntRange(1, 10_000), help="Days to simulate of each variant.")
@click.option("--seed", type=int, default=1, show_default=True, help="The first day's seed.")
@click.option("--jobs", type=click.IntRange(1, 99), default=1, show_default=True, help="Processes.")
@click.option("--queues", is_flag=True, help="A line for each queue too.")
@click.option("--streams", is_flag=True, help="A line for each stream of callers too.")
@click.option("--to", "target", type=FILE, help="Draw the day: FILE.svg or FILE.html.")
@click.option("--records", type=FILE, help="Keep the first day's records here, for ccore kpi.")
@click.option("--least-staff", is_flag=True, help="The fewest agents that meet every target.")
@click.option("--language", default="en", show_default=True, help="en or zh.")
@json_option
def simulate(
    files: tuple[Path, ...],
    variants: tuple[str, ...],
    seeds: int | None,
    seed: int,
    jobs: int,
    queues: bool,
    streams: bool,
    target: Path | None,
    records: Path | None,
    least_staff: bool,
    language: str,
    json: bool,
) -> None:
    """What a day would bring: the centre of a scenario, its callers and its staff, in virtual time.

    The floor and the router are those that serve real calls; switch and people are simulated.
    Figures are means over the seeds, with half the width of their 95 % confidence interval. Of
    several files, those that are no scenarios, or that replay records which are not there, are told
    and passed over.
    """
    from ccore.errors import BadRequest
    from ccore.sizing.reading import read, scenario_of, why_not
    from ccore.sizing.words import say

    say("agents", language)
    if target is not None and target.suffix not in (".svg", ".html"):
        raise click.BadParameter("a name that ends in .svg or .html", param_hint="--to")
    if len(files) > 1 and (target or records):
        raise click.BadParameter("goes with one FILE", param_hint="--to" if target else "--records")
    found: list[Row] = []
    for file in files:
        data = read(file)
        if len(files) > 1:
            if why := why_not(data):
                click.echo(f"{safe(str(file))}: passed over, {safe(why)}", err=True)
                continue
            if not json:
                click.echo(f"{safe(str(file))}:")
        known = list(data["variants"]) if isinstance(data.get("variants"), dict) else []
        chosen = ["" if one == "plain" else one for one in variants or known or ["plain"]]
        scenarios = [scenario_of(data, one, str(file)) for one in chosen]
        if least_staff:
            rows = _least_staff(data, scenarios, file, seeds, seed, jobs)
            found += rows
            if not json:
                _show_staff(rows, language)
            continue
        if records is not None:
            _keep(scenarios[0], seed, records)
        summaries = _run(scenarios, seeds, seed, jobs)
        pairs = zip(summaries, scenarios, strict=True)
        found += [_as_dict(summary, named) for summary, named in pairs]
        lines = list(_lines(scenarios, summaries, queues, streams))
        if target is not None:
            _draw(target, scenarios, summaries, lines, language)
        if not json:
            _show(lines, summaries, language, queues or streams)
    if not found:
        raise BadRequest(what="nothing to simulate", expected="a scenario: see docs/scenarios.md")
    if json:
        click.echo(as_json(found))


def _show(lines: list[Row], summaries: list["Summary"], language: str, by_group: bool) -> None:
    show(lines, _columns(language, by_group), json=False, empty="")
    for one in summaries:
        if one.forecast.told:
            _say_forecast(one, language)
        for line in one.refused:
            click.echo(f"{safe(one.variant or 'plain')}: {safe(line)}", err=True)


def _run(scenarios: list["Named"], seeds: int | None, seed: int, jobs: int) -> list["Summary"]:
    from ccore.sizing.simulate import expected_callers, simulate
    from ccore.sizing.summary import summarise

    days = [
        (named, number)
        for named in scenarios
        for number in range(seed, seed + (seeds or named.scenario.seeds))
    ]
    found: dict[tuple[str, int], Outcome] = {}
    with _progress(sum(expected_callers(named) for named, _ in days)) as advance:
        if jobs == 1:
            for named, number in days:
                found[named.variant, number] = simulate(named, number, advance)
        else:
            with ProcessPoolExecutor(min(jobs, len(days))) as pool:
                sent: dict[Future[Outcome], Named] = {
                    pool.submit(simulate, named, number): named for named, number in days
                }
                for done in as_completed(sent):
                    outcome = done.result()
                    found[outcome.variant, outcome.seed] = outcome
                    advance(expected_callers(sent[done]))
    return [
        summarise([found[named.variant, n] for one, n in days if one is named])
        for named in scenarios
    ]


def _least_staff(
    data: dict[str, Any],
    scenarios: list["Named"],
    file: Path,
    seeds: int | None,
    seed: int,
    jobs: int,
) -> list[Row]:
    """Every group keeps its share of the whole."""
    from ccore.sizing.staff_search import least_staff

    rows: list[Row] = []
    for named in scenarios:
        days = range(seed, seed + (seeds or named.scenario.seeds))
        with _progress(None) as advance:
            found = least_staff(data, named.variant, str(file), days, jobs, advance)
        rows.append(
            {"file": named.file, "variant": named.variant or "plain", "agents": found.agents}
            | {"groups": found.groups, "service_level": found.levels}
        )
    return rows


def _show_staff(rows: list[Row], language: str) -> None:
    from ccore.sizing.words import say

    columns = [
        Column(say("variant", language), lambda row: row["variant"]),
        Column(say("agents", language), lambda row: row["agents"], right=True),
        Column(
            say("service_level", language),
            lambda row: ", ".join(f"{q} {_percent(v)}" for q, v in row["service_level"].items()),
        ),
    ]
    show(rows, columns, json=False, empty="")


def _lines(
    scenarios: list["Named"], summaries: list["Summary"], with_queues: bool, with_streams: bool
) -> Iterator[Row]:
    from ccore.sizing.confidence import Mean
    from ccore.sizing.simulate import on_record
    from ccore.sizing.summary import summarise
    from ccore.sizing.theory import theory

    record = on_record(scenarios[0])
    if record is not None:  # what took place stands beside what would have
        yield from _rows(summarise([record]), with_queues, with_streams)
    for named, summary in zip(scenarios, summaries, strict=True):
        yield from _rows(summary, with_queues, with_streams)
        formula = theory(named)
        if formula is not None:
            means = {name: Mean(value, None) for name, value in formula.items()}
            yield {"variant": THEORY, "queue": "", **means}


def _rows(summary: "Summary", with_queues: bool, with_streams: bool) -> Iterator[Row]:
    chosen = [*(summary.lines if with_queues else summary.lines[:1])]
    chosen += summary.streams if with_streams else []
    for line in chosen:
        yield {"variant": line.variant or "plain", "queue": line.group, **line.figures}


def _columns(language: str, with_queues: bool) -> list[Column]:
    from ccore.sizing.words import say

    def cell(name: str, write: Callable[[Any], str]) -> Callable[[Row], object]:
        return lambda row: write(row.get(name))

    everything = say("all", language)
    columns = [Column(say("variant", language), lambda row: row["variant"])]
    if with_queues:
        columns.append(Column(say("of_queue", language), lambda row: row["queue"] or everything))
    for names, write in ((COUNTS, _count), (SHARES, _share), (SECONDS, _seconds)):
        for name in names:
            columns.append(Column(say(name, language), cell(name, write), right=True))
    return columns


def _count(mean: Any) -> str:
    return "" if mean is None else f"{mean.value:,.0f}"


def _share(mean: Any) -> str:
    if mean is None:
        return ""
    half = "" if mean.half is None else f" ± {100 * mean.half:.2f}"
    return f"{100 * mean.value:.2f}{half} %"


def _seconds(mean: Any) -> str:
    if mean is None:
        return ""
    half = "" if mean.half is None else f" ± {mean.half:.2f}"
    return f"{mean.value:.2f}{half} s"


def _percent(mean: Any) -> str:
    return "-" if mean is None else f"{100 * mean:.1f} %"


def _say_forecast(one: "Summary", language: str) -> None:
    from ccore.sizing.words import say

    got = one.forecast.figures()
    bias_s = got["bias_s"] or 0.0
    text = say("forecast_line", language).format(
        variant=one.variant or "plain",
        told=got["told"],
        waited=got["waited_s"],
        bias=abs(bias_s),
        way=say("long" if bias_s > 0 else "short", language),
        error=got["error_s"],
    )
    click.echo(safe(text))


def _as_dict(summary: "Summary", named: "Named") -> dict[str, Any]:
    from dataclasses import asdict

    from ccore.sizing.theory import theory

    return {
        "file": named.file,
        "variant": summary.variant or "plain",
        "seeds": list(summary.seeds),
        "queues": _figures(summary.lines),
        "streams": _figures(summary.streams),
        "formula": theory(named),
        "expected_wait": summary.forecast.figures(),
        "course": [asdict(moment) for moment in summary.course],
        "refused": summary.refused,
    }


def _figures(lines: list["Line"]) -> dict[str, dict[str, Any]]:
    return {
        line.group or "all": {
            name: None if mean is None else {"value": mean.value, "half": mean.half}
            for name, mean in line.figures.items()
        }
        for line in lines
    }


def _draw(
    target: Path,
    scenarios: list["Named"],
    summaries: list["Summary"],
    lines: list[Row],
    language: str,
) -> None:
    from zoneinfo import ZoneInfo

    from ccore.errors import DiskTrouble, reason
    from ccore.sizing.picture import page, svg
    from ccore.sizing.words import say

    first = scenarios[0]
    title = first.scenario.title or say("simulation", language)
    zone = ZoneInfo(first.config.site.timezone)
    courses = {one.variant or "plain": one.course for one in summaries}
    text = svg(courses, title=title, zone=zone, language=language)
    if target.suffix == ".html":
        columns = _columns(language, with_queues=True)
        cells = [[str(column.cell(row)) for column in columns] for row in lines]
        heads = [column.title for column in columns]
        text = page(text, heads, cells, title=title, language=language)
    try:
        target.write_text(text, "utf-8")
    except OSError as error:
        raise DiskTrouble(path=target, why=reason(error)) from error


def _keep(named: "Named", seed: int, directory: Path) -> None:
    """The day's rows as a daemon would have written them."""
    from ccore.cdr import JournalWriter
    from ccore.model import AgentInterval, ContactClosed, LegClosed
    from ccore.sizing.simulate import simulate

    journal = JournalWriter(directory)
    try:
        for number, fact in enumerate(_facts(simulate, named, seed)):
            if isinstance(fact, ContactClosed | LegClosed | AgentInterval):
                journal.append(fact)
            if number % 10_000 == 0:
                journal.flush()
    finally:
        journal.close()


def _facts(simulate: Callable[..., Any], named: "Named", seed: int) -> list[Any]:
    facts: list[Any] = []
    simulate(named, seed, keep=facts.append)
    return facts


@contextmanager
def _progress(total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal's stderr; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:  # where rich would leave an empty line
        yield lambda callers: None
        return
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda callers: bar.advance(task, callers)
