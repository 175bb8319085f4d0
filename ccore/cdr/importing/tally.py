"""What an import read, wrote, left out and mended, and why."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ccore.cdr.layout import Row

__all__ = ["BadRow", "Tally", "Trouble"]

FIRST = 5  # places that are named of each kind of bad row
SHOWN = 60  # characters of a bad value that are repeated


class BadRow(Exception):
    """This row cannot be used. `why` is one of few; `found` is what stands there."""

    def __init__(self, why: str, found: str = "") -> None:
        self.why, self.found = why, found
        super().__init__(why)


@dataclass(slots=True)
class Trouble:
    """All bad rows of one kind."""

    rows: int = 0
    first: list[str] = field(default_factory=list)  # FILE:LINE
    found: str = ""  # in the first of them


@dataclass(slots=True)
class Tally:
    """Counts of one import.

    Of a table each row is written, known, ignored or bad; a row may be mended and still written.
    """

    read: int = 0  # rows of a table, lines of a log
    written: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*Row,), 0))
    known: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*Row,), 0))
    ignored: dict[str, int] = field(default_factory=dict)  # why: rows
    mended: dict[str, int] = field(default_factory=dict)  # what: rows
    bad: dict[str, Trouble] = field(default_factory=dict)  # why: rows
    cut: list[str] = field(default_factory=list)  # files that could not be read to their end

    def ignore(self, why: str) -> None:
        self.ignored[why] = self.ignored.get(why, 0) + 1

    def mend(self, what: str) -> None:
        self.mended[what] = self.mended.get(what, 0) + 1

    def refuse(self, bad: BadRow, path: Path, line: int) -> None:
        trouble = self.bad.setdefault(bad.why, Trouble(found=bad.found[:SHOWN]))
        trouble.rows += 1
        if len(trouble.first) < FIRST:
            trouble.first.append(f"{path.name}:{line}")

    @property
    def bad_rows(self) -> int:
        return sum(trouble.rows for trouble in self.bad.values())

    @property
    def ignored_rows(self) -> int:
        return sum(self.ignored.values())

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
