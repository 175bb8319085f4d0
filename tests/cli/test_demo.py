"""The demo as someone sees it who has just cloned the project."""

import json
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ccore.cli.demo_stage import MARK, Stage, find_example
from ccore.cli.demo_switch import languages_of, menus_of, numbers_of
from ccore.config import load
from ccore.errors import BadConfig, BadRequest, DiskTrouble

ROOT = Path(__file__).parents[2]
PATIENCE_S = 90


def demo(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ccore", "demo", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_calls_are_answered_counted_and_reported(tmp_path: Path) -> None:
    with demo("--seconds", "12", "--rate", "4", "--dir", str(tmp_path / "demo")) as child:
        output, trouble = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == 0, trouble
    lines = output.splitlines()
    total = next(line for line in lines if line.startswith("total")).split()
    assert int(total[1]) > 0
    assert int(total[2]) > 0
    assert int(total[3]) > 0
    assert any("waiting" in line and "talking" in line for line in lines)
    for name in ("cdr", "cdr/recordings.db", "report.html", "daemon.log", "ccore.toml"):
        assert (tmp_path / "demo" / name).exists()
        assert any(line.endswith(str(tmp_path / "demo" / name)) for line in lines)
    assert list((tmp_path / "demo" / "recordings").rglob("*.wav"))


def test_a_centre_of_ones_own_is_served_though_its_agents_sign_in_by_phone(tmp_path: Path) -> None:
    small = ROOT / "examples" / "small.toml"
    words = ("--config", str(small), "--seconds", "12", "--json", "--dir", str(tmp_path / "demo"))
    with demo(*words) as child:
        output, trouble = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == 0, trouble
    assert json.loads(output)["total"]["answered"] > 0


def test_closing_does_not_send_away_who_waits(tmp_path: Path) -> None:
    with demo("--seconds", "4", "--rate", "2", "--dir", str(tmp_path / "demo")) as child:
        output, trouble = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == 0, trouble
    total = next(line for line in output.splitlines() if line.startswith("total")).split()
    assert int(total[3]) > 0  # answered, though the menus alone take longer than the opening hours


def test_an_interrupted_demo_ends_in_order_with_its_figures(tmp_path: Path) -> None:
    with demo("--seconds", "600", "--dir", str(tmp_path / "demo"), "--json") as child:
        assert child.stderr is not None
        child.stderr.readline()  # the first look at the floor: everything is up
        child.send_signal(signal.SIGTERM)
        output, _ = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == 0
    assert json.loads(output)
    assert "ended in order" in (tmp_path / "demo" / "daemon.log").read_text()


def test_what_no_demo_wrote_is_not_touched(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")
    with pytest.raises(BadRequest, match="no demo wrote"):
        Stage(tmp_path, find_example()).prepare()
    assert notes.read_text() == "mine"


def test_what_an_earlier_demo_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "ccore.toml").write_text(MARK)
    (tmp_path / "old.log").touch()
    Stage(tmp_path, find_example()).prepare()
    assert [path.name for path in tmp_path.iterdir()] == ["ccore.toml"]


def test_the_configuration_is_the_example_with_the_simulated_switch(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "demo", find_example())
    stage.prepare()
    assert stage.config.stat().st_mode & 0o077 == 0
    written = tomllib.loads(stage.config.read_text())
    given = tomllib.loads(find_example().read_text())
    assert list(written["switch"]) == ["sim"]
    assert written["switch"]["sim"]["password"]
    for name in given.keys() - {"switch", "daemon"}:
        assert written[name] == given[name]
    assert load(stage.config).daemon.dir == str(tmp_path / "demo")


def test_callers_know_the_centres_numbers_languages_and_menus() -> None:
    config = load(find_example())
    assert set(numbers_of(config)) <= {entry.number for entry in config.entries}
    assert set(languages_of(config)) == set(config.site.languages)
    menus = menus_of(config)
    assert menus["language_menu"]["yue"] == ["2"]
    assert "1" in menus["main_menu"][""]
    assert "9" not in menus["main_menu"][""]  # that would lead back to the language


def test_a_faulty_configuration_is_told_before_anything_starts(tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.toml"
    faulty.write_text("[queues.sales]\nring_s = 'five'\n")
    with demo("--config", str(faulty), "--dir", str(tmp_path / "demo")) as child:
        _, trouble = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == BadConfig.exit_code
    assert "ring_s" in trouble
    assert not (tmp_path / "demo").exists()


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DiskTrouble, match="file"):
        Stage(tmp_path / "file" / "demo", find_example()).prepare()
