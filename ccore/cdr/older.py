"""Rows as earlier versions wrote them, read as today's.

Version 1 (until November 2026) had no tenant, step, survey, hop and callback, and wider sites and
counts of offers. Fields of the same name are carried over; a value that fits no more is brought to
the greatest that does.
"""

import numpy as np

from ccore.cdr.layout import DTYPES, Flag, Row, Rows

__all__ = ["VERSIONS", "dtype_of", "to_current"]

CONTACT_1 = np.dtype(
    [
        *(("seq", "<u4"), ("contact_hi", "<u8"), ("contact_lo", "<u8"), ("arrived_us", "<i8")),
        *(("length_ms", "<u4"), ("queued_ms", "<u4"), ("answered_ms", "<u4"), ("ivr_ms", "<u4")),
        *(("wait_ms", "<u4"), ("ring_ms", "<u4"), ("talk_ms", "<u4"), ("hold_ms", "<u4")),
        *(("calling", "<u4"), ("calling_name", "<u4"), ("called", "<u4"), ("recording", "<u4")),
        *(("queue", "<u2"), ("agent", "<u2"), ("site", "<u2"), ("entry", "<u2"), ("cause", "<u2")),
        *(("priority", "<i2"), ("offers", "<u2"), ("transfers", "u1"), ("node", "u1")),
        *(("language", "u1"), ("outcome", "u1"), ("ended_by", "u1"), ("flags", "u1")),
    ]
)
LEG_1 = np.dtype(
    [
        *(("seq", "<u4"), ("contact_hi", "<u8"), ("contact_lo", "<u8"), ("contact_us", "<i8")),
        *(("start_us", "<i8"), ("end_us", "<i8"), ("detail", "<u4"), ("queue", "<u2")),
        *(("agent", "<u2"), ("site", "<u2"), ("cause", "<u2"), ("kind", "u1"), ("result", "u1")),
        *(("language", "u1"), ("spare", "V5")),
    ]
)
AGENT_1 = np.dtype(
    [
        *(("seq", "<u4"), ("start_us", "<i8"), ("end_us", "<i8"), ("agent", "<u2")),
        *(("reason", "<u2"), ("queue", "<u2"), ("site", "<u2"), ("team", "<u2")),
        *(("state", "u1"), ("spare", "V1")),
    ]
)
HIT_LAST_AGENT_1 = 0x01

VERSIONS: dict[int, dict[Row, np.dtype[np.void]]] = {
    1: {Row.CONTACT: CONTACT_1, Row.LEG: LEG_1, Row.AGENT: AGENT_1},
    2: DTYPES,
}


def dtype_of(version: int, kind: Row) -> np.dtype[np.void]:
    return VERSIONS[version][kind]


def to_current(kind: Row, rows: Rows) -> Rows:
    """Rows of any version in today's layout; today's are given back as they are."""
    dtype = DTYPES[kind]
    if rows.dtype == dtype:
        return rows
    out: Rows = np.zeros(len(rows), dtype)
    for name in set(dtype.names or ()) & set(rows.dtype.names or ()) - {"spare", "flags"}:
        field = rows[name]
        if field.dtype.itemsize > out[name].dtype.itemsize:
            field = np.minimum(field, np.iinfo(out[name].dtype).max)
        out[name] = field
    if kind is Row.CONTACT:
        hits = (rows["flags"] & HIT_LAST_AGENT_1) * np.uint8(Flag.HIT_LAST_AGENT)
        out["flags"] = np.minimum(rows["ended_by"], 3) | hits
    return out
