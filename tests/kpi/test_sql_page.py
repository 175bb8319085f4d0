"""The SQL of docs/sql.md, run in DuckDB over an export, gives ccore's own figures exactly."""

import random
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ccore.cdr import Records, Row
from ccore.cdr.exporting import write_parquet
from ccore.kpi import table
from ccore.model import (
    AgentInterval,
    AgentState,
    ContactClosed,
    EndedBy,
    Fact,
    LegClosed,
    LegKind,
    LegResult,
    Outcome,
)
from tests.kpi.micro_set import START_US, micro_facts, record

duckdb = pytest.importorskip("duckdb", reason="left out: duckdb is not installed")
pytest.importorskip("pyarrow", reason="left out: pyarrow is not installed")

PAGE = (Path(__file__).parents[2] / "docs" / "sql.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
VIEWS = [block for block in BLOCKS if block.startswith("create")]
QUERIES = [block for block in BLOCKS if not block.startswith("create")]
GROUPS = {"queue": "queue", "agent": "agent", "half_hour": "interval"}
ZONE = "Asia/Shanghai"
DAY_US = 86_400_000_000

Key = tuple[str, ...]
Cells = dict[Key, dict[str, Any]]


def random_facts(seed: int) -> list[Fact]:
    """Three days of rows of all kinds, with lengths of nothing and clocks that went back."""
    rng = random.Random(seed)

    def moment() -> int:
        return START_US + rng.randrange(3 * DAY_US)

    def length_us() -> int:
        return rng.choice([0, 1, -5_000_000, rng.randrange(90_000_000), rng.randrange(DAY_US // 3)])

    def ms() -> int:
        return rng.choice([0, 4999, 5000, 5001, 20_000, 20_001, rng.randrange(600_000)])

    facts: list[Fact] = []
    for _ in range(rng.randrange(300)):
        arrived, queue = moment(), rng.choice(["", "sales", "support", "贷款", "o'brien"])
        contact = str(uuid.UUID(int=rng.getrandbits(128)))
        facts.append(
            ContactClosed(
                contact=contact,
                node="main",
                arrived_us=arrived,
                ended_us=arrived + 1000 * ms(),
                outcome=rng.choice(list(Outcome)),
                ended_by=EndedBy.CALLER,
                cause="NORMAL_CLEARING",
                called="95588",
                calling="",
                calling_name="",
                language="zh",
                entry="95588",
                queue=queue,
                queued_us=rng.choice([0, arrived, arrived + 1000 * ms()]),
                wait_ms=ms(),
                talk_ms=ms(),
                hold_ms=ms(),
            )
        )
        for kind in rng.choices(list(LegKind), k=rng.randrange(4)):
            start = moment()
            end = start + length_us()
            facts.append(LegClosed(contact, arrived, kind, LegResult.DONE, start, end, queue))
    for _ in range(rng.randrange(300)):
        start = moment()
        state = rng.choice(list(AgentState))
        facts.append(AgentInterval(f"{rng.randrange(9)}", state, start, start + length_us()))
    # An export of nothing has no files to read.
    facts.append(AgentInterval("0", AgentState.READY, START_US, START_US + 1))
    return [*facts, *micro_facts()]


@pytest.fixture(params=["micro", *range(8)])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Records:
    facts = micro_facts() if request.param == "micro" else random_facts(request.param)
    return record(tmp_path / "cdr", facts)


@pytest.fixture
def ask(
    records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], tuple[Key, Cells]]:
    for kind in Row:
        write_parquet(tmp_path / "cdr", kind, tmp_path / "lake" / kind.value)
    monkeypatch.chdir(tmp_path)
    base = duckdb.connect()
    for view in VIEWS:
        base.execute(view)

    def answer(query: str) -> tuple[Key, Cells]:
        cursor = base.execute(query)
        names = [column[0] for column in cursor.description]
        keys = tuple(name for name in names if name in GROUPS)
        cells: Cells = {}
        for values in cursor.fetchall():
            line = dict(zip(names, values, strict=True))
            key = tuple(_word(line.pop(name)) for name in keys)
            assert key not in cells
            cells[key] = line
        return keys, cells

    return answer


def _word(value: Any) -> str:
    return value if isinstance(value, str) else value.isoformat(timespec="minutes") + "+08:00"


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_every_figure_is_that_of_ccore(
    records: Records, ask: Callable[[str], tuple[Key, Cells]], query: str
) -> None:
    keys, found = ask(query)
    names = list(next(iter(found.values())))
    by = tuple(GROUPS[name] for name in keys)
    lines = table(records, by=by, timezone=ZONE).lines
    expected = {line.key: {name: line.value(name) for name in names} for line in lines}
    # Of contacts and agents, either may be alone in a group: there the other has nothing to say.
    assert set(found) <= set(expected)
    nothing = {name: 0 if name in ("offered", "answered", "abandoned") else None for name in names}
    for key, cells in expected.items():
        assert found.get(key, nothing) == cells, key


def test_page_has_the_main_figures() -> None:
    assert len(VIEWS) == 3
    assert len(QUERIES) == 5
    wanted = "offered answered abandoned sl2 sl3 sl4 abn1 asa aat aht occupancy occupancy_cn"
    named = set(re.findall(r" as (\w+),?$", "".join(QUERIES), re.MULTILINE))
    assert set(wanted.split()) <= named
