"""What the daemon says when the disk does not do what it should."""

import logging
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gevent
import pytest

from ccore.cdr import Row, load, read
from ccore.cdr.journal import JournalWriter
from ccore.cdr.recordings import RecordingIndex
from ccore.daemon.writer import Writer
from ccore.model import AgentInterval, AgentState, News, RecordingClosed
from ccore.store import MemoryStore


def test_a_recording_that_the_switch_could_not_write_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    there, lost = tmp_path / "there.wav", tmp_path / "lost.wav"
    there.write_bytes(b"sound")
    records = tmp_path / "cdr"
    writer = Writer(JournalWriter(records), RecordingIndex(records), MemoryStore(), print)
    with caplog.at_level(logging.ERROR):
        for path in (there, lost):
            writer.take([RecordingClosed("call-1", str(path), 0, 1, "sales", "1001", "call")])
        writer.close()
    assert writer.unrecorded == 1
    (line,) = caplog.messages
    assert "lost.wav" in line
    index = RecordingIndex(records)
    assert [one.bytes for one in index.of_contact("call-1")] == [5, None]
    index.close()


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can grow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_told_once_and_costs_no_row(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    records = tmp_path / "cdr"
    writer = Writer(JournalWriter(records), RecordingIndex(records), MemoryStore(), print)
    stretches = [
        AgentInterval("1001", AgentState.READY, second * 1_000_000, (second + 1) * 1_000_000)
        for second in range(3)
    ]
    with caplog.at_level(logging.INFO):
        with full_disk():
            for stretch in stretches:
                writer.take([stretch])
                writer.flush()
            assert writer.pending == len(stretches)
            assert str(records) in writer.trouble
        writer.flush()
        writer.close()
    assert (writer.pending, writer.lost, writer.trouble) == (0, 0, "")
    assert len(caplog.messages) == 2  # the trouble and its end
    assert list(load(records).facts(Row.AGENT)) == stretches


class _Counting(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.saves = 0

    def save_agent(self, agent: str, state: AgentState, reason: str, since_us: int) -> None:
        self.saves += 1
        super().save_agent(agent, state, reason, since_us)


def test_whether_an_agent_is_at_work_is_saved_when_that_changes(tmp_path: Path) -> None:
    store = _Counting()
    writer = Writer(JournalWriter(tmp_path), RecordingIndex(tmp_path), store, lambda news: None)

    def tell(state: str, reason: str = "") -> None:
        writer.take([News("agent", 1, {"agent": "1001", "state": state, "reason": reason})])

    for state in ("ready", "reserved", "ringing", "talking", "holding", "talking", "wrapup"):
        tell(state)
    tell("not-ready", "lunch")
    tell("not-ready", "training")
    tell("talking")
    writer.close()
    assert store.saves == 4
    (saved,) = store.load_agents()
    assert (saved.state, saved.reason) == (AgentState.READY, "")


class _Stuck(JournalWriter):
    """On a disk that hangs until it is let go."""

    go_on = threading.Event()

    def flush(self) -> None:
        self.go_on.wait(120)
        super().flush()


def test_a_disk_that_hangs_holds_nobody_up_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccore.daemon.writer.SLOW_S", 0.0)
    heard: list[News] = []
    writer = Writer(_Stuck(tmp_path), RecordingIndex(tmp_path), MemoryStore(), heard.append)
    stretch = AgentInterval("1001", AgentState.READY, 1, 2)
    with caplog.at_level(logging.INFO), gevent.Timeout(100):
        writer.start()
        writer.take([stretch])
        while not writer.trouble:  # other greenlets go on meanwhile
            gevent.sleep(0.01)
        assert str(tmp_path) in writer.trouble
        assert writer.pending == 1
        writer.take([stretch, News("ended", 1, {"contact": "c"})])
        assert [news.kind for news in heard] == ["ended"]  # better early than held up as well
        while not caplog.messages:
            gevent.sleep(0.01)
        _Stuck.go_on.set()
        while writer.pending:
            gevent.sleep(0.01)
        writer.close()
    assert [message.split()[0] for message in caplog.messages][0] == str(tmp_path)
    assert len(read(tmp_path, Row.AGENT)) == 2


# Ends calls as fast as it can, and tells of each end on standard output.
BUSY = """
import sys
from pathlib import Path
import gevent
from ccore.cdr import JournalWriter, RecordingIndex
from ccore.daemon import writer as daemon_writer
from ccore.daemon.writer import Writer
from ccore.model import ContactClosed, EndedBy, News, Outcome
from ccore.store import SqliteStore

daemon_writer.SLOW_S = 3600  # on a starved machine too, nobody is told before the row is there

def tell(news):
    sys.stdout.write(news.fields["contact"] + "\\n")
    sys.stdout.flush()

directory, first = Path(sys.argv[1]), int(sys.argv[2])
journal = JournalWriter(directory / "cdr")
writer = Writer(journal, RecordingIndex(directory / "cdr"), SqliteStore(directory), tell)
writer.start()
for number in range(first, first + 100_000):
    contact = f"call-{number}"
    writer.take([
        ContactClosed(contact, "a", number * 1000, number * 1000 + 5, Outcome.ANSWERED,
                      EndedBy.CALLER, "NORMAL_CLEARING", "95588", "138", "", "zh", "main"),
        News("ended", number, {"contact": contact}),
    ])
    gevent.sleep(0)
    while writer.pending > 200:
        gevent.sleep(0.001)
"""


def test_killed_at_any_moment_it_has_every_row_whose_end_was_told_and_none_twice(
    tmp_path: Path,
) -> None:
    told: list[str] = []
    for life, lines in enumerate((1, 40, 300)):
        command = [sys.executable, "-c", BUSY, str(tmp_path), str(life * 100_000)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(lines):
                told.append(process.stdout.readline().strip())
            process.kill()
            told += [line.strip() for line in process.stdout if line.endswith("\n")]
    records = load(tmp_path / "cdr")
    found = [fact.contact for fact in records.facts(Row.CONTACT)]
    records.strings.close()
    assert set(told) <= set(found)
    assert len(found) == len(set(found))
    numbers = read(tmp_path / "cdr", Row.CONTACT)["seq"].tolist()
    assert sorted(numbers) == list(range(1, len(found) + 1))


def test_days_that_are_over_are_packed_beside_the_calls(tmp_path: Path) -> None:
    first = Writer(JournalWriter(tmp_path), RecordingIndex(tmp_path), MemoryStore(), print)
    stretches = [
        AgentInterval("1001", AgentState.READY, day * 86_400_000_000, day * 86_400_000_000 + 5)
        for day in range(3)
    ]
    first.take(stretches)
    first.close()
    writer = Writer(JournalWriter(tmp_path), RecordingIndex(tmp_path), MemoryStore(), print, 2)
    writer.start()
    with gevent.Timeout(120):
        while len(list(tmp_path.glob("*.ccp"))) < 3 or list(tmp_path.glob("*.closed.ccr")):
            gevent.sleep(0.05)
    late = AgentInterval("1001", AgentState.READY, 7, 9)
    writer.take([late])
    writer.close()
    records = load(tmp_path)
    assert list(records.facts(Row.AGENT)) == [stretches[0], late, *stretches[1:]]
    records.strings.close()
