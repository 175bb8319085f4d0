import hashlib
import os
import wave
from pathlib import Path

from ccore.cdr import RecordingIndex
from ccore.model import RecordingClosed

CONTACT = "6b1cbb4e-3f0a-4c39-9c58-000000000001"


def wav(path: Path, seconds: int) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(4 * 8000 * seconds))
    return path.read_bytes()


def test_recording_is_indexed_with_its_hash_and_length(tmp_path: Path) -> None:
    data = wav(tmp_path / "rec" / "call.wav", 3)
    index = RecordingIndex(tmp_path / "cdr")
    fact = RecordingClosed(CONTACT, "call.wav", 1_000_000, 4_000_000, "sales", "1001")
    index.index(fact, tmp_path / "rec" / "call.wav")
    index.index(fact, tmp_path / "rec" / "call.wav")
    (row,) = index.of_contact(CONTACT)
    assert row.sha256 == hashlib.sha256(data).hexdigest()
    assert (row.bytes, row.length_ms, row.queue, row.agent) == (len(data), 3000, "sales", "1001")
    assert len(index) == 1
    index.close()


def test_recording_on_a_disk_we_do_not_see_is_indexed_without_a_hash(tmp_path: Path) -> None:
    index = RecordingIndex(tmp_path)
    fact = RecordingClosed(CONTACT, "x", 0, 5_000_000, kind="voicemail")
    row = index.index(fact, tmp_path / "not" / "here.wav")
    assert (row.bytes, row.sha256, row.length_ms, row.kind) == (None, None, 5000, "voicemail")
    index.close()


def test_rescan_finds_what_a_crash_left(tmp_path: Path) -> None:
    root = tmp_path / "rec"
    known, left = root / "2026-11-21/sales/known.wav", root / f"2026-11-21/sales/{CONTACT}.wav"
    wav(known, 1)
    data = bytearray(wav(left, 2))
    data[40:44] = bytes(4)  # the head's length is written when a recording ends; this one did not
    left.write_bytes(data)
    os.utime(left, (1_000_000, 1_000_000))
    wav(root / "busy.wav", 1)
    index = RecordingIndex(tmp_path / "cdr")
    index.index(RecordingClosed("c", str(known), 0, 1), known)

    options = {"pattern": "{day}/{queue}/{contact}.wav", "skip": [root / "busy.wav"]}
    (found,) = index.rescan(root, **options)
    assert (found.contact, found.queue, found.kind) == (CONTACT, "sales", "found")
    assert (found.length_ms, found.start_us) == (2000, 999_998_000_000)
    assert index.rescan(root, **options) == []
    index.close()
