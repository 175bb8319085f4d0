"""Key figures from many contacts: ccore's pass over the mapped rows, DuckDB, SQLite.

The same contacts for all: counts, four service-level terms, sums and maxima for each queue and half
hour of thirty days. DuckDB has them in a table of its own, SQLite a sample of them. Each is timed
from the rows to the sums of every group, the best of a few turns; that the sums are equal is
asserted afterwards. ccore's time does not contain the check of the files' checksums, which stands
beside it: DuckDB checks its own when it reads from the disk, not when rows are in memory.

`growth` is the whole way of `ccore kpi` instead, checksums and all: a process of its own reads a
quarter, a half and all of 100 million contacts from their files, and says how long it took and how
much memory it had at most, mapped files among it.
"""

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.figures import load, machine
from ccore.cdr import CONTACT, Row, Rows, segments
from ccore.cdr.layout import NONE_MS
from ccore.cdr.segment import block_bytes, day_of, file_head, file_name
from ccore.kpi import Partial, Plan, fast, merge
from ccore.kpi.partial import PLACE
from ccore.model import Outcome

__all__ = ["growth", "run", "save", "save_growth", "show", "show_growth"]

RESULTS = Path(__file__).parent / "results" / "kpi.json"
SEED = 7
ROWS, SAMPLE = 21_000_000, 1_000_000
QUEUES, DAYS = 50, 30
START_US = 1_795_219_200_000_000  # 2026-11-21 00:00 UTC
DAY_US, INTERVAL_US = 86_400_000_000, 1_800_000_000
BLOCK = 65_536  # rows of a block: what a flush in a very great hurry would write
TURNS = 3
PLAN = Plan(by=("queue", "interval"), percentiles=False)
T_MS, S_MS = PLAN.threshold_s * 1000, PLAN.short_s * 1000

# Column of DuckDB and SQLite: the sum of ccore that it must equal.
COLUMNS = {
    "count(*)": "attempts",
    "sum(outcome = 1)": "answered",
    "sum(outcome = 2)": "abandoned",
    "sum(outcome = 3)": "flowout",
    f"sum(outcome = 1 and wait_ms <= {T_MS})": "answered_in",
    f"sum(outcome = 2 and wait_ms <= {T_MS})": "abandoned_in",
    f"sum(outcome = 2 and wait_ms <= {S_MS})": "abandoned_short",
    "sum(case when outcome = 1 then wait_ms else 0 end)": "wait_answered_ms",
    "sum(case when outcome = 2 then wait_ms else 0 end)": "wait_abandoned_ms",
    "sum(case when outcome = 1 then talk_ms else 0 end)": "talk_ms",
    "sum(case when outcome = 1 then hold_ms else 0 end)": "hold_ms",
    "max(case when outcome = 1 then wait_ms else 0 end)": "longest_answered_ms",
    "max(wait_ms)": "longest_ms",
}
GROWTH_ROWS = 100_000_000
COUNTED = ("attempts", "answered", "answered_in", "wait_answered_ms")
# A process of its own, so that its memory is that of this and nothing else.
GROW = """
import json, sys, time
from pathlib import Path
from ccore.kpi import Days, Plan, table_by_days
days = Days(Path(sys.argv[1]))
days = Days(days.directory, tuple(days.dates[:int(sys.argv[2])]))
begin = time.perf_counter()
result = table_by_days(days, Plan(by=("queue", "interval"), percentiles=False))
sums = result.total.sums
# Not ru_maxrss: that begins with what the process had which started this one.
status = Path("/proc/self/status").read_text().split()
peak_mb = int(status[status.index("VmHWM:") + 1]) / 1024
print(json.dumps({
    "s": round(time.perf_counter() - begin, 2), "peak_mb": round(peak_mb, 1),
    "groups": len(result.lines), "attempts": sums.attempts, "answered": sums.answered,
    "answered_in": sums.answered_in, "wait_answered_ms": sums.wait_answered_ms,
}))
"""
FIELDS = ("queue", "arrived_us", "outcome", "wait_ms", "talk_ms", "hold_ms")


def sql(table: str, divide: str) -> str:
    """Every group with its sums, in order."""
    slot = f"arrived_us {divide} {INTERVAL_US}"
    return (
        f"select queue, {slot} as slot, {', '.join(COLUMNS)}"
        f" from {table} group by queue, {slot} order by queue, slot"
    )


