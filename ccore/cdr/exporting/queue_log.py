"""Records as Asterisk's queue_log, so that reporting made for it keeps working.

A contact is told under the last queue it was in, as in the figures, with its whole wait. Times are
whole seconds, as the format has them. Holds are part of the talk; who entered no queue is not
told; wrap-up is a pause with that reason. Agents sign in to no queue in particular.

Lines come in order of time with a bounded part of the records in memory: whatever a record of one
day says is told before the day after next begins.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from ccore.cdr.importing.visits import WRAPUP_REASON
from ccore.cdr.layout import Row
from ccore.cdr.records import days_in, load
from ccore.errors import RecordsDamaged
from ccore.model import (
    AgentInterval,
    AgentState,
    ContactClosed,
    EndedBy,
    LegClosed,
    LegKind,
    LegResult,
    Outcome,
)

__all__ = ["queue_log"]

Tell = Callable[[RecordsDamaged], None]

SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
GAP_US = 2 * SECOND_US  # an agent who is away so long was signed out
CLEAN = str.maketrans({"|": "/", "\n": " ", "\r": " "})
EXITS = {
    Outcome.OVERFLOWED: "EXITWITHTIMEOUT",
    Outcome.VOICEMAIL: "EXITWITHTIMEOUT",
    Outcome.FORCED: "EXITWITHTIMEOUT",
    Outcome.BLOCKED: "EXITEMPTY",
    Outcome.CLOSED: "EXITEMPTY",
    Outcome.FAILED: "SYSCOMPAT",
}
# What comes first of that which happens in one second.
ORDER = ("AGENTLOGIN", "UNPAUSEALL", "ENTERQUEUE", "DID", "", "PAUSEALL", "AGENTLOGOFF")


@dataclass(slots=True)
class _Agent:
    signed_in_us: int
    end_us: int  # of the last interval
    paused: bool = False


@dataclass(slots=True)
class _Log:
    """Lines that wait for their time."""

    lines: list[tuple[int, int, int, str]] = field(default_factory=list)
    count: int = 0

    def add(self, at_us: int, call: str, queue: str, agent: str, event: str, *data: object) -> None:
        at_s = at_us // SECOND_US
        cells = (call or "NONE", queue or "NONE", agent or "NONE", event, *data)
        text = "|".join(str(cell).translate(CLEAN) for cell in cells)
        rank = ORDER.index(event) if event in ORDER else ORDER.index("")
        self.count += 1
        heapq.heappush(self.lines, (at_s, rank, self.count, f"{at_s}|{text}"))

    def before(self, at_us: int | None) -> Iterator[str]:
        while self.lines and (at_us is None or self.lines[0][0] < at_us // SECOND_US):
            yield heapq.heappop(self.lines)[3]


def queue_log(
    directory: Path, days: Iterable[date] | None = None, *, tell: Tell | None = None
) -> Iterator[str]:
    """The lines of the log, without their ends."""
    chosen = None if days is None else set(days)
    log, agents = _Log(), dict[str, _Agent]()
    for day in days_in(directory):
        if chosen is not None and day not in chosen:
            continue
        records = load(directory, [day], tell=tell)
        start_us = (day - date(1970, 1, 1)).days * DAY_US
        _let_go(log, agents, start_us - DAY_US)
        yield from log.before(start_us - DAY_US)
        legs: dict[str, list[LegClosed]] = defaultdict(list)
        for leg in records.facts(Row.LEG):
            if isinstance(leg, LegClosed) and leg.kind in (LegKind.RING, LegKind.TRANSFER):
                legs[leg.contact].append(leg)
        for contact in records.facts(Row.CONTACT):
            if isinstance(contact, ContactClosed) and (contact.queued_us or contact.answered_us):
                _tell_contact(log, contact, legs[contact.contact])
        intervals = [one for one in records.facts(Row.AGENT) if isinstance(one, AgentInterval)]
        for interval in sorted(intervals, key=lambda one: one.start_us):
            _tell_agent(log, agents, interval)
        records.strings.close()
    _let_go(log, agents, None)
    yield from log.before(None)


def _tell_contact(log: _Log, contact: ContactClosed, legs: list[LegClosed]) -> None:
    call, queue, agent = contact.contact, contact.queue, contact.agent
    queued_us = contact.queued_us or contact.answered_us - contact.wait_ms * 1000
    if contact.called:
        log.add(queued_us, call, queue, "", "DID", contact.called)
    log.add(queued_us, call, queue, "", "ENTERQUEUE", "", contact.calling, 1, contact.calling_name)
    for leg in legs:
        if leg.kind is LegKind.RING and leg.result is not LegResult.ANSWERED:
            event = "RINGCANCELED" if leg.result is LegResult.CANCELLED else "RINGNOANSWER"
            ring_ms = max(0, leg.end_us - leg.start_us) // 1000
            log.add(leg.end_us, call, queue, leg.agent, event, ring_ms)
    wait_s = contact.wait_ms // 1000
    if contact.outcome is Outcome.ANSWERED:
        rang_ms = sum(
            max(0, leg.end_us - leg.start_us) // 1000
            for leg in legs
            if leg.kind is LegKind.RING and leg.result is not LegResult.ANSWERED
        )
        ring_s = max(0, contact.ring_ms - rang_ms) // 1000
        answered_us = contact.answered_us or queued_us + contact.wait_ms * 1000
        talk_s = (contact.talk_ms + contact.hold_ms) // 1000
        log.add(answered_us, call, queue, agent, "CONNECT", wait_s, call, ring_s)
        ended_us = max(answered_us, contact.ended_us)
        to = [leg.detail for leg in legs if leg.kind is LegKind.TRANSFER]
        if contact.transfers:
            target = (to or [""])[-1]
            log.add(ended_us, call, queue, agent, "BLINDTRANSFER", target, "", wait_s, talk_s, 1)
        else:
            by_agent = contact.ended_by is EndedBy.AGENT
            event = "COMPLETEAGENT" if by_agent else "COMPLETECALLER"
            log.add(ended_us, call, queue, agent, event, wait_s, talk_s, 1)
        return
    left_us = queued_us + contact.wait_ms * 1000
    if contact.outcome is Outcome.ABANDONED:
        log.add(left_us, call, queue, "", "ABANDON", 1, 1, wait_s)
    elif contact.outcome is Outcome.LEFT:
        log.add(left_us, call, queue, "", "EXITWITHKEY", "", 1, 1, wait_s)
    else:
        event = EXITS.get(contact.outcome, "EXITWITHTIMEOUT")
        log.add(
            left_us, call, queue, agent, event, *(() if event == "SYSCOMPAT" else (1, 1, wait_s))
        )


def _tell_agent(log: _Log, agents: dict[str, _Agent], interval: AgentInterval) -> None:
    name, state = interval.agent, interval.state
    agent = agents.get(name)
    if agent and interval.start_us - agent.end_us > GAP_US:
        _sign_out(log, name, agents.pop(name))
        agent = None
    if state is AgentState.SIGNED_OUT:
        if agent:
            _sign_out(log, name, agents.pop(name))
        return
    if agent is None:
        agent = agents[name] = _Agent(interval.start_us, interval.end_us)
        log.add(interval.start_us, "", "", name, "AGENTLOGIN", name)
    agent.end_us = max(agent.end_us, interval.end_us)
    reason = {
        AgentState.NOT_READY: interval.reason or "not-ready",
        AgentState.WRAPUP: WRAPUP_REASON,
        AgentState.BUSY_OTHER: "other-call",
    }.get(state)
    if reason is not None:
        log.add(interval.start_us, "", "", name, "PAUSEALL", reason)
    elif agent.paused:
        log.add(interval.start_us, "", "", name, "UNPAUSEALL")
    agent.paused = reason is not None


def _let_go(log: _Log, agents: dict[str, _Agent], before_us: int | None) -> None:
    """Sign out whose last interval ended long ago."""
    for name, agent in list(agents.items()):
        if before_us is None or agent.end_us < before_us:
            _sign_out(log, name, agents.pop(name))


def _sign_out(log: _Log, name: str, agent: _Agent) -> None:
    length_s = (agent.end_us - agent.signed_in_us) // SECOND_US
    log.add(agent.end_us, "", "", name, "AGENTLOGOFF", name, length_s)
