"""Writing facts down: append to the day's files, at most one write per file and flush.

A row is numbered when it is written, so a number is used once even if writing had to be tried
again. While the disk refuses, rows wait in memory and calls go on.

A block lies at the end that was last known to be whole: what a failed write left behind is written
over by the next try, which is never shorter. A file never shrinks, since whoever has it mapped
would be killed by a page that is gone; a torn tail is made void instead.
"""

import fcntl
import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Lock

import numpy as np

from ccore.cdr.layout import DTYPES, Row, Rows
from ccore.cdr.packed import NAME as PACKED_NAME
from ccore.cdr.packed import read_packed
from ccore.cdr.packing import close_day, closed_days, sync_directory
from ccore.cdr.records import days_in
from ccore.cdr.rows import RowFact, day_us, pack, row_kind
from ccore.cdr.segment import (
    NAME,
    VERSION,
    Segment,
    block_bytes,
    day_of,
    file_head,
    file_name,
    last_slot_seq,
    scan,
    void_bytes,
)
from ccore.cdr.strings import Strings, Text
from ccore.errors import AlreadyRunning, CcoreError, DiskTrouble, RecordsDamaged, reason
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
        "tenant": Text.TENANT,
        "node": Text.NODE,
        "language": Text.LANGUAGE,
    },
    Row.LEG: {
        "detail": Text.DETAIL,
        "queue": Text.QUEUE,
        "agent": Text.AGENT,
        "site": Text.SITE,
        "tenant": Text.TENANT,
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


Group = tuple[Row, date]  # the rows of one file


@dataclass(slots=True)
class _File:
    handle: int
    end: int  # where the next block goes
    is_new: bool = False  # made by us, and its name not forced to the disk
    is_dirty: bool = False  # has blocks that were not forced to the disk


class JournalWriter:
    """The one writer of a directory of records; a second one is refused.

    `append` never touches the disk and never fails. It, `flush` and `sync` may each be called by a
    thread of its own. `flush` raises DiskTrouble when the disk refuses; the rows stay and the next
    `flush` tries again. What it wrote outlives this process, and the machine after `sync` (with
    `fsync`, each flush ends with one). `tell` hears of what was found damaged when a file was
    opened.
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
        self._coming: deque[RowFact] = deque()  # from `append` to `flush`, which may be two threads
        self._pending: dict[Group, list[RowFact]] = {}
        self._count = 0  # of pending
        self._files: dict[Group, _File] = {}
        self._handles = Lock()  # while `sync` looks at the files, none is opened or closed
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o750)
            self._lock = _lock(directory)
        except OSError as error:
            raise DiskTrouble(path=directory, why=reason(error)) from error
        try:
            self._strings = Strings(directory, write=True)
            self._last_seq = {kind: self._resume(kind) for kind in Row}
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def pending(self) -> int:
        """Rows that wait to be written."""
        return len(self._coming) + self._count

    def append(self, fact: Fact) -> None:
        """Put a fact on record at the next flush. Facts that are no rows are passed over."""
        if not isinstance(fact, ContactClosed | LegClosed | AgentInterval):
            return
        if self.pending >= MAX_PENDING:
            self.lost += 1
            return
        self._coming.append(fact)

    def flush(self) -> None:
        while self._coming:
            fact = self._coming.popleft()
            self._pending.setdefault((row_kind(fact), day_of(day_us(fact))), []).append(fact)
            self._count += 1
        if not self._pending:
            return
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o750)
        except OSError as error:
            raise DiskTrouble(path=self.directory, why=reason(error)) from error
        packed = {group: self._pack(group[0], facts) for group, facts in self._pending.items()}
        self._strings.flush()
        for group, rows in packed.items():
            self._write(group, rows)
            del self._pending[group]
            self._count -= len(rows)
        if self._fsync:
            self.sync()

    def sync(self) -> None:
        """Force what was flushed to the disk: from now on it outlives a power cut.

        Raises DiskTrouble; what could not be forced is tried again with the next `sync`.
        """
        with self._handles:
            dirty = [(group, file) for group, file in self._files.items() if file.is_dirty]
            handles = [(group, file, os.dup(file.handle)) for group, file in dirty]
            for _, file in dirty:
                file.is_dirty = False
        trouble: DiskTrouble | None = None
        for group, file, handle in handles:
            try:
                os.fdatasync(handle)
                if file.is_new:  # its name is not on the disk yet
                    sync_directory(self.directory)
                    file.is_new = False
            except OSError as error:
                file.is_dirty = True
                path = self.directory / file_name(*group)
                trouble = trouble or DiskTrouble(path=path, why=reason(error))
            finally:
                os.close(handle)
        if trouble is not None:
            raise trouble

    def close_days(self, before: date) -> list[date]:
        """Close the files of earlier days, so that they can be packed; the days that wait for it.

        Rows of them that come later begin new files. To be called where `flush` is.
        """
        try:
            for day in days_in(self.directory):
                if day < before:
                    for kind in Row:
                        if (kind, day) in self._files:
                            self._close((kind, day))
                    close_day(self.directory, day)
            return [day for day in closed_days(self.directory) if day < before]
        except OSError as error:
            raise DiskTrouble(path=self.directory, why=reason(error)) from error

    def close(self) -> None:
        """Flush, and let go of everything even if that fails."""
        try:
            self.flush()
        finally:
            for group in list(self._files):
                self._close(group)
            try:
                self._strings.close()
            finally:
                os.close(self._lock)

    def _pack(self, kind: Row, facts: list[RowFact]) -> Rows:
        values = [pack(fact, 0, self._strings, self._number_key) for fact in facts]
        rows: Rows = np.array(values, DTYPES[kind])
        return rows

    def _write(self, group: Group, rows: Rows) -> None:
        kind = group[0]
        first = self._last_seq[kind] + 1
        rows["seq"] = (first - 1 + np.arange(len(rows), dtype=np.uint64)) % SEQ_SPAN + 1
        path = self.directory / file_name(*group)
        try:
            file = self._file(group, path)
            file.end += _write_all(file.handle, block_bytes(rows, first), file.end)
            file.is_dirty = True
        except OSError as error:
            raise DiskTrouble(path=path, why=reason(error)) from error
        self._last_seq[kind] += len(rows)

    def _file(self, group: Group, path: Path) -> _File:
        file = self._files.get(group)
        if file is not None and not _is_at(path, file.handle):  # moved or deleted under us
            self._close(group)
            file = None
        if file is None:
            file = self._open(group[0], path)
            while len(self._files) >= MAX_OPEN:
                self._close(next(iter(self._files)))
            with self._handles:
                self._files[group] = file
        return file

    def _open(self, kind: Row, path: Path) -> _File:
        """Open a file at its end, a torn tail made void; one that we cannot read is set aside."""
        end = 0
        if path.exists():
            try:
                end = self._mend(kind, path)
            except RecordsDamaged as trouble:
                self._tell(trouble)
                path.rename(_free_name(path, "foreign"))
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        is_new = not end
        try:
            if is_new:
                end = _write_all(handle, file_head(kind), 0)
        except OSError:
            os.close(handle)
            raise
        return _File(handle, end, is_new)

    def _mend(self, kind: Row, path: Path) -> int:
        """Where the next block goes; 0 where a head is missing yet."""
        segment = scan(path)
        for damage in segment.damage:
            cut = damage.offset >= segment.good_end
            what = f"{damage.what}, cut off" if cut else damage.what
            self._tell(RecordsDamaged(file=path, what=what, offset=damage.offset))
        if segment.version != VERSION:
            return _upgrade(segment)
        rest = path.stat().st_size - segment.good_end
        if not segment.good_end or rest <= 0:
            return segment.good_end
        void = void_bytes(kind, -(-rest // DTYPES[kind].itemsize))
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            return segment.good_end + _write_all(handle, void, segment.good_end)
        finally:
            os.close(handle)

    def _close(self, group: Group) -> None:
        with self._handles, suppress(OSError):
            os.close(self._files.pop(group).handle)

    def _resume(self, kind: Row) -> int:
        """The last number used. Calls end out of the order of their days: any file may hold it.

        The newest file is read whole, so that text ids in it are not given again; of the others
        the last row is enough.
        """
        paths = sorted(path for path in self.directory.iterdir() if _is_kind(path, kind))
        last, whole = 0, paths[-1:]
        for path in paths[:-1]:
            if number := last_slot_seq(path, kind):
                last = max(last, number)
            else:
                whole.append(path)
        for path in whole:
            try:
                segment = scan(path)
            except RecordsDamaged as trouble:
                self._tell(trouble)
                continue
            last = max(last, segment.last_seq)
            for rows in segment.rows():
                for field, text in TEXT_FIELDS[kind].items():
                    self._strings.reserve(text, int(rows[field].max()))
        return max(last, self._last_packed(kind))

    def _last_packed(self, kind: Row) -> int:
        last = 0
        for path in sorted(self.directory.iterdir()):
            if PACKED_NAME.fullmatch(path.name):
                try:
                    last = max(last, read_packed(path).last_seq(kind))
                except RecordsDamaged as trouble:
                    self._tell(trouble)
        return last


def _is_at(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _is_kind(path: Path, kind: Row) -> bool:
    found = NAME.fullmatch(path.name)
    return found is not None and found[2] == kind.value


def _upgrade(segment: Segment) -> int:
    """Write a file of an older version anew, in one step; its size.

    Where it is damaged the old one is kept aside.
    """
    path = segment.path
    rows = zip(segment.blocks, segment.rows(), strict=True)
    data = [file_head(segment.kind), *(block_bytes(some, at.first_seq) for at, some in rows)]
    if any(not damage.torn for damage in segment.damage):
        os.link(path, _free_name(path, f"version-{segment.version}"))
    new = path.with_name(f"{path.name}.upgrade")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    try:
        size = _write_all(handle, b"".join(data), 0)
        os.fsync(handle)
    finally:
        os.close(handle)
    new.replace(path)
    return size


def _free_name(path: Path, why: str) -> Path:
    number = 1
    while (free := path.with_name(f"{path.name}.{why}-{number}")).exists():
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
    with suppress(OSError):  # a full disk: who we are is a courtesy, the lock is what counts
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
    return file


def _write_all(file: int, data: bytes, at: int) -> int:
    """All of `data` at an offset; its length."""
    rest = memoryview(data)
    while rest:
        done = os.pwrite(file, rest, at)
        rest, at = rest[done:], at + done
    return len(data)