def day_of_rows(day: int, count: int) -> Rows:
    """A day's contacts as they would be written: in the order in which they ended."""
    rng = np.random.default_rng([SEED, day])
    rows = np.zeros(count, CONTACT)
    hour = np.clip(rng.normal(13.5, 4.0, count), 0, 23.999)
    rows["arrived_us"] = START_US + day * DAY_US + (hour * 3.6e9).astype(np.int64)
    rows["queue"] = 1 + (rng.random(count) ** 2 * QUEUES).astype(np.uint16)  # some are great
    outcome = rng.choice([Outcome.ANSWERED, Outcome.ABANDONED, Outcome.OVERFLOWED], count,
                         p=[0.86, 0.11, 0.03])  # fmt: skip
    rows["outcome"] = outcome
    rows["wait_ms"] = np.minimum(rng.exponential(22_000, count), 1_800_000)
    answered = outcome == Outcome.ANSWERED
    rows["talk_ms"] = np.where(answered, rng.gamma(2, 90_000, count), 0)
    rows["hold_ms"] = np.where(answered & (rng.random(count) < 0.15), 30_000, 0)
    rows["ivr_ms"] = 12_000
    rows["queued_ms"] = 12_000
    rows["answered_ms"] = np.where(answered, 12_000 + rows["wait_ms"], NONE_MS)
    rows["length_ms"] = 12_000 + rows["wait_ms"] + rows["talk_ms"] + rows["hold_ms"]
    rows["contact_hi"] = rng.integers(1, 2**63, count)
    rows = rows[np.argsort(rows["arrived_us"] + rows["length_ms"].astype(np.int64) * 1000)]
    rows["seq"] = np.arange(count) + 1
    return rows


def write_day(directory: Path, day: int, rows: Rows) -> None:
    at_us = START_US + day * DAY_US
    with (directory / file_name(Row.CONTACT, day_of(at_us))).open("wb") as file:
        file.write(file_head(Row.CONTACT))
        for first in range(0, len(rows), BLOCK):
            file.write(block_bytes(rows[first : first + BLOCK], first + 1))


def mapped(directory: Path) -> list[Rows]:
    """The files of the days as arrays, blocks' heads among the rows."""
    paths = [
        directory / file_name(Row.CONTACT, day_of(START_US) + timedelta(day)) for day in range(DAYS)
    ]
    return [np.memmap(path, CONTACT, "r")[1:] for path in paths]


def by_ccore(files: list[Rows], threads: int) -> Partial:
    def part(rows: Rows) -> Partial:
        return fast.contact_parts(
            rows, None, PLAN.groups, threshold_ms=T_MS, short_ms=S_MS, waits=False, threads=1
        )

    with ThreadPoolExecutor(threads) as pool:
        return merge(pool.map(part, files), 2)


