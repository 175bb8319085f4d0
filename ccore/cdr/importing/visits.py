"""From what a log says of callers and agents, one event after another, to facts.

A caller's visit is kept for an hour after he left a queue, since he may come back to one under the
same id: a contact counts once, under the last queue. An agent's state is put together from signing
in, pausing and calls. Of an agent who is not known to be signed in nothing is kept: with his calls
alone he would seem to be busy all the time.

Log formats have no state of wrap-up. A pause whose reason is one of WRAPUP_REASONS is taken as one,
and counts for the contact before it.
"""

from dataclasses import dataclass, field

from ccore.cdr.rows import RowFact
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

__all__ = ["WRAPUP_REASON", "Visits"]

WRAPUP_REASON = "wrap-up"
WRAPUP_REASONS = frozenset({WRAPUP_REASON, "wrapup", "acw", "after call work"})
STAY_US = 3_600_000_000  # how long after the last event a visit may go on
SWEEP_US = 600_000_000


@dataclass(slots=True)
class _Visit:
    contact: str
    arrived_us: int
    last_us: int
    node: str = ""
    calling: str = ""
    calling_name: str = ""
    called: str = ""
    queue: str = ""
    agent: str = ""
    entered_us: int = 0  # the queue he is in now; 0: in none
    answered_us: int = 0  # the first time
    connected_us: int = 0  # the talk that is on; 0: none
    wait_us: int = 0
    ring_us: int = 0
    talk_us: int = 0
    offers: int = 0
    transfers: int = 0
    outcome: Outcome | None = None  # None: still there
    ended_by: EndedBy = EndedBy.UNKNOWN
    cause: str = ""


@dataclass(slots=True)
class _Agent:
    name: str
    since_us: int = 0
    state: AgentState | None = None  # None: not known to be signed in
    reason: str = ""
    queues: set[str] = field(default_factory=set)  # signed in to; "" stands for all
    paused: dict[str, str] = field(default_factory=dict)  # queue, "" for all: reason
    talking_in: dict[str, str] = field(default_factory=dict)  # contact: queue
    last: _Visit | None = None  # whom a wrap-up is for


