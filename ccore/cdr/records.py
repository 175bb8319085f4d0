"""Reading a directory of records: rows as arrays, with the texts beside them.

A day may be packed, lie in a file for each kind, or both; what is closed, packed and not deleted
yet is read once. A packing that goes on meanwhile is noticed, and the day read again.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from ccore.cdr.layout import DTYPES, Row, Rows
from ccore.cdr.packed import NAME as PACKED_NAME
from ccore.cdr.packed import Packed, packed_name, read_packed
from ccore.cdr.packing import is_packed
from ccore.cdr.rows import RowFact, facts
from ccore.cdr.segment import NAME, Block, Segment, closed_name, file_name, scan
from ccore.cdr.strings import Strings
from ccore.errors import BadRequest, RecordsDamaged, UnknownName, reason

__all__ = ["Records", "Tell", "days_in", "files_of", "load", "read", "segments"]

LOOKS = 3  # at a file whose last block is incomplete; writing one takes microseconds
Tell = Callable[[RecordsDamaged], None]


@dataclass(slots=True)
class Records:
    """All rows of some days."""

    contacts: Rows
    legs: Rows
    agents: Rows
    strings: Strings

    def rows(self, kind: Row) -> Rows:
        return {Row.CONTACT: self.contacts, Row.LEG: self.legs, Row.AGENT: self.agents}[kind]

    def facts(self, kind: Row) -> Iterator[RowFact]:
        return facts(kind, self.rows(kind), self.strings)


def load(
    directory: Path, days: Iterable[date] | None = None, *, tell: Tell | None = None
) -> Records:
    """Everything of `days`, or of all days. See `read` for `tell`."""
    chosen = None if days is None else set(days)
    return Records(
        contacts=read(directory, Row.CONTACT, chosen, tell=tell),
        legs=read(directory, Row.LEG, chosen, tell=tell),
        agents=read(directory, Row.AGENT, chosen, tell=tell),
        strings=Strings(directory, tell=tell),
    )


def read(
    directory: Path, kind: Row, days: Iterable[date] | None = None, *, tell: Tell | None = None
) -> Rows:
    """The rows of one kind in the order of their days and, within a day, of writing.

    A block that was not finished is left out. Garbled blocks raise RecordsDamaged; with `tell` both
    are told instead, and everything else is read.
    """
    found: list[Segment] = []
    for segment in segments(directory, kind, days, tell=tell):
        for damage in segment.damage:
            if tell or not damage.torn:
                _report(
                    RecordsDamaged(file=segment.path, what=damage.what, offset=damage.offset), tell
                )
        if segment.blocks:
            found.append(segment)
    if len(found) == 1 and len(found[0].blocks) == 1:
        return found[0].rows()[0]  # stays mapped
    rows: Rows = np.empty(sum(segment.count for segment in found), DTYPES[kind])
    done = 0
    for segment in found:
        segment.copy_to(rows[done : done + segment.count])
        done += segment.count
    return rows


def segments(
    directory: Path,
    kind: Row | None = None,
    days: Iterable[date] | None = None,
    *,
    tell: Tell | None = None,
) -> Iterator[Segment]:
    """The files of a directory, checked one after another. Foreign ones are raised, or told.

    A packed day is a segment of one block for each kind.
    """
    if not directory.is_dir():
        raise UnknownName(kind="directory of records", name=str(directory), known="none here")
    kinds = [kind] if kind else list(Row)
    for day in sorted(set(days)) if days is not None else days_in(directory, kind):
        yield from _of_day(directory, day, kinds, tell)


def days_in(directory: Path, kind: Row | None = None) -> list[date]:
    """The days that there are files of, in their order."""
    days = set()
    try:
        paths = list(directory.iterdir())
    except OSError as error:
        raise BadRequest(
            what=f"{directory} cannot be read ({reason(error)})",
            expected="a directory of records that you may read",
        ) from None
    for path in paths:
        found = NAME.fullmatch(path.name)
        if (found and kind in (None, found[2])) or (found := PACKED_NAME.fullmatch(path.name)):
            with suppress(ValueError):  # such as the 99th of a month: none of ours
                days.add(date.fromisoformat(found[1]))
    return sorted(days)


def files_of(directory: Path, day: date) -> list[Path]:
    """The files that there are of a day."""
    names = [packed_name(day)]
    names += [name(kind, day) for kind in Row for name in (closed_name, file_name)]
    return [directory / name for name in names if (directory / name).exists()]


def _of_day(directory: Path, day: date, kinds: list[Row], tell: Tell | None) -> Iterator[Segment]:
    path = directory / packed_name(day)
    while True:
        told: list[RecordsDamaged] = []
        inode = _inode(path)
        packed = _packed(path, told)
        found = []
        for kind in kinds:
            for name in (closed_name(kind, day), file_name(kind, day)):
                try:
                    segment = _settled(directory / name)
                except FileNotFoundError:
                    continue
                except RecordsDamaged as trouble:
                    told.append(trouble)
                else:
                    if not is_packed(segment, packed):
                        found.append(segment)
        if _inode(path) == inode:
            break
    for damage in told:
        _report(damage, tell)
    for kind in kinds if packed is not None else ():
        assert packed is not None
        try:
            rows = packed.rows(kind)
        except RecordsDamaged as trouble:
            _report(trouble, tell)
            continue
        if len(rows):
            block = Block(0, len(rows), int(rows["seq"][0]))
            yield Segment(path, kind, rows, blocks=[block])
    yield from found


def _settled(path: Path) -> Segment:
    """A block that is being written this moment is there when one looks again."""
    segment = scan(path)
    for _ in range(LOOKS):
        if not any(damage.torn for damage in segment.damage):
            break
        segment = scan(path)
    return segment


def _packed(path: Path, told: list[RecordsDamaged]) -> Packed | None:
    try:
        return read_packed(path)
    except FileNotFoundError:
        return None
    except RecordsDamaged as trouble:
        told.append(trouble)
        return None


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def _report(trouble: RecordsDamaged, tell: Tell | None) -> None:
    if tell is None:
        raise trouble
    tell(trouble)
