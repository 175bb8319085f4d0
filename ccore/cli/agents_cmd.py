"""`ccore agents`: who is here, and what a supervisor may change."""

from typing import TYPE_CHECKING

import click

from ccore.cli.options import asks_daemon, example, finds_daemon, json_option
from ccore.cli.tables import Column, Row, show, told
from ccore.cli.text import span
from ccore.errors import BadRequest

if TYPE_CHECKING:
    from ccore.cli.client import Client

__all__ = ["STATE_STYLES", "agents"]

# One colour a state, here and on the floor's live view.
STATE_STYLES = {
    "signed-out": "bright_black",
    "ready": "green",
    "not-ready": "magenta",
    "reserved": "yellow",
    "ringing": "bold yellow",
    "talking": "bold cyan",
    "wrapup": "blue",
    "holding": "cyan",
    "busy-other": "red",
}

_COLUMNS = (
    Column("agent", lambda row: row["id"]),
    Column("name", lambda row: row["name"]),
    Column("state", lambda row: row["state"], style=lambda row: STATE_STYLES.get(row["state"], "")),
    Column("reason", lambda row: row.get("reason")),
    Column("since", lambda row: span((row["now_us"] - row["since_us"]) // 1000), right=True),
    Column("queue", lambda row: row.get("queue")),
    Column("contact", lambda row: (row.get("contact") or "")[:8]),
    Column("calls", lambda row: row.get("calls"), right=True),
)

_state = click.option(
    "--state",
    type=click.Choice(list(STATE_STYLES)),
    metavar="STATE",
    help="Only agents in this state, such as ready.",
)


@click.group(
    invoke_without_command=True,
    epilog=example("ccore agents", "ccore agents not-ready 1001 lunch"),
)
@_state
@json_option
@finds_daemon
@click.pass_context
def agents(ctx: click.Context, state: str | None, json: bool) -> None:
    """List the agents, or change the state of one."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(_list, state=state, json=json)


@agents.command("list", epilog=example("ccore agents list --state ready"))
@_state
@json_option
@asks_daemon
def _list(daemon: "Client", state: str | None, json: bool) -> None:
    """List the agents."""
    reply = daemon.ask("agents")
    now_us = reply.get("at_us", 0)
    rows: list[Row] = [
        row if json else {"now_us": now_us, **row}
        for row in reply["agents"]
        if state in (None, row["state"])
    ]
    show(rows, _COLUMNS, json=json, empty="No agents.")


@agents.command("sign-in", epilog=example("ccore agents sign-in 1001"))
@click.argument("agent")
@json_option
@asks_daemon
def sign_in(daemon: "Client", agent: str, json: bool) -> None:
    """Sign AGENT in."""
    _told(daemon.ask("agent.sign_in", agent=agent), json)


@agents.command("sign-out", epilog=example("ccore agents sign-out 1001"))
@click.argument("agent")
@json_option
@asks_daemon
def sign_out(daemon: "Client", agent: str, json: bool) -> None:
    """Sign AGENT out, after the call if he is in one."""
    _told(daemon.ask("agent.sign_out", agent=agent), json)


@agents.command("ready", epilog=example("ccore agents ready 1001"))
@click.argument("agent")
@json_option
@asks_daemon
def ready(daemon: "Client", agent: str, json: bool) -> None:
    """Let AGENT have calls."""
    _told(daemon.ask("agent.ready", agent=agent), json)


@agents.command("not-ready", epilog=example("ccore agents not-ready 1001 lunch"))
@click.argument("agent")
@click.argument("reason")
@json_option
@asks_daemon
def not_ready(daemon: "Client", agent: str, reason: str, json: bool) -> None:
    """Give AGENT no calls, for a REASON of ccore.toml's `reasons`."""
    reply = daemon.ask("agent.not_ready", agent=agent, reason=reason)
    _told(reply, json)


@agents.command("wrap-up", epilog=example("ccore agents wrap-up 1001 --extend 60"))
@click.argument("agent")
@click.option("--end", is_flag=True, help="End it now.")
@click.option("--extend", "extend_s", type=click.IntRange(1, 86_400), help="Seconds more.")
@json_option
@asks_daemon
def wrap_up(daemon: "Client", agent: str, end: bool, extend_s: int | None, json: bool) -> None:
    """End or extend AGENT's time for work after the call."""
    if end == (extend_s is not None):
        raise BadRequest(
            what="one of the two has to be chosen", expected="--end or --extend SECONDS"
        )
    if end:
        _told(daemon.ask("agent.wrap_up", agent=agent, end=True), json)
    else:
        reply = daemon.ask("agent.wrap_up", agent=agent, extend_s=extend_s)
        _told(reply, json)


def _told(reply: Row, json: bool) -> None:
    """What the agent is now, and what he will be when his call is over."""
    later = f", {reply['after_call']} after the call" if reply.get("after_call") else ""
    told(reply, json, f"{reply['agent']} is {reply['state']}{later}")