class Visits:
    """Feed it events in order of time, and take the facts that are complete."""

    def __init__(self) -> None:
        self._visits: dict[str, _Visit] = {}
        self._agents: dict[str, _Agent] = {}
        self._facts: list[RowFact] = []
        self._numbers: dict[str, tuple[int, str]] = {}  # dialled by who is in no queue yet
        self._swept_us = 0

    def take(self) -> list[RowFact]:
        facts, self._facts = self._facts, []
        return facts

    def finish(self) -> int:
        """Nothing comes any more: close who left. The number of visits that were still going on."""
        still = 0
        for visit in list(self._visits.values()):
            if visit.outcome is None:
                still += 1
            else:
                self._close(visit)
        self._visits.clear()
        return still

    # Callers

    def enter(
        self, at_us: int, contact: str, queue: str, *, calling: str = "", name: str = ""
    ) -> None:
        visit = self._visit(at_us, contact, queue, at_us)
        if visit.entered_us and visit.outcome is None:  # went on to another queue in one step
            visit.wait_us += max(0, at_us - visit.entered_us)
        visit.entered_us, visit.outcome = at_us, None
        visit.calling, visit.calling_name = calling or visit.calling, name or visit.calling_name

    def called(self, at_us: int, contact: str, number: str) -> None:
        if contact in self._visits:
            self._visits[contact].called = number
        else:
            self._numbers[contact] = at_us, number

    def node(self, at_us: int, contact: str, node: str) -> None:
        if contact in self._visits:
            self._visits[contact].node = node

    def rang(
        self, at_us: int, contact: str, queue: str, agent: str, ring_us: int, result: LegResult
    ) -> None:
        """A phone rang in vain."""
        visit = self._visit(at_us, contact, queue, at_us - ring_us)
        visit.offers += 1
        visit.ring_us += ring_us
        self._ring(visit, at_us, agent, ring_us, result)
        self._show_ringing(agent, at_us, ring_us)

    def connect(
        self,
        at_us: int,
        contact: str,
        queue: str,
        agent: str,
        ring_us: int,
        wait_us: int | None = None,
    ) -> None:
        visit = self._visit(at_us, contact, queue, at_us - (wait_us or 0))
        entered = visit.entered_us or visit.arrived_us
        visit.wait_us += max(0, at_us - entered) if wait_us is None else wait_us
        visit.offers += 1
        visit.ring_us += ring_us
        visit.agent, visit.entered_us, visit.connected_us = agent, 0, at_us
        visit.answered_us = visit.answered_us or at_us
        self._ring(visit, at_us, agent, ring_us, LegResult.ANSWERED)
        self._show_ringing(agent, at_us, ring_us)
        self._agent(agent).talking_in[contact] = queue
        self._settle(agent, at_us)

    def end_talk(
        self,
        at_us: int,
        contact: str,
        queue: str,
        agent: str,
        *,
        ended_by: EndedBy,
        wait_us: int = 0,
        talk_us: int | None = None,
        transferred_to: str | None = None,
        cause: str = "",
    ) -> None:
        known = contact in self._visits and self._visits[contact].connected_us
        if not known:  # the log begins in the middle of it
            self.connect(at_us - (talk_us or 0), contact, queue, agent, 0, wait_us)
        visit = self._visit(at_us, contact, queue, at_us)
        talk = max(0, at_us - visit.connected_us) if talk_us is None else talk_us
        visit.talk_us += talk
        visit.connected_us = 0
        visit.outcome, visit.ended_by, visit.cause = Outcome.ANSWERED, ended_by, cause
        if transferred_to is not None:
            visit.transfers += 1
            self._leg(visit, LegKind.TRANSFER, at_us, 0, agent, LegResult.DONE, transferred_to)
        person = self._agent(agent)
        person.talking_in.pop(contact, None)
        person.last = visit
        self._settle(agent, at_us)

    def leave(
        self, at_us: int, contact: str, queue: str, outcome: Outcome, wait_us: int | None = None
    ) -> None:
        visit = self._visit(at_us, contact, queue, at_us - (wait_us or 0))
        if visit.outcome is not None:
            return  # said twice
        entered = visit.entered_us or visit.arrived_us
        visit.wait_us += max(0, at_us - entered) if wait_us is None else wait_us
        visit.entered_us = 0
        visit.outcome = Outcome.ANSWERED if visit.answered_us else outcome
        visit.ended_by = EndedBy.CALLER if outcome is Outcome.ABANDONED else EndedBy.SYSTEM

    # Agents

    def sign_in(self, at_us: int, agent: str, queue: str = "") -> None:
        self._agent(agent).queues.add(queue)
        self._settle(agent, at_us)

    def sign_out(self, at_us: int, agent: str, queue: str = "") -> None:
        person = self._agent(agent)
        if queue:
            person.queues.discard(queue)
            person.paused.pop(queue, None)
        else:
            person.queues.clear()
            person.paused.clear()
        self._settle(agent, at_us)

    def pause(self, at_us: int, agent: str, queue: str = "", reason: str = "") -> None:
        self._agent(agent).paused[queue] = reason
        self._settle(agent, at_us)

    def unpause(self, at_us: int, agent: str, queue: str = "") -> None:
        person = self._agent(agent)
        if queue:
            person.paused.pop(queue, None)
        else:
            person.paused.clear()
        self._settle(agent, at_us)

    # Inside

    def _visit(self, at_us: int, contact: str, queue: str, arrived_us: int) -> _Visit:
        if at_us - self._swept_us > SWEEP_US:
            self._sweep(at_us)
        visit = self._visits.get(contact)
        if visit is None:
            visit = self._visits[contact] = _Visit(contact, arrived_us, at_us)
            visit.called = self._numbers.pop(contact, (0, ""))[1]
        visit.queue = queue or visit.queue
        visit.last_us = max(visit.last_us, at_us)
        return visit

    def _sweep(self, at_us: int) -> None:
        self._swept_us = at_us
        for contact, (heard_us, _) in list(self._numbers.items()):
            if heard_us < at_us - STAY_US:
                del self._numbers[contact]
        for visit in list(self._visits.values()):
            if visit.outcome is not None and visit.last_us < at_us - STAY_US:
                self._close(visit)
                del self._visits[visit.contact]

    def _close(self, visit: _Visit) -> None:
        assert visit.outcome is not None
        self._facts.append(
            ContactClosed(
                contact=visit.contact,
                node=visit.node,
                arrived_us=visit.arrived_us,
                ended_us=visit.last_us,
                outcome=visit.outcome,
                ended_by=visit.ended_by,
                cause=visit.cause,
                called=visit.called,
                calling=visit.calling,
                calling_name=visit.calling_name,
                language="",
                entry=visit.called,
                queue=visit.queue,
                agent=visit.agent,
                queued_us=visit.arrived_us,
                answered_us=visit.answered_us,
                wait_ms=visit.wait_us // 1000,
                ring_ms=visit.ring_us // 1000,
                talk_ms=visit.talk_us // 1000,
                offers=visit.offers,
                transfers=visit.transfers,
            )
        )

    def _ring(self, visit: _Visit, at_us: int, agent: str, ring_us: int, result: LegResult) -> None:
        self._leg(visit, LegKind.RING, at_us - ring_us, ring_us, agent, result)

    def _leg(
        self,
        visit: _Visit,
        kind: LegKind,
        start_us: int,
        length_us: int,
        agent: str,
        result: LegResult,
        detail: str = "",
    ) -> None:
        self._facts.append(
            LegClosed(
                contact=visit.contact,
                contact_us=visit.arrived_us,
                kind=kind,
                result=result,
                start_us=start_us,
                end_us=start_us + length_us,
                queue=visit.queue,
                agent=agent,
                detail=detail,
            )
        )

    def _agent(self, name: str) -> _Agent:
        return self._agents.setdefault(name, _Agent(name))

    def _show_ringing(self, name: str, until_us: int, ring_us: int) -> None:
        """The log tells of ringing when it is over; take it out of the time before."""
        person = self._agent(name)
        begin_us = until_us - ring_us
        if person.talking_in or ring_us <= 0 or not person.state or person.since_us > begin_us:
            return
        self._turn(person, begin_us, AgentState.RINGING, "")
        self._settle(name, until_us)

    def _settle(self, name: str, at_us: int) -> None:
        person = self._agent(name)
        known = bool(person.queues)
        everywhere = "" in person.paused or (
            bool(person.paused) and person.queues - {""} <= set(person.paused)
        )
        if person.talking_in and (known or person.state is AgentState.TALKING):
            self._turn(person, at_us, AgentState.TALKING, "")
        elif known and everywhere:
            reason = person.paused.get("", next(iter(person.paused.values())))
            wrapup = reason.strip().lower() in WRAPUP_REASONS
            state = AgentState.WRAPUP if wrapup else AgentState.NOT_READY
            self._turn(person, at_us, state, "" if wrapup else reason)
        else:
            self._turn(person, at_us, AgentState.READY if known else None, "")

    def _turn(self, person: _Agent, at_us: int, state: AgentState | None, reason: str) -> None:
        if (state, reason) == (person.state, person.reason):
            return
        if person.state is not None and at_us > person.since_us:
            self._facts.append(
                AgentInterval(
                    agent=person.name,
                    state=person.state,
                    start_us=person.since_us,
                    end_us=at_us,
                    reason=person.reason,
                )
            )
            if person.state is AgentState.WRAPUP and person.last:
                wrapup_us = at_us - person.since_us
                self._leg(
                    person.last,
                    LegKind.WRAPUP,
                    person.since_us,
                    wrapup_us,
                    person.name,
                    LegResult.DONE,
                )
        person.state, person.since_us, person.reason = state, at_us, reason
