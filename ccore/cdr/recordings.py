"""The index of recordings: which file holds which call, how long it is, and its SHA-256."""

import hashlib
import os
import re
import sqlite3
import struct
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlite_utils import Database

from ccore.errors import DiskTrouble
from ccore.model import RecordingClosed

__all__ = ["Recording", "RecordingIndex"]

FILE_NAME = "recordings.db"
CHUNK_BYTES = 1 << 20  # read at once for the hash; the GIL is free meanwhile
BYTE_RATE = struct.Struct("<I")
BYTE_RATE_AT = 28  # offset of the byte rate in a WAV head
HEAD_BYTES = 44  # a plain WAV head
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@dataclass(slots=True)
class Recording:
    file: str  # absolute path
    contact: str
    kind: str  # call or voicemail; found: indexed after a crash, by its name
    start_us: int
    length_ms: int
    bytes: int | None  # None: the file was not there
    sha256: str | None
    queue: str
    agent: str


class RecordingIndex:
    """Kept beside the records. Indexing a file again replaces what was known of it."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE_NAME
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o750)
            # One owner at a time, but hashing may be handed to a thread.
            self._db = Database(sqlite3.connect(self.path, check_same_thread=False))
            self._db.conn.execute("pragma journal_mode = wal")
            if not self._db.table("recordings").exists():
                self._db.table("recordings").create(
                    {
                        "file": str,
                        "contact": str,
                        "kind": str,
                        "start_us": int,
                        "length_ms": int,
                        "bytes": int,
                        "sha256": str,
                        "queue": str,
                        "agent": str,
                    },
                    pk="file",
                )
                self._db.table("recordings").create_index(["contact"])
                self._db.conn.commit()
        except (OSError, sqlite3.Error) as error:
            raise DiskTrouble(path=self.path, why=str(error)) from error

    def index(self, fact: RecordingClosed, path: Path) -> Recording:
        """Take in a finished recording; `path` is where we see the file, if we do."""
        size, digest = _measure(path)
        recording = Recording(
            file=os.path.abspath(path),
            contact=fact.contact,
            kind=fact.kind,
            start_us=fact.start_us,
            length_ms=max(0, fact.end_us - fact.start_us) // 1000,
            bytes=size,
            sha256=digest,
            queue=fact.queue,
            agent=fact.agent,
        )
        self._save(recording)
        return recording

    def rescan(
        self, directory: Path, *, pattern: str = "{contact}.wav", skip: Collection[Path] = ()
    ) -> list[Recording]:
        """Take in files that no one indexed, as after a crash, with what their names tell.

        `pattern` is the one they were named by; `skip` are files still being recorded.
        """
        known = {str(row[0]) for row in self._execute("select file from recordings")}
        known.update(os.path.abspath(path) for path in skip)
        name = _regex(pattern)
        found = []
        for path in _files(directory):
            file = os.path.abspath(path)
            if file in known:
                continue
            parts = _parts(name, path.relative_to(directory).as_posix())
            size, digest = _measure(path)
            length_ms = _wav_ms(path, size or 0)
            recording = Recording(
                file=file,
                contact=parts.get("contact", ""),
                kind="found",
                start_us=_end_us(path) - length_ms * 1000,
                length_ms=length_ms,
                bytes=size,
                sha256=digest,
                queue=parts.get("queue", ""),
                agent=parts.get("agent", ""),
            )
            self._save(recording)
            found.append(recording)
        return found

    def of_contact(self, contact: str) -> list[Recording]:
        return [
            Recording(*row)
            for row in self._execute(
                "select file, contact, kind, start_us, length_ms, bytes, sha256, queue, agent"
                " from recordings where contact = ? order by start_us",
                contact,
            )
        ]

    def __len__(self) -> int:
        return int(next(iter(self._execute("select count(*) from recordings")))[0])

    def close(self) -> None:
        self._db.conn.close()

    def _save(self, recording: Recording) -> None:
        try:
            with self._db.conn:
                self._db.conn.execute(
                    "insert or replace into recordings"
                    " (file, contact, kind, start_us, length_ms, bytes, sha256, queue, agent)"
                    " values (:file, :contact, :kind, :start_us, :length_ms, :bytes, :sha256,"
                    " :queue, :agent)",
                    {k: _clean(v) for k, v in asdict(recording).items()},
                )
        except sqlite3.Error as error:
            raise DiskTrouble(path=self.path, why=str(error)) from error

    def _execute(self, sql: str, *values: str) -> list[tuple]:  # type: ignore[type-arg]
        try:
            return list(self._db.conn.execute(sql, values))
        except sqlite3.Error as error:
            raise DiskTrouble(path=self.path, why=str(error)) from error


def _clean(value: str | int | None) -> str | int | None:
    if isinstance(value, str):  # a file name may hold bytes that are no UTF-8
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def _measure(path: Path) -> tuple[int | None, str | None]:
    digest = hashlib.sha256()
    size = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
    except OSError:
        return None, None
    return size, digest.hexdigest()


def _wav_ms(path: Path, size: int) -> int:
    """From the size: a crash leaves the lengths in the head unset."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if len(head) < HEAD_BYTES or not head.startswith(b"RIFF"):
        return 0
    (rate,) = BYTE_RATE.unpack_from(head, BYTE_RATE_AT)
    return (size - HEAD_BYTES) * 1000 // rate if rate else 0


def _end_us(path: Path) -> int:
    return path.stat().st_mtime_ns // 1000


def _files(directory: Path) -> Iterator[Path]:
    for path in sorted(directory.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path


def _regex(pattern: str) -> re.Pattern[str]:
    """`{queue}/{contact}.wav` as an expression; a name that stands twice must be the same twice."""
    out, seen = [], set()
    for index, part in enumerate(re.split(r"\{(\w+)\}", pattern)):
        if index % 2 == 0:
            out.append(re.escape(part))
        elif part in seen:
            out.append(f"(?P={part})")
        else:
            seen.add(part)
            out.append(f"(?P<{part}>{UUID if part == 'contact' else '[^/]*?'})")
    return re.compile("".join(out))


def _parts(pattern: re.Pattern[str], name: str) -> dict[str, str]:
    found = pattern.fullmatch(name)
    if found:
        return found.groupdict()
    uuid = re.search(UUID, name)
    return {"contact": uuid[0]} if uuid else {}
