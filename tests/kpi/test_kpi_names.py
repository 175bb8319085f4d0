"""`ccore config check` refuses names of figures that stand for nothing."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ccore.cli import main

WRONG = [
    ("[kpi.targets.asaa]\nmost = 20", 'line 1, kpi.targets.asaa: found "asaa"', "perhaps asa"),
    ('[kpi]\nservice_level = "amazone"', "line 2, kpi.service_level", "perhaps amazon"),
    ('[kpi]\nattribution = "departure"', "line 2, kpi.attribution", "arrival, end, event"),
]


def check(path: Path, text: str) -> tuple[int, str]:
    path.write_text(f"{text}\n")
    path.chmod(0o600)
    result = CliRunner().invoke(main, ["config", "check", "--config", str(path)])
    return result.exit_code, result.output


@pytest.mark.parametrize(("text", "place", "expected"), WRONG)
def test_a_wrong_name_is_told_with_the_known_ones(
    tmp_path: Path, text: str, place: str, expected: str
) -> None:
    code, output = check(tmp_path / "ccore.toml", text)
    assert code == 11
    assert place in output.replace("'", "")
    assert expected in output


def test_names_that_mean_something_are_fine(tmp_path: Path) -> None:
    text = (
        '[kpi]\nservice_level = "Cisco-Ignore"\nattribution = "split"\n'
        "[kpi.targets.service_level]\nleast = 0.9\n[kpi.targets.asa]\nmost = 20\n"
        "[kpi.targets.adherence]\nleast = 0.9\n[kpi.targets.fcr1]\nleast = 0.7"
    )
    code, output = check(tmp_path / "ccore.toml", text)
    assert code == 0, output
