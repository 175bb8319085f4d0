"""The wire: events a second and CPU an event, beside greenswitch, genesis and a bare drain.

Every run has two processes, one that sends and one that receives, over loopback. In a round each
client has its turn; ratios are medians of rounds, so what disturbs a round disturbs both sides.
"""

import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.figures import load, machine
from bench.wire_clients import KEPT, TEN, checksum
from bench.wire_feed import BULK, SWITCH, frames, source
from ccore.esl.plain import PlainView

__all__ = ["Run", "WireRun", "run", "show"]

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results" / "wire.json"
ROUNDS = 5
# Enough for a second or so: what a client does in it.
EVENTS = {"drain": 100_000, "ccore": 100_000, "greenswitch": 10_000, "genesis": 3_000}
EVENTS_WAITING = 50_000
LIMIT_S = 120
# A run begins when the cores were so idle for a moment, or after so long all the same.
IDLE_SHARE, LOOK_S, PATIENCE_S = 0.93, 0.2, 5.0


@dataclass(frozen=True, slots=True)
class Run:
    client: str
    feed: str
    links: int
    size: int  # of an event in bytes, on average
    events: int
    events_per_s: float
    cpu_us: float  # an event
    waiting_mb: float
    is_right: bool  # every event came, and its ten headers are what they should be


@dataclass(frozen=True, slots=True)
class WireRun:
    source: str
    rounds: list[list[Run]]  # of both feeds, each client in turn
    growth: list[Run]
    waiting: list[Run]
    load_before: float
    load_after: float
    idle_waits: int  # runs that began although the machine was busy


