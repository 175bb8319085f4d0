"""What the daemon says when the disk does not do what it should."""

import logging
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ccore.cdr import Row, load
from ccore.cdr.journal import JournalWriter
from ccore.cdr.recordings import RecordingIndex
from ccore.daemon.writer import Writer
from ccore.model import AgentInterval, AgentState, RecordingClosed
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
