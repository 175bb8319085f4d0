"""`ccore reload`: a changed configuration, without losing a call."""

from typing import TYPE_CHECKING

import click

from ccore.cli.options import asks_daemon, example, json_option
from ccore.cli.tables import told

if TYPE_CHECKING:
    from ccore.cli.client import Client

__all__ = ["reload"]


@click.command(epilog=example("ccore check && ccore reload"))
@json_option
@asks_daemon
def reload(daemon: "Client", json: bool) -> None:
    """Take the changed ccore.toml. A faulty one changes nothing, and what is wrong is printed."""
    told(daemon.ask("reload"), json, "reloaded")
