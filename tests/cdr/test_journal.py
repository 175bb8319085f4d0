import os
import resource
import shutil
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.cdr import DTYPES, JournalWriter, Row, hash_number, load, read, segments
from ccore.cdr.journal import TEXT_FIELDS
from ccore.cdr.layout import Rows
from ccore.errors import AlreadyRunning, CcoreError, DiskTrouble, RecordsDamaged, UnknownName
from ccore.model import ContactClosed, EndedBy, Fact, News, Outcome
from tests.cdr.fact_strategies import START_US, row_facts

DAY_US = 86_400_000_000


def contact(number: int = 1, *, arrived_us: int = START_US, name: str = "Li") -> ContactClosed:
    return ContactClosed(
        contact=f"00000000-0000-4000-8000-{number:012d}",
        node="a",
        arrived_us=arrived_us,
        ended_us=arrived_us + 60_000_000,
        outcome=Outcome.ANSWERED,
        ended_by=EndedBy.CALLER,
        cause="NORMAL_CLEARING",
        called="95588",
        calling=f"1380000{number:04d}",
        calling_name=name,
        language="zh",
        entry="95588",
    )


def write(directory: Path, *flushes: list[Fact], **options: bool) -> list[CcoreError]:
    told: list[CcoreError] = []
    writer = JournalWriter(directory, tell=told.append, **options)
    for facts in flushes:
        for fact in facts:
            writer.append(fact)
        writer.flush()
    writer.close()
    return told


def contacts_in(directory: Path) -> list[ContactClosed]:
    return list(load(directory).facts(Row.CONTACT))


def only_file(directory: Path) -> Path:
    (path,) = directory.glob("*.ccr")
    return path


