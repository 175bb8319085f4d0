"""The decision log: what the router was told and what it chose, so that it can be made again.

Segments of JSON lines, `decisions/00000042.jsonl`. Each begins with everything that is known (the
router is made anew there), so each can be replayed by itself and the oldest can go. No numbers and
no names of callers stand in it. What a disk refuses is lost and the next segment begins: a log with
a hole could not be replayed.
"""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import gevent
from gevent.event import Event as Flag

from ccore.routing.replay import encode

__all__ = ["DIRECTORY", "DecisionLog", "segments"]

log = logging.getLogger(__name__)

DIRECTORY = "decisions"
FLUSH_S = 1.0
# The log is cut into so many parts, of which the oldest goes when there is no room.
PARTS = 4
# A disk that refuses is tried again so often: a beginning of a large centre is megabytes.
RETRY_S = 30.0
# Lines that may wait for a disk; beyond this they are let go. A minute at 1,000 calls/s.
MOST_WAITING = 500_000


def segments(directory: Path) -> list[Path]:
    """The segments that there are, the oldest first."""
    return sorted(directory.glob("[0-9]*.jsonl"))


class DecisionLog:
    """`renew` makes the router begin anew and tell us; it may be called from our own greenlet."""

    def __init__(self, directory: Path, most_bytes: int, renew: Callable[[], None]) -> None:
        self.directory = directory
        self.trouble = ""
        self._most_bytes = most_bytes
        self._renew = renew
        self._said: list[tuple[Any, ...]] = []
        self._file: IO[bytes] | None = None
        self._bytes = 0
        self._beginning = 0  # bytes of the segment that say what was known when it began
        self._refused_s = 0.0
        self._is_begun = False  # nothing is written before a beginning
        self._over = Flag()
        self._greenlet: gevent.Greenlet | None = None

    def hear(self, said: tuple[Any, ...]) -> None:
        """From the router; never waits."""
        if said[0] == "begin":
            self._is_begun = True
        if self._is_begun and len(self._said) < MOST_WAITING:
            self._said.append(said)
        elif self._is_begun:
            self._give_up(f"{MOST_WAITING} lines wait for the disk")

    @property
    def is_full(self) -> bool:
        """Time for the next segment; but one that is little more than a beginning helps nobody."""
        return self._bytes >= max(self._most_bytes // PARTS, 2 * self._beginning)

    def start(self) -> None:
        self._renew()
        self._greenlet = gevent.spawn(self._run)

    def close(self) -> None:
        self._over.set()
        if self._greenlet is not None:
            self._greenlet.join()
        self.flush()
        if self._file is not None:
            self._file.close()
            self._file = None

    def begin(self) -> None:
        """A new segment."""
        self._refused_s = 0.0
        self._renew()
        self._write_beginning()

    def _write_beginning(self) -> None:
        self.flush()
        self._beginning = self._bytes

    def _run(self) -> None:
        self._write_beginning()
        while not self._over.wait(FLUSH_S):
            self.flush()
            self._refused_s += 0.0 if self._is_begun else FLUSH_S
            if self._refused_s >= RETRY_S or (self._is_begun and self.is_full):
                self.begin()

    def flush(self) -> None:
        said, self._said = self._said, []
        if not said:
            return
        try:
            gevent.get_hub().threadpool.apply(self._write, (said,))
        except OSError as error:
            self._give_up(error.strerror or str(error))
        else:
            if self.trouble:
                log.info("the decision log is written again")
            self.trouble = ""

    def _give_up(self, why: str) -> None:
        if not self.trouble:
            log.error("cannot write the decision log %s: %s", self.directory, why)
        self.trouble = why
        self._said, self._is_begun = [], False

    def _write(self, said: list[tuple[Any, ...]]) -> None:
        for begins, data in _pieces(said):
            if begins:
                self._next()
            assert self._file is not None
            self._file.write(data)
            self._bytes += len(data)

    def _next(self) -> None:
        """A new segment; the oldest go when there would be too many."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o750)
        known = segments(self.directory)
        number = int(known[-1].stem) + 1 if known else 1
        for old in known[: max(0, len(known) - PARTS + 1)]:
            old.unlink(missing_ok=True)
        path = self.directory / f"{number:08}.jsonl"
        self._file, self._bytes = path.open("wb", buffering=0), 0


def _pieces(said: list[tuple[Any, ...]]) -> Iterator[tuple[bool, bytes]]:
    """Bytes to be written at once, and whether a segment begins with them."""
    lines: list[bytes] = []
    begins = False
    for one in said:
        if one[0] == "begin":
            if lines:
                yield begins, b"".join(lines)
            lines, begins = [], True
        lines.append(encode(one))
    if lines:
        yield begins, b"".join(lines)
