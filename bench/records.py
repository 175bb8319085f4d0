"""What the records cost: rows written per second, bytes per call, time to a year's first figure.

The rows are those that the floor itself gives for answered calls of the simulated switch: a
contact, three legs (queue, ring, talk) and three intervals of the agent (ready, ringing, talking).
Everything that was written is read back and compared after the clock has stopped.
"""

import dataclasses
import gc
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.cdr_sizes import sizes
from bench.figures import load, machine
from bench.kpi import T_MS, day_of_rows, write_day
from bench.sim import World
from ccore.cdr import JournalWriter, Row, Rows
from ccore.cdr import load as read_back
from ccore.cdr.packing import pack_closed
from ccore.cdr.rows import RowFact, row_kind
from ccore.model import AgentInterval, ContactClosed, LegClosed, Outcome

__all__ = ["run", "save", "show"]

RESULTS = Path(__file__).parent / "results" / "records.json"
CALLS, LAPS = 2_000, 10  # calls of the simulation, and how often they are told under other names
LAP_US = 5_000_000_000
# 20,000 calls a day have some 2,000 in their busiest hour; and a rate at which groups are shared.
RATES = {"0.5": 20, "20": 200}  # calls a second, and the agents it takes
GROUP_ROWS = 1_000
CALL_ROWS = 7
ALONE = 1_000  # calls flushed one by one
DAYS, DAY_CALLS = 365, 20_000
TURNS = 3
# Told at its end by each process that is measured. Not ru_maxrss: that begins with what the process
# had which started it.
PEAK = """
import atexit, sys
def tell_peak():
    status = open("/proc/self/status").read().split()
    print(status[status.index("VmHWM:") + 1], file=sys.stderr)
atexit.register(tell_peak)
"""
COMMAND = """
import runpy
runpy.run_module("ccore", run_name="__main__")
"""
# Every figure of the total, and nothing that `ccore kpi` adds: targets and why one was missed.
TABLE = """
import json, sys
from pathlib import Path
from ccore.kpi import Plan
from ccore.kpi.days import Days, table_by_days
(total,) = table_by_days(Days(Path(sys.argv[1])), Plan()).as_dicts()
print(json.dumps({"total": total}))
"""


def facts_of(rate: str, calls: int) -> list[RowFact]:
    """Rows of so many calls, in the order in which the daemon would put them down."""
    world = World(calls, float(rate), RATES[rate])
    world.run()
    kept = [
        one for one in world.facts if isinstance(one, ContactClosed | LegClosed | AgentInterval)
    ]
    return sorted(kept, key=end_us)


def end_us(fact: RowFact) -> int:
    return fact.ended_us if isinstance(fact, ContactClosed) else fact.end_us


def retold(facts: list[RowFact], laps: int) -> Iterator[RowFact]:
    """The same calls again later, by other callers."""
    for lap in range(laps):
        later = lap * LAP_US
        for fact in facts:
            if isinstance(fact, AgentInterval):
                start, end = fact.start_us + later, fact.end_us + later
                yield dataclasses.replace(fact, start_us=start, end_us=end)
                continue
            contact = str(uuid.uuid5(uuid.UUID(fact.contact), str(lap)))
            if isinstance(fact, LegClosed):
                yield dataclasses.replace(
                    fact,
                    contact=contact,
                    contact_us=fact.contact_us + later,
                    start_us=fact.start_us + later,
                    end_us=fact.end_us + later,
                )
            else:
                yield dataclasses.replace(
                    fact,
                    contact=contact,
                    calling=f"{int(fact.calling) + lap * 100_000}",
                    arrived_us=fact.arrived_us + later,
                    queued_us=fact.queued_us + later,
                    answered_us=fact.answered_us + later,
                    ended_us=fact.ended_us + later,
                )


def uneven(facts: Iterable[RowFact]) -> Iterator[RowFact]:
    """The simulation's calls are all of one length: here each is stretched by a factor of its own.

    To the microsecond, as a switch stamps them, so that no more can be guessed than of real ones.
    """
    chance = random.Random(7)
    factors: dict[str, float] = {}
    for fact in facts:
        if isinstance(fact, AgentInterval):
            length_us = round((fact.end_us - fact.start_us) * chance.lognormvariate(0, 0.6))
            yield dataclasses.replace(fact, end_us=fact.start_us + length_us)
            continue
        factor = factors.setdefault(fact.contact, chance.lognormvariate(0, 0.6))
        origin_us = fact.arrived_us if isinstance(fact, ContactClosed) else fact.contact_us
        stretched = {
            name: origin_us + round((at_us - origin_us) * factor)
            for name in ("start_us", "end_us", "queued_us", "answered_us", "ended_us")
            if (at_us := getattr(fact, name, 0))
        }
        stretched |= {
            name: round(getattr(fact, name) * factor)
            for name in ("ivr_ms", "wait_ms", "ring_ms", "talk_ms", "hold_ms")
            if hasattr(fact, name)
        }
        yield dataclasses.replace(fact, **stretched)


