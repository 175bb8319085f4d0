"""A finished day in one file: the rows of all three kinds, column by column.

    8 bytes "ccorepak", version (u16), bytes of the head (u32), CRC-32 of the head (u32)
    head      JSON: for each kind the count of rows, the first numbers of the files it was made
              of, and the columns
    columns   one after another

Rows come back exactly as they were, in the order in which they were written. What a column can be
guessed from stands in CONTACT, LEG and AGENT below: a caller's answer from his queue and his wait,
a leg's beginning from the end of the leg before it. A leg names its contact by place.

Rows that come later, as of a call that went on for days, lie in files beside. How a day is packed,
and what is done if that was broken off: `packing`.
"""

import mmap
import os
import re
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from ccore.cdr.columns import BEFORE, NOTHING, Column, Ints, decode, encode
from ccore.cdr.layout import DTYPES, NONE_MS, Row, Rows
from ccore.cdr.segment import VERSION
from ccore.errors import DiskTrouble, RecordsDamaged, reason

__all__ = ["NAME", "Packed", "packed_name", "read_packed", "write_packed"]

MAGIC = b"ccorepak"
HEAD = struct.Struct("<8sHII")  # magic, version, bytes of the JSON, its CRC
NAME = re.compile(r"(\d{4}-\d\d-\d\d)\.ccp")

Bools = npt.NDArray[np.bool_]
Guess = Callable[[Mapping[str, Ints]], Ints]
Guesses = Mapping[str, Guess | None]  # None: the numbers before


def _zero(done: Mapping[str, Ints]) -> Ints:
    return np.zeros(1, np.int64)


def _end_of_wait(done: Mapping[str, Ints]) -> Ints:
    return done["queued_ms"] + done["wait_ms"]


def _end_of_talk(done: Mapping[str, Ints]) -> Ints:
    begin = np.maximum(done["queued_ms"], 0)
    return begin + done["wait_ms"] + done["talk_ms"] + done["hold_ms"]


PLAIN: Guesses = {NOTHING: _zero}
STEADY: Guesses = {NOTHING: _zero, BEFORE: None}
# In the order in which they are read: a guess looks at columns that stand before it.
CONTACT: dict[str, Guesses] = {
    "seq": STEADY,
    "contact_hi": PLAIN,
    "contact_lo": PLAIN,
    "arrived_us": STEADY,
    "ivr_ms": PLAIN,
    "queued_ms": {NOTHING: _zero, "ivr": lambda done: done["ivr_ms"]},
    "wait_ms": PLAIN,
    "ring_ms": {NOTHING: _zero, "wait": lambda done: done["wait_ms"]},
    "answered_ms": {NOTHING: _zero, "wait": _end_of_wait},
    "talk_ms": PLAIN,
    "hold_ms": PLAIN,
    "length_ms": {NOTHING: _zero, "talk": _end_of_talk},
    **dict.fromkeys(("calling", "calling_name", "called", "recording"), STEADY),
    **dict.fromkeys(("queue", "agent", "entry", "cause", "priority", "site", "tenant"), PLAIN),
    **dict.fromkeys(("node", "language", "offers", "transfers", "outcome", "step"), PLAIN),
    **dict.fromkeys(("survey", "flags"), PLAIN),
}
LEG: dict[str, Guesses] = {
    "seq": STEADY,
    "owner": STEADY,
    "contact_hi": PLAIN,  # of legs whose contact is not here; 0 elsewhere
    "contact_lo": PLAIN,
    "contact_us": {NOTHING: _zero, "owner": lambda done: done["owner_us"]},
    "length_us": PLAIN,
    "gap_us": PLAIN,
    "detail": STEADY,
    **dict.fromkeys(("queue", "agent", "cause", "site", "tenant", "kind"), PLAIN),
    **dict.fromkeys(("result", "language", "step", "hop"), PLAIN),
}
AGENT: dict[str, Guesses] = {
    "seq": STEADY,
    "agent": PLAIN,
    "length_us": PLAIN,
    "gap_us": PLAIN,
    **dict.fromkeys(("reason", "queue", "team", "site", "state"), PLAIN),
}
COLUMNS = {Row.CONTACT: CONTACT, Row.LEG: LEG, Row.AGENT: AGENT}
# Not in the rows as such: places of contacts, and times as gaps and lengths.
MADE = {"owner", "length_us", "gap_us"}


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rows: int
    last_seq: int
    made_of: list[int]  # first numbers of the files whose rows these are
    columns: list[Column]


_decoder = msgspec.json.Decoder(dict[Row, _Part])


