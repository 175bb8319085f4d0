"""Records of version 1, as the ccore of November 2026 wrote them for the micro set."""

import json
import mmap
import shutil
from pathlib import Path

import pytest

from ccore.cdr import JournalWriter, Row, load, read, segments
from tests.cdr.importing import run
from tests.cdr.test_journal import contact
from tests.kpi.micro_set import micro_facts, record

VERSION_1 = Path(__file__).parent.parent / "data" / "records-v1"


@pytest.fixture
def older(tmp_path: Path) -> Path:
    shutil.copytree(VERSION_1, tmp_path / "cdr")
    return tmp_path / "cdr"


def facts_of(directory: Path) -> dict[Row, list[str]]:
    records = load(directory)
    found = {kind: [repr(fact) for fact in records.facts(kind)] for kind in Row}
    records.strings.close()
    return found


def test_older_records_are_read_as_if_written_today(older: Path, tmp_path: Path) -> None:
    record(tmp_path / "new", micro_facts()).strings.close()
    assert facts_of(older) == facts_of(tmp_path / "new")
    assert run("cdr", "verify", "--cdr", older).exit_code == 0
    total = json.loads(run("kpi", "--cdr", older, "--json").stdout)["total"]
    assert (total["answered"], total["abandoned"]) == (7, 3)


def test_the_day_of_an_update_goes_on_in_one_file(older: Path) -> None:
    before = facts_of(older)[Row.CONTACT]
    writer = JournalWriter(older)
    writer.append(contact(99))
    writer.close()
    assert facts_of(older)[Row.CONTACT][:-1] == before
    assert {segment.version for segment in segments(older, Row.CONTACT)} == {2}
    assert read(older, Row.CONTACT)["seq"].tolist() == list(range(1, len(before) + 2))


def test_a_damaged_older_file_is_kept_beside_the_new_one(older: Path) -> None:
    path = older / "2026-11-21.contact.ccr"
    data = bytearray(path.read_bytes())
    data[500] ^= 1
    path.write_bytes(data)
    writer = JournalWriter(older)
    writer.append(contact(99))
    writer.close()
    assert len(read(older, Row.CONTACT)) == 13 - 3 + 1  # the damaged block had three
    assert (older / f"{path.name}.version-1-1").read_bytes() == data


def test_no_page_is_taken_from_who_has_a_torn_file_mapped(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    for number in range(200):
        writer.append(contact(number))
    writer.close()
    (path,) = tmp_path.glob("*.ccr")
    whole = path.read_bytes()
    path.write_bytes(whole + whole[96:-50])  # a second block that was never finished
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        writer = JournalWriter(tmp_path)
        writer.append(contact(999))
        writer.close()
        assert len(mapped[:]) == len(mapped)  # SIGBUS would end us here
        assert path.stat().st_size > len(mapped)
    assert len(read(tmp_path, Row.CONTACT)) == 201
    assert not [damage for segment in segments(tmp_path) for damage in segment.damage]
