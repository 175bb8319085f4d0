"""Partial results: sums per group of some rows. They add up in any order, to the last unit.

A segment's partial result is computed alone, on any thread or machine, and merged with the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from ccore.kpi.groups import Ints
from ccore.kpi.histogram import BUCKETS
from ccore.kpi.sums import MAXIMA, NAMES, Sums

__all__ = ["PLACE", "Merger", "Partial", "merge", "unique_rows"]

PLACE = {name: place for place, name in enumerate(NAMES)}  # column of each field of Sums
FEW_GROUPS = 20_000  # that may wait to be added, 9 MB
IS_MAXIMUM = np.array([name in MAXIMA for name in NAMES])


def _none() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(slots=True)
class Partial:
    """`keys` has a row per group and a column per grouping, `sums` a column per field of Sums."""

    keys: Ints
    sums: Ints
    wait_places: Ints = field(default_factory=_none)  # group * BUCKETS + bucket, each once
    wait_counts: Ints = field(default_factory=_none)
    rest: Ints = field(default_factory=lambda: np.zeros(len(NAMES), np.int64))  # of no group

    @classmethod
    def empty(cls, width: int) -> Self:
        return cls.of(np.zeros((0, width), np.int64))

    @classmethod
    def of(cls, keys: Ints) -> Self:
        """Groups with nothing in them yet."""
        return cls(keys, np.zeros((len(keys), len(NAMES)), np.int64))

    def add(self, name: str, index: Ints, values: npt.NDArray[np.integer]) -> None:
        np.add.at(self.sums[:, PLACE[name]], index, values.astype(np.int64))

    def count(self, name: str, index: Ints) -> None:
        self.sums[:, PLACE[name]] += np.bincount(index, minlength=len(self.sums))

    def greatest(self, name: str, index: Ints, values: npt.NDArray[np.integer]) -> None:
        np.maximum.at(self.sums[:, PLACE[name]], index, values.astype(np.int64))

    def add_waits(self, places: Ints, counts: Ints | None = None) -> None:
        """Waits by their places, which may come more than once."""
        self.wait_places, index = np.unique(places, return_inverse=True)
        weights = np.ones(len(places), np.int64) if counts is None else counts
        self.wait_counts = np.zeros(len(self.wait_places), np.int64)
        np.add.at(self.wait_counts, index.reshape(-1), weights)

    def column(self, name: str) -> Ints:
        """One field of Sums, group by group."""
        return self.sums[:, PLACE[name]]

    def lines(self) -> list[Sums]:
        """Sums of each group."""
        lines = [_line(row) for row in self.sums.tolist()]
        for place, count in zip(self.wait_places.tolist(), self.wait_counts.tolist(), strict=True):
            lines[place // BUCKETS].waits[place % BUCKETS] = count
        return lines

    def total(self) -> Sums:
        """Of all groups, and of what belongs to none."""
        sums = self.sums.sum(axis=0) + self.rest
        if len(self.sums):
            greatest = np.maximum(self.sums.max(axis=0), self.rest)
            sums = np.where(IS_MAXIMUM, greatest, sums)
        line = _line(sums.tolist())
        buckets = np.zeros(BUCKETS, np.int64)
        np.add.at(buckets, self.wait_places % BUCKETS, self.wait_counts)
        line.waits = {int(place): int(buckets[place]) for place in np.flatnonzero(buckets)}
        return line


class Merger:
    """Partial results added as they come, in the memory of a few times what comes of them."""

    def __init__(self, width: int) -> None:
        self._whole = Partial.empty(width)
        self._waiting: list[Partial] = []
        self._groups = 0  # that wait

    def add(self, part: Partial) -> None:
        self._waiting.append(part)
        self._groups += len(part.keys)
        if self._groups > max(len(self._whole.keys), FEW_GROUPS):
            self.whole()

    def whole(self) -> Partial:
        """All that was added so far."""
        if self._waiting:
            self._whole = _joined([self._whole, *self._waiting])
            self._waiting, self._groups = [], 0
        return self._whole


def merge(parts: Iterable[Partial], width: int) -> Partial:
    """All of them as one; groups that several have are added."""
    merger = Merger(width)
    for part in parts:
        merger.add(part)
    return merger.whole()


def _joined(given: list[Partial]) -> Partial:
    if len(given) == 2 and not len(given[0].keys) and not given[0].rest.any():
        return given[1]
    keys, index = unique_rows(np.concatenate([part.keys for part in given]))
    whole = Partial.of(keys)
    sums = np.concatenate([part.sums for part in given])
    if len(keys) == len(sums):  # no group twice, as when the parts are days
        whole.sums[index] = sums
    else:
        for column in range(len(NAMES)):
            into = np.maximum if IS_MAXIMUM[column] else np.add
            into.at(whole.sums[:, column], index, sums[:, column])
    places, counts, first = [], [], 0
    for part in given:
        groups = index[first : first + len(part.keys)]
        places.append(groups[part.wait_places // BUCKETS] * BUCKETS + part.wait_places % BUCKETS)
        counts.append(part.wait_counts)
        first += len(part.keys)
    whole.add_waits(np.concatenate(places), np.concatenate(counts))
    whole.rest = np.sum([part.rest for part in given], axis=0)
    return whole


def unique_rows(keys: Ints) -> tuple[Ints, Ints]:
    """The different rows of `keys`, and for each of its rows the place of its like."""
    if not len(keys):
        return keys, np.zeros(0, np.int64)
    if keys.shape[1] == 0:  # one group of everything
        return keys[:1], np.zeros(len(keys), np.int64)
    low = keys.min(axis=0)
    spans = [int(span) + 1 for span in keys.max(axis=0) - low]
    if np.prod([float(span) for span in spans]) < 2**62:  # one number a row sorts many times faster
        flat = np.zeros(len(keys), np.int64)
        for column, span in enumerate(spans):
            flat = flat * span + (keys[:, column] - low[column])
        _, first, index = np.unique(flat, return_index=True, return_inverse=True)
        return keys[first], index.reshape(-1)
    unique, index = np.unique(keys, axis=0, return_inverse=True)
    return unique, index.reshape(-1)


def _line(values: list[int]) -> Sums:
    return Sums({}, *values)
