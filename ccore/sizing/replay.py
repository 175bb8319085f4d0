"""A recorded day again: the same callers at the same moments, the same agents at work.

Arrivals are those on record, and so are the talks of the answered and the patience of those who
hung up. What no record can say is drawn from the day itself:

- how long an answered caller would have waited: longer than he did, so from the patience of those
  who waited longer (Kaplan and Meier's estimate, which counts the answered as not yet impatient);
- how long one who hung up would have talked: as long as somebody answered in the same queue.

An agent is at work from his first call to the end of his last one; where he had none for longer
than `absent_s` he was away. He takes the queues in which he had calls. If the next caller whom he
took had been waiting, he was not free in between: that time goes with the call before, as work
after it.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from ccore.cdr import Row, load
from ccore.errors import BadRequest, UnknownName
from ccore.model import ContactClosed, Outcome
from ccore.sizing.draws import NEVER_US

__all__ = ["Again", "Patience", "Recorded", "recorded"]

_WORD = re.compile(r"[^A-Za-z0-9_.\-]")
_FIRST = 50_000  # numbers that replayed callers dial begin here


@dataclass(slots=True)
class Again:
    """One recorded caller, to come again."""

    at_us: int  # when he began to wait, or was answered
    queue: str
    priority: int
    calling: str
    talk_us: int  # and the agent's work after it
    patience_us: int


class Patience:
    """Kaplan and Meier's estimate of how long callers wait before they give up.

    `waits`: (how long, in whatever unit; whether he gave up).
    """

    def __init__(self, waits: list[tuple[int, bool]]) -> None:
        self._at: list[int] = []  # where somebody gave up
        self._left: list[float] = []  # share still there after that
        left, there = 1.0, len(waits)
        for wait, gave_up in sorted(waits, key=lambda one: (one[0], not one[1])):
            if gave_up:
                left *= 1 - 1 / there
                self._at.append(wait)
                self._left.append(left)
            there -= 1

    def survives(self, wait: int) -> float:
        """The share who would wait longer than this."""
        place = bisect_right(self._at, wait)
        return self._left[place - 1] if place else 1.0

    def beyond(self, wait: int, rng: Random) -> int | None:
        """The patience of one who has waited so long already; None: longer than anybody's."""
        aim = self.survives(wait) * rng.random()
        low, high = bisect_right(self._at, wait), len(self._at)
        while low < high:
            middle = (low + high) // 2
            if self._left[middle] <= aim:
                high = middle
            else:
                low = middle + 1
        return self._at[low] if low < len(self._at) else None


