"""The expected wait told to the callers of a bank, and how long they waited in truth.

Twenty working days of May 1999 of the "Anonymous Bank" (Technion; A. Mandelbaum, A. Sakov,
S. Zeltyn), 8:00 to 22:00. Each caller who was answered after waiting is told his expected wait when
he joins, from what was known then: his place, who was at work, and what had been measured that day.
"""

import gzip
import os
from collections import deque
from collections.abc import Iterator
from heapq import merge
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import pytest

from ccore.config.schema import Config, Queue
from ccore.routing.wait import Expected

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "anonymous-bank-1999"
MISSING = f"left out: the bank's records are not at {os.path.relpath(DATA, ROOT)}"
DAYS = [f"9905{day:02}" for day in (2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20)]
DAYS += ["990523", "990524", "990525", "990526", "990527"]
OWN_GROUPS = ("IN", "TT")  # calls about the internet, and to be called back: other agents
CREDIT_S = 90  # what the bank gave its priority customers
AT_WORK_S = 300  # an agent without a call for longer is taken to be away
OPEN_S = range(8 * 3600, 22 * 3600)


class Call(NamedTuple):
    priority: bool
    joined: int
    left: int
    answered: bool
    began: int  # the talk; 0: none
    ended: int
    agent: str


class Told(NamedTuple):
    waited: float
    ours: float
    by_staff: float  # the same without impatience
    latest: float  # the mean of the latest twenty waits


def days() -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = {day: [] for day in DAYS}
    with gzip.open(DATA / "may.txt.gz", "rt", encoding="latin-1") as file:
        next(file)
        for line in file:
            cells = [cell.strip() for cell in line.split("\t")]
            if len(cells) != 17 or cells[12] == "PHANTOM" or cells[4] in OWN_GROUPS:
                continue
            if cells[5] in found:
                joined, left, began, ended = (seconds(cells[at]) for at in (9, 10, 13, 14))
                is_answered = cells[12] == "AGENT"
                has_talked = is_answered and cells[16] != "NO_SERVER" and ended > began
                talk = (began, ended, cells[16]) if has_talked else (0, 0, "")
                call = Call(cells[3] == "2", joined, max(joined, left), is_answered, *talk)
                found[cells[5]].append(call)
    return found


def seconds(clock: str) -> int:
    hours, minutes, rest = map(int, clock.split(":"))
    return hours * 3600 + minutes * 60 + rest


def told(calls: list[Call]) -> Iterator[Told]:
    """A day, moment by moment."""
    expected = Expected(Config(queues={"all": Queue(handle_s=180)}))
    plain = Expected(Config(queues={"all": Queue(handle_s=180)}))
    talks = sorted(call for call in calls if call.agent)
    moments = merge(
        sorted((call.began, 0, call) for call in talks),
        sorted((call.ended, 1, call) for call in talks),
        sorted((call.left, 2, call) for call in calls if call.joined),
        sorted((call.joined, 3, call) for call in calls if call.joined),
    )
    waiting: dict[Call, int] = {}
    busy: set[str] = set()
    seen: dict[str, int] = {}
    latest: deque[int] = deque(maxlen=20)
    for now, what, call in moments:
        waited = call.left - call.joined
        if what == 0:
            busy.add(call.agent)
            seen[call.agent] = now
        elif what == 1:
            busy.discard(call.agent)
            seen[call.agent] = now
            for one in (expected, plain):
                one.handled("all", (call.ended - call.began) * 1000)
        elif what == 2:
            waiting.pop(call, None)
            expected.waited("all", waited * 1000, gave_up=not call.answered)
            latest.extend([waited] * call.answered)
        else:
            rank = now - CREDIT_S * call.priority
            place = 1 + sum(other <= rank for other in waiting.values())
            staffed = sum(one in busy or now - last < AT_WORK_S for one, last in seen.items())
            if waited:
                waiting[call] = rank
            if call.answered and waited and now in OPEN_S and staffed:
                ours_ms, plain_ms = (one.ms("all", place, staffed) for one in (expected, plain))
                assert ours_ms is not None
                assert plain_ms is not None
                yield Told(waited, ours_ms / 1000, plain_ms / 1000, fmean(latest or [0]))


@pytest.mark.skipif(not DATA.is_dir() and os.environ.get("CI") != "true", reason=MISSING)
def test_it_is_nearer_the_truth_than_staff_alone_and_than_the_latest_waits() -> None:
    """docs/routing.md quotes these figures."""
    if not DATA.is_dir():
        pytest.fail(MISSING, pytrace=False)
    callers = [one for calls in days().values() for one in told(calls)]
    assert len(callers) == 15_134

    def error(of: str) -> float:
        return fmean(abs(getattr(one, of) - one.waited) for one in callers)

    assert round(fmean(one.waited for one in callers), 1) == 109.5
    errors = {name: round(error(name), 1) for name in ("ours", "by_staff", "latest")}
    assert errors == {"ours": 57.2, "by_staff": 61.3, "latest": 73.4}
