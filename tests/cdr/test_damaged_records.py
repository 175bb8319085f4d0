"""What a person meets who looks at records that are damaged, foreign, older, or just written."""

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ccore.cdr import CONTACT, JournalWriter, Row
from ccore.cdr.segment import block_bytes, file_head
from ccore.model import ContactClosed
from tests.cdr.importing import run
from tests.kpi.micro_set import micro_facts, record

DAY = "2026-11-21.contact.ccr"


@pytest.fixture
def cdr(tmp_path: Path) -> Path:
    record(tmp_path / "cdr", micro_facts())
    return tmp_path / "cdr"


def verify(cdr: Path, code: int = 21) -> dict[str, list[str]]:
    """What is said of each damaged file."""
    result = run("cdr", "verify", "--cdr", cdr, "--json")
    assert result.exit_code == code, result.output
    assert len(result.stderr.splitlines()) == len(set(result.stderr.splitlines()))
    return {
        row["file"]: [damage["what"] for damage in row["damage"]]
        for row in json.loads(result.stdout)
        if row["damage"]
    }


def answered(cdr: Path, code: int = 21) -> int:
    result = run("kpi", "--cdr", cdr, "--json")
    assert result.exit_code == code, result.output
    return int(json.loads(result.stdout)["total"]["answered"])


def test_good_records_are_good(cdr: Path) -> None:
    assert verify(cdr, 0) == {}
    assert answered(cdr, 0) == 7


def test_a_file_of_another_version_or_program_is_named_and_the_others_are_read(cdr: Path) -> None:
    older = bytearray((cdr / DAY).read_bytes())
    older[8] = 9
    older = older.replace(b"\0\0\0\0blk2", b"\0\0\0\0blk9")
    (cdr / "2026-11-20.contact.ccr").write_bytes(older)
    (cdr / "2026-11-19.contact.ccr").write_bytes(b"id;time;number\n" * 50)
    (cdr / "2026-11-18.contact.ccr").mkdir()
    assert verify(cdr) == {
        "2026-11-20.contact.ccr": ["written as version 9, this ccore reads versions 1 to 2"],
        "2026-11-19.contact.ccr": ["not a file of records"],
        "2026-11-18.contact.ccr": ["cannot be read (a directory)"],
    }
    assert answered(cdr) == 7


def test_a_name_that_is_no_day_ends_nothing(cdr: Path) -> None:
    (cdr / DAY).rename(cdr / "2026-13-45.contact.ccr")
    for command in ("show", "tail", "verify", "export"):
        assert run("cdr", command, "--cdr", cdr).exit_code == 0, command


@pytest.mark.parametrize("bytes_", [b"", b"this is no data base at all" * 400, None])
def test_without_their_texts_the_rows_still_count(cdr: Path, bytes_: bytes | None) -> None:
    for path in cdr.glob("strings.db*"):
        path.unlink()
    if bytes_ is not None:
        (cdr / "strings.db").write_bytes(bytes_)
    code = 21 if bytes_ else 0
    assert answered(cdr, code) == 7
    assert verify(cdr, code) == ({"strings.db": ["file is not a database"]} if bytes_ else {})
    shown = json.loads(run("cdr", "show", "--cdr", cdr, "--json").stdout)
    assert {row["agent"] for row in shown} <= {"", "?1", "?2", "?3", "?4"}


def test_a_garbled_table_of_texts_is_found(cdr: Path) -> None:
    path = cdr / "strings.db"
    data = bytearray(path.read_bytes())
    assert len(data) > 8192
    data[4096:8192] = b"U" * 4096
    path.write_bytes(data)
    assert list(verify(cdr)) == ["strings.db"]
    assert answered(cdr) == 7


def test_codes_of_a_newer_ccore_are_shown_as_what_they_count_as(cdr: Path) -> None:
    rows = np.zeros(1, CONTACT)
    rows["seq"], rows["outcome"], rows["flags"] = 99, 200, 255
    data = file_head(Row.CONTACT) + block_bytes(rows, 99)
    (cdr / "2026-11-22.contact.ccr").write_bytes(data)
    (line,) = run("cdr", "tail", "--cdr", cdr, "-n", "1", "--json").stdout.splitlines()
    assert json.loads(line)["outcome"] == "failed"
    assert json.loads(run("kpi", "--cdr", cdr, "--json").stdout)["total"]["failed"] == 1


def test_tail_shows_what_is_written_though_a_wrong_clock_left_days_of_the_future(
    tmp_path: Path,
) -> None:
    contact = next(fact for fact in micro_facts() if isinstance(fact, ContactClosed))
    for days in (20_000, 20_001, 0):
        later = contact.arrived_us + days * 86_400_000_000
        record(tmp_path, [replace(contact, contact=f"after {days} days", arrived_us=later)])
    future = [path for path in tmp_path.glob("*.contact.ccr") if path.name != DAY]
    assert len(future) == 2
    for path in future:
        os.utime(path, (0, 0))
    (line,) = run("cdr", "tail", "--cdr", tmp_path, "-n", "1", "--json").stdout.splitlines()
    assert json.loads(line)["contact"] == "after 0 days"


def test_tail_prints_what_is_written_from_now_on_and_tells_damage_once(cdr: Path) -> None:
    (cdr / "2026-11-20.contact.ccr").write_bytes(b"id;time;number\n" * 50)
    command = [sys.executable, "-m", "ccore", "cdr", "tail", "--cdr", str(cdr), "-n", "1"]
    with subprocess.Popen(
        [*command, "--follow", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as tail:
        assert tail.stdout
        assert tail.stderr
        assert json.loads(tail.stdout.readline())["outcome"] == "blocked"
        writer = JournalWriter(cdr)
        for number in range(3):
            (fact,) = [fact for fact in micro_facts() if isinstance(fact, ContactClosed)][:1]
            fact.contact = f"new-{number}"
            writer.append(fact)
            writer.flush()
            assert json.loads(tail.stdout.readline())["contact"] == f"new-{number}"
        writer.close()
        tail.terminate()
        assert tail.stderr.read().count("not a file of records") == 1


def test_texts_that_are_no_text_any_more_are_read_as_far_as_they_are(cdr: Path) -> None:
    path = cdr / "strings.db"
    with sqlite3.connect(path) as connection:
        connection.execute("update queue set text = cast(x'61ff62' as text) where id = 1")
    connection.close()
    result = run("cdr", "show", "--cdr", cdr)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "a\\xffb" in result.stdout
    garbled = path.read_bytes().replace(b"CREATE TABLE", b"\xffREATE\x81TABLE", 1)
    path.write_bytes(garbled.replace(b"create table", b"\xffreate\x81table", 1))
    for words in (("kpi",), ("cdr", "show"), ("cdr", "export"), ("cdr", "verify")):
        result = run(*words, "--cdr", cdr)
        assert result.exit_code == 21
        assert result.stderr.startswith(f"ccore: {path}: ")
        assert result.stderr.count("\n") == 1
