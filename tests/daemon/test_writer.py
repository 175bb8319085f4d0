"""What the daemon says when the disk does not do what it should."""

import logging
from pathlib import Path

import pytest

from ccore.cdr.journal import JournalWriter
from ccore.cdr.recordings import RecordingIndex
from ccore.daemon.writer import Writer
from ccore.model import RecordingClosed
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
