"""One column of a packed day: integers, as few bytes as they take.

Numbers are written as differences from a guess (the one before, another column), folded so that
small ones of either sign are small, cut to the bytes that the greatest needs, laid out plane by
plane (all lowest bytes, then all second ones, ...) and deflated. Of several guesses the one that
takes the least is kept. Arithmetic is modulo 2**64, so any guess gives every number back.
"""

import zlib
from collections.abc import Mapping
from enum import StrEnum

import msgspec
import numpy as np
import numpy.typing as npt

__all__ = ["BEFORE", "NOTHING", "Column", "Ints", "decode", "encode"]

Ints = npt.NDArray[np.int64]

NOTHING = ""  # guess: zero
BEFORE = "before"  # guess: the number before
LEVEL = 6  # of deflate; 9 takes three times as long for a hundredth


class How(StrEnum):
    SAME = "same"  # every difference is `first`
    PLAIN = "plain"
    DEFLATED = "deflated"


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a column lies in the file and how it is read; sizes in bytes."""

    name: str
    guess: str
    how: How
    first: int = 0  # of SAME: the difference
    width: int = 0  # bytes of a difference
    offset: int = 0  # from the end of the file's head
    size: int = 0
    crc: int = 0


def encode(name: str, values: Ints, guesses: Mapping[str, Ints | None]) -> tuple[Column, bytes]:
    """The smallest by any of the guesses; None stands for the numbers before."""
    best: tuple[Column, bytes] | None = None
    for guess, other in guesses.items():
        found = _encode(name, guess, _differences(values, other))
        if best is None or len(found[1]) < len(best[1]):
            best = found
    assert best is not None
    return best


def decode(column: Column, data: bytes, count: int, guess: Ints | None) -> Ints:
    """Raises ValueError where the bytes do not hold so many numbers."""
    if column.how is How.SAME:
        differences = np.full(count, column.first, np.int64)
    else:
        size = count * column.width
        if column.how is How.DEFLATED:
            try:
                data = zlib.decompressobj().decompress(data, size + 1)
            except zlib.error as error:
                raise ValueError(str(error)) from error
        if len(data) != size or not 0 < column.width <= 8:
            raise ValueError(f"{len(data)} bytes for {count} numbers of {column.width}")
        planes = np.zeros((count, 8), np.uint8)
        planes[:, : column.width] = np.frombuffer(data, np.uint8).reshape(column.width, count).T
        differences = _unfold(planes.view("<u8").ravel())
    if guess is None:
        return np.cumsum(differences)
    return differences + guess


def _differences(values: Ints, other: Ints | None) -> Ints:
    if other is None:
        return np.diff(values, prepend=np.zeros(1, np.int64))
    return values - other


def _encode(name: str, guess: str, differences: Ints) -> tuple[Column, bytes]:
    if not len(differences) or (differences == differences[0]).all():
        first = int(differences[0]) if len(differences) else 0
        return Column(name, guess, How.SAME, first), b""
    folded = _fold(differences)
    width = (int(folded.max()).bit_length() + 7) // 8
    bytes_ = folded.astype("<u8").view(np.uint8).reshape(-1, 8)
    plain = np.ascontiguousarray(bytes_[:, :width].T).tobytes()
    deflated = zlib.compress(plain, LEVEL)
    if len(deflated) < len(plain):
        return Column(name, guess, How.DEFLATED, 0, width), deflated
    return Column(name, guess, How.PLAIN, 0, width), plain


def _fold(values: Ints) -> npt.NDArray[np.uint64]:
    """0, -1, 1, -2, ... to 0, 1, 2, 3, ..."""
    folded: npt.NDArray[np.uint64] = ((values << 1) ^ (values >> 63)).view(np.uint64)
    return folded


def _unfold(values: npt.NDArray[np.uint64]) -> Ints:
    unfolded: Ints = (values >> np.uint64(1)).view(np.int64) ^ -(values & np.uint64(1)).view(
        np.int64
    )
    return unfolded
