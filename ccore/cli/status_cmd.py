"""`ccore status`: is it well, in a few lines."""

from typing import TYPE_CHECKING

import click

from ccore.cli.options import asks_daemon, example, json_option
from ccore.cli.queues_cmd import COLUMNS
from ccore.cli.tables import Column, show
from ccore.cli.text import as_json, clock, percent, safe

if TYPE_CHECKING:
    from ccore.cli.client import Client

__all__ = ["status"]

# How a switch is heard and spoken to; docs/operations.md says what each column means.
LINKS = (
    Column("link", lambda row: row["name"]),
    Column("state", lambda row: row["state"]),
    Column("lag", lambda row: f"{row['lag_us'] / 1000:.0f} ms", right=True),
    Column("worst", lambda row: f"{row['worst_lag_us'] / 1000:.0f} ms", right=True),
    Column("in flight", lambda row: row["in_flight"], right=True),
    Column("held", lambda row: row["held"], right=True),
    Column("refused", lambda row: row["refused"], right=True),
    Column("backlog", lambda row: f"{row['backlog_bytes'] / 1e6:.1f} MB", right=True),
    Column("shed", lambda row: row["shed"], right=True),
    Column("late", lambda row: row["late_reads"], right=True, spare=1),
    Column("beats", lambda row: row["beats"], right=True, spare=2),
)


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
    health = view.get("daemon", {})
    links = [{"name": name, **link} for name, link in health.get("links", {}).items()]
    if links:
        click.echo()
        show(links, LINKS, json=False, empty="")
        click.echo()
    for site in view.get("sites", []):
        if site["evacuated_us"]:
            click.echo(f"site {safe(site['name'])}: EVACUATED since {clock(site['evacuated_us'])}")
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
    today = view.get("today")
    if today:
        click.echo(
            f"today, as ccore kpi counts: {today['offered']} offered, "
            f"{today['answered']} answered, {today['abandoned']} abandoned, "
            f"service level {percent(today['service_level'])} "
            f"({safe(today['service_level_name'])}, {today['threshold_s']} s)"
        )
    repairs = sorted(view.get("repairs", {}).items())
    if repairs:
        told = ", ".join(f"{count} {what}" for what, count in repairs)
        click.echo(f"put right against the switch's channels: {safe(told)}")
    if health.get("disk"):
        click.echo(f"disk: {safe(health['disk'])} Rows that wait: {health['rows_pending']}.")
    if health.get("unrecorded"):
        click.echo(f"recordings without a file: {health['unrecorded']}; the log names them")
    click.echo()
    show(view["queues"], COLUMNS, json=False, empty="No queues.")