@dataclass(slots=True)
class Packed:
    """A file that was opened; columns are read when rows are asked for."""

    path: Path
    data: mmap.mmap  # stays what it is, whatever takes the file's place
    parts: dict[Row, _Part]
    body: int  # offset of the columns

    def made_of(self, kind: Row) -> list[int]:
        return self.parts[kind].made_of

    def count(self, kind: Row) -> int:
        return self.parts[kind].rows

    def last_seq(self, kind: Row) -> int:
        return self.parts[kind].last_seq

    def rows(self, kind: Row) -> Rows:
        """Raises RecordsDamaged."""
        if kind is Row.LEG:
            return self._legs()
        done = self._columns(kind, {})
        if kind is Row.AGENT:
            order, is_first = _chains(done["agent"])
            start_us = _starts(done, order, is_first, np.zeros(self.count(kind), np.int64))
            done |= {"start_us": start_us, "end_us": start_us + done["length_us"]}
        return self._made(kind, done)

    def _legs(self) -> Rows:
        contacts = self.rows(Row.CONTACT)
        done = self._columns(Row.LEG, {"contacts_us": contacts["arrived_us"].astype(np.int64)})
        owner = done["owner"]
        has = owner > 0
        for name in ("contact_hi", "contact_lo"):
            done[name][has] = contacts[name].view("<i8")[owner[has] - 1] if has.any() else 0
        order, is_first = _chains(done["contact_us"] * 31 + done["contact_lo"])
        start_us = _starts(done, order, is_first, done["contact_us"])
        done |= {"start_us": start_us, "end_us": start_us + done["length_us"]}
        return self._made(Row.LEG, done)

    def _columns(self, kind: Row, done: dict[str, Ints]) -> dict[str, Ints]:
        part, wanted = self.parts[kind], COLUMNS[kind]
        if [column.name for column in part.columns] != list(wanted):
            raise self._damaged(f"the columns of {kind.value} are not as expected", 0)
        for column in part.columns:
            begin = self.body + column.offset
            try:
                data = self.data[begin : begin + column.size]
                if zlib.crc32(data) != column.crc:
                    raise ValueError("checksum")
                guess = wanted[column.name].get(column.guess)
                other = None if column.guess == BEFORE else (guess or _zero)(done)
                done[column.name] = decode(column, data, part.rows, other)
                if column.name == "owner":
                    done["owner_us"] = _owner_us(done)
            except (ValueError, OverflowError, IndexError) as error:
                what = f"{part.rows} rows of {kind.value} are garbled ({column.name}: {error})"
                raise self._damaged(what, begin) from error
        return done

    def _made(self, kind: Row, done: Mapping[str, Ints]) -> Rows:
        rows: Rows = np.zeros(self.count(kind), DTYPES[kind])
        for name in rows.dtype.names or ():
            if name == "spare":
                continue
            values = done[name]
            if rows[name].dtype == np.uint32:
                values = values & NONE_MS
            rows[name] = values.astype(rows[name].dtype)
        return rows

    def _damaged(self, what: str, offset: int) -> RecordsDamaged:
        return RecordsDamaged(file=self.path, what=what, offset=offset)


def packed_name(day: date) -> str:
    return f"{day.isoformat()}.ccp"


