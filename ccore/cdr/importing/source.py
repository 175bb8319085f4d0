"""Foreign files as lines or rows, plain or gzip. What is read is told, for a progress bar."""

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from ccore.cdr.importing.mapping import File
from ccore.cdr.importing.tally import BadRow, Tally
from ccore.errors import BadRequest, reason

__all__ = ["numbered_lines", "open_text", "table_rows"]

Progress = Callable[[int], None]
EVERY = 4096  # lines between two looks at how far the file is read
MAX_LINE = 1024 * 1024  # characters; longer is no log and no table

BROKEN = (EOFError, OSError, zlib.error)  # OSError: also gzip.BadGzipFile


@contextmanager
def open_text(path: Path, encoding: str, progress: Progress) -> Iterator[tuple[TextIO, Progress]]:
    """The text of a file, and what to call now and then with the number of lines read."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise BadRequest(
            what=f"{path} cannot be read ({reason(error)})",
            expected="a file of calls, plain or .gz",
        ) from None
    with raw:
        zipped = raw.peek(2)[:2] == b"\x1f\x8b"
        data = gzip.GzipFile(fileobj=raw) if zipped else raw
        told = 0

        def look(lines: int) -> None:
            nonlocal told
            if lines % EVERY == 0:
                progress(raw.tell() - told)
                told = raw.tell()

        # What is no text of this encoding is kept readable: one wrong name costs no row.
        yield (
            io.TextIOWrapper(data, encoding=encoding, errors="backslashreplace", newline=""),
            look,
        )
        progress(raw.tell() - told)


def numbered_lines(path: Path, tally: Tally, progress: Progress) -> Iterator[tuple[int, str]]:
    """Lines of a log, from 1. A file that ends in the middle is noted, and its good part read."""
    with open_text(path, "utf-8", progress) as (file, look):
        number = 0
        while True:
            try:
                line = file.readline(MAX_LINE)
            except BROKEN as error:
                tally.cut.append(f"{path.name}: {_why(error)} after line {number}")
                return
            if not line:
                return
            number += 1
            look(number)
            yield number, line.rstrip("\r\n")


def table_rows(
    path: Path, shape: File, tally: Tally, progress: Progress
) -> Iterator[tuple[int, Sequence[str]]]:
    """Rows of a table with the line that each ends on, the names of the columns first."""
    with open_text(path, shape.encoding, progress) as (file, look):
        for _ in range(shape.skip_lines):
            file.readline(MAX_LINE)
        rows = csv.reader(
            file,
            delimiter=shape.separator,
            quotechar=shape.quote or None,
            quoting=csv.QUOTE_MINIMAL if shape.quote else csv.QUOTE_NONE,
        )
        count = 0
        while True:
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                tally.read += 1
                bad = BadRow(f"no row of a table ({error})")
                tally.refuse(bad, path, rows.line_num + shape.skip_lines)
                continue
            except BROKEN as error:
                line = rows.line_num + shape.skip_lines
                tally.cut.append(f"{path.name}: {_why(error)} after line {line}")
                return
            if count == 0 and cells:
                cells[0] = cells[0].removeprefix("\ufeff")
            count += 1
            look(count)
            yield rows.line_num + shape.skip_lines, cells


def _why(error: Exception) -> str:
    return "cut off" if isinstance(error, EOFError) else f"unreadable ({error})"
