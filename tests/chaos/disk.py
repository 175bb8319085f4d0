"""A disk that can be full: the writes of this process fail for a while, some of them half way."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

__all__ = ["Disk"]


class Disk:
    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.is_full = False

    def _through(self, write: Any, file: int, data: Any, *place: int) -> int:
        if self.is_full:
            if self.rng.random() < 0.3 and len(data) > 1:
                return int(write(file, data[: len(data) // 2], *place))
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(write(file, data, *place))

    @contextmanager
    def under(self) -> Iterator[None]:
        """The journal and the ledger write with these two."""
        write, pwrite = os.write, os.pwrite
        os.write = lambda file, data: self._through(write, file, data)
        os.pwrite = lambda file, data, at: self._through(pwrite, file, data, at)
        try:
            yield
        finally:
            os.write, os.pwrite = write, pwrite
