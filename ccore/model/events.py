"""What a switch says, in the words the floor understands.

`leg` is the switch's Unique-ID of one channel. `at_us` is the switch's own stamp. The switch keeps
order per leg only, so no two events of different legs may be compared by arrival.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "AgentRegistered",
    "AgentUnregistered",
    "AppDone",
    "DigitPressed",
    "Event",
    "JobDone",
    "LegAnswered",
    "LegDialled",
    "LegHeld",
    "LegHungUp",
    "LegParked",
    "LegSeen",
    "LegUnheld",
    "LegsBridged",
    "LegsListed",
    "LegsUnbridged",
    "LinkBusy",
    "LinkDown",
    "LinkFree",
    "LinkUp",
    "PhoneFound",
    "RecordingStarted",
    "RecordingStopped",
    "SwitchLeg",
    "UnseenCall",
]


@dataclass(slots=True)
class LegParked:
    """A leg waits for us: a new call, a call transferred to us, an answered agent, a freed leg."""

    leg: str
    at_us: int
    called: str  # number dialled, as the dialplan cleaned it
    calling: str  # caller's number
    calling_name: str  # caller's own choice of name: data, never structure
    context: str  # dialplan context the leg came through
    answered: bool
    variables: Mapping[str, str] = field(default_factory=dict)  # ccore_* only, without the prefix


@dataclass(slots=True)
class LegAnswered:
    leg: str
    at_us: int


@dataclass(slots=True)
class LegDialled:
    """An agent's phone calls a number outside: the dialplan connects it, and says so first."""

    leg: str
    at_us: int
    variables: Mapping[str, str] = field(default_factory=dict)  # ccore_* only, without the prefix


@dataclass(slots=True)
class LegsBridged:
    leg: str
    at_us: int
    other: str  # the leg it is bridged to
    variables: Mapping[str, str] = field(default_factory=dict)  # ccore_* only, without the prefix


@dataclass(slots=True)
class LegsUnbridged:
    leg: str
    at_us: int


@dataclass(slots=True)
class LegHungUp:
    """The leg is gone for good."""

    leg: str
    at_us: int
    cause: str  # FreeSWITCH's name, such as NORMAL_CLEARING
    by_phone: bool  # True: the phone at the far end ended it; False: the switch or we did
    variables: Mapping[str, str] = field(default_factory=dict)  # ccore_* only, without the prefix


@dataclass(slots=True)
class DigitPressed:
    leg: str
    at_us: int
    digit: str  # one of 0-9 * # A-D


@dataclass(slots=True)
class AppDone:
    """An application that we started with our own `app` id has ended."""

    leg: str
    at_us: int
    app: str
    response: str  # Application-Response, such as FILE PLAYED


@dataclass(slots=True)
class JobDone:
    """A background job of ours has ended: a `Ring` or a `Bridge`."""

    job: str
    at_us: int
    ok: bool
    text: str  # what stood behind +OK or -ERR, such as USER_BUSY


@dataclass(slots=True)
class LegHeld:
    leg: str
    at_us: int


@dataclass(slots=True)
class LegUnheld:
    leg: str
    at_us: int


@dataclass(slots=True)
class RecordingStarted:
    leg: str
    at_us: int
    path: str


@dataclass(slots=True)
class RecordingStopped:
    leg: str
    at_us: int
    path: str


@dataclass(slots=True)
class AgentRegistered:
    user: str
    at_us: int


@dataclass(slots=True)
class AgentUnregistered:
    user: str
    at_us: int


@dataclass(slots=True)
class PhoneFound:
    """What a `FindPhone` found."""

    user: str
    at_us: int
    is_there: bool


@dataclass(slots=True)
class SwitchLeg:
    """One channel as the switch has it: in a snapshot when a link comes up, or looked at alone."""

    leg: str
    created_us: int
    calling: str
    called: str
    context: str
    answered: bool
    bridged_to: str  # "" while in no bridge
    variables: Mapping[str, str] = field(default_factory=dict)  # ccore_* only, without the prefix
    calling_name: str = ""
    is_held: bool = False
    is_done: bool = False  # the application that it began last is over


@dataclass(slots=True)
class LegSeen:
    """What a `Look` found; None: the switch has no such channel."""

    leg: str
    at_us: int
    asked_us: int
    found: SwitchLeg | None


@dataclass(slots=True)
class LegsListed:
    """Every channel that the switch has, by its own list, which may lag behind by some 100 ms."""

    at_us: int
    asked_us: int
    legs: frozenset[str]


@dataclass(slots=True)
class UnseenCall:
    """A caller who came and went without a note of ours, as the switch's dialplan kept him."""

    leg: str
    arrived_us: int
    ended_us: int
    cause: str
    by_phone: bool
    is_served: bool  # the switch's own fallback had taken him
    called: str
    calling: str


@dataclass(slots=True)
class LinkUp:
    """A switch can be told things again; `legs` is all that it has."""

    at_us: int
    core: str  # Core-UUID: a new one means a new life of the switch
    legs: list[SwitchLeg] = field(default_factory=list)
    unseen: list[UnseenCall] = field(default_factory=list)
    late_us: int = 0  # by so much its newest stamp was older than its arrival; 0: there was none


@dataclass(slots=True)
class LinkDown:
    at_us: int
    why: str


@dataclass(slots=True)
class LinkBusy:
    """The switch is behind with what it was told: begin nothing new until `LinkFree`."""

    at_us: int


@dataclass(slots=True)
class LinkFree:
    at_us: int


Event = (
    LegParked
    | LegAnswered
    | LegDialled
    | LegsBridged
    | LegsUnbridged
    | LegHungUp
    | DigitPressed
    | AppDone
    | JobDone
    | LegHeld
    | LegUnheld
    | LegSeen
    | LegsListed
    | RecordingStarted
    | RecordingStopped
    | AgentRegistered
    | AgentUnregistered
    | PhoneFound
    | LinkUp
    | LinkDown
    | LinkBusy
    | LinkFree
)
