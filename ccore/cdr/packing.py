"""Packing finished days, beside a writer that goes on with today.

First the writer closes a day: its files are renamed to DAY.KIND.closed.ccr, and rows that come
later begin new ones. Then anybody may pack what is closed: the rows are written to DAY.ccp,
together with those that were packed before, read back and compared, and the closed files deleted.
If it is broken off before that, the packed file names the closed ones by the numbers they begin
with, and they are neither read nor packed twice. Files that are damaged stay as they are.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from ccore.cdr.layout import DTYPES, Row, Rows
from ccore.cdr.packed import Packed, packed_name, read_packed, write_packed
from ccore.cdr.segment import NAME, Segment, closed_name, file_name, scan
from ccore.errors import AlreadyRunning, CcoreError, DiskTrouble, RecordsDamaged, reason

__all__ = ["PackedDay", "close_day", "closed_days", "pack_closed", "sync_directory"]


@dataclass(slots=True, frozen=True)
class PackedDay:
    day: date
    rows: int
    before_bytes: int
    bytes: int


def close_day(directory: Path, day: date) -> None:
    """For the writer alone: nothing is added to these files any more."""
    for kind in Row:
        path, closed = directory / file_name(kind, day), directory / closed_name(kind, day)
        if path.exists() and not closed.exists():  # else it waits until that one is packed
            path.rename(closed)


def closed_days(directory: Path) -> list[date]:
    """Days with files that wait to be packed, in their order."""
    found = (NAME.fullmatch(path.name) for path in directory.iterdir())
    return sorted({date.fromisoformat(name[1]) for name in found if name and name[3]})


def pack_closed(
    directory: Path, tell: Callable[[CcoreError], None], done: Callable[[PackedDay], None]
) -> None:
    """Pack every closed day; `tell` hears of those that are damaged and stay."""
    with _alone(directory):
        for day in closed_days(directory):
            try:
                packed = _pack(directory, day)
            except RecordsDamaged as trouble:
                tell(trouble)
            else:
                done(packed)


def _pack(directory: Path, day: date) -> PackedDay:
    path = directory / packed_name(day)
    earlier = read_packed(path) if path.exists() else None
    files = [directory / closed_name(kind, day) for kind in Row]
    before = sum(one.stat().st_size for one in (*files, path) if one.exists())
    rows: dict[Row, Rows] = {}
    made_of: dict[Row, list[int]] = {}
    for kind, file in zip(Row, files, strict=True):
        rows[kind], made_of[kind] = _rows(kind, earlier, file)
    write_packed(path, rows, made_of)
    sync_directory(directory)  # the new name is on the disk before the old ones go
    for file in files:
        file.unlink(missing_ok=True)
    sync_directory(directory)
    return PackedDay(day, sum(map(len, rows.values())), before, path.stat().st_size)


def _rows(kind: Row, earlier: Packed | None, file: Path) -> tuple[Rows, list[int]]:
    blocks = [np.empty(0, DTYPES[kind])]
    made_of: list[int] = []
    if earlier is not None:
        blocks.append(earlier.rows(kind))
        made_of = list(earlier.made_of(kind))
    if file.exists():
        segment = scan(file)
        for damage in segment.damage:
            if not damage.torn:
                raise RecordsDamaged(file=file, what=damage.what, offset=damage.offset)
        if segment.blocks and not is_packed(segment, earlier):
            blocks += segment.rows()
            made_of.append(segment.first_seq)
    return np.concatenate(blocks), made_of


def is_packed(segment: Segment, packed: Packed | None) -> bool:
    """Whether these rows stand in the packed file already."""
    return packed is not None and segment.first_seq in packed.made_of(segment.kind)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    try:
        file = os.open(directory / "pack.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise DiskTrouble(path=directory, why=reason(error)) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise AlreadyRunning(who="another packing", what=directory) from None
    finally:
        os.close(file)


def sync_directory(directory: Path) -> None:
    """Force names to the disk: files that came, went, or took the place of others."""
    handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
