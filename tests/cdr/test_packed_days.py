"""Days that were packed: the same rows, in less space, whatever happens meanwhile."""

import json
import shutil
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.cdr import JournalWriter, Row, load, read
from ccore.cdr.columns import BEFORE, NOTHING, decode, encode
from ccore.cdr.packing import close_day, pack_closed
from ccore.errors import CcoreError, RecordsDamaged
from ccore.model import Fact
from tests.cdr.fact_strategies import START_US, row_facts
from tests.cdr.importing import run
from tests.cdr.test_journal import DAY_US, contact, write
from tests.cdr.test_older_records import VERSION_1
from tests.kpi.micro_set import micro_facts, record

LATER = date(2027, 1, 1)
integers = st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 300)


def pack(directory: Path) -> list[CcoreError]:
    told: list[CcoreError] = []
    writer = JournalWriter(directory)
    writer.close_days(LATER)
    writer.close()
    pack_closed(directory, told.append, lambda done: None)
    return told


def rows_of(directory: Path) -> dict[Row, bytes]:
    return {kind: read(directory, kind).tobytes() for kind in Row}


@settings(max_examples=200, deadline=None)
@given(st.lists(integers), st.lists(integers, min_size=1))
def test_any_numbers_come_back_from_a_column(numbers: list[int], others: list[int]) -> None:
    values = np.array(numbers, np.int64)
    guess = np.resize(np.array(others, np.int64), len(values))
    with np.errstate(over="ignore"):
        column, data = encode(
            "x", values, {NOTHING: np.zeros(1, np.int64), BEFORE: None, "g": guess}
        )
        by = {NOTHING: np.zeros(1, np.int64), BEFORE: None, "g": guess}[column.guess]
        assert decode(column, data, len(values), by).tolist() == numbers


@settings(max_examples=40, deadline=None)
@given(row_facts, row_facts)
def test_rows_come_back_as_they_were_and_later_ones_behind_them(
    first: list[Fact], later: list[Fact]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory, twin = Path(name, "packed"), Path(name, "twin")
        for facts in (first, later):
            write(directory, facts)
            write(twin, facts)
            assert pack(directory) == []
            assert rows_of(directory) == rows_of(twin)
        assert not list(directory.glob("*.ccr"))


def test_figures_and_commands_are_the_same(tmp_path: Path) -> None:
    record(tmp_path / "cdr", micro_facts()).strings.close()
    commands = [
        ("kpi", "--by", "queue", "--json"),
        ("kpi", "--dask", "local", "--json"),
        ("kpi", "--repeats", "24", "--json"),
        ("cdr", "show", "--kind", "leg", "--json"),
        ("cdr", "tail", "-n", "3", "--json"),
        ("cdr", "export", "--format", "queue_log"),
    ]
    before = [run(*command, "--cdr", tmp_path / "cdr").stdout for command in commands]
    done = run("cdr", "pack", "--cdr", tmp_path / "cdr", "--older-than", "1", "--json")
    if done.stdout.strip() == "[]":  # the clock of this machine stands before the records
        pack(tmp_path / "cdr")
    assert [run(*command, "--cdr", tmp_path / "cdr").stdout for command in commands] == before
    (line, *_) = json.loads(run("cdr", "verify", "--cdr", tmp_path / "cdr", "--json").stdout)
    assert (line["file"], line["rows"]) == ("2026-11-21.ccp", 13)


def test_numbers_go_on_after_everything_was_packed(tmp_path: Path) -> None:
    write(tmp_path, [contact(1), contact(2, arrived_us=START_US + DAY_US)])
    pack(tmp_path)
    write(tmp_path, [contact(3)])
    assert sorted(read(tmp_path, Row.CONTACT)["seq"].tolist()) == [1, 2, 3]


def test_a_packing_that_was_broken_off_counts_nothing_twice(tmp_path: Path) -> None:
    write(tmp_path, [contact(1), contact(2)])
    close_day(tmp_path, date(2026, 11, 21))
    kept = {path.name: path.read_bytes() for path in tmp_path.glob("*.closed.ccr")}
    pack(tmp_path)
    for name, data in kept.items():  # as they lie until they are deleted
        (tmp_path / name).write_bytes(data)
    write(tmp_path, [contact(3)])
    assert read(tmp_path, Row.CONTACT)["seq"].tolist() == [1, 2, 3]
    pack(tmp_path)
    pack(tmp_path)
    assert read(tmp_path, Row.CONTACT)["seq"].tolist() == [1, 2, 3]
    assert not list(tmp_path.glob("*.ccr"))


def test_a_day_that_is_read_while_it_is_packed_is_read_whole(tmp_path: Path) -> None:
    write(tmp_path, [contact(1), contact(2)])
    close_day(tmp_path, date(2026, 11, 21))
    rows = read(tmp_path, Row.CONTACT)  # mapped
    pack_closed(tmp_path, lambda trouble: None, lambda done: None)
    assert rows["seq"].tolist() == [1, 2]
    assert read(tmp_path, Row.CONTACT)["seq"].tolist() == [1, 2]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_garbled_byte_is_told_in_one_line_and_other_days_are_read(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write(directory, micro_facts())
        write(directory, [contact(99, arrived_us=START_US + DAY_US)])
        pack(directory)
        path = directory / "2026-11-21.ccp"
        garbled = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(garbled) - 1))
        garbled[at] ^= data.draw(st.integers(1, 255))
        path.write_bytes(garbled)
        told: list[RecordsDamaged] = []
        for kind in Row:
            read(directory, kind, tell=told.append)
        assert told
        assert not any("\n" in str(trouble) for trouble in told)
        assert all(str(path) in str(trouble) for trouble in told)
        assert len(read(directory, Row.CONTACT, [date(2026, 11, 22)])) == 1
        # Nor does a writer of the same day mind, or a packer make it worse.
        write(directory, [contact(100)])
        pack(directory)
        assert path.read_bytes() == garbled


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_in_place_of_a_packed_day_are_refused(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "2026-11-21.ccp").write_bytes(data)
        with pytest.raises(RecordsDamaged):
            read(directory, Row.CONTACT)


def test_a_damaged_day_stays_as_it_is(tmp_path: Path) -> None:
    write(tmp_path, [contact(1)], [contact(2)])
    (path,) = tmp_path.glob("*.ccr")
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)
    (trouble,) = pack(tmp_path)
    assert "garbled" in str(trouble)
    assert not list(tmp_path.glob("*.ccp"))
    told: list[RecordsDamaged] = []
    assert len(read(tmp_path, Row.CONTACT, tell=told.append)) == 1


def test_records_of_version_1_are_packed_as_todays(tmp_path: Path) -> None:
    shutil.copytree(VERSION_1, tmp_path / "cdr")
    before = load(tmp_path / "cdr")
    facts = [repr(fact) for kind in Row for fact in before.facts(kind)]
    pack(tmp_path / "cdr")
    after = load(tmp_path / "cdr")
    assert [repr(fact) for kind in Row for fact in after.facts(kind)] == facts
    before.strings.close()
    after.strings.close()
