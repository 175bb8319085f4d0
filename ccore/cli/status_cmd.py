"""`ccore status`: is it well, in a few lines."""

from typing import TYPE_CHECKING

import click

from ccore.cli.options import asks_daemon, example, json_option
from ccore.cli.queues_cmd import COLUMNS
from ccore.cli.tables import show
from ccore.cli.text import as_json, clock, percent, safe

if TYPE_CHECKING:
    from ccore.cli.client import Client

__all__ = ["status"]


@click.command(epilog=example("ccore status", "ccore status --json"))
@json_option
@asks_daemon
def status(daemon: "Client", json: bool) -> None:
    """Links to the switches, totals and queues of the running daemon."""
    view = daemon.ask("status")
    if json:
        click.echo(as_json(view))
        return
    for node in view["nodes"]:
        state = "up" if node["up"] else "DOWN"
        why = f": {safe(str(node['why']))}" if node.get("why") and not node["up"] else ""
        click.echo(f"switch {safe(node['name'])}: {state} since {clock(node['since_us'])}{why}")
    totals = view["totals"]
    states: dict[str, int] = {}
    for agent in view["agents"]:
        states[agent["state"]] = states.get(agent["state"], 0) + 1
    counted = ", ".join(f"{count} {name}" for name, count in sorted(states.items())) or "none"
    click.echo(
        f"calls: {len(view['calls'])} now ({totals['in_ivr']} in the IVR, {totals['waiting']} "
        f"waiting, {totals['talking']} talking); {totals['offered']} offered, "
        f"{totals['answered']} answered, {totals['abandoned']} abandoned, "
        f"service level {percent(totals['service_level'])}"
    )
    click.echo(f"agents: {counted}")
    health = view.get("daemon", {})
    if health.get("disk"):
        click.echo(f"disk: {safe(health['disk'])} Rows that wait: {health['rows_pending']}.")
    if health.get("unrecorded"):
        click.echo(f"recordings without a file: {health['unrecorded']}; the log names them")
    click.echo()
    show(view["queues"], COLUMNS, json=False, empty="No queues.")
