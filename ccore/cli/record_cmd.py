"""`ccore record`: the recording of a call while it goes on."""

from typing import TYPE_CHECKING

import click

from ccore.cli.options import asks_daemon, example, json_option
from ccore.cli.tables import told

if TYPE_CHECKING:
    from ccore.cli.client import Client

__all__ = ["record"]

_DONE = {
    "start": "is recorded",
    "stop": "is no longer recorded",
    "mask": "is recorded as silence until unmasked",
    "unmask": "is recorded with voice again",
}


@click.command(
    epilog=example("ccore record start 3f2a", "ccore record mask 3f2a   # card number follows")
)
@click.argument("what", type=click.Choice(list(_DONE)))
@click.argument("contact")
@json_option
@asks_daemon
def record(daemon: "Client", what: str, contact: str, json: bool) -> None:
    """Start, stop, mask or unmask the recording of CONTACT.

    While masked, silence stands in the file in place of both voices, as long as they would have
    lasted. CONTACT is the beginning of a call's id (`ccore calls`).
    """
    reply = daemon.ask(f"record.{what}", contact=contact)
    told(reply, json, f"{reply['contact']} {_DONE[what]}")
