"""What has to be known of open calls and agents if the daemon dies now: a small file, append-only.

One JSON array a line, `[key, fields]`; the newest of a key counts, and without fields the key is to
be forgotten. Each flush is one write, so a line is there as soon as the kernel has it, whatever
becomes of the process. A last line that was cut off is passed over. When most of the file is
history it is written anew and put in its place in one step.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ccore.errors import DiskTrouble, reason

__all__ = ["Ledger"]

FILE_NAME = "open.jsonl"
# Rewriting takes a millisecond or two at this size; about 5,000 changes of calls.
LARGE_BYTES = 1 << 20

Fields = Mapping[str, str]
_decoder = msgspec.json.Decoder(tuple[str, dict[str, str]])


class Ledger:
    """`note` only remembers; `flush` writes, and raises DiskTrouble if it cannot: no note is lost.

    `note` may be called while another thread is in `flush`.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE_NAME
        self._new: dict[str, Fields] = {}
        self._open: dict[str, Fields] = {}  # as the file has it
        self._end = 0  # of the last line that is whole
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            self._read()
        except OSError as error:
            raise DiskTrouble(path=self.path, why=reason(error)) from error

    def note(self, key: str, fields: Fields) -> None:
        self._new[key] = fields

    def load(self) -> dict[str, Fields]:
        """What is open, oldest first."""
        return {key: fields for key, fields in (self._open | self._new).items() if fields}

    def flush(self) -> None:
        new, self._new = self._new, {}  # a note that comes meanwhile is not lost
        if not new:
            return
        try:
            self._write(b"".join(_line(key, fields) for key, fields in new.items()))
            self._take(new)
            if self._end > LARGE_BYTES:
                self._shorten()
        except OSError as error:
            for key, fields in new.items():
                self._new.setdefault(key, fields)
            raise DiskTrouble(path=self.path, why=reason(error)) from error

    def close(self) -> None:
        try:
            self.flush()
        finally:
            os.close(self._file)

    def _read(self) -> None:
        data = os.pread(self._file, os.fstat(self._file).st_size, 0)
        whole = data[: data.rfind(b"\n") + 1]
        for line in whole.splitlines():
            try:
                key, fields = _decoder.decode(line)
            except msgspec.DecodeError:  # a line that a bad disk garbled: one call less is known
                continue
            self._take({key: fields})
        self._end = len(whole)

    def _take(self, new: Mapping[str, Fields]) -> None:
        for key, fields in new.items():
            self._open.pop(key, None)
            if fields:
                self._open[key] = fields

    def _write(self, data: bytes) -> None:
        """Behind the last whole line, and over what a failed write left there."""
        rest, at = memoryview(data), self._end
        while rest:
            done = os.pwrite(self._file, rest, at)
            rest, at = rest[done:], at + done
        os.ftruncate(self._file, at)
        self._end = at

    def _shorten(self) -> None:
        new = self.path.with_suffix(".new")
        data = b"".join(_line(key, fields) for key, fields in self._open.items())
        new.write_bytes(data)
        new.chmod(0o640)
        file = os.open(new, os.O_RDWR | os.O_CLOEXEC)
        os.fsync(file)  # or a power cut might leave the new name and nothing under it
        new.replace(self.path)
        os.close(self._file)
        self._file, self._end = file, len(data)


def _line(key: str, fields: Fields) -> bytes:
    # Texts of callers come in any encoding; what is no UTF-8 must not stop a write.
    clean = {name: _clean(value) for name, value in fields.items()}
    return msgspec.json.encode((_clean(key), clean)) + b"\n"


def _clean(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
