"""Asterisk's queue_log: `epoch|call|queue|agent|event|data1|...|data5`, `NONE` for nothing.

Whole seconds; talk has hold in it; wrap-up, the time in the IVR and callers who reached no queue
are not in it.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ccore.cdr.importing.tally import BadRow, Tally
from ccore.cdr.importing.visits import Visits
from ccore.cdr.rows import RowFact
from ccore.model import EndedBy, LegResult, Outcome

__all__ = ["read_log"]

SECOND_US = 1_000_000
# Said of the system, or no more than what is known otherwise.
WITHOUT_MEANING = frozenset(
    [
        "QUEUESTART",
        "CONFIGRELOAD",
        "PENALTY",
        "RINGINUSE",
        "AGENTDUMP",
        "OUTCALL",
        "TRANSFERRED",
    ]
)


class _Line:
    """One line; numbers that are not there read as None."""

    def __init__(self, text: str) -> None:
        cells = text.split("|")
        if len(cells) < 5:
            raise BadRow("fewer than 5 fields", text)
        at, self.call, self.queue, self.agent, self.event = (cell.strip() for cell in cells[:5])
        seconds, dot, fraction = at.partition(".")
        if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 11):
            raise BadRow("no time in seconds since 1970", at)
        if dot and not (fraction.isascii() and fraction.isdigit()):
            raise BadRow("no time in seconds since 1970", at)
        self.at_us = int(seconds) * SECOND_US + int(fraction[:6].ljust(6, "0") if dot else 0)
        self.queue = "" if self.queue == "NONE" else self.queue
        self.agent = "" if self.agent == "NONE" else self.agent
        self.data = [cell.strip() for cell in cells[5:]]
        while self.data and not self.data[-1]:
            self.data.pop()

    def word(self, place: int) -> str:
        return self.data[place] if -len(self.data) <= place < len(self.data) else ""

    def us(self, place: int, unit_us: int = SECOND_US) -> int | None:
        word = self.word(place)
        if not word:
            return None
        if not (word.isascii() and word.isdigit() and len(word) <= 11):
            raise BadRow(f"{self.event}: no number in its data", word)
        return int(word) * unit_us


def read_log(lines: Iterable[tuple[Path, int, str]], tally: Tally) -> Iterator[RowFact]:
    """The facts of a log, each when it is complete."""
    visits = Visits()
    for path, number, text in lines:
        if not text.strip():
            continue
        tally.read += 1
        try:
            line = _Line(text)
            handle = EVENTS.get(line.event)
            if handle is not None:
                handle(visits, line)
            elif line.event in WITHOUT_MEANING:
                tally.ignore(f"{line.event}: says nothing of a call's or agent's time")
            else:
                tally.ignore("an event of another program's own")
        except BadRow as bad:
            tally.refuse(bad, path, number)
        yield from visits.take()
    if still := visits.finish():
        tally.ignored["callers still there at the end of the log"] = still
    yield from visits.take()


def _enter(visits: Visits, line: _Line) -> None:
    visits.enter(line.at_us, line.call, line.queue, calling=line.word(1), name=line.word(3))


def _connect(visits: Visits, line: _Line) -> None:
    visits.connect(
        line.at_us, line.call, line.queue, line.agent, line.us(2) or 0, wait_us=line.us(0)
    )


def _complete(visits: Visits, line: _Line) -> None:
    by = EndedBy.CALLER if line.event == "COMPLETECALLER" else EndedBy.AGENT
    visits.end_talk(
        line.at_us,
        line.call,
        line.queue,
        line.agent,
        ended_by=by,
        wait_us=line.us(0) or 0,
        talk_us=line.us(1),
    )


def _transfer(visits: Visits, line: _Line) -> None:
    """Extension and context, then wait and talk; the position behind them came with Asterisk 1.6.

    An attended one says in as many words as it needs where to, and has all three at its end.
    """
    attended = line.event == "ATTENDEDTRANSFER"
    wait, talk = (-3, -2) if attended else (2, 3)
    visits.end_talk(
        line.at_us,
        line.call,
        line.queue,
        line.agent,
        ended_by=EndedBy.AGENT,
        wait_us=line.us(wait) or 0,
        talk_us=line.us(talk),
        transferred_to=line.word(1 if attended else 0),
    )


def _leave(outcome: Outcome, wait_at: int) -> Callable[[Visits, _Line], None]:
    def handle(visits: Visits, line: _Line) -> None:
        visits.leave(line.at_us, line.call, line.queue, outcome, line.us(wait_at))

    return handle


def _rang(result: LegResult) -> Callable[[Visits, _Line], None]:
    def handle(visits: Visits, line: _Line) -> None:
        ring_us = line.us(0, unit_us=1000) or 0
        visits.rang(line.at_us, line.call, line.queue, line.agent, ring_us, result)

    return handle


def _member(visits: Visits, line: _Line) -> None:
    if line.event == "ADDMEMBER":
        visits.sign_in(line.at_us, line.agent, line.queue)
        if line.word(0) == "PAUSED":
            visits.pause(line.at_us, line.agent, line.queue)
    else:
        visits.sign_out(line.at_us, line.agent, line.queue)


def _pause(visits: Visits, line: _Line) -> None:
    queue = "" if line.event.endswith("ALL") else line.queue
    if line.event.startswith("UN"):
        visits.unpause(line.at_us, line.agent, queue)
    else:
        visits.pause(line.at_us, line.agent, queue, line.word(0))


EVENTS: dict[str, Callable[[Visits, _Line], None]] = {
    "ENTERQUEUE": _enter,
    "DID": lambda visits, line: visits.called(line.at_us, line.call, line.word(0)),
    "CONNECT": _connect,
    "COMPLETECALLER": _complete,
    "COMPLETEAGENT": _complete,
    "TRANSFER": _transfer,
    "BLINDTRANSFER": _transfer,
    "ATTENDEDTRANSFER": _transfer,
    "ABANDON": _leave(Outcome.ABANDONED, 2),
    "EXITEMPTY": _leave(Outcome.OVERFLOWED, 2),
    "EXITWITHTIMEOUT": _leave(Outcome.OVERFLOWED, 2),
    "WITHDRAW": _leave(Outcome.OVERFLOWED, 2),
    "EXITWITHKEY": _leave(Outcome.LEFT, 3),
    "SYSCOMPAT": _leave(Outcome.FAILED, 9),
    "RINGNOANSWER": _rang(LegResult.NO_ANSWER),
    "RINGCANCELED": _rang(LegResult.CANCELLED),
    "ADDMEMBER": _member,
    "REMOVEMEMBER": _member,
    "AGENTLOGIN": lambda visits, line: visits.sign_in(line.at_us, line.agent),
    "AGENTCALLBACKLOGIN": lambda visits, line: visits.sign_in(line.at_us, line.agent),
    "AGENTLOGOFF": lambda visits, line: visits.sign_out(line.at_us, line.agent),
    "AGENTCALLBACKLOGOFF": lambda visits, line: visits.sign_out(line.at_us, line.agent),
    "PAUSE": _pause,
    "UNPAUSE": _pause,
    "PAUSEALL": _pause,
    "UNPAUSEALL": _pause,
}
