"""Parquet and Arrow, read by their own library."""

import sys
from pathlib import Path

import pytest

from ccore.cdr import Row, load
from ccore.cli.record_rows import flat
from tests.cdr.importing import refused, run
from tests.kpi.micro_set import micro_facts, record

pa = pytest.importorskip("pyarrow", reason="left out: pyarrow is not installed")
DAY_US = 86_400_000_000


@pytest.fixture
def cdr(tmp_path: Path) -> Path:
    facts = micro_facts()
    facts[0].arrived_us += DAY_US  # type: ignore[union-attr]
    record(tmp_path / "cdr", facts)
    return tmp_path / "cdr"


def export(cdr: Path, form: str, target: Path, kind: str = "contact") -> None:
    result = run(*("cdr", "export", "--cdr", cdr, "--format", form, "--kind", kind, "--to", target))
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("kind", Row)
@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_every_row_is_there_with_its_values(cdr: Path, form: str, kind: Row) -> None:
    import pyarrow.dataset as dataset

    target = cdr.parent / "out"
    export(cdr, form, target, kind.value)
    found = dataset.dataset(
        target, format=form, partitioning="hive" if form == "parquet" else None
    ).to_table()
    rows = found.to_pylist()
    expected = [flat(fact) for fact in load(cdr).facts(kind)]
    assert len(rows) == len(expected)
    for row, fact in zip(rows, expected, strict=True):
        for name, value in fact.items():
            cell = row[name]
            if name.endswith("_us"):
                cell = 0 if cell is None else round(cell.timestamp() * 1_000_000)
            assert cell == value, name


def test_parquet_lies_in_a_partition_a_day(cdr: Path) -> None:
    export(cdr, "parquet", cdr.parent / "lake")
    export(cdr, "parquet", cdr.parent / "lake")  # again: the same files
    files = sorted(str(p.relative_to(cdr.parent)) for p in (cdr.parent / "lake").rglob("*.parquet"))
    assert files == [
        "lake/day=2026-11-21/contact.parquet",
        "lake/day=2026-11-22/contact.parquet",
    ]


def test_what_never_happened_is_null(cdr: Path) -> None:
    import pyarrow.parquet as pq

    export(cdr, "parquet", cdr.parent / "lake")
    table = pq.read_table(cdr.parent / "lake/day=2026-11-21/contact.parquet")
    assert table["answered_us"].null_count == 12 - 6  # one that was answered is in the other
    assert str(table.schema.field("arrived_us").type) == "timestamp[us, tz=UTC]"


def test_what_is_missing_is_said_in_one_line(cdr: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, line = refused("cdr", "export", "--cdr", cdr, "--format", "parquet")
    assert "--to PATH" in line
    (cdr.parent / "file").write_text("")
    target = cdr.parent / "file" / "below"
    code, _ = refused("cdr", "export", "--cdr", cdr, "--format", "arrow", "--to", target)
    assert code == 22
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, line = refused("cdr", "export", "--cdr", cdr, "--format", "arrow", "--to", target)
    assert code == 23
    assert "pip install pyarrow" in line
