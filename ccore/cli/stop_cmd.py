"""`ccore stop`: an ordered end, and waiting for it."""

from typing import TYPE_CHECKING

import click

from ccore.cli.options import asks_daemon, example, json_option
from ccore.cli.tables import told
from ccore.errors import CcoreError

if TYPE_CHECKING:
    from ccore.cli.client import Client

__all__ = ["stop"]


@click.command(epilog=example("ccore stop"))
@click.option("--wait", "wait_s", type=click.FloatRange(0), default=30, help="Seconds to wait.")
@json_option
@asks_daemon
def stop(daemon: "Client", wait_s: float, json: bool) -> None:
    """Stop the daemon: no new offers, calls left to the switch's fallback, records closed."""
    reply = daemon.ask("stop")
    if wait_s and not daemon.ended_within(wait_s):
        raise CcoreError(what=f"the daemon still runs {wait_s:g} s after it was told to stop")
    told(reply, json, "stopped" if wait_s else "stopping")
