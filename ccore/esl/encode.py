"""Commands to bytes. No value from outside can break out of its place.

An id, path, dial string or variable that holds a character with a meaning of its own is refused
(UnsafeValue): such values are made by us or by the configuration, never by a caller. The one text
a caller chooses, his name, is stripped of such characters: it is shown on a phone and nothing more.
"""

import re
from collections.abc import Callable

from ccore.errors import UnsafeValue
from ccore.model import (
    Answer,
    ArmFallback,
    Bridge,
    Command,
    DisarmFallback,
    Hangup,
    Hold,
    MaskRecording,
    Play,
    PlayMusic,
    RecordMessage,
    Ring,
    SetVariables,
    StartRecording,
    StopPlaying,
    StopRecording,
    Transfer,
    Unhold,
    UnmaskRecording,
)

__all__ = ["encode", "job_of"]

_WORD = re.compile(r"[A-Za-z0-9_.:@/+*#\-]*", re.ASCII)
_SOURCE = re.compile(r"[^\s'\"\\\x00-\x1f\x7f]+")
_DIAL = re.compile(r"[^\s\x00-\x1f\x7f&]+")
# What ends a value or starts a new one inside originate's {...}, quotes and expansion included.
_NOT_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f,'\"{}\[\]()^\\|<>$;&%:=\ud800-\udfff]")

SILENCE_THRESHOLD = 200  # energy below which the record app hears silence (its own usual value)
NAME_CHARS = 40  # what phones show of a name


def _word(value: str, where: str) -> str:
    if not _WORD.fullmatch(value):
        raise UnsafeValue(value=value, where=where, why="only letters, digits and _.:@/+*#- pass")
    return value


def _source(value: str, where: str) -> str:
    if not _SOURCE.fullmatch(value):
        raise UnsafeValue(value=value, where=where, why="no blanks, quotes or control characters")
    return value


def _name(value: str) -> str:
    return " ".join(_NOT_IN_A_NAME.sub(" ", value).split())[:NAME_CHARS]


def _execute(leg: str, app: str, arg: str = "", app_id: str = "") -> str:
    lines = [f"sendmsg {_word(leg, 'leg')}", "call-command: execute", f"execute-app-name: {app}"]
    if arg:
        lines.append(f"execute-app-arg: {arg}")
    if app_id:
        lines.append(f"Event-UUID: {_word(app_id, 'application id')}")
    return "\n".join(lines)


def _play(c: Play) -> str:
    files = [_source(name, "file") for name in c.files]
    if any("!" in name for name in files):
        raise UnsafeValue(value="!", where="file", why="it separates files")
    arg = files[0] if len(files) == 1 else "file_string://" + "!".join(files)
    return _execute(c.leg, "playback", arg, c.app)


def _ring(c: Ring) -> str:
    if not _DIAL.fullmatch(c.dial):
        raise UnsafeValue(value=c.dial, where="dial string", why="no blanks or & pass")
    variables = {
        "origination_uuid": _word(c.leg, "leg"),
        "originate_timeout": str(c.timeout_s),
        "ignore_early_media": "true",
        # Where the dialplan leads the caller's leg when this one ends (dialplans/README.md).
        "rdnis": "ccore-after",
        "origination_caller_id_name": f"'{_name(c.caller_name)}'",
        "origination_caller_id_number": _word(c.caller_number, "caller's number") or "anonymous",
    }
    if c.stays:
        variables["park_after_bridge"] = "true"
    for name, value in c.variables.items():
        variables[f"ccore_{_word(name, 'variable')}"] = _word(value, f"variable {name}")
    inside = ",".join(f"{name}={value}" for name, value in variables.items())
    return f"bgapi originate {{{inside}}}{c.dial} &park()\nJob-UUID: {_word(c.job, 'job')}"


def _bridge(c: Bridge) -> str:
    # Half a millisecond, so no background job; a refusal comes as the reply.
    return f"api uuid_bridge {_word(c.leg, 'leg')} {_word(c.other, 'leg')}"


def _set(c: SetVariables) -> str:
    pairs = ";".join(
        f"ccore_{_word(name, 'variable')}={_word(value, f'variable {name}')}"
        for name, value in c.variables.items()
    )
    return f"api uuid_setvar_multi {_word(c.leg, 'leg')} {pairs}"


def _record_message(c: RecordMessage) -> str:
    # Unlike uuid_record the record app makes no directories, and hangs up for want of one.
    path = _source(c.path, "recording")
    arg = f"{path} {c.limit_s} {SILENCE_THRESHOLD} {c.silence_s}"
    make = _execute(c.leg, "mkdir", path.rpartition("/")[0])
    return f"{make}\n\n{_execute(c.leg, 'record', arg, c.app)}"


def _record(verb: str) -> Callable[[StartRecording], str]:
    def line(c: StartRecording) -> str:
        return f"api uuid_record {_word(c.leg, 'leg')} {verb} {_source(c.path, 'recording')}"

    return line


def _transfer(c: Transfer) -> str:
    leg, number = _word(c.leg, "leg"), _word(c.number, "number")
    if c.context == "inline":
        return f"api uuid_transfer {leg} {number} inline"
    return f"api uuid_transfer {leg} {number} XML {_word(c.context, 'context')}"


def _arm(c: ArmFallback) -> str:
    leg = _word(c.leg, "leg")
    return (
        f"api sched_del {leg}\n\napi sched_transfer +{c.after_s} {leg} fallback XML ccore-fallback"
    )


_ENCODERS: dict[type, Callable[..., str]] = {
    Answer: lambda c: _execute(c.leg, "answer"),
    Play: _play,
    # Not endless_playback: it takes no digits and no break.
    PlayMusic: lambda c: _execute(c.leg, "playback", _source(c.source, "music")) + "\nloops: -1",
    StopPlaying: lambda c: f"api uuid_break {_word(c.leg, 'leg')} all",
    RecordMessage: _record_message,
    Ring: _ring,
    Bridge: _bridge,
    Hangup: lambda c: f"api uuid_kill {_word(c.leg, 'leg')} {_word(c.cause, 'cause')}",
    SetVariables: _set,
    StartRecording: _record("start"),
    StopRecording: _record("stop"),
    MaskRecording: _record("mask"),
    UnmaskRecording: _record("unmask"),
    Transfer: _transfer,
    ArmFallback: _arm,
    DisarmFallback: lambda c: f"api sched_del {_word(c.leg, 'leg')}",
    Hold: lambda c: f"api uuid_hold {_word(c.leg, 'leg')}",
    Unhold: lambda c: f"api uuid_hold off {_word(c.leg, 'leg')}",
}


def encode(command: Command) -> tuple[bytes, int]:
    """The bytes of a command and how many replies they bring. Raises UnsafeValue."""
    text = _ENCODERS[type(command)](command)
    return text.encode() + b"\n\n", text.count("\n\n") + 1


def job_of(command: Command) -> str:
    """The id under which the result of a command comes back later; "" if none does."""
    return command.job if isinstance(command, Ring | Bridge) else ""