@dataclass(slots=True)
class Recorded:
    """A day of records."""

    contacts: list[ContactClosed]  # those who reached a queue, by arrival
    queues: list[str]
    numbers: dict[tuple[str, int], str]  # (queue, priority) -> number dialled

    def centre(self, with_credit: bool) -> dict[str, Any]:
        """Queues, agents and entries, as tables of a ccore.toml."""
        taken: dict[str, set[str]] = defaultdict(set)
        for contact in self.contacts:
            if contact.agent:
                taken[_word(contact.agent)].add(_word(contact.queue))
        return {
            "queues": {queue: {} for queue in self.queues},
            "agents": {agent: {"queues": sorted(taken[agent])} for agent in sorted(taken)},
            "entries": [
                {
                    "number": number,
                    "to": f"queue:{queue}",
                    "priority": priority if with_credit else 0,
                }
                for (queue, priority), number in self.numbers.items()
            ],
        }

    def shifts(self, absent_s: int) -> dict[str, list[tuple[int, int]]]:
        """Agent -> when he was at work."""
        calls: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for contact in self.contacts:
            if contact.agent:
                begin_us = _answered_us(contact)
                calls[_word(contact.agent)].append((begin_us, begin_us + contact.talk_ms * 1000))
        return {agent: list(_joined(calls[agent], absent_s)) for agent in sorted(calls)}

    def again(self, seed: int, absent_s: int) -> list[Again]:
        rng = Random(f"{seed} replay")
        handled_ms = self._handled_ms(absent_s)
        waits: dict[str, list[tuple[int, bool]]] = defaultdict(list)
        talks: dict[str, list[int]] = defaultdict(list)
        for place, contact in enumerate(self.contacts):
            answered = contact.outcome is Outcome.ANSWERED
            waits[contact.queue].append((contact.wait_ms, not answered))
            if answered:
                talks[contact.queue].append(handled_ms[place])
        patience = {queue: Patience(these) for queue, these in waits.items()}
        found = []
        for place, contact in enumerate(self.contacts):
            wait_ms: int | None = contact.wait_ms
            talk_ms = handled_ms[place]
            if contact.outcome is Outcome.ANSWERED:
                wait_ms = patience[contact.queue].beyond(contact.wait_ms, rng)
            else:
                talk_ms = rng.choice(talks[contact.queue] or [0])
            found.append(
                Again(
                    at_us=_queued_us(contact),
                    queue=_word(contact.queue),
                    priority=contact.priority,
                    calling=contact.calling,
                    talk_us=talk_ms * 1000,
                    patience_us=NEVER_US if wait_ms is None else wait_ms * 1000,
                )
            )
        return found

    def _handled_ms(self, absent_s: int) -> list[int]:
        """Talk and the work after it, of each contact."""
        handled = [contact.talk_ms for contact in self.contacts]
        mine: dict[str, list[int]] = defaultdict(list)  # agent -> places
        for place, contact in enumerate(self.contacts):
            if contact.agent:
                mine[contact.agent].append(place)
        for places in mine.values():
            places.sort(key=lambda place: _answered_us(self.contacts[place]))
            for before, after in pairwise(places):
                one, other = self.contacts[before], self.contacts[after]
                gap_ms = (_answered_us(other) - _answered_us(one)) // 1000 - one.talk_ms
                if other.wait_ms and 0 < gap_ms <= absent_s * 1000:
                    handled[before] += gap_ms
        return handled

    def number(self, again: Again) -> str:
        return self.numbers[again.queue, again.priority]

    def as_it_was(self) -> Iterator[ContactClosed]:
        """The contacts with the names that the replay gives their queues and streams."""
        for contact in self.contacts:
            queue = _word(contact.queue)
            number = self.numbers[queue, contact.priority]
            yield replace(contact, queue=queue, entry=number, queued_us=_queued_us(contact))

    def streams(self) -> dict[str, str]:
        """Number dialled -> who dials it."""
        return {
            number: f"{queue}, {priority} s credit" if priority else queue
            for (queue, priority), number in self.numbers.items()
        }


@lru_cache(maxsize=8)
def recorded(directory: str, day: str, timezone: str) -> Recorded:
    """A day of that zone; read once, however many seeds and variants there are."""
    zone, date_ = _zone(timezone), date.fromisoformat(day)
    near = [date_ + timedelta(days=by) for by in (-1, 0, 1)]  # files are by UTC day
    contacts = [
        fact
        for fact in load(Path(directory), near).facts(Row.CONTACT)
        if isinstance(fact, ContactClosed)
        and fact.queue
        and fact.outcome in (Outcome.ANSWERED, Outcome.ABANDONED)
        and datetime.fromtimestamp(fact.arrived_us / 1e6, zone).date() == date_
    ]
    if not contacts:
        what = f"No calls of {day} ({timezone}) in {directory}"
        raise BadRequest(what=what, expected="a day of the records, see ccore kpi --by day")
    contacts.sort(key=_queued_us)
    queues = sorted({_word(contact.queue) for contact in contacts})
    credits = sorted({0} | {contact.priority for contact in contacts})
    kinds = [(queue, credit) for queue in queues for credit in credits]
    numbers = {kind: f"*{_FIRST + place}" for place, kind in enumerate(kinds)}
    return Recorded(contacts, queues, numbers)


def _zone(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        raise UnknownName(kind="time zone", name=timezone, known="Asia/Shanghai, UTC, …") from None


def _joined(calls: list[tuple[int, int]], absent_s: int) -> Iterator[tuple[int, int]]:
    """Calls with short breaks between them are one stretch of work."""
    calls.sort()
    begin_us, end_us = calls[0]
    for start_us, stop_us in calls[1:]:
        if start_us - end_us > absent_s * 1_000_000:
            yield begin_us, end_us
            begin_us = start_us
        end_us = max(end_us, stop_us)
    yield begin_us, end_us


def _queued_us(contact: ContactClosed) -> int:
    return contact.queued_us or contact.arrived_us + contact.ivr_ms * 1000


def _answered_us(contact: ContactClosed) -> int:
    return contact.answered_us or _queued_us(contact) + contact.wait_ms * 1000


def _word(name: str) -> str:
    """A name as a configuration takes it."""
    return _WORD.sub("_", name) or "_"
