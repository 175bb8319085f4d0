"""`make bench`: what ccore costs and how prompt it is.

python -m bench [router] [wire] [source] [sim] [prompt] [real] [kpi] [records] [--save]

router  the routing engine alone, beside its plain twin and mod_callcenter's tables
wire    events from a socket to a handler, beside greenswitch, genesis and a bare drain
source  events and bytes a call on a real FreeSWITCH, by what is asked of it (counts, not times)
sim     20,000 calls through codec and floor, simulated switch, virtual time
prompt  from an event on a real FreeSWITCH to our handler, with and without the metronome
real    600 calls at 20/s on a real FreeSWITCH, and mod_callcenter in ccore's place
kpi     21 million contacts in half hours and queues, beside DuckDB and SQLite (4 GB of disk)
records rows written per second, bytes per call, first figure of a year (1 GB of disk)

Without names: all of them. --save keeps the figures in bench/results.
"""

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from bench import callcenter, kpi, prompt, real, records, router, sim, source, wire
from bench.figures import Latency, load, machine
from ccore import __version__
from ccore.errors import ToolMissing
from tests.real.switch import find_freeswitch

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "calls.json"
KINDS = ("router", "wire", "source", "sim", "prompt", "real", "kpi", "records")
# More runnable processes than this at the start, and the figures are other people's.
QUIET = 0.7

console = Console(width=110)


@click.command(help=(__doc__ or "").replace("\n\n", "\n\n\b\n"))  # lines as they stand
@click.argument("kinds", nargs=-1, type=click.Choice(KINDS))
@click.option("--hundred-million", is_flag=True, help="kpi: over 100 million contacts instead.")
@click.option("--save", is_flag=True, help="Keep the figures in bench/results.")
def main(kinds: tuple[str, ...], hundred_million: bool, save: bool) -> None:
    wanted = kinds or KINDS
    figures: dict[str, Any] = {"ccore": __version__, "machine": machine()}
    if load() > QUIET:
        console.print(f"The machine is busy (load {load():.1f}): the figures will be too high.")
    if "router" in wanted:
        routed(is_kept=save)
    if "wire" in wanted:
        on_the_wire(is_kept=save)
    if "source" in wanted:
        at_the_source(is_kept=save)
    if "sim" in wanted:
        figures["sim"] = dataclasses.asdict(simulated())
    if "prompt" in wanted and (found := promptness()):
        figures["prompt"] = dataclasses.asdict(found)
    if "real" in wanted:
        figures |= on_the_real_switch()
    if "kpi" in wanted and hundred_million:
        growth(is_kept=save)
    elif "kpi" in wanted:
        key_figures(is_kept=save)
    if "records" in wanted:
        on_record(is_kept=save)
    if save and {"sim", "prompt", "real"} & set(wanted):
        RESULTS.parent.mkdir(exist_ok=True)
        kept = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
        RESULTS.write_text(json.dumps(kept | figures, indent=2) + "\n", "utf-8")
        console.print(f"Kept in {RESULTS.relative_to(HERE.parent)}.")


def routed(*, is_kept: bool) -> None:
    with console.status("router"):
        found = router.run()
    router.show(found, console)
    if is_kept:
        console.print(f"Kept in {router.save(found).relative_to(HERE.parent)}.")


def on_the_wire(*, is_kept: bool) -> None:
    with console.status("wire"):
        found = wire.run()
    wire.show(found, console)
    if is_kept:
        console.print(f"Kept in {wire.save(found).relative_to(HERE.parent)}.")


def at_the_source(*, is_kept: bool) -> None:
    try:
        find_freeswitch()
    except ToolMissing as missing:
        console.print(f"source: {missing}")
        return
    with tempfile.TemporaryDirectory(prefix="ccore-bench-") as root, console.status("source"):
        found = source.run(Path(root) / "source")
    source.show(found, console)
    if is_kept:
        console.print(f"Kept in {source.save(found).relative_to(HERE.parent)}.")


def key_figures(*, is_kept: bool) -> None:
    try:
        with console.status("kpi"):
            found = kpi.run()
    except ModuleNotFoundError as missing:
        raise ToolMissing(tool=missing.name, why='install it: pip install ".[bench]"') from missing
    kpi.show(found, console)
    if is_kept:
        console.print(f"Kept in {kpi.save(found).relative_to(HERE.parent)}.")


def growth(*, is_kept: bool) -> None:
    with console.status("kpi: 100 million contacts"):
        found = kpi.growth()
    kpi.show_growth(found, console)
    if is_kept:
        console.print(f"Kept in {kpi.save_growth(found).relative_to(HERE.parent)}.")


def on_record(*, is_kept: bool) -> None:
    with console.status("records"):
        found = records.run()
    records.show(found, console)
    if is_kept:
        console.print(f"Kept in {records.save(found).relative_to(HERE.parent)}.")


