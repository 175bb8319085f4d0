"""`ccore follow`: what happens, when it happens."""

from typing import TYPE_CHECKING

import click

from ccore.cli.news import KINDS, sentence
from ccore.cli.options import asks_daemon, example, json_option
from ccore.cli.text import one_line_json

if TYPE_CHECKING:
    from ccore.cli.client import Client

__all__ = ["follow"]


@click.command(epilog=example("ccore follow", "ccore follow --json --kind offer"))
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    metavar="KIND",
    help="Only news of this kind, such as offer or answered.",
)
@json_option
@asks_daemon
def follow(daemon: "Client", kind: str | None, json: bool) -> None:
    """Print news until the daemon ends: offers, answers, ends of calls, agents' states.

    With --json each line is one message, for a screen pop or a wallboard.
    """
    for news in daemon.follow():
        if kind in (None, news.get("news")):
            click.echo(one_line_json(news) if json else sentence(news))
