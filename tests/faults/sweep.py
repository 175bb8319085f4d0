"""A fault at one byte after another of a recorded session; what is wrong with the outcome, if so.

What must hold, whatever happens: the link says one error of its own, or at most the words of the
frames that were hit are others; every job has one end at most; nothing is told half.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from ccore.model import Event, JobDone, LegsListed, LinkDown, LinkUp
from tests.faults.line import Fault, Kind, Line
from tests.faults.session import COMMANDS, EVENTS, Session, replay

__all__ = ["faults_at", "sweep", "trouble"]

SEED = 20_261_122
# Words that one fault may spoil: a loss or a doubling may begin in one frame and end in the next.
MOST_SPOILED = 2
LONGEST = 60  # bytes lost or doubled: about a header line


def faults_at(at: int) -> Iterator[Fault]:
    rng = random.Random(SEED + at)
    yield Fault(Kind.CUT, at)
    yield Fault(Kind.STALLED, at)
    yield Fault(Kind.GARBLED, at, flip=rng.randrange(1, 256))
    yield Fault(Kind.LOST, at, size=rng.randrange(1, LONGEST))
    yield Fault(Kind.DOUBLED, at, size=rng.randrange(1, LONGEST))


def sweep(session: Session, step: int = 1) -> Iterator[tuple[int, Fault, str]]:
    """Every `step`-th byte that the switch says on either connection: what was wrong, or ""."""
    for connection in (EVENTS, COMMANDS):
        for at in range(0, session.size(connection), step):
            for fault in faults_at(at):
                yield connection, fault, trouble(session, connection, fault)


def trouble(session: Session, connection: int, fault: Fault) -> str:
    lines = {EVENTS: Line(), COMMANDS: Line()}
    lines[connection] = Line(fault)
    found = replay(session, lines)
    told = [*found.heard, *found.closing]
    ends = Counter(event.job for event in told if isinstance(event, JobDone))
    if ends and max(ends.values()) > 1:
        return f"a job ended twice: {ends}"
    if sum(isinstance(event, LinkDown) for event in told) != 1:
        return "the end was not told once"
    missing, extra = _difference(session.heard, found.heard)
    if fault.kind is Kind.CUT:
        return f"told, though it was cut before: {extra}" if extra else ""
    if found.error is not None:
        return ""
    if fault.kind is Kind.STALLED:
        return f"lost in a stall: {missing}, {extra}" if missing or extra else ""
    if max(len(missing), len(extra)) > MOST_SPOILED:
        return f"more spoiled than was hit: missing {missing}, extra {extra}"
    return ""


def _difference(wanted: list[Event], heard: list[Event]) -> tuple[list[str], list[str]]:
    """Words that are missing, and words that should not be there. Lists come every ten seconds
    anyway."""
    ours, theirs = (
        Counter(_word(event) for event in many if not isinstance(event, LegsListed))
        for many in (wanted, heard)
    )
    return list((ours - theirs).elements()), list((theirs - ours).elements())


def _word(event: Event) -> str:
    """Without when a picture was there: a stall delays it."""
    return repr(replace(event, at_us=0) if isinstance(event, LinkUp) else event)