def simulated() -> sim.SimRun:
    with console.status("sim"):
        got = sim.run()
    table = _table(f"{got.calls:,} calls on the simulated switch, codec and floor alone")
    table.add_row("controller CPU per call", f"{got.cpu_us_per_call / 1000:.2f} ms")
    table.add_row("calls a core could steer", f"{got.calls_per_s:,.0f}/s")
    table.add_row("park to offer", _ms(got.park_to_offer))
    table.add_row(
        "from the switch", f"{got.events_per_call:.1f} events, {got.bytes_per_call:,.0f} bytes/call"
    )
    console.print(table)
    return got


def promptness() -> prompt.PromptRun | None:
    try:
        find_freeswitch()
    except ToolMissing as missing:
        console.print(f"prompt: {missing}")
        return None
    with tempfile.TemporaryDirectory(prefix="ccore-bench-") as root, console.status("prompt"):
        got = prompt.run(Path(root))
    table = _table(f"From an event on {got.switch} to our handler")
    table.add_row("nobody waits", _ms_max(got.at_rest))
    table.add_row("after a command of ours", _ms_max(got.after_command))
    table.add_row("while calls wait", f"{_ms_max(got.while_waiting)}   (aim: p99 below 2 ms)")
    for title, rest in (("at rest", got.resting), ("beating", got.beating)):
        table.add_row(f"{title}, of one core", f"{rest.ours:.2%}, the switch {rest.switch:.2%}")
    table.add_row("stolen by the host", f"{got.stolen:.1%}")
    console.print(table)
    return got


def on_the_real_switch() -> dict[str, Any]:
    try:
        find_freeswitch()
    except ToolMissing as missing:
        console.print(f"real: {missing}")
        return {}
    with tempfile.TemporaryDirectory(prefix="ccore-bench-") as root, console.status("real"):
        ours = real.run(Path(root) / "ccore")
        theirs = callcenter.run(
            Path(root) / "callcenter",
            ours.load.calls,
            ours.load.rate_per_s,
            ours.load.agents,
            ours.crowd.agents,
            ours.crowd.callers,
        )
    console.print(_load_table(ours))
    console.print(_prompt_table(ours, theirs))
    if theirs is None:
        console.print("The switch has no mod_callcenter to compare with.")
    return {
        "real": dataclasses.asdict(ours),
        "mod_callcenter": dataclasses.asdict(theirs) if theirs else None,
    }


def _load_table(ours: real.RealRun) -> Table:
    run = ours.load
    table = _table(
        f"{run.calls} calls at {run.rate_per_s:g}/s, {run.agents} agents, {ours.switch.strip()}"
    )
    table.add_row("controller CPU per call", f"{run.controller_cpu_ms_per_call:.2f} ms")
    table.add_row("switch CPU per call, media included", f"{run.switch_cpu_ms_per_call:.1f} ms")
    table.add_row("controller to switch", f"{run.controller_to_switch:.1%}   (aim: below 2 %)")
    table.add_row("idle, of one core", f"{run.controller_idle_share:.2%}")
    table.add_row("events per call", f"{run.events_per_call:.1f}")
    table.add_row("park to offer, in ccore", f"{_ms(run.park_to_offer)}   (aim: p99 below 2 ms)")
    table.add_row(
        "agent free to offer, in ccore",
        f"{_ms(ours.crowd.free_to_offer)}   (aim: p99 below 5 ms)",
    )
    table.add_row("load of the machine", f"{run.system_load:.1f}")
    return table


def _prompt_table(ours: real.RealRun, theirs: callcenter.CallcenterRun | None) -> Table:
    table = Table(title="Seen from outside, ms (p50 / p99)", title_justify="left")
    for name in ("", "ccore", "mod_callcenter"):
        table.add_column(name)
    rows: list[tuple[str, str, bool]] = [
        ("joined -> agent's leg made, by arrival", "join_to_offer", False),
        ("the same by the switch's stamps", "join_to_offer_stamped", False),
        ("agent idle between two calls, by arrival", "idle", True),
        ("the same by the switch's stamps", "idle_stamped", True),
    ]
    for title, name, is_crowd in rows:
        mine = getattr(ours.crowd.seen if is_crowd else ours.seen, name)
        other = "-"
        if theirs is not None:
            other = _pair(getattr(theirs.crowd_seen if is_crowd else theirs.seen, name))
        table.add_row(title, _pair(mine), other)
    return table


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column()
    table.add_column()
    return table


def _ms(figures: Latency | real.Delays) -> str:
    return f"p50 {figures.p50 / 1000:.2f} ms, p99 {figures.p99 / 1000:.2f} ms (n = {figures.n})"


def _ms_max(figures: Latency) -> str:
    return f"{_ms(figures)}, max {figures.max / 1000:.2f} ms"


def _pair(figures: Latency) -> str:
    return f"{figures.p50 / 1000:.1f} / {figures.p99 / 1000:.1f}"


if __name__ == "__main__":
    main()
