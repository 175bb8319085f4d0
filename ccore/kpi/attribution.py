"""When a contact counts: the moment that decides its interval, by the name of a rule.

    arrival  the call came in
    queued   it entered its queue
    answer   it was answered, or left the queue unanswered
    end      the call and its wrap-up were over
    event    it was answered, left, or the threshold passed, whichever was first
    split    as arrival; talk, hold and wrap-up are cut at the borders and count where they passed

Totals are the same under every rule. What never happened to a contact (no queue, no answer) falls
back on the nearest thing that did: its end, or its arrival for `queued`.
"""

import numpy as np

from ccore.cdr import Rows
from ccore.cdr.layout import NONE_MS
from ccore.errors import UnknownName
from ccore.kpi.groups import Ints, find_contacts
from ccore.model import Outcome

__all__ = ["RULES", "check_rule", "moments", "moments_of_legs"]

RULES = ("arrival", "queued", "answer", "end", "event", "split")


def check_rule(rule: str) -> None:
    if rule not in RULES:
        raise UnknownName(kind="attribution", name=rule, known=", ".join(RULES))


def moments(rule: str, contacts: Rows, wrapups: Rows, threshold_ms: int | Ints) -> Ints:
    """Microseconds since 1970 at which each contact counts; each may have its own threshold."""
    arrived: Ints = contacts["arrived_us"].astype(np.int64)
    if rule in ("arrival", "split"):
        return arrived
    queued = contacts["queued_ms"].astype(np.int64)
    has_queue = queued != NONE_MS
    if rule == "queued":
        entered: Ints = arrived + np.where(has_queue, queued, 0) * 1000
        return entered
    length = contacts["length_ms"].astype(np.int64)
    if rule == "end":
        end = arrived + length * 1000
        owner = find_contacts(contacts, wrapups)
        known = owner >= 0
        np.maximum.at(end, owner[known], wrapups["end_us"][known])
        return end
    answered = contacts["answered_ms"].astype(np.int64)
    wait = contacts["wait_ms"].astype(np.int64)
    is_answered = (contacts["outcome"] == Outcome.ANSWERED) & (answered != NONE_MS)
    decided = np.where(is_answered, answered, np.where(has_queue, queued + wait, length))
    if rule == "event":
        decided = np.minimum(decided, np.where(has_queue, queued + threshold_ms, decided))
    counted: Ints = arrived + decided * 1000
    return counted


def moments_of_legs(rule: str, legs: Rows, contacts: Rows, at_us: Ints) -> Ints:
    """A leg counts with its contact; `at_us` are the contacts' moments. Split: where it began."""
    if rule == "split":
        return legs["start_us"].astype(np.int64)
    own: Ints = legs["contact_us"].astype(np.int64)
    if rule == "arrival":
        return own
    owner = find_contacts(contacts, legs)
    return np.where(owner >= 0, at_us[owner], own) if len(at_us) else own