def read_packed(path: Path) -> Packed:
    """Open a packed day. Raises RecordsDamaged, and FileNotFoundError where there is none."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < HEAD.size:
                raise RecordsDamaged(file=path, what="not a packed day of records", offset=0)
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise
    except OSError as error:
        what = f"cannot be read ({reason(error)})"
        raise RecordsDamaged(file=path, what=what, offset=0) from error
    magic, version, length, crc = HEAD.unpack_from(data)
    if magic != MAGIC:
        raise RecordsDamaged(file=path, what="not a packed day of records", offset=0)
    if version != VERSION:
        what = f"written as version {version}, this ccore reads version {VERSION}"
        raise RecordsDamaged(file=path, what=what, offset=0)
    head = data[HEAD.size : HEAD.size + length]
    try:
        if zlib.crc32(head) != crc:
            raise ValueError("checksum")
        parts = _decoder.decode(head)
        if set(parts) != set(Row):
            raise ValueError("a kind is missing")
    except (ValueError, msgspec.DecodeError) as error:
        what = f"the head is garbled ({error})"
        raise RecordsDamaged(file=path, what=what, offset=HEAD.size) from error
    return Packed(path, data, parts, HEAD.size + length)


def write_packed(path: Path, rows: Mapping[Row, Rows], made_of: Mapping[Row, list[int]]) -> None:
    """Pack rows into a new file, which takes the place of an older one in one step."""
    parts: dict[Row, _Part] = {}
    body = bytearray()
    for kind in Row:
        columns = []
        for column, data in _encoded(kind, rows):
            at = {"offset": len(body), "size": len(data), "crc": zlib.crc32(data)}
            columns.append(msgspec.structs.replace(column, **at))
            body += data
        last_seq = int(rows[kind]["seq"].max(initial=0))
        parts[kind] = _Part(len(rows[kind]), last_seq, made_of[kind], columns)
    head = msgspec.json.encode(parts)
    new = path.with_name(f"{path.name}.new")
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
        with os.fdopen(handle, "wb") as file:
            file.write(HEAD.pack(MAGIC, VERSION, len(head), zlib.crc32(head)) + head)
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        packed = read_packed(new)
        for kind in Row:
            if packed.rows(kind).tobytes() != rows[kind].tobytes():
                raise AssertionError(f"rows of {kind.value} would come back otherwise")
        new.replace(path)
    except OSError as error:
        raise DiskTrouble(path=new, why=reason(error)) from error


def _encoded(kind: Row, rows: Mapping[Row, Rows]) -> list[tuple[Column, bytes]]:
    of_kind, contacts = rows[kind], rows[Row.CONTACT]
    done = {name: _ints(of_kind, name) for name in of_kind.dtype.names or () if name != "spare"}
    if kind is Row.LEG:
        done["owner"] = _owners(contacts, of_kind)
        done["contacts_us"] = contacts["arrived_us"].astype(np.int64)
        done["owner_us"] = _owner_us(done)
        order, is_first = _chains(done["contact_us"] * 31 + done["contact_lo"])
        has = done["owner"] > 0
        done["contact_hi"], done["contact_lo"] = (
            np.where(has, 0, done[name]) for name in ("contact_hi", "contact_lo")
        )
        done |= _gaps(done, order, is_first, done["contact_us"])
    elif kind is Row.AGENT:
        order, is_first = _chains(done["agent"])
        done |= _gaps(done, order, is_first, np.zeros(len(of_kind), np.int64))
    out = []
    for name, guesses in COLUMNS[kind].items():
        others = {word: guess and guess(done) for word, guess in guesses.items()}
        out.append(encode(name, done[name], others))
    return out


def _ints(rows: Rows, name: str) -> Ints:
    """A field as 64 bits with a sign; an offset that never happened as -1."""
    values = rows[name]
    if values.dtype == np.uint32:
        return np.where(values == NONE_MS, -1, values.astype(np.int64))
    return values.astype(np.int64)  # the upper half of unsigned ones as negative numbers


def _owners(contacts: Rows, legs: Rows) -> Ints:
    """Place of each leg's contact, counted from 1; 0 where it is not here."""
    if not len(contacts):
        return np.zeros(len(legs), np.int64)
    keys, wanted = _keys(contacts), _keys(legs)
    order = np.argsort(keys, kind="stable")
    place = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)]
    return np.where(keys[place] == wanted, place + 1, 0).astype(np.int64)


def _keys(rows: Rows) -> "np.ndarray[tuple[int], np.dtype[np.void]]":
    keys = np.empty((len(rows), 2), ">u8")
    keys[:, 0], keys[:, 1] = rows["contact_hi"], rows["contact_lo"]
    return keys.view("S16").ravel()


def _owner_us(done: Mapping[str, Ints]) -> Ints:
    known = np.concatenate([np.zeros(1, np.int64), done["contacts_us"]])
    return known[done["owner"]]


def _chains(keys: Ints) -> tuple[Ints, Bools]:
    """Rows of equal keys behind one another, in their order; which of them begin a chain."""
    order = np.argsort(keys, kind="stable")
    chained = keys[order]
    is_first = np.ones(len(keys), np.bool_)
    is_first[1:] = chained[1:] != chained[:-1]
    return order, is_first


def _gaps(done: Mapping[str, Ints], order: Ints, is_first: Bools, base: Ints) -> dict[str, Ints]:
    """Lengths, and from the end of the row before in the chain (the base of the first) to here."""
    start, end = done["start_us"][order], done["end_us"][order]
    before = np.concatenate([np.zeros(1, np.int64), end[:-1]])[: len(end)]
    gaps = start - np.where(is_first, base[order], before)
    out = np.empty_like(gaps)
    out[order] = gaps
    return {"length_us": done["end_us"] - done["start_us"], "gap_us": out}


def _starts(done: Mapping[str, Ints], order: Ints, is_first: Bools, base: Ints) -> Ints:
    gap, length = done["gap_us"][order], done["length_us"][order]
    before = np.concatenate([np.zeros(1, np.int64), length[:-1]])[: len(length)]
    steps = np.cumsum(gap + np.where(is_first, 0, before))
    # Each chain begins anew: take away what was added up before it.
    first = np.flatnonzero(is_first)
    sizes = np.diff(np.append(first, len(steps)))
    earlier = np.repeat(steps[first] - gap[first], sizes)
    start = np.empty_like(steps)
    start[order] = steps - earlier + np.repeat(base[order][first], sizes)
    return start
