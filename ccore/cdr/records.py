"""Reading a directory of records: rows as arrays, with the texts beside them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from ccore.cdr.layout import DTYPES, Row, Rows
from ccore.cdr.rows import RowFact, facts
from ccore.cdr.segment import NAME, Segment, file_name, scan
from ccore.cdr.strings import Strings
from ccore.errors import RecordsDamaged, UnknownName

__all__ = ["Records", "Tell", "load", "read", "segments"]

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

    A block that a writer has not finished is left out. Garbled blocks raise RecordsDamaged; with
    `tell` they are told instead, left out, and everything else is read.
    """
    blocks: list[Rows] = []
    for segment in segments(directory, kind, days, tell=tell):
        for damage in segment.damage:
            if not damage.torn:
                _report(
                    RecordsDamaged(file=segment.path, what=damage.what, offset=damage.offset), tell
                )
        blocks += segment.rows()
    if len(blocks) == 1:
        return blocks[0]  # stays mapped
    if not blocks:
        return np.empty(0, DTYPES[kind])
    return np.concatenate(blocks)


def segments(
    directory: Path,
    kind: Row | None = None,
    days: Iterable[date] | None = None,
    *,
    tell: Tell | None = None,
) -> Iterator[Segment]:
    """The files of a directory, checked one after another. Foreign ones are raised, or told."""
    if not directory.is_dir():
        raise UnknownName(kind="directory of records", name=str(directory), known="none here")
    for path in _files(directory, kind, days):
        try:
            yield scan(path)
        except RecordsDamaged as trouble:
            _report(trouble, tell)


def _files(directory: Path, kind: Row | None, days: Iterable[date] | None) -> list[Path]:
    """Those of the days are asked for by name: a directory may hold thousands."""
    if days is not None:
        kinds = [kind] if kind else list(Row)
        named = {directory / file_name(one, day) for day in days for one in kinds}
        return sorted(path for path in named if path.exists())
    found = ((path, NAME.fullmatch(path.name)) for path in directory.iterdir())
    return sorted(path for path, name in found if name and kind in (None, name[2]))


def _report(trouble: RecordsDamaged, tell: Tell | None) -> None:
    if tell is None:
        raise trouble
    tell(trouble)
