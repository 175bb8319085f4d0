import numpy as np
import numpy.typing as npt

from ccore.cdr import Rows

__all__ = ["BUCKETS_PER_GROUP", "COLUMNS", "ROW_BYTES", "contacts"]

COLUMNS: int
BUCKETS_PER_GROUP: int
ROW_BYTES: int

def contacts(
    rows: Rows,
    at_us: npt.NDArray[np.int64] | None,
    parts: npt.NDArray[np.uint8],
    places: npt.NDArray[np.uint32],
    first: int,
    field: int,
    field_bytes: int,
    ids: int,
    threshold_ms: int,
    short_ms: int,
    sums: npt.NDArray[np.int64],
    waits: npt.NDArray[np.uint32] | None,
) -> int: ...
