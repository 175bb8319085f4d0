"""`ccore simulate`: what a manager types, sees and draws."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from ccore.cli import main

FILE = """
title = "A morning"
opens = "09:00"
closes = "11:00"
seeds = 2
[callers.all]
to = "queue:q"
per_hour = 60
patience = { mean_s = 60 }
[staff.team]
count = 3
[centre.site]
timezone = "Asia/Shanghai"
[centre.queues.q]
service_level = { within_s = 20, target = 0.8 }
[variants.few]
[variants.many]
staff.team.count = 6
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "morning.toml"
    path.write_text(FILE, "utf-8")
    return path


def run(*args: object) -> Any:
    return CliRunner().invoke(main, ["simulate", *map(str, args)])


def answer(*args: object) -> Any:
    result = run(*args, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_variants_stand_beside_each_other_and_the_formula(file: Path) -> None:
    result = run(file)
    assert result.exit_code == 0, result.output
    names = [line.split()[0] for line in result.stdout.splitlines()[:5]]
    assert names == ["variant", "few", "Erlang", "many", "Erlang"]
    assert "±" in result.stdout
    assert result.stderr == ""


def test_json_has_everything(file: Path) -> None:
    few, many = answer(file)
    assert (few["variant"], many["variant"]) == ("few", "many")
    assert few["seeds"] == [1, 2]
    assert few["queues"]["all"]["offered"] == many["queues"]["all"]["offered"]
    assert few["streams"]["all"]["answered"]["value"] < many["streams"]["all"]["answered"]["value"]
    assert len(few["course"]) == 4
    assert set(few["expected_wait"]) == {"told", "waited_s", "bias_s", "error_s"}


def test_two_processes_find_what_one_does(file: Path) -> None:
    assert answer(file, "--jobs", 2) == answer(file, "--jobs", 1)


def test_one_variant_other_seeds(file: Path) -> None:
    (only,) = answer(file, "--variant", "many", "--seeds", 1, "--seed", 7)
    assert (only["variant"], only["seeds"]) == ("many", [7])
    (plain,) = answer(file, "--variant", "plain")
    assert plain["variant"] == "plain"


def test_the_day_is_drawn(file: Path, tmp_path: Path) -> None:
    picture, page = tmp_path / "day.svg", tmp_path / "day.html"
    for target in (picture, page):
        assert run(file, "--to", target, "--language", "zh").exit_code == 0
    root = ElementTree.fromstring(picture.read_text("utf-8"))
    lines = [one for one in root.iter() if one.get("class") == "line"]
    assert len(lines) == 2 * 3  # variants, panels
    texts = [one.text for one in root.iter() if one.tag.endswith("text")]
    assert "09:00" in texts
    assert "服务水平" in texts
    html = page.read_text("utf-8")
    assert "<svg" in html
    assert html.count("<tr>") == 1 + 4
    assert not re.search(r"https?://(?!www\.w3\.org)", html)


def test_names_in_a_picture_are_only_names(tmp_path: Path) -> None:
    path = tmp_path / "hostile.toml"
    path.write_text(FILE.replace('"A morning"', '"<script>&"'), "utf-8")
    target = tmp_path / "day.html"
    assert run(path, "--variant", "few", "--to", target).exit_code == 0
    assert "<script>" not in target.read_text("utf-8")


def test_a_table_by_queue_in_mandarin(file: Path) -> None:
    told = run(file, "--queues", "--streams", "--language", "zh").stdout
    assert "服务水平" in told
    assert "队列" in told


def test_of_several_files_the_scenarios_are_simulated(file: Path, tmp_path: Path) -> None:
    centre, replay = tmp_path / "ccore.toml", tmp_path / "replay.toml"
    centre.write_text("[queues.q]\n[callers]\n", "utf-8")
    replay.write_text('[replay]\nrecords = "gone"\n', "utf-8")
    done = run(centre, file, replay, "--json")
    assert done.exit_code == 0, done.output
    assert [Path(one["file"]).name for one in json.loads(done.stdout)] == [file.name] * 2
    assert f"{centre}: passed over, no scenario" in done.stderr
    assert f"{replay}: passed over, no records at {tmp_path / 'gone'}" in done.stderr
    assert f"{file}:" in run(file, centre).stdout
    assert run(centre, replay).exit_code == 13
    assert run(file, file, "--to", tmp_path / "day.svg").exit_code == 2
    replay.write_text("[callers.a]\n", "utf-8")  # a scenario with a fault is a fault
    assert run(file, replay).exit_code == 11


def test_the_least_staff(file: Path) -> None:
    found = answer(file, "--variant", "few", "--least-staff")[0]
    agents = found["agents"]
    assert found["groups"] == {"team": agents}
    assert found["service_level"]["q"] >= 0.8
    text = file.read_text("utf-8")
    for count, is_enough in ((agents, True), (agents - 1, False)):
        file.write_text(text.replace("count = 3", f"count = {count}"), "utf-8")
        (day,) = answer(file, "--variant", "few")
        assert (day["queues"]["q"]["service_level"]["value"] >= 0.8) == is_enough
    assert str(agents) in run(file, "--variant", "few", "--least-staff").stdout


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["none.toml"], 11, "no such file"),
        (["FILE", "--variant", "huge"], 12, "no variant"),
        (["FILE", "--language", "tlh"], 12, "no language"),
        (["FILE", "--to", "day.png"], 2, ".svg or .html"),
        (["FILE", "--to", "/nowhere/day.svg"], 22, "/nowhere/day.svg"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    file: Path, args: list[str], code: int, words: str
) -> None:
    result = run(*[str(file) if arg == "FILE" else arg for arg in args])
    assert result.exit_code == code
    assert words in result.stderr
