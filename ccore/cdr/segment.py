"""One file of the journal: rows of one kind that belong to one UTC day.

    slot 0      magic, version, kind, row size
    block       head (one slot): count, CRC-32 of the rows, first sequence number, CRC-32 of itself
                rows (count slots)
    void        head (one slot): count; slots without meaning, where a torn tail was
    block ...

Every slot has the size of a row, so a file maps as one array; a head begins with four zero bytes
where a row has its sequence number. A block is written by one write and is there or is not.
A file never shrinks while it is in use: who has it mapped keeps every page of it.

Damage is of two sorts. *Torn*: the file ends before its last block does, as after a power cut or
while a writer is at work. *Garbled*: bytes are there and are not what was written. Reading goes on
at the next head that is whole, so damage costs the block it is in and no other.
"""

import mmap
import os
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from ccore.cdr.layout import DTYPES, Row, Rows
from ccore.cdr.older import VERSIONS, dtype_of, to_current
from ccore.errors import RecordsDamaged, reason

__all__ = [
    "NAME",
    "Block",
    "Damage",
    "Segment",
    "block_bytes",
    "closed_name",
    "day_of",
    "file_head",
    "file_name",
    "last_slot_seq",
    "scan",
    "void_bytes",
]

VERSION = 2
MAGIC = b"ccorerec"
# A version has its own, so that the blocks of another are never taken for ours.
BLOCK_MAGICS = {version: b"\0\0\0\0blk%d" % version for version in VERSIONS}
VOID_MAGIC = b"\0\0\0\0void"
FILE_HEAD = struct.Struct("<8sHHB")  # magic, version, row size in bytes, kind
BLOCK_HEAD = struct.Struct("<8sIIQ")  # magic, count, CRC of the rows, first sequence number
HEAD_CRC = struct.Struct("<I")  # CRC of BLOCK_HEAD
KIND_CODES = {Row.CONTACT: 1, Row.LEG: 2, Row.AGENT: 3}
NAME = re.compile(r"(\d{4}-\d\d-\d\d)\.(contact|leg|agent)(\.closed)?\.ccr")
EPOCH = date(1970, 1, 1)
DAY_US = 86_400_000_000
LAST_DAY = (date.max - EPOCH).days
# Of a large file so much stays in memory while it is read; pages come back from the system's cache.
RESIDENT_BYTES = 16 << 20


@dataclass(slots=True)
class Block:
    slot: int  # of its first row
    count: int
    first_seq: int


@dataclass(slots=True)
class Damage:
    offset: int  # in bytes
    what: str
    torn: bool  # incomplete, as opposed to garbled


@dataclass(slots=True)
class Segment:
    """What a scan found in one file."""

    path: Path
    kind: Row
    slots: Rows  # the whole file, heads included, mapped
    mapped: mmap.mmap | bytes = b""  # the file under `slots`
    version: int = VERSION
    blocks: list[Block] = field(default_factory=list)  # those that are whole
    damage: list[Damage] = field(default_factory=list)
    good_end: int = 0  # bytes up to the end of the last whole block

    @property
    def first_seq(self) -> int:
        return self.blocks[0].first_seq if self.blocks else 0

    @property
    def last_seq(self) -> int:
        return max((block.first_seq + block.count - 1 for block in self.blocks), default=0)

    @property
    def count(self) -> int:
        """Rows in whole blocks."""
        return sum(block.count for block in self.blocks)

    def copy_to(self, out: Rows) -> None:
        """All rows, one after another; what was copied need not stay in memory."""
        done, let_go = 0, 0
        for block, rows in zip(self.blocks, self._views(), strict=True):
            out[done : done + block.count] = rows
            done += block.count
            at = (block.slot + block.count) * self.slots.itemsize
            if at - let_go > RESIDENT_BYTES:
                _let_go(self.mapped, let_go, at)
                let_go = at

    def rows(self) -> list[Rows]:
        """Views of the rows, block by block; nothing is copied, but for rows of older versions."""
        return list(self._views())

    def _views(self) -> Iterator[Rows]:
        for block in self.blocks:
            yield to_current(self.kind, self.slots[block.slot : block.slot + block.count])


