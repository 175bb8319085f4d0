"""One caller's visit: its state, its clocks, its way so far.

Rule: every transition is in CALL. Code may refuse an event, never invent a transition.

The clocks are stretches: at any time a contact is in at most one of IVR, QUEUE, TALK, VOICEMAIL,
TRANSFER, and HOLD lies inside TALK, RING inside QUEUE. A stretch becomes a LegClosed when it ends
and its length goes into the contact's totals, so the totals are the sum of the rows.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from ccore.config.demand import NO_WANTS, Wants
from ccore.model import ContactClosed, EndedBy, LegClosed, LegKind, LegResult, Outcome

if TYPE_CHECKING:
    from ccore.floor.ivr import Visit
    from ccore.floor.offer import Offer
    from ccore.floor.queues import Stay
    from ccore.floor.recording import Tape
    from ccore.floor.timers import Timer

__all__ = ["CALL", "CallState", "Contact", "UnexpectedTransition"]


class CallState(Enum):
    ARRIVING = "arriving"  # known, not yet sent anywhere
    IVR = "ivr"
    WAITING = "waiting"  # in a queue, no phone rings
    RINGING = "ringing"  # in a queue, an agent's phone rings
    BRIDGING = "bridging"  # an agent has answered, the bridge is on its way
    TALKING = "talking"
    HELD = "held"
    PARTING = "parting"  # the agent's side is gone: the leg ends, or comes back to us
    VOICEMAIL = "voicemail"
    LEAVING = "leaving"  # handed to the dialplan: an outside number
    ENDING = "ending"  # we have hung up, or play the last words
    ENDED = "ended"


class UnexpectedTransition(AssertionError):
    """A bug of ours: code asked for a transition that the table does not have."""


_S = CallState

CALL: dict[CallState, frozenset[CallState]] = {
    _S.ARRIVING: frozenset({_S.IVR, _S.WAITING, _S.VOICEMAIL, _S.LEAVING, _S.ENDING, _S.ENDED}),
    _S.IVR: frozenset({_S.WAITING, _S.VOICEMAIL, _S.LEAVING, _S.ENDING, _S.ENDED, _S.ARRIVING}),
    _S.WAITING: frozenset({_S.RINGING, _S.BRIDGING, _S.ARRIVING, _S.LEAVING, _S.ENDED}),
    _S.RINGING: frozenset({_S.WAITING, _S.BRIDGING, _S.ARRIVING, _S.ENDED}),
    _S.BRIDGING: frozenset({_S.TALKING, _S.WAITING, _S.ENDED}),
    _S.TALKING: frozenset({_S.HELD, _S.PARTING, _S.ARRIVING, _S.ENDED}),
    _S.HELD: frozenset({_S.TALKING, _S.PARTING, _S.ARRIVING, _S.ENDED}),
    _S.PARTING: frozenset({_S.ARRIVING, _S.LEAVING, _S.ENDING, _S.ENDED}),
    _S.VOICEMAIL: frozenset({_S.IVR, _S.LEAVING, _S.ENDING, _S.ENDED}),
    _S.LEAVING: frozenset({_S.ENDED, _S.ARRIVING}),
    _S.ENDING: frozenset({_S.LEAVING, _S.ENDED}),
    _S.ENDED: frozenset(),
}

_TALK_STATES = frozenset({_S.TALKING, _S.HELD})
# Nobody waits on what we do next.
_BY_THEMSELVES = frozenset({_S.TALKING, _S.HELD, _S.LEAVING, _S.ENDED})

# They never overlap, and fill a contact's time between them; the others lie inside.
_STRETCHES = frozenset({LegKind.IVR, LegKind.QUEUE, LegKind.TALK})


@dataclass(slots=True)
class Contact:
    id: str  # Unique-ID of the caller's leg
    number: int  # the same, as the router counts
    node: str
    arrived_us: int
    called: str
    calling: str
    calling_name: str
    language: str
    entry: str = ""
    tenant: str = ""
    site: str = ""
    territory_skill: str = ""
    priority: int = 0  # seconds of credit
    wants: Wants = NO_WANTS  # what entry and IVR ask for on top of the queue
    step: int = 0  # how often more agents were let in, in the last queue
    state: CallState = CallState.ARRIVING
    is_answered: bool = False  # the channel is up
    # Where he is.
    visit: "Visit | None" = None
    stay: "Stay | None" = None
    offer: "Offer | None" = None  # the agent rung, bridged or talked to
    tape: "Tape | None" = None
    collected: dict[str, str] = field(default_factory=dict)
    transfer_to: str = ""  # destination of a transfer under way
    last_words: str = ""  # app id of the prompt after which we hang up
    fallback_timer: "Timer | None" = None
    parting_timer: "Timer | None" = None
    # What is known at the end.
    outcome: Outcome | None = None  # decided before the leg ends (closed, blocked, ...)
    ended_by: EndedBy = EndedBy.UNKNOWN
    queue: str = ""
    agent: str = ""
    queued_us: int = 0
    answered_us: int = 0
    # Ends of the last stretch and of what lay inside: a switch's stamps lag behind timers by 20 ms.
    settled_us: int = 0
    inner_us: int = 0
    ivr_ms: int = 0
    wait_ms: int = 0
    ring_ms: int = 0
    talk_ms: int = 0
    hold_ms: int = 0
    offers: int = 0
    transfers: int = 0
    last_agent_hit: bool = False
    recording: str = ""
    recordings: int = 0
    survey: int = 0  # his mark, 1 to 5
    is_asked: bool = False  # for a mark
    is_offered_callback: bool = False
    is_recovered: bool = False  # ccore was away during a part of it
    noted: dict[str, str] = field(default_factory=dict)  # what stands on the channel
    needy: set[str] = field(default_factory=set)  # ids of all contacts that need us; the floor's
    changed: set[str] = field(default_factory=set)  # ids of those to be noted anew; the floor's

    def __post_init__(self) -> None:
        self.settled_us = self.arrived_us

    def become(self, state: CallState) -> None:
        if state not in CALL[self.state]:
            raise UnexpectedTransition(f"{self.id}: {self.state.value} -> {state.value}")
        self.state = state
        self.changed.add(self.id)
        if state in _BY_THEMSELVES:
            self.needy.discard(self.id)
        else:
            self.needy.add(self.id)

    @property
    def is_over(self) -> bool:
        return self.state is CallState.ENDED

    @property
    def is_talking(self) -> bool:
        return self.state in _TALK_STATES

    @property
    def needs_us(self) -> bool:
        """Somebody waits on what we do next: worth asking the switch to be prompt."""
        return self.state not in _BY_THEMSELVES

    def leg_closed(
        self,
        kind: LegKind,
        result: LegResult,
        start_us: int,
        end_us: int,
        *,
        queue: str = "",
        agent: str = "",
        cause: str = "",
        detail: str = "",
    ) -> LegClosed:
        """The row of a stretch; its length goes into the totals."""
        if kind in _STRETCHES:
            start_us = max(start_us, self.settled_us)
            self.settled_us = end_us = max(start_us, end_us, self.inner_us)
        elif kind in (LegKind.RING, LegKind.HOLD):
            start_us = max(start_us, self.settled_us, self.inner_us)
            self.inner_us = end_us = max(start_us, end_us)
        self.changed.add(self.id)
        end_us = max(start_us, end_us)
        length_ms = (end_us - start_us) // 1000
        match kind:
            case LegKind.IVR:
                self.ivr_ms += length_ms
            case LegKind.QUEUE:
                self.wait_ms += length_ms
            case LegKind.RING:
                self.ring_ms += length_ms
            case LegKind.TALK:
                self.talk_ms += length_ms
            case LegKind.HOLD:
                self.talk_ms -= length_ms
                self.hold_ms += length_ms
            case _:
                pass
        return LegClosed(
            contact=self.id,
            contact_us=self.arrived_us,
            kind=kind,
            result=result,
            start_us=start_us,
            end_us=end_us,
            queue=queue,
            agent=agent,
            site=self.site,
            language=self.language,
            cause=cause,
            detail=detail,
            tenant=self.tenant,
            step=self.step if kind in (LegKind.QUEUE, LegKind.RING) else 0,
            hop=self.transfers,
        )

    def closed(self, ended_us: int, cause: str) -> ContactClosed:
        return ContactClosed(
            contact=self.id,
            node=self.node,
            arrived_us=self.arrived_us,
            ended_us=max(self.arrived_us, self.settled_us, ended_us),
            outcome=self.final_outcome(),
            ended_by=self.ended_by,
            cause=cause,
            called=self.called,
            calling=self.calling,
            calling_name=self.calling_name,
            language=self.language,
            entry=self.entry,
            queue=self.queue,
            agent=self.agent,
            site=self.site,
            priority=self.priority,
            step=self.step,
            queued_us=self.queued_us,
            answered_us=self.answered_us,
            ivr_ms=self.ivr_ms,
            wait_ms=self.wait_ms,
            ring_ms=self.ring_ms,
            talk_ms=max(0, self.talk_ms),
            hold_ms=self.hold_ms,
            offers=self.offers,
            transfers=self.transfers,
            last_agent_hit=self.last_agent_hit,
            recording=self.recording,
            survey=self.survey,
            survey_asked=self.is_asked,
            callback_offered=self.is_offered_callback,
            recovered=self.is_recovered,
            tenant=self.tenant,
        )

    def final_outcome(self) -> Outcome:
        if self.answered_us:
            return Outcome.ANSWERED
        if self.outcome is not None:
            return self.outcome
        return Outcome.ABANDONED if self.queued_us else Outcome.IVR
