"""mod_callcenter's `callcenter::info` events, one JSON object of event headers a line.

It does not say who hung up after a talk; times are those of the events, to the microsecond.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ccore.cdr.importing.tally import BadRow, Tally
from ccore.cdr.importing.visits import Visits
from ccore.cdr.rows import RowFact
from ccore.model import EndedBy, LegResult, Outcome

__all__ = ["read_events"]

SUBCLASS = "callcenter::info"
REASONS = {
    "TIMEOUT": Outcome.OVERFLOWED,
    "NO_AGENT_TIMEOUT": Outcome.OVERFLOWED,
    "EXIT_WITH_KEY": Outcome.LEFT,
    "BREAK_OUT": Outcome.ABANDONED,
    "NONE": Outcome.ABANDONED,
}
FAILURES = {
    "USER_BUSY": LegResult.BUSY,
    "CALL_REJECTED": LegResult.REFUSED,
    "USER_NOT_REGISTERED": LegResult.NOT_REGISTERED,
    "NO_ANSWER": LegResult.NO_ANSWER,
    "NO_USER_RESPONSE": LegResult.NO_ANSWER,
    "ORIGINATOR_CANCEL": LegResult.CANCELLED,
    "LOSE_RACE": LegResult.CANCELLED,
    "PICKED_OFF": LegResult.CANCELLED,
}


class _Event:
    def __init__(self, text: str) -> None:
        try:
            self._headers: Any = json.loads(text)
        except (ValueError, RecursionError):
            raise BadRow("no JSON", text) from None
        if not isinstance(self._headers, dict):
            raise BadRow("no object of event headers", text)
        self.subclass = self.text("Event-Subclass")
        self.action = self.text("CC-Action")

    def text(self, name: str) -> str:
        value = self._headers.get(name, "")
        return value if isinstance(value, str) else str(value)

    @property
    def at_us(self) -> int:
        return self._number("Event-Date-Timestamp")

    @property
    def call(self) -> str:
        found = self.text("CC-Member-Session-UUID") or self.text("CC-Member-UUID")
        if not found:
            raise BadRow(f"{self.action}: no CC-Member-Session-UUID")
        return found

    @property
    def queue(self) -> str:
        return self.text("CC-Queue")

    @property
    def agent(self) -> str:
        return self.text("CC-Agent")

    def ring_us(self) -> int:
        """From the call of the agent to now; the module tells whole seconds."""
        called = self._number("CC-Agent-Called-Time") * 1_000_000
        return max(0, self.at_us - called)

    def _number(self, name: str) -> int:
        word = self.text(name)
        if not (word.isascii() and word.isdigit() and len(word) <= 17):
            raise BadRow(f"{self.action or 'event'}: no number in {name}", word)
        return int(word)


class _Offers:
    """When each agent's phone began to ring: the event is more exact than the header."""

    def __init__(self) -> None:
        self._since_us: dict[tuple[str, str], int] = {}

    def begin(self, event: _Event) -> None:
        self._since_us[event.call, event.agent] = event.at_us

    def end(self, event: _Event) -> int:
        since_us = self._since_us.pop((event.call, event.agent), None)
        return event.ring_us() if since_us is None else max(0, event.at_us - since_us)


def read_events(lines: Iterable[tuple[Path, int, str]], tally: Tally) -> Iterator[RowFact]:
    """The facts of a log of events, each when it is complete."""
    visits, offers = Visits(), _Offers()
    for path, number, text in lines:
        if not text.strip():
            continue
        tally.read += 1
        try:
            event = _Event(text)
            handle = ACTIONS.get(event.action)
            if event.subclass not in ("", SUBCLASS):
                tally.ignore(f"events other than {SUBCLASS}")
            elif handle is not None:
                handle(visits, offers, event)
            elif event.action:
                tally.ignore(f"{event.action}: says nothing of a call's or agent's time")
            else:
                raise BadRow("no CC-Action")
        except BadRow as bad:
            tally.refuse(bad, path, number)
        yield from visits.take()
    if still := visits.finish():
        tally.ignored["callers still there at the end of the log"] = still
    yield from visits.take()


def _enter(visits: Visits, offers: _Offers, event: _Event) -> None:
    visits.enter(
        event.at_us,
        event.call,
        event.queue,
        calling=event.text("CC-Member-CID-Number"),
        name=event.text("CC-Member-CID-Name"),
    )
    visits.node(event.at_us, event.call, event.text("FreeSWITCH-Switchname"))


def _offer(visits: Visits, offers: _Offers, event: _Event) -> None:
    offers.begin(event)
    if number := event.text("CC-Member-DNIS"):
        visits.called(event.at_us, event.call, number)


def _fail(visits: Visits, offers: _Offers, event: _Event) -> None:
    result = FAILURES.get(event.text("CC-Hangup-Cause"), LegResult.FAILED)
    visits.rang(event.at_us, event.call, event.queue, event.agent, offers.end(event), result)


def _connect(visits: Visits, offers: _Offers, event: _Event) -> None:
    visits.connect(event.at_us, event.call, event.queue, event.agent, offers.end(event))


def _disconnect(visits: Visits, offers: _Offers, event: _Event) -> None:
    visits.end_talk(
        event.at_us,
        event.call,
        event.queue,
        event.agent,
        ended_by=EndedBy.UNKNOWN,
        cause=event.text("CC-Hangup-Cause"),
    )


def _leave(visits: Visits, offers: _Offers, event: _Event) -> None:
    if event.text("CC-Cause") == "Terminated":  # after a talk, which has its own event
        return
    reason = event.text("CC-Cancel-Reason")
    if reason not in REASONS:
        raise BadRow("member-queue-end: an unknown CC-Cancel-Reason", reason)
    visits.leave(event.at_us, event.call, event.queue, REASONS[reason])


def _status(visits: Visits, offers: _Offers, event: _Event) -> None:
    status = event.text("CC-Agent-Status")
    if status == "Logged Out":
        visits.sign_out(event.at_us, event.agent)
        return
    visits.sign_in(event.at_us, event.agent)
    if status == "On Break":
        visits.pause(event.at_us, event.agent)
    else:
        visits.unpause(event.at_us, event.agent)


ACTIONS: dict[str, Callable[[Visits, _Offers, _Event], None]] = {
    "member-queue-start": _enter,
    "member-queue-resume": _enter,
    "agent-offering": _offer,
    "bridge-agent-fail": _fail,
    "bridge-agent-start": _connect,
    "bridge-agent-end": _disconnect,
    "member-queue-end": _leave,
    "agent-status-change": _status,
}
