"""`ccore calls`: who is on the line, and what a supervisor may do with a call."""

from typing import TYPE_CHECKING

import click

from ccore.cli.options import asks_daemon, example, finds_daemon, json_option
from ccore.cli.tables import Column, Row, show, told
from ccore.cli.text import span
from ccore.errors import UnknownName

if TYPE_CHECKING:
    from ccore.cli.client import Client

__all__ = ["calls"]

STATE_STYLES = {
    "ivr": "blue",
    "waiting": "yellow",
    "ringing": "bold yellow",
    "talking": "bold cyan",
    "held": "cyan",
    "voicemail": "magenta",
}

_COLUMNS = (
    Column("contact", lambda row: row["contact"][:8]),
    Column("state", lambda row: row["state"], style=lambda row: STATE_STYLES.get(row["state"], "")),
    Column("for", lambda row: span((row["now_us"] - row["since_us"]) // 1000), right=True),
    Column(
        "in all", lambda row: span((row["now_us"] - row["arrived_us"]) // 1000), right=True, spare=3
    ),
    Column("caller", lambda row: row["calling"]),
    Column("name", lambda row: row.get("calling_name"), spare=1),
    Column("queue", lambda row: row.get("queue")),
    Column("place", lambda row: row.get("position") or None, right=True),
    Column("widened", lambda row: row.get("step") or None, right=True, spare=4),
    Column("agent", lambda row: row.get("agent")),
    Column("lang", lambda row: row.get("language"), spare=2),
    Column("recording", lambda row: "yes" if row.get("recording") else None, spare=5),
)


@click.group(
    invoke_without_command=True,
    epilog=example("ccore calls", "ccore calls transfer 3f2a queue:sales"),
)
@click.option("--queue", help="Only calls of this queue.")
@json_option
@finds_daemon
@click.pass_context
def calls(ctx: click.Context, queue: str | None, json: bool) -> None:
    """List the calls, or do something with one.

    CONTACT is the id of a call as the list shows it; its beginning is enough.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(_list, queue=queue, json=json)


@calls.command("list", epilog=example("ccore calls list --queue sales"))
@click.option("--queue", help="Only calls of this queue.")
@json_option
@asks_daemon
def _list(daemon: "Client", queue: str | None, json: bool) -> None:
    """List the calls, the oldest first."""
    if queue is not None:
        known = [row["name"] for row in daemon.ask("queues")["queues"]]
        if queue not in known:
            raise UnknownName(kind="queue", name=queue, known=", ".join(known))
    reply = daemon.ask("calls")
    now_us = reply.get("at_us", 0)
    rows: list[Row] = [
        row if json else {"now_us": now_us, **row}
        for row in sorted(reply["calls"], key=lambda row: int(row["arrived_us"]))
        if queue in (None, row.get("queue"))
    ]
    show(rows, _COLUMNS, json=json, empty="No calls.")


@calls.command("transfer", epilog=example("ccore calls transfer 3f2a queue:sales"))
@click.argument("contact")
@click.argument("destination")
@json_option
@asks_daemon
def transfer(daemon: "Client", contact: str, destination: str, json: bool) -> None:
    """Send CONTACT to a DESTINATION, such as queue:sales, agent:1001 or ivr:main."""
    reply = daemon.ask("call.transfer", contact=contact, to=destination)
    told(reply, json, f"{reply['contact']} goes to {destination}")


@calls.command("hangup", epilog=example("ccore calls hangup 3f2a"))
@click.argument("contact")
@json_option
@asks_daemon
def hangup(daemon: "Client", contact: str, json: bool) -> None:
    """End CONTACT."""
    reply = daemon.ask("call.hangup", contact=contact)
    told(reply, json, f"{reply['contact']} is hung up")


@calls.command("survey", epilog=example("ccore calls survey 3f2a 5"))
@click.argument("contact")
@click.argument("mark", type=click.IntRange(0, 5))
@json_option
@asks_daemon
def survey(daemon: "Client", contact: str, mark: int, json: bool) -> None:
    """Put down the MARK, 1 to 5, that CONTACT gives; 0: was asked and has given none yet."""
    reply = daemon.ask("call.survey", contact=contact, mark=mark)
    told(
        reply, json, f"{reply['contact']} gives {mark}" if mark else f"{reply['contact']} is asked"
    )


@calls.command("callback", epilog=example("ccore calls callback 3f2a"))
@click.argument("contact")
@click.option("--declined", is_flag=True, help="It was offered, and is not wanted.")
@json_option
@asks_daemon
def callback(daemon: "Client", contact: str, declined: bool, json: bool) -> None:
    """Put down that CONTACT wants to be called back: to hang up is no abandonment then."""
    reply = daemon.ask("call.callback", contact=contact, accepted=not declined)
    what = "does not want to be called back" if declined else "is to be called back"
    told(reply, json, f"{reply['contact']} {what}")


@calls.command("hold", epilog=example("ccore calls hold 3f2a"))
@click.argument("contact")
@json_option
@asks_daemon
def hold(daemon: "Client", contact: str, json: bool) -> None:
    """Put CONTACT on hold."""
    reply = daemon.ask("call.hold", contact=contact)
    told(reply, json, f"{reply['contact']} is held")


@calls.command("unhold", epilog=example("ccore calls unhold 3f2a"))
@click.argument("contact")
@json_option
@asks_daemon
def unhold(daemon: "Client", contact: str, json: bool) -> None:
    """Take CONTACT off hold."""
    reply = daemon.ask("call.unhold", contact=contact)
    told(reply, json, f"{reply['contact']} is taken back")
