"""One pass over each kind of row, in numpy: integer sums per group.

`contacts` is the plain twin of the compiled pass in `ccore.kpi._kernel`.
"""

import numpy as np

from ccore.cdr import Rows
from ccore.cdr.layout import NONE_MS, Flag
from ccore.kpi.groups import Ints
from ccore.kpi.histogram import BUCKETS, buckets
from ccore.kpi.live import STATE_FIELDS
from ccore.kpi.partial import PLACE, Partial, unique_rows
from ccore.kpi.sums import COUNT_OF, TOP_MARK, Part, part
from ccore.model import LegKind, LegResult, Outcome

__all__ = [
    "PARTS",
    "add_agents",
    "add_contacts",
    "add_legs",
    "contact_part",
    "parts_of",
    "rest_of",
]

# PARTS[outcome, queued]: the part of the counting model. A code that a newer ccore wrote is lost.
PARTS = np.full((256, 2), Part.FAILED, np.int64)
for _outcome in Outcome:
    for _queued in (False, True):
        PARTS[_outcome, int(_queued)] = part(_outcome, _queued)


FLAG_FIELDS = {
    "last_agent_hits": Flag.HIT_LAST_AGENT,
    "recovered": Flag.RECOVERED,
    "callback_offered": Flag.CALLBACK_OFFERED,
    "survey_asked": Flag.SURVEY_ASKED,
}


def parts_of(contacts: Rows) -> Ints:
    """The part of the counting model of each contact."""
    queued = (contacts["queued_ms"] != NONE_MS).astype(np.int64)
    parts: Ints = PARTS[contacts["outcome"], queued]
    return parts


def contact_part(
    rows: Rows, keys: Ints, *, threshold_ms: int | Ints, short_ms: int, waits: bool
) -> Partial:
    """The partial result of contacts with these keys; each may have a threshold of its own."""
    unique, index = unique_rows(keys)
    sums = Partial.of(unique)
    add_contacts(sums, rows, index, threshold_ms=threshold_ms, short_ms=short_ms)
    if waits:
        add_waits(sums, rows, index)
    return sums


def add_contacts(
    sums: Partial, rows: Rows, index: Ints, *, threshold_ms: int | Ints, short_ms: int
) -> None:
    parts = parts_of(rows)
    wait_ms = rows["wait_ms"].astype(np.int64)
    within = wait_ms <= threshold_ms
    sums.count("attempts", index)
    for kind, name in COUNT_OF.items():
        sums.count(name, index[parts == kind])
    sums.count("entered_ivr", index[(rows["ivr_ms"] > 0) | (rows["outcome"] == Outcome.IVR)])

    answered = parts == Part.ANSWERED
    at = index[answered]
    sums.count("answered_in", index[answered & within])
    sums.count("held", index[answered & (rows["hold_ms"] > 0)])
    sums.count("transferred", index[answered & (rows["transfers"] > 0)])
    sums.add("wait_answered_ms", at, wait_ms[answered])
    sums.add("ring_ms", at, rows["ring_ms"][answered])
    sums.add("talk_ms", at, rows["talk_ms"][answered])
    sums.add("hold_ms", at, rows["hold_ms"][answered])
    sums.greatest("longest_answered_ms", at, wait_ms[answered])

    abandoned = parts == Part.ABANDONED
    short = abandoned & (wait_ms <= short_ms)
    sums.count("abandoned_in", index[abandoned & within])
    sums.count("abandoned_short", index[short])
    sums.add("wait_abandoned_ms", index[abandoned], wait_ms[abandoned])
    sums.add("wait_short_ms", index[short], wait_ms[short])

    flowout = parts == Part.FLOWOUT
    sums.add("wait_flowout_ms", index[flowout], wait_ms[flowout])
    asked = flowout & (rows["outcome"] == Outcome.CALLBACK)
    sums.count("callbacks", index[asked])
    sums.count("callbacks_in", index[asked & within])
    offered = answered | abandoned | flowout
    sums.greatest("longest_ms", index[offered], wait_ms[offered])

    for name, flag in FLAG_FIELDS.items():
        sums.count(name, index[(rows["flags"] & flag) != 0])
    sums.count("relaxed", index[rows["step"] > 0])
    sums.count("surveyed", index[rows["survey"] > 0])
    sums.count("survey_top", index[rows["survey"] >= TOP_MARK])
    sums.add("survey_points", index, rows["survey"])


def add_waits(sums: Partial, rows: Rows, index: Ints) -> None:
    answered = parts_of(rows) == Part.ANSWERED
    wait_ms = rows["wait_ms"][answered].astype(np.int64)
    sums.add_waits(index[answered] * BUCKETS + buckets(wait_ms))


def add_legs(sums: Partial, legs: Rows, index: Ints, length_us: Ints, first: Ints) -> None:
    """Wrap-ups, talks and callbacks; `first` marks the piece of a leg that counts as the leg."""
    wrapup, talk = legs["kind"] == LegKind.WRAPUP, legs["kind"] == LegKind.TALK
    callback = (legs["kind"] == LegKind.CALLBACK) & (first > 0)
    reached = callback & (legs["result"] == LegResult.ANSWERED)
    sums.count("callback_tries", index[callback])
    sums.count("callback_reached", index[reached])
    waited_us = legs["start_us"][reached] - legs["contact_us"][reached]
    sums.add("callback_time_us", index[reached], waited_us)
    sums.add("acw_us", index[wrapup], length_us[wrapup])
    sums.add("talk_legs_us", index[talk], length_us[talk])
    sums.add("talks", index[talk], first[talk])


def add_agents(sums: Partial, rows: Rows, length_us: Ints, index: Ints) -> None:
    for state, name in STATE_FIELDS.items():
        chosen = rows["state"] == state
        sums.add(name, index[chosen], length_us[chosen])


def rest_of(rows: Rows, length_us: Ints) -> Ints:
    """Agents' time as it stands in the total where no group has it."""
    rest = np.zeros(len(PLACE), np.int64)
    for state, name in STATE_FIELDS.items():
        rest[PLACE[name]] = length_us[rows["state"] == state].sum()
    return rest
