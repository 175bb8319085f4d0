"""What is put on record. Ids are words here; `ccore.cdr` interns them into fixed-size rows.

Codes are part of the file format: append, never renumber.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

__all__ = [
    "AgentInterval",
    "AgentState",
    "ContactClosed",
    "EndedBy",
    "Fact",
    "LegClosed",
    "LegKind",
    "LegResult",
    "News",
    "Noted",
    "Outcome",
    "RecordingClosed",
]


class Outcome(IntEnum):
    """How a contact ended, in the counting model of the KPI reference."""

    ANSWERED = 1  # an agent spoke with the caller
    ABANDONED = 2  # caller hung up in a queue, or while an agent rang
    OVERFLOWED = 3  # left the queue for a number outside (or another flow-out)
    VOICEMAIL = 4  # left a message
    IVR = 5  # ended in the IVR, no queue entered
    BLOCKED = 6  # refused: queue full, no such number
    CLOSED = 7  # ended by opening hours
    FORCED = 8  # we ended it against the caller's wish
    FAILED = 9  # the switch or the link lost it
    LEFT = 10  # left the queue by digit
    CALLBACK = 11  # left the queue to be called back; no abandon


class EndedBy(IntEnum):
    UNKNOWN = 0
    CALLER = 1
    AGENT = 2
    SYSTEM = 3


class LegKind(IntEnum):
    """One stretch of a contact's way."""

    IVR = 1
    QUEUE = 2
    RING = 3  # one offer to one agent
    TALK = 4
    HOLD = 5  # a part of TALK
    WRAPUP = 6
    TRANSFER = 7
    VOICEMAIL = 8
    OUTAGE = 9  # lies inside other stretches: ccore was not there, the switch kept the call
    CALLBACK = 10  # one try to call back who had asked for it; ANSWERED if he was reached


class LegResult(IntEnum):
    NONE = 0
    ANSWERED = 1
    ABANDONED = 2
    NO_ANSWER = 3
    BUSY = 4
    REFUSED = 5
    NOT_REGISTERED = 6
    FAILED = 7
    CANCELLED = 8
    OVERFLOWED = 9
    TIMED_OUT = 10
    LEFT = 11  # left by digit
    DONE = 12


class AgentState(IntEnum):
    SIGNED_OUT = 0
    READY = 1
    NOT_READY = 2  # with a reason
    RESERVED = 3  # offer decided, phone does not ring yet
    RINGING = 4
    TALKING = 5
    WRAPUP = 6
    HOLDING = 7
    BUSY_OTHER = 8  # on a call that is not ours: outbound, internal


@dataclass(slots=True)
class ContactClosed:
    """One caller's visit, from arrival to the end of his leg. Times in ms add up to its length."""

    contact: str  # Unique-ID of the caller's leg
    node: str
    arrived_us: int
    ended_us: int
    outcome: Outcome
    ended_by: EndedBy
    cause: str  # FreeSWITCH's hang-up cause
    called: str
    calling: str
    calling_name: str
    language: str
    entry: str
    queue: str = ""  # the last queue entered
    agent: str = ""  # the last agent talked to
    site: str = ""
    priority: int = 0  # seconds of credit
    queued_us: int = 0  # first queue entered; 0: none
    answered_us: int = 0  # first bridge with an agent; 0: none
    ivr_ms: int = 0
    wait_ms: int = 0  # queue entry to bridge or to the end, ringing inside, over all queues
    ring_ms: int = 0  # the part of the wait in which a phone rang
    talk_ms: int = 0  # bridged, holds taken out
    hold_ms: int = 0
    offers: int = 0
    transfers: int = 0
    last_agent_hit: bool = False
    recording: str = ""  # file name of the first recording
    tenant: str = ""  # on whose behalf the call was taken
    step: int = 0  # steps of relaxed skills taken before the last queue was left
    survey: int = 0  # caller's mark, 1 to 5; 0: none
    survey_asked: bool = False
    callback_offered: bool = False
    recovered: bool = False  # ccore was away during a part of it


@dataclass(slots=True)
class LegClosed:
    contact: str
    contact_us: int  # the contact's arrived_us, so that rows can be joined by arrival
    kind: LegKind
    result: LegResult
    start_us: int
    end_us: int
    queue: str = ""
    agent: str = ""
    site: str = ""
    language: str = ""
    cause: str = ""
    detail: str = ""  # flow of an IVR leg, target of a transfer, file of a voicemail
    tenant: str = ""
    step: int = 0  # steps of relaxed skills in force when it ended
    hop: int = 0  # transfers before it: in their order, TRANSFER legs are the chain


@dataclass(slots=True)
class AgentInterval:
    agent: str
    state: AgentState
    start_us: int
    end_us: int
    reason: str = ""
    queue: str = ""
    site: str = ""
    team: str = ""


@dataclass(slots=True)
class RecordingClosed:
    """A file is complete on the switch's disk: index it."""

    contact: str
    path: str
    start_us: int
    end_us: int
    queue: str = ""
    agent: str = ""
    kind: str = "call"  # or voicemail


@dataclass(slots=True)
class News:
    """Something a listener on the control socket wants at once (screen pop, alarms). Not a row."""

    kind: str  # such as offer, answered, ended, agent
    at_us: int
    fields: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(slots=True)
class Noted:
    """What has to be known of an open call or of an agent if we die now. Not a row.

    The newest of a `key` counts; without fields it is to be forgotten.
    """

    key: str  # call:UUID, agent:ID, switch:NAME or site:NAME
    fields: Mapping[str, str] = field(default_factory=dict)


Fact = ContactClosed | LegClosed | AgentInterval | RecordingClosed | News | Noted
