"""What a switch is told, as typed values. `ccore.esl.encode` makes bytes of them and escapes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "Answer",
    "ArmFallback",
    "Bridge",
    "Command",
    "DisarmFallback",
    "FindPhone",
    "ForgetUnseen",
    "Hangup",
    "Hold",
    "Look",
    "MaskRecording",
    "Play",
    "PlayMusic",
    "RecordMessage",
    "Ring",
    "SetVariables",
    "StartRecording",
    "StopPlaying",
    "StopRecording",
    "Transfer",
    "Unhold",
    "UnmaskRecording",
]


@dataclass(slots=True)
class Answer:
    leg: str


@dataclass(slots=True)
class Play:
    """Play files one after another; `AppDone(app)` follows. Music underneath goes on afterwards."""

    leg: str
    files: tuple[str, ...]
    app: str


@dataclass(slots=True)
class PlayMusic:
    """Play a source over and over until stopped or bridged."""

    leg: str
    source: str


@dataclass(slots=True)
class StopPlaying:
    """Stop everything that plays, music included: the switch knows no "innermost only"."""

    leg: str


@dataclass(slots=True)
class RecordMessage:
    """Voicemail: record the leg alone; `AppDone(app)` follows."""

    leg: str
    path: str
    limit_s: int
    silence_s: int  # this much silence ends the message
    app: str


@dataclass(slots=True)
class Ring:
    """Call out to `dial`; the new leg gets the id `leg` and parks when answered.

    `JobDone(job)` tells the end: ok when answered, else the hang-up cause as text. The switch
    counts `timeout_s` in whole seconds and may end up to one second early.
    """

    leg: str
    job: str
    dial: str  # a dial string from configuration, never from a caller
    timeout_s: int
    caller_name: str
    caller_number: str
    variables: Mapping[str, str] = field(default_factory=dict)
    stays: bool = False  # a nailed-up leg: it parks again when a bridge ends


@dataclass(slots=True)
class Bridge:
    """Join two answered legs; `LegsBridged` follows, or `JobDone(job)` not ok."""

    leg: str
    other: str
    job: str


@dataclass(slots=True)
class Hangup:
    leg: str
    cause: str = "NORMAL_CLEARING"


@dataclass(slots=True)
class SetVariables:
    """Write what must survive us onto the channel. Names come without `ccore_` and get it."""

    leg: str
    variables: Mapping[str, str]


@dataclass(slots=True)
class StartRecording:
    leg: str
    path: str


@dataclass(slots=True)
class StopRecording:
    leg: str
    path: str


@dataclass(slots=True)
class MaskRecording:
    """Silence instead of voice in the file until unmasked (card numbers, PINs)."""

    leg: str
    path: str


@dataclass(slots=True)
class UnmaskRecording:
    leg: str
    path: str


@dataclass(slots=True)
class Transfer:
    """Send a leg to the dialplan: `number` in `context`; "park", "inline" brings it back."""

    leg: str
    number: str
    context: str


@dataclass(slots=True)
class ArmFallback:
    """Unless armed again or disarmed within `after_s`, the switch serves the caller by itself."""

    leg: str
    after_s: int


@dataclass(slots=True)
class DisarmFallback:
    leg: str


@dataclass(slots=True)
class Hold:
    leg: str


@dataclass(slots=True)
class Unhold:
    leg: str


@dataclass(slots=True)
class Look:
    """Ask what a channel is; `LegSeen` follows. For comparing pictures, not for serving calls."""

    leg: str


@dataclass(slots=True)
class FindPhone:
    """Ask whether any phone of a user is registered; `PhoneFound` follows."""

    user: str
    domain: str


@dataclass(slots=True)
class ForgetUnseen:
    """He is on record: the switch need not keep the caller who came and went unseen."""

    leg: str


Command = (
    Answer
    | Play
    | PlayMusic
    | StopPlaying
    | RecordMessage
    | Ring
    | Bridge
    | Hangup
    | SetVariables
    | StartRecording
    | StopRecording
    | MaskRecording
    | UnmaskRecording
    | Transfer
    | ArmFallback
    | DisarmFallback
    | Hold
    | Unhold
    | Look
    | FindPhone
    | ForgetUnseen
)
