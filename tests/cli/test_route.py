"""`ccore route` on a decision log, and its sentences in two languages."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ccore.cli import main
from ccore.cli.route_words import decision, waits
from tests.routing.test_acd import GOLDEN, a_story

OTHER = """
[queues.q]
skills = { sales = 1 }
[agents.ann]
skills = { sales = 2 }
[agents.bo]
skills = { sales = 9 }
"""

DECISION = {
    "at_us": 1_767_225_600_000_000,
    "contact": "3f2a9c1e",
    "queue": "sales",
    "agent": "1001",
    "chose": "agent",
    "rule": "longest-idle",
    "decided_by": "preferred-skills",
    "candidates": 4,
    "runner_up": "1005",
    "step": 2,
    "waited_ms": 12_000,
}
WAITS = {
    "queue": "sales",
    "waited_ms": 65_000,
    "position": 2,
    "matching": 9,
    "free": 0,
    "at_work": 7,
    "expected_ms": 42_000,
    "only": "1001",
    "out_of_reach": True,
    "step": 1,
    "asks_for": {"skills": {"sales": 3}, "languages": ["yue", "zh"]},
    "next_step_ms": 5_000,
}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "00000001.jsonl").write_bytes(b"".join(a_story()))
    return tmp_path


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["route", *map(str, args)])


def test_a_log_is_replayed_by_engine_and_twin(log: Path) -> None:
    for more in ((), ("--plain",)):
        done = run("replay", log, "--json", *more)
        assert done.exit_code == 0, done.output
        (row,) = json.loads(done.output)
        assert (row["same"], row["decisions"], row["replayed"]) == (True, 2, GOLDEN)
    assert "the same" in run("replay", log).output


def test_a_choice_that_differs_ends_with_1_and_says_where(log: Path) -> None:
    path = log / "00000001.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(x.replace(b"bo", b"ann") if x[:6] == b'["call' else x for x in lines))
    done = run("replay", log)
    assert done.exit_code == 1
    assert "line 6" in done.output


def test_another_configuration_is_tried(log: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(OTHER)
    done = run("shadow", log, "--other", other, "--json")
    assert done.exit_code == 0, done.output
    (queue,) = json.loads(done.output)["queues"]
    # Ann has been idle for longer and may have the first call now; the second would not wait.
    assert (queue["offers"], queue["other_agent"], queue["same"]) == (2, 1, 1)
    assert (queue["sooner"], queue["sooner_ms"]) == (1, 20_000)


def test_a_call_is_explained_from_the_log(log: Path) -> None:
    done = run("explain", "q-3", "--log", log)
    assert done.exit_code == 0, done.output
    assert "agent ann, queue q: an agent for a call, by longest-idle; 1 candidates" in done.output
    assert "waited 0:20; widened 1 times" in done.output
    assert "放宽第 1 步" in run("explain", "q-3", "--log", log, "--language", "zh").output
    several = run("explain", "q-", "--log", log)
    assert several.exit_code == 12
    assert "Known: q-1, q-3" in several.stderr


def test_no_log_is_told(tmp_path: Path) -> None:
    done = run("replay", tmp_path / "none")
    assert done.exit_code == 13
    assert "There is no decision log" in done.stderr


def test_a_decision_is_a_sentence_in_both_languages() -> None:
    english, chinese = decision(DECISION, "en"), decision(DECISION, "zh")
    for part in ("agent 1001", "4 candidates", "preferred skills", "next best 1005", "0:12"):
        assert part in english
    for part in ("坐席 1001", "候选 4 个", "优先技能更高", "其次 1005", "放宽第 2 步"):
        assert part in chinese


def test_what_a_caller_waits_for_is_said_in_both_languages() -> None:
    english, chinese = "\n".join(waits(WAITS, "en")), "\n".join(waits(WAITS, "zh"))
    for part in (
        "1:05",
        "place 2",
        "sales 3",
        "yue or zh",
        "at work 7",
        "agent 1001 alone",
        "out of reach",
    ):
        assert part in english
    for part in ("第 2 位", "在岗 7 名", "只等坐席 1001", "暂不可达", "0:05 后再次放宽"):
        assert part in chinese
