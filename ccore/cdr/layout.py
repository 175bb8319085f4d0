"""The row layouts: what one contact, one leg and one agent interval look like on disk.

Packed, little endian, written once and never changed. A new field means a new version of the file
(`segment.VERSION`). Text is not in the rows: a field of text holds an id of `strings`, 0 being the
empty string. `contact_hi` and `contact_lo` are the 128 bits of the switch's UUID; where an id is no
UUID, hi is 0 and lo is an id of `strings`.

A row's `seq` is never 0. That is how a block's head, which takes the place of one row, is told
from a row when a whole file is mapped as one array. Rows of earlier versions: `older`.
"""

from enum import IntFlag, StrEnum

import numpy as np

__all__ = ["AGENT", "CONTACT", "DTYPES", "ENDED_BY", "LEG", "NONE_MS", "Flag", "Row", "Rows"]

Rows = np.ndarray[tuple[int], np.dtype[np.void]]

NONE_MS = 0xFFFF_FFFF  # in an offset: it never happened
ENDED_BY = 0x03  # bits of CONTACT.flags that hold model.EndedBy


class Flag(IntFlag):
    """Further bits of CONTACT.flags."""

    HIT_LAST_AGENT = 0x04  # the caller got the agent of his last call
    RECOVERED = 0x08  # ccore was away during a part of the contact
    CALLBACK_OFFERED = 0x10
    SURVEY_ASKED = 0x20


class Row(StrEnum):
    """The kinds of row; the value stands in file names."""

    CONTACT = "contact"
    LEG = "leg"
    AGENT = "agent"


CONTACT = np.dtype(
    [
        ("seq", "<u4"),  # number of the row among rows of its kind, from 1
        ("contact_hi", "<u8"),  # UUID of the caller's leg, upper 64 bits
        ("contact_lo", "<u8"),  # lower 64 bits
        ("arrived_us", "<i8"),  # microseconds since 1970 UTC
        ("length_ms", "<u4"),  # arrival to the end of the caller's leg, milliseconds
        ("queued_ms", "<u4"),  # arrival to the first queue entry, milliseconds; NONE_MS: none
        ("answered_ms", "<u4"),  # arrival to the first bridge, milliseconds; NONE_MS: none
        ("ivr_ms", "<u4"),  # milliseconds in the IVR
        ("wait_ms", "<u4"),  # milliseconds from queue entry to bridge or end, ringing inside
        ("ring_ms", "<u4"),  # milliseconds of the wait in which a phone rang
        ("talk_ms", "<u4"),  # milliseconds bridged, holds taken out
        ("hold_ms", "<u4"),  # milliseconds on hold
        ("calling", "<u4"),  # strings: number
        ("calling_name", "<u4"),  # strings: name
        ("called", "<u4"),  # strings: number
        ("recording", "<u4"),  # strings: file
        ("queue", "<u2"),  # strings: queue, the last one entered
        ("agent", "<u2"),  # strings: agent, the last one talked to
        ("entry", "<u2"),  # strings: entry
        ("cause", "<u2"),  # FreeSWITCH's code, see causes
        ("priority", "<i2"),  # credit, seconds of waiting
        ("site", "u1"),  # strings: site
        ("tenant", "u1"),  # strings: tenant
        ("node", "u1"),  # strings: node
        ("language", "u1"),  # strings: language
        ("offers", "u1"),  # count
        ("transfers", "u1"),  # count; the chain is told by the legs
        ("outcome", "u1"),  # model.Outcome
        ("step", "u1"),  # steps of relaxed skills when the last queue was left
        ("survey", "u1"),  # caller's mark, 1 to 5; 0: none
        ("flags", "u1"),  # bits: Flag; the lowest two are model.EndedBy
    ]
)

LEG = np.dtype(
    [
        ("seq", "<u4"),  # number of the row among rows of its kind, from 1
        ("contact_hi", "<u8"),  # UUID of the contact, upper 64 bits
        ("contact_lo", "<u8"),  # lower 64 bits
        ("contact_us", "<i8"),  # the contact's arrival, microseconds since 1970 UTC
        ("start_us", "<i8"),  # microseconds since 1970 UTC
        ("end_us", "<i8"),  # microseconds since 1970 UTC
        ("detail", "<u4"),  # strings: detail
        ("queue", "<u2"),  # strings: queue
        ("agent", "<u2"),  # strings: agent
        ("cause", "<u2"),  # FreeSWITCH's code, see causes
        ("site", "u1"),  # strings: site
        ("tenant", "u1"),  # strings: tenant
        ("kind", "u1"),  # model.LegKind
        ("result", "u1"),  # model.LegResult
        ("language", "u1"),  # strings: language
        ("step", "u1"),  # steps of relaxed skills in force when it ended
        ("hop", "u1"),  # transfers of the contact before it, count
        ("spare", "V3"),  # zero; makes the row 64 bytes
    ]
)

AGENT = np.dtype(
    [
        ("seq", "<u4"),  # number of the row among rows of its kind, from 1
        ("start_us", "<i8"),  # microseconds since 1970 UTC
        ("end_us", "<i8"),  # microseconds since 1970 UTC
        ("agent", "<u2"),  # strings: agent
        ("reason", "<u2"),  # strings: reason
        ("queue", "<u2"),  # strings: queue
        ("team", "<u2"),  # strings: team
        ("site", "u1"),  # strings: site
        ("state", "u1"),  # model.AgentState; signed in is every state but signed out
        ("spare", "V2"),  # zero; makes the row 32 bytes
    ]
)

DTYPES: dict[Row, np.dtype[np.void]] = {Row.CONTACT: CONTACT, Row.LEG: LEG, Row.AGENT: AGENT}
