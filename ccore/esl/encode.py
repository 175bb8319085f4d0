"""Commands to bytes. No value from outside can break out of its place: see `ccore.esl.quote`.

An id or a dial string that could is refused (UnsafeValue): they are made by us or stand in the
configuration. What a caller chose goes through whatever it is, escaped or, for a phone's display,
made plain.
"""

import re
from collections.abc import Callable

from ccore.errors import UnsafeValue
from ccore.esl.quote import argument, check, header, setting, shown, variable, word
from ccore.esl.unseen import VARIABLE as UNSEEN
from ccore.model import (
    Answer,
    ArmFallback,
    Bridge,
    Command,
    DisarmFallback,
    FindPhone,
    ForgetUnseen,
    Hangup,
    Hold,
    Look,
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

# Blanks and commas pass; of quotes and backslashes the switch takes some away, for it looks for
# variables in the argument of an application and parts the files of a `file_string`.
_SOURCE = re.compile(r"[^'\"\\\x00-\x1f\x7f]+")
_DIAL = re.compile(r"[^\s\x00-\x1f\x7f&\ud800-\udfff]+")

SILENCE_THRESHOLD = 200  # energy below which the record app hears silence (its own usual value)


def _source(value: str, where: str) -> str:
    if not _SOURCE.fullmatch(value):
        raise UnsafeValue(value=value, where=where, why="no quotes, backslashes or line ends")
    return value


def _execute(leg: str, app: str, arg: str = "", app_id: str = "") -> str:
    lines = [f"sendmsg {word(leg, 'leg')}", "call-command: execute", f"execute-app-name: {app}"]
    if arg:
        lines.append(f"execute-app-arg: {header(arg, 'argument')}")
    if app_id:
        lines.append(f"Event-UUID: {word(app_id, 'application id')}")
    return "\n".join(lines)


def _play(c: Play) -> str:
    files = [_source(name, "file") for name in c.files]
    if any("!" in name for name in files):
        raise UnsafeValue(value="!", where="file", why="it separates files")
    arg = files[0] if len(files) == 1 else "file_string://" + "!".join(files)
    return _execute(c.leg, "playback", arg, c.app)


def _ring(c: Ring) -> str:
    if not _DIAL.fullmatch(c.dial):
        raise UnsafeValue(
            value=c.dial, where="dial string", why="no blanks, & or halves of characters pass"
        )
    variables = {
        "origination_uuid": word(c.leg, "leg"),
        "originate_timeout": str(c.timeout_s),
        "ignore_early_media": "true",
        # Where the dialplan leads the caller's leg when this one ends (dialplans/README.md).
        "rdnis": "ccore-after",
        "origination_caller_id_name": variable(shown(c.caller_name), "caller's name"),
        "origination_caller_id_number": variable(shown(c.caller_number) or "anonymous", "number"),
    }
    if c.stays:
        variables["park_after_bridge"] = "true"
    for name, value in c.variables.items():
        variables[f"ccore_{word(name, 'variable')}"] = variable(value, f"variable {name}")
    inside = ",".join(f"{name}={value}" for name, value in variables.items())
    return f"bgapi originate {{{inside}}}{c.dial} &park()\nJob-UUID: {word(c.job, 'job')}"


def _bridge(c: Bridge) -> str:
    # Half a millisecond, so no background job; a refusal comes as the reply.
    return f"api uuid_bridge {word(c.leg, 'leg')} {word(c.other, 'leg')}"


def _set(c: SetVariables) -> str:
    pairs = ";".join(
        f"ccore_{word(name, 'variable')}={setting(value, f'variable {name}')}"
        for name, value in c.variables.items()
    )
    return f"api uuid_setvar_multi {word(c.leg, 'leg')} {pairs}"


def _record_message(c: RecordMessage) -> str:
    # Unlike uuid_record the record app makes no directories, and hangs up for want of one.
    path = argument(_source(c.path, "recording"), "recording")
    arg = f"{path} {c.limit_s} {SILENCE_THRESHOLD} {c.silence_s}"
    make = _execute(c.leg, "mkdir", c.path.rpartition("/")[0])
    return f"{make}\n\n{_execute(c.leg, 'record', arg, c.app)}"


def _record(verb: str) -> Callable[[StartRecording], str]:
    def line(c: StartRecording) -> str:
        return f"api uuid_record {word(c.leg, 'leg')} {verb} {argument(c.path, 'recording')}"

    return line


def _transfer(c: Transfer) -> str:
    leg, number = word(c.leg, "leg"), word(c.number, "number")
    if number.startswith("-"):
        raise UnsafeValue(value=number, where="number", why="'-bleg' and '-both' name other legs")
    if c.context == "inline":
        return f"api uuid_transfer {leg} {number} inline"
    return f"api uuid_transfer {leg} {number} XML {word(c.context, 'context')}"


def _arm(c: ArmFallback) -> str:
    leg = word(c.leg, "leg")
    return (
        f"api sched_del {leg}\n\napi sched_transfer +{c.after_s} {leg} fallback XML ccore-fallback"
    )


_ENCODERS: dict[type, Callable[..., str]] = {
    Answer: lambda c: _execute(c.leg, "answer"),
    Play: _play,
    # Not endless_playback: it takes no digits and no break.
    PlayMusic: lambda c: _execute(c.leg, "playback", _source(c.source, "music")) + "\nloops: -1",
    StopPlaying: lambda c: f"api uuid_break {word(c.leg, 'leg')} all",
    RecordMessage: _record_message,
    Ring: _ring,
    Bridge: _bridge,
    Hangup: lambda c: f"api uuid_kill {word(c.leg, 'leg')} {word(c.cause, 'cause')}",
    SetVariables: _set,
    StartRecording: _record("start"),
    StopRecording: _record("stop"),
    MaskRecording: _record("mask"),
    UnmaskRecording: _record("unmask"),
    Transfer: _transfer,
    ArmFallback: _arm,
    DisarmFallback: lambda c: f"api sched_del {word(c.leg, 'leg')}",
    Hold: lambda c: f"api uuid_hold {word(c.leg, 'leg')}",
    Unhold: lambda c: f"api uuid_hold off {word(c.leg, 'leg')}",
    FindPhone: lambda c: f"api sofia_contact */{word(c.user, 'user')}@{word(c.domain, 'domain')}",
    ForgetUnseen: lambda c: f"api global_setvar {UNSEEN}{word(c.leg, 'leg')}=",
    Look: lambda c: f"api uuid_dump {word(c.leg, 'leg')} json",
}


def encode(command: Command) -> tuple[bytes, int]:
    """The bytes of a command and how many replies they bring. Raises UnsafeValue."""
    text = check(_ENCODERS[type(command)](command))
    return text.encode("utf-8", "surrogateescape") + b"\n\n", text.count("\n\n") + 1


def job_of(command: Command) -> str:
    """The id under which the result of a command comes back later; "" if none does."""
    return command.job if isinstance(command, Ring | Bridge) else ""
