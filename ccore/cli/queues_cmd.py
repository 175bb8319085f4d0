"""`ccore queues`: who waits where, and how well it is served."""

from typing import TYPE_CHECKING

import click

from ccore.cli.options import asks_daemon, example, json_option
from ccore.cli.tables import Column, Row, show
from ccore.cli.text import percent, span

if TYPE_CHECKING:
    from ccore.cli.client import Client

__all__ = ["COLUMNS", "level_style", "queues"]


def level_style(level: float | None, target: float | None) -> str:
    """Green on target, yellow within ten points below it, red under that."""
    if level is None or target is None:
        return "bright_black"
    if level >= target:
        return "green"
    return "yellow" if level >= target - 0.1 else "bold red"


COLUMNS = (
    Column("queue", lambda row: row["name"]),
    Column("waiting", lambda row: row["waiting"], right=True),
    Column("widened", lambda row: row.get("widened") or None, right=True, spare=6),
    Column("reserve", lambda row: "in" if row.get("reserve") else None, spare=5),
    Column("longest", lambda row: span(row["longest_ms"] if row["waiting"] else None), right=True),
    Column("expected", lambda row: span(row.get("expected_ms")), right=True, spare=3),
    Column("ready", lambda row: f"{row['ready']}/{row['signed_in']}", right=True),
    Column("talking", lambda row: row["talking"], right=True, spare=1),
    Column("offered", lambda row: row["offered"], right=True, spare=2),
    Column("answered", lambda row: row["answered"], right=True),
    Column("abandoned", lambda row: row["abandoned"], right=True),
    Column("overflowed", lambda row: row["overflowed"], right=True, spare=4),
    Column(
        "service level",
        lambda row: percent(row["service_level"]),
        right=True,
        style=lambda row: level_style(row["service_level"], row["target"]),
    ),
)


@click.command(epilog=example("ccore queues", "ccore queues --json"))
@json_option
@asks_daemon
def queues(daemon: "Client", json: bool) -> None:
    """List the queues: waiting, longest wait, agents, counts since the daemon began."""
    rows: list[Row] = daemon.ask("queues")["queues"]
    show(rows, COLUMNS, json=json, empty="No queues.")
