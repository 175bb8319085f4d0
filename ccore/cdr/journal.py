"""Writing facts down: append to the day's files, at most one write per file and flush.

A row is numbered when it is written, so a number is used once even if writing had to be tried
again. While the disk refuses, rows wait in memory and calls go on.
"""

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

import numpy as np

from ccore.cdr.layout import DTYPES, Row, Rows
from ccore.cdr.rows import RowFact, day_us, pack, row_kind
from ccore.cdr.segment import NAME, block_bytes, day_of, file_head, file_name, last_slot_seq, scan
from ccore.cdr.strings import Strings, Text
from ccore.errors import AlreadyRunning, CcoreError, DiskTrouble, RecordsDamaged
from ccore.model import AgentInterval, ContactClosed, Fact, LegClosed

__all__ = ["MAX_PENDING", "JournalWriter"]

# Rows kept while the disk refuses, about 150 MB: a day of 20,000 calls at ten rows each, and more.
MAX_PENDING = 250_000
MAX_OPEN = 12  # files; three kinds, today and the days on which long calls began
SEQ_SPAN = 0xFFFF_FFFF  # rows hold the number modulo this, plus one: never 0

# Fields whose ids must not be given again if a power cut took their texts: the fields are as wide
# as the kinds are many.
TEXT_FIELDS = {
    Row.CONTACT: {
        "calling": Text.NUMBER,
        "called": Text.NUMBER,
        "calling_name": Text.NAME,
        "recording": Text.FILE,
        "queue": Text.QUEUE,
        "agent": Text.AGENT,
        "site": Text.SITE,
        "entry": Text.ENTRY,
        "node": Text.NODE,
        "language": Text.LANGUAGE,
    },
    Row.LEG: {
        "detail": Text.DETAIL,
        "queue": Text.QUEUE,
        "agent": Text.AGENT,
        "site": Text.SITE,
        "language": Text.LANGUAGE,
    },
    Row.AGENT: {
        "agent": Text.AGENT,
        "reason": Text.REASON,
        "queue": Text.QUEUE,
        "site": Text.SITE,
        "team": Text.TEAM,
    },
}


def _silent(trouble: CcoreError) -> None:
    pass