def groups_of(facts: list[RowFact], size: int) -> list[list[RowFact]]:
    return [facts[first : first + size] for first in range(0, len(facts), size)]


def flushes_of(facts: Iterable[RowFact]) -> list[list[RowFact]]:
    """What the daemon would write at a time: the rows of one turn of the floor."""
    groups: dict[int, list[RowFact]] = {}
    for fact in facts:
        groups.setdefault(end_us(fact), []).append(fact)
    return list(groups.values())


def write(directory: Path, groups: list[list[RowFact]], *, fsync: bool) -> float:
    """Seconds for all groups, from the facts to the files."""
    writer = JournalWriter(directory, fsync=fsync)
    begin = time.perf_counter()
    for group in groups:
        for fact in group:
            writer.append(fact)
        writer.flush()
    seconds = time.perf_counter() - begin
    writer.close()
    return seconds


def check(directory: Path, facts: list[RowFact]) -> None:
    """Every row is there as it was given; a contact's moments to the millisecond."""
    records = read_back(directory)
    for kind in Row:
        wanted = sorted(repr(_in_ms(fact)) for fact in facts if row_kind(fact) is kind)
        found = sorted(repr(_in_ms(fact)) for fact in records.facts(kind))
        if wanted != found:
            raise AssertionError(f"{len(wanted)} rows of {kind.value} came back otherwise")
    records.strings.close()


def _in_ms(fact: RowFact) -> RowFact:
    if not isinstance(fact, ContactClosed):
        return fact

    def ms(at_us: int) -> int:
        return fact.arrived_us + (at_us - fact.arrived_us) // 1000 * 1000 if at_us else 0

    return dataclasses.replace(
        fact,
        queued_us=ms(fact.queued_us),
        answered_us=ms(fact.answered_us),
        ended_us=ms(fact.ended_us),
    )


def rates(facts: list[RowFact], root: Path) -> list[dict[str, Any]]:
    """Turn by turn, so that what else the machine does meets all of them alike."""
    best: dict[tuple[int, bool], float] = {}
    wanted = {CALL_ROWS: facts[: ALONE * CALL_ROWS], GROUP_ROWS: facts}
    for turn in range(TURNS):
        for size, fsync in itertools.product(wanted, (True, False)):
            directory = root / f"{size}-{fsync}-{turn}"
            gc.collect()
            seconds = write(directory, groups_of(wanted[size], size), fsync=fsync)
            best[size, fsync] = min(seconds, best.get((size, fsync), seconds))
            check(directory, wanted[size])
    return [
        {
            "group": size,
            "fsync": fsync,
            "rows": len(wanted[size]),
            "rows_per_s": round(len(wanted[size]) / seconds),
        }
        for (size, fsync), seconds in best.items()
    ]


def bytes_per_call(rate: str, facts: list[RowFact], directory: Path) -> dict[str, Any]:
    """Of a directory as the daemon writes it (rows, heads of blocks, texts), and once packed."""
    groups = flushes_of(facts)
    write(directory, groups, fsync=False)
    check(directory, facts)
    calls = sum(isinstance(fact, ContactClosed) for fact in facts)
    files = sum(path.stat().st_size for path in directory.glob("*.ccr"))
    texts = (directory / "strings.db").stat().st_size
    records = read_back(directory)
    rows = sum(records.rows(kind).nbytes for kind in Row)
    records.strings.close()
    begin = time.perf_counter()
    pack(directory)
    seconds = time.perf_counter() - begin
    check(directory, facts)
    packed = sum(path.stat().st_size for path in directory.glob("*.ccp"))
    return {
        "calls_per_s": float(rate),
        "rows_per_call": len(facts) / calls,
        "rows_per_flush": round(len(facts) / len(groups), 2),
        "rows": round(rows / calls, 1),
        "heads": round((files - rows) / calls, 1),
        "texts": round(texts / calls, 1),
        "all": round((files + texts) / calls, 1),
        "packed": round(packed / calls, 1),
        "packed_all": round((packed + texts) / calls, 1),
        "calls_packed_per_s": round(calls / seconds),
    }


def pack(directory: Path) -> None:
    """Every day, as the daemon does with those that are over."""
    writer = JournalWriter(directory)
    writer.close_days(date.max)
    writer.close()
    pack_closed(directory, _fail, lambda done: None)


def _fail(trouble: Exception) -> None:
    raise trouble


