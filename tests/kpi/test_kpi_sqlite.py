"""`ccore kpi --sqlite`: figures that any SQL tool can read."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ccore.cli import main
from tests.kpi.micro_set import micro_facts, record


@pytest.fixture
def cdr_dir(tmp_path: Path) -> Path:
    record(tmp_path / "cdr", micro_facts())
    return tmp_path / "cdr"


def run(cdr_dir: Path, *args: str | Path) -> Result:
    return CliRunner().invoke(main, ["kpi", "--cdr", str(cdr_dir), *map(str, args)])


def rows(file: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(sql).fetchall()


def test_every_line_with_its_key_figures_and_definition(cdr_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "kpi.db"
    result = run(cdr_dir, "--by", "queue", "--service-level", "amazon", "--sqlite", file, "--json")
    document = json.loads(result.stdout)
    select = "select queue, answered, service_level, aht, occupancy from kpi where is_total = "
    lines = [
        tuple(line[name] for name in ("queue", "answered", "service_level", "aht", "occupancy"))
        for line in document["lines"]
    ]
    assert rows(file, f"{select} 0 order by queue") == lines
    total = document["total"]
    names = ("answered", "service_level", "aht", "occupancy")
    assert rows(file, f"{select} 1") == [(None, *(total[name] for name in names))]
    definition = "service_level_name, service_level_formula, threshold_s, timezone, grouped_by"
    assert rows(file, f"select distinct {definition} from kpi") == [
        ("amazon", "(A_T + B_T + C_T) / (A + B + F)", 20, "UTC", "queue")
    ]


def test_the_same_table_again_takes_the_place_of_its_rows(cdr_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "kpi.db"
    for options in (("--by", "queue"), ("--by", "queue"), (), (), ("--threshold", "30")):
        assert run(cdr_dir, *options, "--sqlite", file).exit_code == 0
    counts = "select grouped_by, threshold_s, count(*) from kpi group by 1, 2 order by 1, 2"
    assert rows(file, counts) == [("", 20, 1), ("", 30, 1), ("queue", 20, 4)]
    assert run(cdr_dir, "--day", "2026-11-21", "--sqlite", file).exit_code == 0
    assert rows(file, "select days, count(*) from kpi group by 1 order by 1") == [
        ("2026-11-21", 1),
        ("all", 6),
    ]


def test_a_column_that_is_new_is_added(cdr_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "kpi.db"
    run(cdr_dir, "--sqlite", file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("alter table kpi drop column aht")
    assert run(cdr_dir, "--sqlite", file).exit_code == 0
    assert rows(file, "select round(aht, 3), answered from kpi") == [(218.571, 7)]


def test_a_file_of_something_else_is_left_alone(cdr_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("to buy: tea\n" * 100)
    result = run(cdr_dir, "--sqlite", file)
    assert result.exit_code == 22
    assert f"Cannot write {file}: file is not a database" in result.stderr
    assert file.read_text() == "to buy: tea\n" * 100
