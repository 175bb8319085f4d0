"""`ccore top`: the floor of a running daemon, live."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ccore.cli.options import asks_daemon, example, json_option

if TYPE_CHECKING:
    from ccore.cli.client import Client

__all__ = ["top"]


@click.command(epilog=example("ccore top", "ccore top --every 10 --seconds 3600 >> floor.log"))
@click.option("--seconds", type=click.FloatRange(min=0), help="Leave after so long.")
@click.option("--every", "every_s", type=click.FloatRange(min=0.1), help="Seconds between looks.")
@json_option
@asks_daemon
def top(daemon: "Client", seconds: float | None, every_s: float | None, json: bool) -> None:
    """Queues, agents and what happens, live. A line every few seconds where there is no terminal.

    With --json: one look, as JSON.
    """
    if json:
        from ccore.cli.text import as_json

        click.echo(as_json(daemon.ask("status")))
        return
    from ccore.cli.watch import for_seconds, watch

    if not watch(Path(daemon.path), for_seconds(seconds), every_s=every_s):
        click.echo("the daemon has ended")
