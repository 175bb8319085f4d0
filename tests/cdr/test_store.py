"""Every store sits the same exam."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccore.errors import DiskTrouble
from ccore.model import AgentState
from ccore.store import LastAgent, MemoryStore, SavedAgent, SqliteStore, Store


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path)
    yield made
    made.close()


def test_the_newest_state_of_each_agent_is_loaded(store: Store) -> None:
    store.save_agent("1002", AgentState.READY, "", 10)
    store.save_agent("1001", AgentState.READY, "", 20)
    store.flush()
    store.save_agent("1001", AgentState.NOT_READY, "lunch", 30)
    assert store.load_agents() == [
        SavedAgent("1001", AgentState.NOT_READY, "lunch", 30),
        SavedAgent("1002", AgentState.READY, "", 10),
    ]
    assert isinstance(store.load_agents()[0].state, AgentState)


def test_last_agents_are_kept_per_caller_and_queue(store: Store) -> None:
    store.save_last_agent("138", "sales", "1001", 10)
    store.save_last_agent("138", "support", "1002", 30)
    store.save_last_agent("139", "sales", "1002", 20)
    store.flush()
    store.save_last_agent("138", "sales", "1003", 40)
    assert store.load_last_agents(0) == [
        LastAgent("139", "sales", "1002", 20),
        LastAgent("138", "support", "1002", 30),
        LastAgent("138", "sales", "1003", 40),
    ]


def test_old_last_agents_are_forgotten(store: Store) -> None:
    store.save_last_agent("138", "sales", "1001", 10)
    store.save_last_agent("139", "sales", "1001", 20)
    assert [last.calling for last in store.load_last_agents(20)] == ["139"]
    assert [last.calling for last in store.load_last_agents(0)] == ["139"]


def test_a_hostile_number_does_not_stop_the_write(store: Store) -> None:
    store.save_last_agent("\udce9'; drop table agents; --", "sales", "1001", 10)
    store.save_agent("1001", AgentState.READY, "", 1)
    store.flush()
    assert len(store.load_last_agents(0)) == len(store.load_agents()) == 1


def test_state_outlives_the_process(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path)
    first.save_agent("1001", AgentState.TALKING, "", 5)
    first.close()
    second = SqliteStore(tmp_path)
    assert second.load_agents() == [SavedAgent("1001", AgentState.TALKING, "", 5)]
    second.close()


def test_what_cannot_be_written_goes_with_the_next_flush(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    other = sqlite3.connect(store.path)
    other.execute("alter table agents rename to away")
    store.save_agent("1001", AgentState.READY, "", 1)
    with pytest.raises(DiskTrouble, match=r"state\.db"):
        store.flush()
    other.execute("alter table away rename to agents")
    other.close()
    store.save_agent("1002", AgentState.READY, "", 2)
    assert [saved.agent for saved in store.load_agents()] == ["1001", "1002"]
    store.close()


def test_notes_are_kept_until_they_are_forgotten(store: Store) -> None:
    store.note("call:1", {"queue": "sales", "calling": "138"})
    store.flush()
    store.note("call:1", {"queue": "support", "calling": "138"})
    store.note("call:2", {"queue": "sales", "calling": "caf\udce9\n"})
    store.note("call:3", {"queue": "sales"})
    store.note("call:3", {})
    assert {key: note["queue"] for key, note in store.load_notes().items()} == {
        "call:1": "support",
        "call:2": "sales",
    }


def test_notes_outlive_a_process_that_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccore.store.ledger.LARGE_BYTES", 500)  # so that it is written anew
    store = SqliteStore(tmp_path)
    for number in range(100):
        store.note(f"call:{number}", {"queue": "sales", "at": str(number)})
        if number > 2:
            store.note(f"call:{number - 3}", {})
        store.flush()
    path = tmp_path / "open.jsonl"
    assert path.stat().st_size < 1000
    with path.open("ab") as file:
        file.write(b'["call:99",{"que')  # the last write was cut off
    again = SqliteStore(tmp_path)
    assert list(again.load_notes()) == ["call:97", "call:98", "call:99"]
    again.note("call:100", {"queue": "sales"})
    again.close()
    last = SqliteStore(tmp_path)
    assert list(last.load_notes()) == ["call:97", "call:98", "call:99", "call:100"]
    last.close()
    store.close()


def test_with_a_key_who_withholds_his_number_has_no_last_agent(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, b"k" * 32)
    store.save_last_agent("anonymous", "sales", "1001", 10)
    assert store.load_last_agents(0) == []
    store.close()


def test_with_a_key_no_number_is_kept_and_earlier_ones_are_hashed(tmp_path: Path) -> None:
    plain = SqliteStore(tmp_path)
    plain.save_last_agent("13800001111", "sales", "1001", 10)
    plain.close()
    store = SqliteStore(tmp_path, b"k" * 32)
    store.save_last_agent("13800001111", "support", "1002", 20)
    store.note("call:1", {"calling": "13800001111", "calling_name": "Li", "queue": "sales"})
    store.flush()
    first, second = store.load_last_agents(0)
    assert first.calling == second.calling
    assert store.load_notes()["call:1"]["calling"] == first.calling
    store._db.conn.execute("vacuum")
    store.close()
    assert b"13800001111" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
