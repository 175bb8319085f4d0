"""Partial results by the compiled pass, on as many threads as there is work for.

The pass wants to know beforehand how many places in time and ids there are. It is given room for a
few days and ids, and more whenever it stops at a row that needs more; what it has is kept as one
partial result. Rows that would make it stop all the time are left to the plain pass.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from ccore.cdr import Rows
from ccore.cdr.layout import CONTACT
from ccore.kpi import passes
from ccore.kpi._kernel import BUCKETS_PER_GROUP, COLUMNS, contacts
from ccore.kpi.groups import QUARTER_US, TIME_GROUPS, Groups, Ints
from ccore.kpi.histogram import BUCKETS
from ccore.kpi.partial import Partial, merge, unique_rows

__all__ = ["contact_parts", "suits"]

assert BUCKETS_PER_GROUP == BUCKETS
PARTS = passes.PARTS.astype(np.uint8).reshape(-1)
FIELDS = dict(CONTACT.fields or {})
WINDOW = 3 * 96  # quarter hours that a pass has room for: the day before, the day, the day after
FIRST_IDS = 64
MOST_GROUPS = 200_000  # about 40 MB of sums
MOST_WAITS = 4096  # groups whose histograms are kept whole in memory, 28 MB
FEW_ROWS = 50_000  # a thread of its own is not worth while for fewer
ROWS_A_STOP = 4096  # on the average; below, the plain pass is faster


def suits(by: Sequence[str]) -> bool:
    """Whether the compiled pass can group this way: by time and at most one field of the row."""
    fields = [name for name in by if name not in TIME_GROUPS]
    return len(fields) <= 1 and all(name in FIELDS for name in fields)


def contact_parts(
    rows: Rows,
    at_us: Ints | None,
    groups: Groups,
    *,
    threshold_ms: int,
    short_ms: int,
    waits: bool,
    threads: int,
) -> Partial:
    """All contacts as one partial result; `at_us` None counts them on arrival."""
    shares = max(1, min(threads, len(rows) // FEW_ROWS))
    borders = np.linspace(0, len(rows), shares + 1).astype(int).tolist()

    def share(number: int) -> Partial:
        span = slice(borders[number], borders[number + 1])
        one = _Pass(groups, threshold_ms, short_ms, waits)
        return one.run(rows[span], None if at_us is None else at_us[span])

    if shares == 1:
        return share(0)
    with ThreadPoolExecutor(shares) as pool:
        return merge(pool.map(share, range(shares)), len(groups.by))


class _Pass:
    def __init__(self, groups: Groups, threshold_ms: int, short_ms: int, waits: bool) -> None:
        self._groups = groups
        self._limits = (min(threshold_ms, 0xFFFF_FFFF), min(short_ms, 0xFFFF_FFFF))
        self._waits = waits
        self._field = next((name for name in groups.by if name not in TIME_GROUPS), "")
        self._ids = FIRST_IDS if self._field else 1

    def run(self, rows: Rows, at_us: Ints | None) -> Partial:
        parts: list[Partial] = []
        start = 0
        while start < len(rows):
            if len(parts) > 8 + start // ROWS_A_STOP:
                parts.append(self._plain(rows[start:], at_us if at_us is None else at_us[start:]))
                break
            taken = self._stretch(rows[start:], at_us if at_us is None else at_us[start:], parts)
            if not taken and not self._make_room(rows[start]):
                parts.append(self._plain(rows[start:], at_us if at_us is None else at_us[start:]))
                break
            start += taken
        return merge(parts, len(self._groups.by))

    def _make_room(self, row: np.void) -> bool:
        """More ids, if that is what the pass stopped for."""
        needed = int(row[self._field]) if self._field else 0
        grows = needed >= self._ids
        while needed >= self._ids:
            self._ids *= 4
        return grows

    def _stretch(self, rows: Rows, at_us: Ints | None, parts: list[Partial]) -> int:
        moment = int(rows["arrived_us"][0] if at_us is None else at_us[0])
        if rows["seq"][0] == 0 and at_us is None and len(rows) > 1:  # a head, and then a row
            moment = int(rows["arrived_us"][1])
        day = moment // QUARTER_US // 96
        first = max(0, (day - 1) * 96)
        times = self._groups.of_times((first + np.arange(WINDOW)) * QUARTER_US)
        keys, places = unique_rows(times)
        room = len(keys) * self._ids
        waits = None
        if room > MOST_GROUPS or (self._waits and room > MOST_WAITS):
            return 0
        if self._waits:
            waits = np.zeros(room * BUCKETS, np.uint32)
        sums = np.zeros((room, COLUMNS), np.int64)
        field, size = 0, 0
        if self._field:
            dtype, field = FIELDS[self._field][:2]
            size = dtype.itemsize
        taken = contacts(
            rows,
            at_us,
            PARTS,
            places.astype(np.uint32),
            first,
            field,
            size,
            self._ids,
            *self._limits,
            sums,
            waits,
        )
        if taken:
            parts.append(self._partial(keys, sums, waits))
        return taken

    def _partial(self, times: Ints, sums: Ints, waits: npt.NDArray[np.uint32] | None) -> Partial:
        used = np.flatnonzero(sums[:, 0])
        keys = np.zeros((len(used), len(self._groups.by)), np.int64)
        column = 0
        for place, name in enumerate(self._groups.by):
            if name == self._field:
                keys[:, place] = used % self._ids
            else:
                keys[:, place] = times[used // self._ids, column]
                column += 1
        part = Partial.of(keys)
        part.sums[:, :COLUMNS] = sums[used]
        if waits is not None:
            where = np.flatnonzero(waits)
            number = np.searchsorted(used, where // BUCKETS)
            part.wait_places = number * BUCKETS + where % BUCKETS
            part.wait_counts = waits[where].astype(np.int64)
        return part

    def _plain(self, rows: Rows, at_us: Ints | None) -> Partial:
        is_row = rows["seq"] != 0
        rows = rows[is_row]
        when = rows["arrived_us"].astype(np.int64) if at_us is None else at_us[is_row]
        return passes.contact_part(
            rows,
            self._groups.of_contacts(rows, when),
            threshold_ms=self._limits[0],
            short_ms=self._limits[1],
            waits=self._waits,
        )
