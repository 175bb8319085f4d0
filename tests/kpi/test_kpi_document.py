"""docs/kpi.md says what the code does."""

import re
from pathlib import Path

import pytest

from ccore.kpi import GROUPS, KPI, SERVICE_LEVELS, Kpi
from ccore.kpi.beside import BESIDE
from ccore.kpi.formula import Figure

TEXT = (Path(__file__).parents[2] / "docs" / "kpi.md").read_text("utf-8")


@pytest.mark.parametrize("kpi", KPI, ids=lambda kpi: kpi.name)
def test_figure_is_documented_with_its_formula(kpi: Kpi) -> None:
    (line,) = [ln for ln in TEXT.splitlines() if ln.startswith(f"| {kpi.name} | {kpi.title} |")]
    assert f"| {kpi.formula} |" in line
    assert kpi.title_zh in line


@pytest.mark.parametrize("figure", BESIDE.values(), ids=lambda figure: figure.name)
def test_figure_beside_the_table_is_documented_with_its_formula(figure: Figure) -> None:
    row = rf"^\| {figure.name} (\(\S+\) )?\| {re.escape(figure.formula)} \|$"
    assert re.search(row, TEXT, re.M)


def test_names_of_service_levels_and_groups_are_documented() -> None:
    for kpi in SERVICE_LEVELS:
        assert f"| {kpi.name} | {kpi.formula} | {', '.join(kpi.aliases)} |" in TEXT
    assert all(name in TEXT for name in GROUPS)


def test_no_name_means_two_things() -> None:
    names = [name for kpi in SERVICE_LEVELS for name in (kpi.name, *kpi.aliases)]
    assert len(names) == len(set(names))
    assert len({kpi.name for kpi in KPI}) == len(KPI)
