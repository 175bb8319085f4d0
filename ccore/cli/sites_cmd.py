"""`ccore sites`: where agents sit, and evacuating a site in one step."""

from typing import TYPE_CHECKING

import click

from ccore.cli.options import asks_daemon, example, finds_daemon, json_option
from ccore.cli.tables import Column, show, told
from ccore.cli.text import clock, safe

if TYPE_CHECKING:
    from ccore.cli.client import Client

__all__ = ["sites"]

_COLUMNS = (
    Column("site", lambda row: row["name"]),
    Column(
        "state",
        lambda row: "evacuated" if row["evacuated_us"] else "open",
        style=lambda row: "bold red" if row["evacuated_us"] else "green",
    ),
    Column("since", lambda row: clock(row["evacuated_us"]) if row["evacuated_us"] else None),
    Column("agents", lambda row: row["agents"], right=True),
    Column("signed in", lambda row: row["signed_in"], right=True),
    Column("ready", lambda row: row["ready"], right=True),
    Column("talking", lambda row: row["talking"], right=True),
)


@click.group(
    invoke_without_command=True, epilog=example("ccore sites", "ccore sites evacuate south")
)
@json_option
@finds_daemon
@click.pass_context
def sites(ctx: click.Context, json: bool) -> None:
    """List the sites of the agents, or evacuate one."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(_list, json=json)


@sites.command("list", epilog=example("ccore sites list"))
@json_option
@asks_daemon
def _list(daemon: "Client", json: bool) -> None:
    """List the sites."""
    show(daemon.ask("sites")["sites"], _COLUMNS, json=json, empty="No agent has a site.")


@sites.command("evacuate", epilog=example("ccore sites evacuate south"))
@click.argument("site")
@json_option
@asks_daemon
def evacuate(daemon: "Client", site: str, json: bool) -> None:
    """Give the agents of SITE no more calls and send its callers to other sites, at once.

    Talks go on until somebody hangs up. It stays so over a restart, until `restore`.
    """
    reply = daemon.ask("site.evacuate", site=site)
    words = f"{site} is evacuated; agents who take no more calls: {reply['agents']}"
    words += f", ringing calls that go to others: {reply['moved']}"
    if reply["unserved"] and not json:
        words += f". Nobody else works for: {', '.join(map(safe, reply['unserved']))}"
    told(reply, json, words)


@sites.command("restore", epilog=example("ccore sites restore south"))
@click.argument("site")
@json_option
@asks_daemon
def restore(daemon: "Client", site: str, json: bool) -> None:
    """Let SITE take calls again; its agents who were signed in are ready."""
    reply = daemon.ask("site.restore", site=site)
    told(reply, json, f"{site} is back; agents who are ready again: {reply['agents']}")