class Bench:
    def __init__(self) -> None:
        self.busy = 0

    def measure(
        self, client: str, feed: str, *, events: int = 0, links: int = 1, size: int = 0
    ) -> Run:
        lap = frames(size)
        lap_bytes = sum(len(head) + len(body) for head, body in lap)
        laps = max(1, round((events or EVENTS[client]) / len(lap) / links))
        total = laps * len(lap) * links
        self._await_idle()
        started = [_start("bench.wire_feed", feed, laps, links, size)]
        try:
            said = started[0].stdout
            assert said is not None
            size_all = laps * lap_bytes * links
            arguments = (client, int(said.readline()), total, size_all, links)
            started.append(_start("bench.wire_clients", *arguments))
            told = json.loads(started[1].communicate(timeout=LIMIT_S)[0])
            began_ns = int(said.readline())
        finally:
            for process in started:
                process.kill()
                process.communicate()
        took_s = (told["ended_ns"] - began_ns) / 1e9
        is_right = told["events"] == total
        if client != "drain":
            is_right &= told["checksum"] == _expected(lap, laps) or links > 1
        return Run(
            client,
            feed,
            links,
            round(lap_bytes / len(lap)),
            total,
            round(total / took_s),
            round(told["cpu_us"] / total, 3),
            told["waiting_mb"],
            is_right,
        )

    def _await_idle(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while _idle_share() < IDLE_SHARE:
            if time.monotonic() > end:
                self.busy += 1
                return


def _start(module: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    quiet = os.environ | {"OTEL_SDK_DISABLED": "true"}
    return subprocess.Popen(command, cwd=ROOT, env=quiet, stdout=subprocess.PIPE, text=True)


def _idle_share() -> float:
    def times() -> list[int]:
        return [int(word) for word in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]

    before = times()
    time.sleep(LOOK_S)
    gone = [b - a for a, b in zip(before, times(), strict=True)]
    return (gone[3] + gone[4]) / max(1, sum(gone))


def _expected(lap: list[tuple[bytes, bytes]], laps: int) -> int:
    """Of the last events, by the plain twin."""
    bodies = [body for _, body in lap] * min(laps, 1 + KEPT // len(lap))
    views = [PlainView(body) for body in bodies[-KEPT:]]
    return checksum([tuple(view.get(name.encode()) for name in TEN) for view in views])


def run(rounds: int = ROUNDS) -> WireRun:
    bench, before = Bench(), load()
    clients = [one for one in EVENTS if one != "genesis" or importlib.util.find_spec("genesis")]
    got = [
        [bench.measure(client, feed) for feed in (BULK, SWITCH) for client in clients]
        for _ in range(rounds)
    ]
    growth = [bench.measure("ccore", BULK, links=links) for links in (1, 10, 50)]
    for size, events in ((1_000, 200_000), (64_000, 8_000)):
        growth += [
            bench.measure("drain", BULK, events=events, size=size),
            bench.measure("ccore", BULK, events=events, size=size),
            bench.measure("greenswitch", BULK, events=events // 10, size=size),
        ]
    waiting = [
        bench.measure(client, BULK, events=EVENTS_WAITING)
        for client in ("ccore-waiting", "greenswitch-waiting")
    ]
    found = WireRun(source(), got, growth, waiting, before, load(), bench.busy)
    wrong = [
        one
        for one in [*(one for many in got for one in many), *growth, *waiting]
        if one.client.startswith("ccore") and not one.is_right
    ]
    if wrong:
        raise AssertionError(f"events came wrong: {wrong[0]}")
    return found


def figures(found: WireRun) -> list[dict[str, Any]]:
    """A row for each client and feed: medians over the rounds, ratios round by round."""
    rows = []
    for place, one in enumerate(found.rounds[0]):
        runs = [many[place] for many in found.rounds]

        def beside(other: str, name: str, runs: list[Run] = runs, feed: str = one.feed) -> float:
            ratios: list[float] = [
                getattr(run, name) / getattr(one, name)
                for run, many in zip(runs, found.rounds, strict=True)
                for one in many
                if (one.client, one.feed) == (other, feed)
            ]
            return round(statistics.median(ratios), 4)

        rows.append(
            {
                "feed": one.feed,
                "client": one.client,
                "times_greenswitch": beside("greenswitch", "events_per_s"),
                "cpu_times_less": round(1 / beside("greenswitch", "cpu_us"), 4),
                "of_drain": beside("drain", "events_per_s"),
                "events_per_s": round(statistics.median(run.events_per_s for run in runs)),
                "cpu_us": round(statistics.median(run.cpu_us for run in runs), 2),
                "is_right": all(run.is_right for run in runs),
            }
        )
    return rows


def show(found: WireRun, console: Console) -> None:
    rounds = len(found.rounds)
    table = Table(
        title=f"{source()} repeated, ten headers read per event, medians of {rounds} rounds",
        title_justify="left",
    )
    for name in ("feed", "client", "x greenswitch", "CPU", "of drain", "events/s", "CPU µs", "ok"):
        table.add_column(name, justify="left" if name in ("feed", "client") else "right")
    for row in figures(found):
        table.add_row(
            row["feed"],
            row["client"],
            f"{row['times_greenswitch']:.1f}",
            f"{row['cpu_times_less']:.1f}",
            f"{row['of_drain']:.2f}",
            f"{row['events_per_s']:,}",
            f"{row['cpu_us']:.2f}",
            "yes" if row["is_right"] else "no",
        )
    console.print(table)
    table = Table(title="Growth, bulk", title_justify="left")
    for name in ("client", "links", "bytes/event", "events/s", "MB/s", "CPU µs", "ok"):
        table.add_column(name, justify="left" if name == "client" else "right")
    for one in found.growth:
        table.add_row(
            one.client,
            str(one.links),
            f"{one.size:,}",
            f"{one.events_per_s:,}",
            f"{one.events_per_s * one.size / 1e6:,.0f}",
            f"{one.cpu_us:.2f}",
            "yes" if one.is_right else "no",
        )
    console.print(table)
    for one in found.waiting:
        console.print(
            f"{one.events:,} events of {one.size:,} bytes waiting, {one.client.split('-')[0]}:"
            f" {one.waiting_mb:,.0f} MB"
        )
    if not any(one.client == "genesis" for one in found.rounds[0]):
        console.print(
            "genesis is not installed (pip install 'ccore[bench]'): left out.", markup=False
        )
    console.print(
        f"Load {found.load_before:.1f} before, {found.load_after:.1f} after;"
        f" {found.idle_waits} runs began while the machine was busy."
    )


def save(found: WireRun) -> Path:
    RESULTS.parent.mkdir(exist_ok=True)
    kept = {
        "machine": machine(),
        "source": found.source,
        "ratios": figures(found),
        "growth": [asdict(one) for one in found.growth],
        "waiting": [asdict(one) for one in found.waiting],
        "load": [round(found.load_before, 2), round(found.load_after, 2)],
        "began_while_busy": found.idle_waits,
    }
    RESULTS.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
    return RESULTS
