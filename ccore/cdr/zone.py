"""The time zone of a directory of records: in which zone its days begin, if it says so.

Rows are in UTC. Imported records come from a centre that may lie elsewhere than the one of this
machine's configuration, so the zone is kept beside them.
"""

from pathlib import Path

from ccore.errors import DiskTrouble, reason

__all__ = ["keep_zone", "kept_zone"]

FILE_NAME = "zone"
MAX_BYTES = 256  # of a zone's name


def kept_zone(directory: Path) -> str:
    """The zone of these records; "" where none is kept."""
    try:
        with (directory / FILE_NAME).open("rb") as file:
            return file.read(MAX_BYTES).decode("ascii", "replace").strip()
    except OSError:
        return ""


def keep_zone(directory: Path, zone: str) -> None:
    """Note the zone; the first one stays."""
    path = directory / FILE_NAME
    try:
        if not path.exists():
            path.write_text(f"{zone}\n", encoding="ascii", errors="replace")
    except OSError as error:
        raise DiskTrouble(path=path, why=reason(error)) from error
