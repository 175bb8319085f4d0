"""Histograms of waits that can be added: a percentile of a week comes from its days.

Buckets are exact to the millisecond below 128 ms; above, each power of two has 64 of them, so that
a bucket's upper border is at most 1/64 (1.6 %) above any wait in it.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

__all__ = ["BUCKETS", "bucket", "buckets", "percentile", "upper"]

BUCKETS = 64 * 27  # enough for 32 bits of milliseconds
Ints = npt.NDArray[np.int64]


def bucket(ms: int) -> int:
    shift = max(ms.bit_length() - 7, 0)
    return 64 * shift + (ms >> shift)


def buckets(ms: Ints) -> Ints:
    shift = np.maximum(np.frexp(ms.astype(np.float64))[1].astype(np.int64) - 7, 0)
    places: Ints = 64 * shift + (ms >> shift)
    return places


def upper(place: int) -> int:
    """The longest wait that a bucket holds."""
    if place < 128:
        return place
    shift = place // 64 - 1
    return ((place - 64 * shift + 1) << shift) - 1


def percentile(counts: Mapping[int, int], percent: int) -> int | None:
    """Milliseconds that `percent` of the waits do not exceed: the smallest border that does."""
    total = sum(counts.values())
    if not total:
        return None
    needed = -(-total * percent // 100)  # rounded up
    for place in sorted(counts):
        needed -= counts[place]
        if needed <= 0:
            return upper(place)
    raise AssertionError("the counts add up to their total")