def best(turn: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the fastest turn, and what it gave."""
    times = []
    for _ in range(TURNS):
        begin = time.perf_counter()
        got = turn()
        times.append(time.perf_counter() - begin)
    return min(times), got


def as_lines(part: Partial) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """Groups and sums as the queries give them."""
    order = np.lexsort((part.keys[:, 1], part.keys[:, 0]))
    keys = part.keys[order]
    keys[:, 1] //= INTERVAL_US
    sums = part.sums[order][:, [PLACE[name] for name in COLUMNS.values()]]
    return np.concatenate([keys, sums], axis=1)


def memory_mb(field: str = "RssAnon") -> float:
    """Of this process; RssAnon is what is its own, without mapped files."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def run(rows: int = ROWS) -> dict[str, Any]:
    import duckdb

    found: dict[str, Any] = {"machine": machine(), "rows": rows, "queues": QUEUES, "days": DAYS}
    with tempfile.TemporaryDirectory(prefix="ccore-bench-") as name:
        directory = Path(name)
        base = duckdb.connect(str(directory / "own.duckdb"))
        base.execute(
            "create table contacts (queue usmallint, arrived_us bigint, outcome utinyint,"
            " wait_ms uinteger, talk_ms uinteger, hold_ms uinteger)"
        )
        lite = sqlite3.connect(directory / "own.sqlite")
        lite.execute(f"create table contacts ({', '.join(FIELDS)})")
        sample: list[Rows] = []
        for day, count in _shares(rows):
            contacts = day_of_rows(day, count)
            write_day(directory, day, contacts)
            chunk = {name: np.ascontiguousarray(contacts[name]) for name in FIELDS}
            base.execute("insert into contacts select * from chunk")
            if sum(map(len, sample)) < min(SAMPLE, rows):
                sample.append(contacts[: min(SAMPLE, rows) - sum(map(len, sample))])
                values = zip(*(sample[-1][name].tolist() for name in FIELDS), strict=True)
                lite.executemany("insert into contacts values (?, ?, ?, ?, ?, ?)", values)
            del chunk, contacts
        lite.commit()
        base.execute("checkpoint")

        found["load"] = load()
        before = memory_mb()
        files = mapped(directory)
        begin = time.perf_counter()
        by_ccore(files, 1)
        found["first_pass_s"] = time.perf_counter() - begin
        for threads in (1, 2):
            seconds, ours = best(lambda threads=threads: by_ccore(files, threads))  # type: ignore[misc]
            found[f"ccore_{threads}"] = round(rows / seconds)
        found["ccore_memory_mb"] = round(memory_mb() - before, 1)
        begin = time.perf_counter()
        checked = sum(len(part) for one in segments(directory, Row.CONTACT) for part in one.rows())
        found["checksums"] = round(rows / (time.perf_counter() - begin))
        assert checked == rows

        query = sql("contacts", "//")
        for threads in (1, 2):
            base.execute(f"set threads to {threads}")
            base.execute(query).fetchall()  # warm
            seconds, _ = best(lambda: base.execute(query).fetchnumpy())
            found[f"duckdb_{threads}"] = round(rows / seconds)
        theirs = np.array(base.execute(query).fetchall(), np.int64)
        assert np.array_equal(as_lines(ours), theirs)
        found["groups"] = len(theirs)

        few = np.concatenate(sample)
        seconds, answer = best(lambda: lite.execute(sql("contacts", "/")).fetchall())
        found |= {"sqlite_rows": len(few), "sqlite": round(len(few) / seconds)}
        assert np.array_equal(as_lines(by_ccore([few], 1)), np.array(answer, np.int64))
        found["duckdb"] = duckdb.__version__
        found["load_after"] = load()
        lite.close()
        base.close()
    return found


def growth(rows: int = GROWTH_ROWS) -> dict[str, Any]:
    """Rows, seconds and the most memory of a quarter, a half and all of the days. 10 GB of disk."""
    found: dict[str, Any] = {"machine": machine(), "queues": QUEUES, "days": DAYS, "runs": []}
    with tempfile.TemporaryDirectory(prefix="ccore-bench-") as name:
        directory = Path(name)
        wanted = np.zeros((DAYS, len(COUNTED)), np.int64)
        for day, count in _shares(rows):
            contacts = day_of_rows(day, count)
            write_day(directory, day, contacts)
            answered = contacts["outcome"] == Outcome.ANSWERED
            waits = contacts["wait_ms"][answered]
            wanted[day] = count, answered.sum(), (waits <= T_MS).sum(), waits.sum()
        found["bytes"] = sum(path.stat().st_size for path in directory.iterdir())
        found["load"] = load()
        for days in (DAYS // 4, DAYS // 2, DAYS):
            command = [sys.executable, "-c", GROW, str(directory), str(days)]
            process = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            got = json.loads(process.stdout)
            sums = [got.pop(name) for name in COUNTED]
            assert sums == wanted[:days].sum(axis=0).tolist()
            found["runs"].append(got | {"rows": sums[0], "rows_per_s": round(sums[0] / got["s"])})
    return found


def show_growth(found: dict[str, Any], console: Console) -> None:
    table = Table(
        title=f"Every queue and half hour from files of {found['bytes'] / 1e9:.1f} GB,"
        " checksums included",
        title_justify="left",
    )
    for title in ("contacts", "s", "million rows/s", "memory at most, MB"):
        table.add_column(title, justify="right")
    for run in found["runs"]:
        speed = f"{run['rows_per_s'] / 1e6:.1f}"
        table.add_row(f"{run['rows']:,}", f"{run['s']:.1f}", speed, f"{run['peak_mb']:,.0f}")
    console.print(table)


def save_growth(found: dict[str, Any]) -> Path:
    kept = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    return save(kept | {"hundred_million": found})


def _shares(rows: int) -> Iterator[tuple[int, int]]:
    for day in range(DAYS):
        yield day, rows * (day + 1) // DAYS - rows * day // DAYS


def show(found: dict[str, Any], console: Console) -> None:
    table = Table(
        title=f"{found['rows']:,} contacts, {found['groups']:,} groups; million rows/s",
        title_justify="left",
    )
    for title in ("", "1 thread", "2 threads"):
        table.add_column(title, justify="left" if not title else "right")

    def cells(name: str) -> list[str]:
        return [f"{found[f'{name}_{threads}'] / 1e6:.1f}" for threads in (1, 2)]

    table.add_row("ccore", *cells("ccore"))
    table.add_row(f"DuckDB {found['duckdb']}", *cells("duckdb"))
    ratios = [found[f"ccore_{threads}"] / found[f"duckdb_{threads}"] for threads in (1, 2)]
    table.add_row("ccore / DuckDB", *(f"{ratio:.1f}" for ratio in ratios))
    table.add_row(f"SQLite, {found['sqlite_rows']:,} rows", f"{found['sqlite'] / 1e6:.1f}", "")
    table.add_row("ccore, checksums of the files", f"{found['checksums'] / 1e6:.1f}", "")
    console.print(table)
    console.print(
        f"First pass over files not yet mapped: {found['first_pass_s']:.2f} s. Memory of ccore's"
        f" passes: {found['ccore_memory_mb']} MB. Load {found['load']:.1f} before,"
        f" {found['load_after']:.1f} after."
    )


def save(found: dict[str, Any]) -> Path:
    kept = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    found = {name: kept[name] for name in ("hundred_million",) if name in kept} | found
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    return RESULTS