class JournalWriter:
    """The one writer of a directory of records; a second one is refused.

    `append` never touches the disk and never fails. `flush` raises DiskTrouble when the disk
    refuses; the rows stay and the next `flush` tries again. `tell` hears of what was found damaged
    when a file was opened.
    """

    def __init__(
        self,
        directory: Path,
        *,
        fsync: bool = False,
        number_key: bytes | None = None,
        tell: Callable[[CcoreError], None] = _silent,
    ) -> None:
        self.directory = directory
        self.lost = 0  # rows given up because too many waited
        self._fsync = fsync
        self._number_key = number_key
        self._tell = tell
        self._pending: dict[tuple[Row, date], list[RowFact]] = {}
        self._count = 0
        self._files: dict[tuple[Row, date], int] = {}
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o750)
            self._lock = _lock(directory)
        except OSError as error:
            raise DiskTrouble(path=directory, why=error.strerror) from error
        try:
            self._strings = Strings(directory, write=True)
            self._last_seq = {kind: self._resume(kind) for kind in Row}
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def pending(self) -> int:
        """Rows that wait to be written."""
        return self._count

    def append(self, fact: Fact) -> None:
        """Put a fact on record at the next flush. Facts that are no rows are passed over."""
        if not isinstance(fact, ContactClosed | LegClosed | AgentInterval):
            return
        if self._count >= MAX_PENDING:
            self.lost += 1
            return
        self._pending.setdefault((row_kind(fact), day_of(day_us(fact))), []).append(fact)
        self._count += 1

    def flush(self) -> None:
        if not self._pending:
            return
        packed = {group: self._pack(group[0], facts) for group, facts in self._pending.items()}
        self._strings.flush()
        for group, rows in packed.items():
            self._write(group, rows)
            del self._pending[group]
            self._count -= len(rows)

    def close(self) -> None:
        """Flush, and let go of everything even if that fails."""
        try:
            self.flush()
        finally:
            for group in list(self._files):
                self._close(group)
            self._strings.close()
            os.close(self._lock)

    def _pack(self, kind: Row, facts: list[RowFact]) -> Rows:
        values = [pack(fact, 0, self._strings, self._number_key) for fact in facts]
        rows: Rows = np.array(values, DTYPES[kind])
        return rows

    def _write(self, group: tuple[Row, date], rows: Rows) -> None:
        kind = group[0]
        first = self._last_seq[kind] + 1
        rows["seq"] = (first - 1 + np.arange(len(rows), dtype=np.uint64)) % SEQ_SPAN + 1
        path = self.directory / file_name(*group)
        try:
            file = self._files[group] if group in self._files else self._open(group, path)
            end = os.lseek(file, 0, os.SEEK_END)
            try:
                _write_all(file, block_bytes(rows, first))
                if self._fsync:
                    os.fdatasync(file)
            except OSError:
                # Half a block would be cut at the next start; the next flush must not follow it.
                with suppress(OSError):
                    os.ftruncate(file, end)
                self._close(group)
                raise
        except OSError as error:
            raise DiskTrouble(path=path, why=error.strerror) from error
        self._last_seq[kind] += len(rows)

    def _open(self, group: tuple[Row, date], path: Path) -> int:
        """Open a file for append, its torn tail cut off; a file we cannot read is set aside."""
        if path.exists():
            try:
                self._cut(path)
            except RecordsDamaged as trouble:
                self._tell(trouble)
                path.rename(_free_name(path))
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            if os.fstat(file).st_size == 0:
                _write_all(file, file_head(group[0]))
        except OSError:
            with suppress(OSError):
                os.ftruncate(file, 0)
            os.close(file)
            raise
        while len(self._files) >= MAX_OPEN:
            self._close(next(iter(self._files)))
        self._files[group] = file
        return file

    def _cut(self, path: Path) -> None:
        segment = scan(path)
        for damage in segment.damage:
            cut = damage.offset >= segment.good_end
            what = f"{damage.what}, cut off" if cut else damage.what
            self._tell(RecordsDamaged(file=path, what=what, offset=damage.offset))
        if path.stat().st_size > segment.good_end:
            os.truncate(path, segment.good_end)

    def _close(self, group: tuple[Row, date]) -> None:
        with suppress(OSError):
            os.close(self._files.pop(group))

    def _resume(self, kind: Row) -> int:
        """The last number used. Calls end out of the order of their days: any file may hold it.

        The newest file is read whole, so that text ids in it are not given again; of the others
        the last row is enough.
        """
        paths = sorted(path for path in self.directory.iterdir() if _is_kind(path, kind))
        last = max((last_slot_seq(path, kind) for path in paths[:-1]), default=0)
        for path in paths[-1:]:
            try:
                segment = scan(path)
            except RecordsDamaged as trouble:
                self._tell(trouble)
                continue
            last = max(last, segment.last_seq)
            for rows in segment.rows():
                for field, text in TEXT_FIELDS[kind].items():
                    self._strings.reserve(text, int(rows[field].max()))
        return last


def _is_kind(path: Path, kind: Row) -> bool:
    found = NAME.fullmatch(path.name)
    return found is not None and found[2] == kind.value


def _free_name(path: Path) -> Path:
    number = 1
    while (free := path.with_name(f"{path.name}.foreign-{number}")).exists():
        number += 1
    return free


def _lock(directory: Path) -> int:
    file = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        who = os.pread(file, 20, 0).decode("ascii", "replace").strip() or "another process"
        os.close(file)
        raise AlreadyRunning(who=f"process {who}", what=directory) from None
    os.ftruncate(file, 0)
    os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
    return file


def _write_all(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
