"""`ccore route`: why a call went where it went, and what another configuration would have done."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ccore.cli.options import (
    FILE,
    asks_daemon,
    config_option,
    example,
    finds_daemon,
    json_option,
)
from ccore.cli.tables import Column, Row, show
from ccore.cli.text import as_json, safe, span

if TYPE_CHECKING:
    from ccore.cli.client import Client
    from ccore.routing.shadow import Shadow

__all__ = ["route"]

FOLLOW_S = 1.0  # the daemon writes its log so often

_language = click.option(
    "--language", type=click.Choice(["en", "zh"]), default="en", help="Language of the words."
)
_log = click.argument("log", type=FILE, required=False)

_COLUMNS = (
    Column("queue", lambda row: row["queue"]),
    Column("offers", lambda row: row["offers"], right=True),
    Column("same", lambda row: row["same"], right=True),
    Column("other agent", lambda row: row["other_agent"], right=True),
    Column("other call", lambda row: row["other_call"], right=True),
    Column("none", lambda row: row["none"], right=True),
    Column("sooner", lambda row: row["sooner"], right=True),
    Column("by", lambda row: span(row["sooner_ms"]) if row["sooner"] else None, right=True),
)


@click.group(epilog=example("ccore route explain 3f2a", "ccore route replay var/decisions"))
def route() -> None:
    """Explain decisions, make them again, or ask what another configuration would have done."""


@route.command(
    "explain",
    epilog=example("ccore route explain 3f2a --language zh", "ccore route explain 3f2a --log LOG"),
)
@click.argument("contact")
@click.option("--log", type=FILE, help="A decision log, instead of asking the daemon.")
@_language
@json_option
@click.pass_context
@finds_daemon
def explain(ctx: click.Context, contact: str, log: Path | None, language: str, json: bool) -> None:
    """Say why CONTACT got its agent: candidates, rule, step, runner-up; or why it still waits.

    The beginning of a call's id is enough. The daemon knows the latest ten thousand decisions; its
    log, a file or a directory, those before.
    """
    from ccore.cli.route_words import decision, waits

    reply = ctx.invoke(_ask, contact=contact) if log is None else _logged(log, contact)
    if json:
        click.echo(as_json(reply))
        return
    click.echo(f"{reply['contact']}: {reply['state']}")
    for one in reply["decisions"]:
        click.echo(f"  {decision(one, language)}")
    for line in waits(reply["waits"], language) if reply["waits"] else []:
        click.echo(f"  {line}")


@asks_daemon
def _ask(daemon: "Client", contact: str) -> dict[str, Any]:
    return daemon.ask("route.explain", contact=contact)


def _logged(log: Path, contact: str) -> dict[str, Any]:
    from ccore.errors import UnknownName
    from ccore.routing.replay import decisions

    found = [
        one.as_dict()
        for said in _lines(log, follow=False)
        for one in decisions(said)
        if one.contact.startswith(contact)
    ]
    calls = sorted({one["contact"] for one in found})
    if len(calls) != 1:
        known = ", ".join(call[:8] for call in calls[:20]) or "no such call in this log"
        raise UnknownName(kind="call", name=contact, known=known)
    return {"contact": calls[0], "state": "logged", "decisions": found, "waits": None}


@route.command("replay", epilog=example("ccore route replay", "ccore route replay --plain LOG"))
@_log
@click.option("--plain", is_flag=True, help="Ask the engine's plain twin instead.")
@config_option
@json_option
@click.pass_context
def replay(
    ctx: click.Context, log: Path | None, plain: bool, config_path: Path, json: bool
) -> None:
    """Make the decisions of LOG again and tell whether they are the same.

    LOG is a file or a directory of the daemon's decision log; by default the daemon's own. Ends
    with 1 if a choice differs.
    """
    from ccore.routing.replay import read
    from ccore.routing.replay import replay as again

    rows: list[Row] = []
    for path in _files(log, config_path):
        with path.open("rb") as file:
            outcome = again(read(file, str(path)), plain=plain, name=str(path))
        rows.append(
            {
                "log": path.name,
                "lines": outcome.said,
                "offers": outcome.offers,
                "decisions": outcome.decisions,
                "same": outcome.is_same,
                "recorded": outcome.recorded,
                "replayed": outcome.replayed,
                "line": outcome.line,
                "was": outcome.was,
                "now": outcome.now,
            }
        )
    columns = (
        Column("log", lambda row: row["log"]),
        Column("lines", lambda row: row["lines"], right=True),
        Column("offers", lambda row: row["offers"], right=True),
        Column("decisions", lambda row: row["decisions"], right=True),
        Column("choices", lambda row: _same(row), style=lambda row: "" if row["same"] else "red"),
        Column("hash", lambda row: row["replayed"][:16]),
    )
    show(rows, columns, json=json, empty="No decision log.")
    if not all(row["same"] for row in rows):
        ctx.exit(1)


def _same(row: Row) -> str:
    return "the same" if row["same"] else f"line {row['line']}: was {row['was']}, now {row['now']}"


@route.command("shadow", epilog=example("ccore route shadow --other new.toml --follow"))
@_log
@click.option("--other", type=FILE, required=True, help="The configuration to be tried.")
@click.option("--follow", is_flag=True, help="Go on with what the running daemon writes.")
@config_option
@json_option
def shadow(log: Path | None, other: Path, follow: bool, config_path: Path, json: bool) -> None:
    """Tell what the configuration --other would have done at each decision of LOG.

    `sooner` counts calls that it would have offered earlier, `by` how much in all; `none` are
    offers that it would not have made then. With --follow it runs beside the daemon.
    """
    from ccore.config import load
    from ccore.routing.shadow import Shadow

    tried = Shadow(load(other))
    place = _directory(config_path) if log is None else log
    for said in _lines(place, follow):
        before = tried.said
        tried.follow(said, str(place))
        if follow and tried.said != before:
            click.echo(_line(tried), err=json)
    rows = _rows(tried)
    if json:
        click.echo(as_json({"queues": rows, "unknown": dict(tried.unknown)}))
        return
    show(rows, _COLUMNS, json=False, empty="No decisions.")
    for name, times in tried.unknown.most_common():
        click.echo(f"{safe(name)} is not in {other}: {times} times")


def _rows(tried: "Shadow") -> list[Row]:
    return [
        {
            "queue": queue,
            "offers": one.offers,
            "same": one.same,
            "other_agent": one.other_agent,
            "other_call": one.other_call,
            "none": one.none,
            "sooner": one.sooner,
            "sooner_ms": one.sooner_us // 1000,
            "examples": one.examples,
        }
        for queue, one in tried.verdicts.items()
    ]


def _line(tried: "Shadow") -> str:
    rows = _rows(tried)
    offers, same = sum(row["offers"] for row in rows), sum(row["same"] for row in rows)
    sooner = sum(row["sooner"] for row in rows)
    return f"{tried.said} lines, {offers} offers, {same} the same, {sooner} sooner"


# Where the log is.


def _directory(config_path: Path) -> Path:
    from ccore.cli.client import find_socket
    from ccore.daemon.decisions import DIRECTORY

    return find_socket(config_path).parent / DIRECTORY


def _files(log: Path | None, config_path: Path) -> list[Path]:
    from ccore.daemon.decisions import segments
    from ccore.errors import BadRequest

    place = _directory(config_path) if log is None else log
    files = segments(place) if place.is_dir() else [place]
    if not files or not files[0].exists():
        raise BadRequest(
            what=f"There is no decision log {place}",
            expected="a file or a directory that a daemon with routing.decisions has written",
        )
    for file in files:
        if not os.access(file, os.R_OK):
            raise BadRequest(what=f"{file} cannot be read", expected="a log that you may read")
    return files


def _lines(place: Path, follow: bool) -> Iterator[list[list[Any]]]:
    """What stands in the log, a file at a time; with `follow` what is written from then on too."""
    from ccore.routing.replay import read

    files = _files(place, place)
    while files:
        path = files.pop(0)
        with path.open("rb") as file:
            while True:
                if follow and place.is_dir():
                    files = [one for one in _files(place, place) if one > path]
                at, data = file.tell(), file.read()
                whole = data.rfind(b"\n") + 1
                file.seek(at + whole)  # a line that is being written is read next time
                yield list(read(data[:whole].splitlines(keepends=True), str(path)))
                if files or not follow:
                    break
                time.sleep(FOLLOW_S)
