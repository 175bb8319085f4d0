"""An import from its files to the journal."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ccore.cdr.importing.callcenter import read_events
from ccore.cdr.importing.mapping import Mapping
from ccore.cdr.importing.once import Once
from ccore.cdr.importing.queue_log import read_log
from ccore.cdr.importing.source import numbered_lines, table_rows
from ccore.cdr.importing.table import read_rows
from ccore.cdr.importing.tally import Tally
from ccore.cdr.rows import RowFact
from ccore.cdr.zone import keep_zone
from ccore.errors import BadConfig, CcoreError

__all__ = ["FORMATS", "import_files"]

LOGS = {"queue_log": read_log, "callcenter": read_events}
FORMATS = ("table", *LOGS)


def import_files(
    paths: Sequence[Path],
    directory: Path,
    *,
    format: str = "table",
    mapping: Mapping | None = None,
    mapping_path: Path = Path("mapping"),
    timezone: str = "UTC",
    number_key: bytes | None = None,
    progress: Callable[[int], None] = lambda count: None,
    tell: Callable[[CcoreError], None] = lambda trouble: None,
) -> Tally:
    """Put the calls of `paths` on record in `directory`, and count what became of each row.

    `progress` hears of bytes read, `tell` of damage in the directory. Logs go on from file to
    file, so give them in the order of time.
    """
    tally = Tally()

    def facts() -> Iterator[RowFact]:
        if mapping is None:
            lines = (
                (path, *line) for path in paths for line in numbered_lines(path, tally, progress)
            )
            yield from LOGS[format](lines, tally)
            return
        for path in paths:
            rows = table_rows(path, mapping.file, tally, progress)
            for found in read_rows(
                rows, mapping, mapping_path=mapping_path, path=path, tally=tally
            ):
                yield from found

    found = facts()
    first = next(found, None)  # a mapping that does not fit leaves no directory behind
    if first is None and tally.bad and not tally.ignored_rows:
        why, trouble = next(iter(tally.bad.items()))
        raise BadConfig(
            file=mapping_path if mapping else paths[0],
            place=f"at {trouble.first[0]}",
            found=f"{why}{f' ({trouble.found})' if trouble.found else ''}, as all rows",
            expected="a mapping that fits the file" if mapping else f"a {format}",
        )
    with Once(directory, tally, tell, number_key) as journal:
        if first is not None:
            journal.add(first)
        for fact in found:
            journal.add(fact)
    keep_zone(directory, mapping.timezone if mapping else timezone)
    return tally