def day_of(at_us: int) -> date:
    return EPOCH + timedelta(days=min(max(at_us // DAY_US, 0), LAST_DAY))


def file_name(kind: Row, day: date) -> str:
    return f"{day.isoformat()}.{kind.value}.ccr"


def closed_name(kind: Row, day: date) -> str:
    """Of a file that waits to be packed: nothing is added to it any more."""
    return f"{day.isoformat()}.{kind.value}.closed.ccr"


def file_head(kind: Row, version: int = VERSION) -> bytes:
    size = dtype_of(version, kind).itemsize
    return FILE_HEAD.pack(MAGIC, version, size, KIND_CODES[kind]).ljust(size, b"\0")


def block_bytes(rows: Rows, first_seq: int) -> bytes:
    payload = rows.tobytes()
    head = BLOCK_HEAD.pack(BLOCK_MAGICS[VERSION], len(rows), zlib.crc32(payload), first_seq)
    return _sealed(head, rows.itemsize) + payload


def void_bytes(kind: Row, slots: int) -> bytes:
    """What stands in `slots` slots that hold nothing, the head among them."""
    size = DTYPES[kind].itemsize
    return _sealed(BLOCK_HEAD.pack(VOID_MAGIC, slots - 1, 0, 0), size).ljust(slots * size, b"\0")


def scan(path: Path) -> Segment:
    """Read one file's structure and check every byte.

    Raises RecordsDamaged for a foreign file, FileNotFoundError where there is none.
    """
    found = NAME.fullmatch(path.name)
    if found is None:
        raise RecordsDamaged(file=path, what="the name is not DAY.KIND.ccr", offset=0)
    kind = Row(found[2])
    data = _map(path)
    version = _version(bytes(data[: FILE_HEAD.size]))
    dtype = dtype_of(version, kind)
    size = dtype.itemsize
    expected = file_head(kind, version)
    head = bytes(data[:size])
    segment = Segment(path, kind, np.frombuffer(data, dtype, len(data) // size), data, version)
    if head != expected:
        if not head:
            return segment
        if expected.startswith(head):
            segment.damage.append(Damage(0, "the file's head is incomplete", torn=True))
            return segment
        block = bytes(data[size : 2 * size])
        version = next((v for v in VERSIONS if _block_of(block, BLOCK_MAGICS[v])), 0)
        if not version or dtype_of(version, kind).itemsize != size:
            raise RecordsDamaged(file=path, what=_foreign(head), offset=0)
        slots = np.frombuffer(data, dtype_of(version, kind), len(data) // size)
        segment = Segment(path, kind, slots, data, version)
        segment.damage.append(Damage(0, "the file's head is garbled", torn=False))
    segment.good_end = size
    _walk(segment, memoryview(data), size)
    return segment


def last_slot_seq(path: Path, kind: Row) -> int:
    """The number in the last slot, without reading the rest; 0 where no row ends the file."""
    size = DTYPES[kind].itemsize
    with path.open("rb") as file:
        length = os.fstat(file.fileno()).st_size
        if length < 2 * size or length % size:
            return 0
        return int.from_bytes(os.pread(file.fileno(), 4, length - size), "little")


def _walk(segment: Segment, data: memoryview, size: int) -> None:
    slot, end, let_go = 1, len(data), 0
    magic = BLOCK_MAGICS[segment.version]
    while slot * size < end:
        offset = slot * size
        if end - offset < size:
            segment.damage.append(Damage(offset, "a block is incomplete", torn=True))
            return
        head = bytes(data[offset : offset + size])
        block, void = _block_of(head, magic), _block_of(head, VOID_MAGIC)
        if void:
            slot += 1 + void[0]
            segment.good_end = min(slot * size, end)
            continue
        if not block:
            segment.damage.append(Damage(offset, "a block's head is garbled", torn=False))
            slot = _next_head(segment.slots, slot + 1, magic)
            continue
        count, crc, first_seq = block
        stop = offset + (1 + count) * size
        if stop > end:
            segment.damage.append(Damage(offset, "a block is incomplete", torn=True))
            return
        intact = zlib.crc32(data[offset + size : stop]) == crc
        if stop - let_go > RESIDENT_BYTES:
            _let_go(segment.mapped, let_go, stop)
            let_go = stop
        if not intact:
            segment.damage.append(Damage(offset, f"a block of {count} rows is garbled", torn=False))
        else:
            segment.blocks.append(Block(slot + 1, count, first_seq))
            segment.good_end = stop
        slot += 1 + count


def _next_head(slots: Rows, start: int, magic: bytes) -> int:
    starts = np.ascontiguousarray(slots[start:]).view(np.uint8).reshape(-1, slots.itemsize)
    match = np.zeros(len(starts), np.bool_)
    for one in (magic, VOID_MAGIC):
        match |= (starts[:, : len(one)] == np.frombuffer(one, np.uint8)).all(axis=1)
    hits = np.flatnonzero(match)
    # Without another head the rest is skipped, a last incomplete slot with it.
    return start + int(hits[0]) if len(hits) else len(slots) + 1


def _sealed(head: bytes, size: int) -> bytes:
    return (head + HEAD_CRC.pack(zlib.crc32(head))).ljust(size, b"\0")


def _block_of(head: bytes, magic: bytes) -> tuple[int, int, int] | None:
    """Count, checksum and first number of a block's head; None where it is no such head."""
    if not head.startswith(magic) or head != _sealed(head[: BLOCK_HEAD.size], len(head)):
        return None
    _, count, crc, first_seq = BLOCK_HEAD.unpack_from(head)
    return count, crc, first_seq


def _version(head: bytes) -> int:
    """The version that a file names, if we read it; else ours."""
    if len(head) < FILE_HEAD.size or not head.startswith(MAGIC):
        return VERSION
    version = int(FILE_HEAD.unpack(head)[1])
    return version if version in VERSIONS else VERSION


def _foreign(head: bytes) -> str:
    if head.startswith(MAGIC) and len(head) >= FILE_HEAD.size:
        _, version, size, kind = FILE_HEAD.unpack_from(head)
        if version not in VERSIONS:
            known = f"versions {min(VERSIONS)} to {VERSION}"
            return f"written as version {version}, this ccore reads {known}"
        return f"the head is garbled (kind {kind}, rows of {size} bytes)"
    return "not a file of records"


def _let_go(data: mmap.mmap | bytes, start: int, stop: int) -> None:
    """Whole pages only; they are read again when they are looked at again."""
    if isinstance(data, mmap.mmap):
        start -= start % mmap.PAGESIZE
        data.madvise(mmap.MADV_DONTNEED, start, stop - stop % mmap.PAGESIZE - start)


def _map(path: Path) -> mmap.mmap | bytes:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:  # nothing to map
                return b""
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:  # such as one that was packed meanwhile
        raise
    except OSError as error:
        what = f"cannot be read ({reason(error)})"
        raise RecordsDamaged(file=path, what=what, offset=0) from error