@settings(max_examples=40, deadline=None)
@given(row_facts, row_facts)
def test_facts_come_back_as_they_were_written(first: list[Fact], second: list[Fact]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        write(Path(directory), first)
        write(Path(directory), second, fsync=True)
        records = load(Path(directory))
        back = [fact for kind in Row for fact in records.facts(kind)]
    assert Counter(map(repr, back)) == Counter(map(repr, first + second))


def test_a_row_has_the_size_that_was_promised() -> None:
    assert {kind: dtype.itemsize for kind, dtype in DTYPES.items()} == {
        Row.CONTACT: 96,
        Row.LEG: 64,
        Row.AGENT: 32,
    }
    for kind, fields in TEXT_FIELDS.items():
        assert set(fields) <= set(DTYPES[kind].names or ())


def test_file_is_named_by_kind_and_day_of_arrival(tmp_path: Path) -> None:
    write(tmp_path, [contact(1), contact(2, arrived_us=START_US - 1), News("offer", START_US)])
    names = sorted(path.name for path in tmp_path.glob("*.ccr"))
    assert names == ["2026-11-20.contact.ccr", "2026-11-21.contact.ccr"]
    rows = read(tmp_path, Row.CONTACT, [date(2026, 11, 20)])
    assert rows["arrived_us"].tolist() == [START_US - 1]


def test_numbers_go_on_after_a_restart_whatever_day_the_last_row_fell_on(tmp_path: Path) -> None:
    write(tmp_path, [contact(1), contact(2, arrived_us=START_US + DAY_US)])
    write(tmp_path, [contact(3)])
    write(tmp_path, [contact(4), contact(5, arrived_us=START_US + 2 * DAY_US)])
    assert sorted(read(tmp_path, Row.CONTACT)["seq"].tolist()) == [1, 2, 3, 4, 5]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_truncation_costs_the_last_blocks_only(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        ends = []
        for number in range(1, 5):
            write(directory, [contact(10 * number + i) for i in range(number)])
            ends.append((only_file(directory).stat().st_size, number))
        path = only_file(directory)
        length = data.draw(st.integers(0, path.stat().st_size))
        kept = sum(count for end, count in ends if end <= length)
        path.write_bytes(path.read_bytes()[:length])
        assert len(read(directory, Row.CONTACT)) == kept

        told = write(directory, [contact(99)])
        assert len(read(directory, Row.CONTACT)) == kept + 1
        whole = length == 0 or length == 96 or length in [end for end, _ in ends]
        assert bool(told) is not whole
        assert not [d for segment in segments(directory) for d in segment.damage]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_garbled_byte_is_detected_and_costs_one_block(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write(directory, *([contact(10 * n + i) for i in range(3)] for n in range(4)))
        path = only_file(directory)
        garbled = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(garbled) - 1))
        garbled[at] ^= data.draw(st.integers(1, 255))
        path.write_bytes(garbled)

        with pytest.raises(RecordsDamaged) as caught:
            read(directory, Row.CONTACT)
        assert str(path) in str(caught.value)
        told: list[RecordsDamaged] = []
        rows = read(directory, Row.CONTACT, tell=told.append)
        assert len(rows) == (9 if at >= 96 else 12)
        assert len(told) == 1
        # What is still good survives the next writer too.
        write(directory, [contact(99)])
        assert len(read(directory, Row.CONTACT, tell=told.append)) == len(rows) + 1


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_are_read_or_refused_in_one_line(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write(directory, [contact(1)])
        path = only_file(directory)
        path.write_bytes(path.read_bytes() + data)
        told: list[RecordsDamaged] = []
        assert len(read(directory, Row.CONTACT, tell=told.append)) == 1
        path.write_bytes(data)
        assert len(read(directory, Row.CONTACT, tell=told.append)) == 0
        assert not any("\n" in str(trouble) for trouble in told)


def test_a_foreign_file_is_set_aside_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "2026-11-21.contact.ccr"
    path.write_bytes(b"somebody's letters" * 20)
    told = write(tmp_path, [contact(1)])
    assert "not a file of records" in str(told[0])
    assert len(contacts_in(tmp_path)) == 1
    assert (tmp_path / f"{path.name}.foreign-1").read_bytes().startswith(b"somebody's")


def test_a_newer_file_is_refused_by_its_version(tmp_path: Path) -> None:
    write(tmp_path, [contact(1)])
    path = only_file(tmp_path)
    path.write_bytes(b"ccorerec\x03\x00" + path.read_bytes()[10:96] + b"blk3" * 24)
    with pytest.raises(RecordsDamaged, match="version 3, this ccore reads versions 1 to 2"):
        read(tmp_path, Row.CONTACT)


def test_two_writers_on_one_directory_are_refused(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    with pytest.raises(AlreadyRunning, match="process"):
        JournalWriter(tmp_path)
    writer.close()
    JournalWriter(tmp_path).close()


def test_a_directory_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskTrouble, match="not a directory|file exists"):
        JournalWriter(tmp_path / "file" / "cdr")


def test_a_full_disk_keeps_the_rows_and_the_next_flush_writes_them_once(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    writer.append(contact(1))
    writer.flush()
    before = only_file(tmp_path).read_bytes()
    for number in range(2, 8):
        writer.append(contact(number, name=""))  # no new long text: the rows themselves fail
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The kernel writes what fits and then refuses, as a full disk does.
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 150, hard))
    try:
        with pytest.raises(DiskTrouble):
            writer.flush()
        writer.append(contact(8))
        assert writer.pending == 7
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert only_file(tmp_path).read_bytes().startswith(before)
    assert read(tmp_path, Row.CONTACT)["seq"].tolist() == [1]
    writer.flush()
    writer.close()
    assert writer.pending == 0
    assert read(tmp_path, Row.CONTACT)["seq"].tolist() == list(range(1, 9))
    assert [fact.contact[-1] for fact in contacts_in(tmp_path)] == list("12345678")


def test_what_could_not_be_forced_to_the_disk_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = JournalWriter(tmp_path)
    for fact in (contact(1), contact(2, arrived_us=START_US + 86_400_000_000)):
        writer.append(fact)
    writer.flush()
    open_before = len(list(Path("/proc/self/fd").iterdir()))

    def refuse(file: int) -> None:
        raise OSError(5, "Input/output error")

    forced: list[str] = []
    with monkeypatch.context() as broken:
        broken.setattr("os.fdatasync", refuse)
        for _ in range(5):
            with pytest.raises(DiskTrouble, match="input/output error"):
                writer.sync()
    assert len(list(Path("/proc/self/fd").iterdir())) == open_before
    monkeypatch.setattr("os.fdatasync", lambda file: forced.append(f"/proc/self/fd/{file}"))
    monkeypatch.setattr(
        "os.fsync", lambda file: forced.append(os.readlink(f"/proc/self/fd/{file}"))
    )
    writer.sync()
    assert len(forced) == 4  # both files, and that they are there
    assert forced.count(str(tmp_path)) == 2
    writer.sync()
    assert len(forced) == 4
    writer.close()


def test_a_directory_that_is_deleted_is_made_again_and_texts_keep_their_ids(tmp_path: Path) -> None:
    directory = tmp_path / "cdr"
    writer = JournalWriter(directory)
    writer.append(contact(1))
    writer.flush()
    shutil.rmtree(directory)
    writer.append(contact(2))
    writer.flush()
    (tmp_path / "elsewhere").mkdir()
    directory.rename(tmp_path / "elsewhere" / "cdr")
    directory.write_text("in the way")
    writer.append(contact(3))
    with pytest.raises(DiskTrouble):
        writer.flush()
    assert writer.pending == 1
    directory.unlink()
    writer.flush()
    writer.close()
    assert contacts_in(tmp_path / "elsewhere" / "cdr") == [contact(2)]
    assert contacts_in(directory) == [contact(3)]


def test_memory_is_bounded_while_the_disk_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccore.cdr.journal.MAX_PENDING", 3)
    writer = JournalWriter(tmp_path)
    for number in range(5):
        writer.append(contact(number))
    assert (writer.pending, writer.lost) == (3, 2)
    writer.close()


def test_hashed_numbers_still_find_repeat_callers(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, number_key=b"k" * 32)
    for fact in (contact(1), contact(1, arrived_us=START_US + 1000), contact(2)):
        writer.append(fact)
    writer.close()
    first, second, other = contacts_in(tmp_path)
    assert first.calling == second.calling != other.calling
    assert "1380000" not in first.calling
    assert first.calling_name == ""
    assert b"1380000" not in b"".join(p.read_bytes() for p in tmp_path.iterdir() if p.is_file())


@pytest.mark.parametrize("word", ["anonymous", "Restricted", "unknown", "未知", ""])
def test_who_withholds_his_number_is_nobody_when_it_is_hashed(word: str) -> None:
    assert hash_number(word, b"k" * 32) == ""


def test_names_in_any_encoding_are_kept_readable(tmp_path: Path) -> None:
    write(tmp_path, [contact(1, name="caf\udce9\r\nEvil: 1\0"), contact(2, name="王" * 5000)])
    hostile, long = contacts_in(tmp_path)
    assert hostile.calling_name == "caf\\udce9\r\nEvil: 1\0"
    assert long.calling_name == "王" * 1024


def test_values_that_do_not_fit_are_brought_to_the_nearest(tmp_path: Path) -> None:
    fact = contact(1)
    fact.wait_ms, fact.priority, fact.transfers, fact.offers = -5, 1 << 40, 300, -1
    write(tmp_path, [fact])
    (back,) = contacts_in(tmp_path)
    assert (back.wait_ms, back.priority, back.transfers, back.offers) == (0, 32767, 255, 0)


def test_text_ids_lost_in_a_power_cut_are_not_given_again(tmp_path: Path) -> None:
    write(tmp_path, [contact(1, name="first")])
    for path in tmp_path.glob("strings.db*"):
        path.unlink()
    write(tmp_path, [contact(2, name="second")])
    assert [fact.calling_name for fact in contacts_in(tmp_path)] == ["?1", "second"]


def test_records_are_not_for_everybody(tmp_path: Path) -> None:
    write(tmp_path / "cdr", [contact(1)])
    assert (tmp_path / "cdr").stat().st_mode & 0o007 == 0
    assert only_file(tmp_path / "cdr").stat().st_mode & 0o007 == 0


def test_reading_needs_a_directory(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="directory of records"):
        read(tmp_path / "none", Row.LEG)
    assert len(read(tmp_path, Row.LEG)) == 0


def test_one_block_stays_mapped(tmp_path: Path) -> None:
    write(tmp_path, [contact(n) for n in range(9)])
    rows: Rows = read(tmp_path, Row.CONTACT)
    assert not rows.flags.owndata
    assert np.array_equal(rows["seq"], np.arange(1, 10))
    shutil.rmtree(tmp_path)
    assert int(rows["seq"].sum()) == 45
