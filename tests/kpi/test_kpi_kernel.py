"""The compiled pass equals its plain twin, to the last unit, whatever the rows are."""

import tempfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.cdr import CONTACT, Records, Row, Rows, segments
from ccore.cdr.layout import NONE_MS
from ccore.kpi import Plan, Sums, fast, passes, table
from ccore.kpi._kernel import COLUMNS, ROW_BYTES, contacts
from ccore.kpi.histogram import bucket, buckets, upper
from ccore.kpi.live import Counters
from ccore.kpi.partial import Partial, merge
from ccore.kpi.sums import NAMES
from ccore.model import Fact
from tests.cdr.fact_strategies import row_facts
from tests.kpi.micro_set import START_US, micro_facts, record

BY = (
    (),
    ("queue",),
    ("interval",),
    ("queue", "interval"),
    ("hour", "day", "agent"),
    ("language",),
    ("month", "node"),
    ("year", "week", "entry"),
)
DAY_US = 86_400_000_000


def rows_of(count: int, seed: int, *, days: int = 3, ids: int = 50) -> Rows:
    """Any bytes that a row may hold, in no order of time."""
    rng = np.random.default_rng(seed)
    rows = np.frombuffer(rng.bytes(count * CONTACT.itemsize), CONTACT).copy()
    rows["seq"] = np.arange(count) + 1
    rows["arrived_us"] = START_US + rng.integers(0, days * DAY_US, count)
    rows["outcome"] = rng.integers(0, 14, count)
    rows["queued_ms"] = np.where(rng.random(count) < 0.2, NONE_MS, rows["queued_ms"])
    rows["wait_ms"] = rng.integers(0, 60_000, count)
    for name in ("talk_ms", "hold_ms"):
        rows[name] = rng.integers(0, 7_200_000, count)
    for name in ("queue", "agent", "entry"):
        rows[name] = rng.integers(0, ids, count)
    return rows


def records_of(rows: Rows, tmp_path: Path) -> Records:
    nothing = record(tmp_path, [])
    return Records(rows, nothing.legs, nothing.agents, nothing.strings)


@pytest.mark.parametrize("by", BY, ids="-".join)
@pytest.mark.parametrize("ids", [50, 60_000], ids=["few", "many"])
def test_equals_its_plain_twin(tmp_path: Path, by: tuple[str, ...], ids: int) -> None:
    records = records_of(rows_of(3000, 7, ids=ids), tmp_path)
    for rule in ("arrival", "event", "split"):
        wanted = {"by": by, "attribution": rule, "timezone": "Asia/Kathmandu"}
        one, two = (table(records, compiled=compiled, **wanted) for compiled in (True, False))
        assert one.lines == two.lines
        assert one.total == two.total


@settings(max_examples=25, deadline=None)
@given(row_facts, st.sampled_from(BY), st.integers(0, 60))
def test_equals_its_plain_twin_on_any_facts(
    facts: list[Fact], by: tuple[str, ...], threshold_s: int
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        records = record(Path(directory), facts)
        one, two = (
            table(records, by=by, threshold_s=threshold_s, compiled=compiled)
            for compiled in (True, False)
        )
        assert one.lines == two.lines
        assert one.total == two.total


def test_threads_and_parts_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "FEW_ROWS", 100)
    rows = rows_of(5000, 11)
    plans = [Plan(by=("queue", "interval"), threads=threads) for threads in (1, 2, 5)]
    whole, *others = (plan.part(records_of(rows, tmp_path)) for plan in plans)
    pieces = [plans[0].part(records_of(piece, tmp_path)) for piece in np.array_split(rows, 7)]
    for other in (*others, merge(reversed(pieces), 2)):
        assert (other.keys == whole.keys).all()
        assert (other.sums == whole.sums).all()
        assert (other.wait_places == whole.wait_places).all()
        assert (other.wait_counts == whole.wait_counts).all()


def test_a_whole_file_is_one_array(tmp_path: Path) -> None:
    """Heads of blocks are passed over."""
    records = record(tmp_path, micro_facts())
    (segment,) = segments(tmp_path, Row.CONTACT)
    slots = Records(segment.slots[1:], records.legs, records.agents, records.strings)
    assert len(slots.contacts) > len(records.contacts)
    for by in ((), ("queue", "interval")):
        assert table(slots, by=by).lines == table(records, by=by).lines


@pytest.mark.parametrize("moment", [-1, 0, 2**62, -(2**63)])
def test_a_wrong_clock_ends_no_pass(tmp_path: Path, moment: int) -> None:
    rows = rows_of(500, 3)
    rows["arrived_us"][[0, 100, 499]] = moment
    records = records_of(rows, tmp_path)
    one, two = (table(records, by=("day",), compiled=compiled) for compiled in (True, False))
    assert one.lines == two.lines


def test_layout_and_columns_are_those_of_the_rows() -> None:
    assert CONTACT.itemsize == ROW_BYTES
    assert [one.name for one in fields(Sums)] == ["waits", *NAMES]  # as lines are made of columns
    assert NAMES[COLUMNS - 1] == "longest_ms"


def arguments() -> dict[str, object]:
    return {
        "rows": rows_of(4, 1),
        "at_us": None,
        "parts": fast.PARTS,
        "places": np.zeros(96, np.uint32),
        "first": START_US // 900_000_000,
        "field": 0,
        "field_bytes": 0,
        "ids": 1,
        "threshold_ms": 1,
        "short_ms": 1,
        "sums": np.zeros((1, COLUMNS), np.int64),
        "waits": None,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("parts", np.full(512, 10, np.uint8)),
        ("parts", np.zeros(9, np.uint8)),
        ("places", np.ones(96, np.uint32)),
        ("field", 97),
        ("field_bytes", 4),
        ("sums", np.zeros((1, COLUMNS - 1), np.int64)),
        ("waits", np.zeros(10, np.uint32)),
        ("at_us", np.zeros(3, np.int64)),
        ("rows", np.zeros(4, "u1")),
    ],
)
def test_memory_that_does_not_fit_is_refused(name: str, value: object) -> None:
    call: Callable[..., int] = contacts
    call(**arguments())
    with pytest.raises(ValueError, match=r".+"):
        call(**arguments() | {name: value})


@given(st.integers(0, 2**32 - 1))
def test_buckets_hold_their_waits(ms: int) -> None:
    place = bucket(ms)
    assert buckets(np.array([ms]))[0] == place
    assert ms <= upper(place) <= ms + ms / 64
    assert place == 0 or upper(place - 1) < ms


def test_a_partial_of_nothing() -> None:
    assert merge([], 2).lines() == []
    assert merge([Partial.empty(0)], 0).total() == Sums()
    assert Counters(20, 5).sums == Sums()
    assert passes.PARTS.max() <= 9