def year(root: Path) -> dict[str, Any]:
    """A year of packed days; each figure is that of a process of its own."""
    directory = root / "year"
    directory.mkdir()
    wanted = dict.fromkeys(("attempts", "answered", "abandoned", "answered_in"), 0)
    for day in range(DAYS):
        rows = day_of_rows(day, DAY_CALLS)
        write_day(directory, day, rows)
        for name, count in _counts(rows).items():
            wanted[name] += count
    pack(directory)
    _forget(directory)
    table = (TABLE, str(directory))
    command = (COMMAND, "kpi", "--cdr", str(directory), "--json")
    turns = [_measured(*one) for one in (table, table, table, command, command)]
    level = wanted.pop("answered_in") / (wanted["answered"] + wanted["abandoned"])
    for turn in turns:
        total = json.loads(turn.printed)["total"]
        if {name: total[name] for name in wanted} != wanted or total["sl2"] != level:
            raise AssertionError(f"{wanted} and {level} written, {total} found")
    return {
        "contacts": DAYS * DAY_CALLS,
        "bytes": sum(path.stat().st_size for path in directory.iterdir()),
        "figures_first_s": turns[0].seconds,
        "figures_s": min(turn.seconds for turn in turns[1:3]),
        "figures_peak_mb": max(turn.peak_mb for turn in turns[:3]),
        "command_s": min(turn.seconds for turn in turns[3:]),
        "command_peak_mb": max(turn.peak_mb for turn in turns[3:]),
    }


@dataclasses.dataclass(frozen=True, slots=True)
class Turn:
    printed: str
    seconds: float  # from the start of the process to its end
    peak_mb: float  # mapped files inside


def _measured(code: str, *arguments: str) -> Turn:
    command = [sys.executable, "-c", PEAK + code, *arguments]
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise AssertionError(f"{arguments} ended with {done.returncode}: {done.stderr}")
    peak_kb = int(done.stderr.split()[-1])
    return Turn(done.stdout, round(seconds, 2), round(peak_kb / 1024, 1))


def _counts(rows: Rows) -> dict[str, int]:
    answered = rows["outcome"] == Outcome.ANSWERED
    return {
        "attempts": len(rows),
        "answered": int(np.count_nonzero(answered)),
        "abandoned": int(np.count_nonzero(rows["outcome"] == Outcome.ABANDONED)),
        "answered_in": int(np.count_nonzero(answered & (rows["wait_ms"] <= T_MS))),
    }


def _forget(directory: Path) -> None:
    """Let the system's cache of these files go, so that they are read from the disk."""
    for path in directory.iterdir():
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(file)


def run() -> dict[str, Any]:
    found: dict[str, Any] = {"machine": machine(), "load": load()}
    with tempfile.TemporaryDirectory(prefix="ccore-bench-") as name:
        root = Path(name)
        found["disk"] = _filesystem(root)
        calls = {rate: facts_of(rate, CALLS) for rate in RATES}
        found["writing"] = rates(list(retold(calls["20"], LAPS)), root)
        found["bytes_per_call"] = [
            bytes_per_call(rate, list(uneven(retold(facts, LAPS))), root / f"rate-{rate}")
            for rate, facts in calls.items()
        ]
        found["freeswitch_bytes"] = sizes()
        found["year"] = year(root)
    found["load_after"] = load()
    return found


def _filesystem(path: Path) -> str:
    command = ["stat", "--file-system", "--format=%T", str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def show(found: dict[str, Any], console: Console) -> None:
    table = Table(title=f"Rows written, on {found['disk']}", title_justify="left")
    for title in ("rows a flush", "fsync", "rows/s"):
        table.add_column(title, justify="right")
    for one in found["writing"]:
        table.add_row(
            f"{one['group']:,}", "yes" if one["fsync"] else "no", f"{one['rows_per_s']:,}"
        )
    console.print(table)
    table = Table(title="Bytes per call", title_justify="left")
    for title in ("", "rows", "heads", "texts", "all", "packed", "packed, with texts"):
        table.add_column(title, justify="right" if title else "left")
    for one in found["bytes_per_call"]:
        names = ("rows", "heads", "texts", "all", "packed", "packed_all")
        cells = [f"{one[name]:,.0f}" for name in names]
        table.add_row(f"ccore at {one['calls_per_s']:g} calls/s", *cells)
    for title, size in found["freeswitch_bytes"].items():
        table.add_row(title, "", "", "", f"{size:,}", "", "")
    console.print(table)
    got = found["year"]
    console.print(
        f"A year of {got['contacts']:,} contacts ({got['bytes'] / 1e6:,.0f} MB): every figure after"
        f" {got['figures_first_s']:.1f} s with the files out of the cache, {got['figures_s']:.1f} s"
        f" with them in, {got['figures_peak_mb']:,.0f} MB at most; ccore kpi, which also looks for"
        f" the causes of a missed service level, {got['command_s']:.1f} s and"
        f" {got['command_peak_mb']:,.0f} MB."
    )
    console.print(f"Load {found['load']:.1f} before, {found['load_after']:.1f} after.")


def save(found: dict[str, Any]) -> Path:
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    return RESULTS
