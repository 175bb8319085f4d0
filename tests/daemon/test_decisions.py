"""The decision log on disk: whole segments, bounded, and none with a hole."""

from pathlib import Path

import pytest

from ccore.config.demand import Caller
from ccore.config.schema import Agent, Config, Queue
from ccore.daemon.decisions import DecisionLog, segments
from ccore.routing.acd import Acd
from ccore.routing.case import Case
from ccore.routing.replay import read, replay

CONFIG = Config(
    queues={"q": Queue(strategy="random")},
    agents={f"a{number}": Agent() for number in range(5)},
)


def calls(acd: Acd, first: int, count: int) -> None:
    for call in range(first, first + count):
        acd.enter(call, Case(f"call-{call}", "q", Caller(), call, call))
        decision = acd.offer_for_call(call, call)
        assert decision is not None
        acd.confirm(call, call)
        acd.ready(decision.agent, call, call)


def kept(directory: Path) -> list[int]:
    """Decisions of each segment; each is replayed by itself."""
    found = []
    for path in segments(directory):
        with path.open("rb") as file:
            outcome = replay(read(file), name=str(path))
        assert outcome.is_same, outcome
        found.append(outcome.decisions)
    return found


def log_of(acd: Acd, directory: Path, most_bytes: int = 10**6) -> DecisionLog:
    log = DecisionLog(directory, most_bytes, acd.renew)
    acd.hear = log.hear
    return log


def test_what_was_decided_is_there_when_the_daemon_has_ended(tmp_path: Path) -> None:
    acd = Acd(CONFIG)
    log = log_of(acd, tmp_path / "decisions")
    acd.renew()
    for agent in CONFIG.agents:
        acd.ready(agent, 0, 0)
    calls(acd, 1, 20)
    log.close()
    assert kept(tmp_path / "decisions") == [20]


def test_each_segment_replays_by_itself_and_the_oldest_go(tmp_path: Path) -> None:
    acd = Acd(CONFIG)
    log = log_of(acd, tmp_path)
    for agent in CONFIG.agents:
        acd.ready(agent, 0, 0)
    for begun in range(7):
        acd.renew()
        calls(acd, 100 * begun, 10)
    log.close()
    assert kept(tmp_path) == [10, 10, 10, 10]
    assert segments(tmp_path)[-1].name == "00000007.jsonl"
    again = log_of(acd, tmp_path)
    acd.renew()
    again.close()
    assert segments(tmp_path)[-1].name == "00000008.jsonl"


def test_a_segment_is_not_cut_before_it_is_more_than_its_beginning(tmp_path: Path) -> None:
    acd = Acd(CONFIG)
    log = log_of(acd, tmp_path, most_bytes=8)
    log.begin()
    assert not log.is_full
    for agent in CONFIG.agents:
        acd.ready(agent, 0, 0)
    calls(acd, 1, 1)
    log.flush()
    assert not log.is_full
    calls(acd, 10, 50)
    log.flush()
    assert log.is_full
    log.begin()
    assert not log.is_full
    log.close()
    assert kept(tmp_path) == [51, 0]


def test_a_disk_that_refuses_leaves_no_hole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "decisions").write_text("a file where a directory should be")
    acd = Acd(CONFIG)
    log = log_of(acd, tmp_path / "decisions")
    acd.renew()
    for agent in CONFIG.agents:
        acd.ready(agent, 0, 0)
    calls(acd, 1, 5)
    log.flush()
    assert log.trouble
    calls(acd, 10, 5)  # not heard: nothing is written before a beginning
    (tmp_path / "decisions").unlink()
    acd.renew()
    calls(acd, 20, 5)
    log.close()
    assert log.trouble == ""
    assert kept(tmp_path / "decisions") == [5]
    assert len([line for line in caplog.messages if "decision log" in line]) == 1
