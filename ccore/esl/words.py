"""Frames to the words of the floor: which switch event means what.

SUBSCRIPTION asks the switch for what we need and nothing else: each event delivered costs it about
120 us.
"""

import json
import re
from collections.abc import Callable

from ccore.esl.frames import EventView
from ccore.model import (
    AgentRegistered,
    AgentUnregistered,
    AppDone,
    DigitPressed,
    Event,
    JobDone,
    LegAnswered,
    LegDialled,
    LegHeld,
    LegHungUp,
    LegParked,
    LegsBridged,
    LegsUnbridged,
    LegUnheld,
    RecordingStarted,
    RecordingStopped,
    SwitchLeg,
)

__all__ = ["IMPORTANCE", "SUBSCRIPTION", "leg_from_dump", "translate"]


def _parked(view: EventView, leg: str, at_us: int) -> Event:
    return LegParked(
        leg=leg,
        at_us=at_us,
        called=view.get(b"Caller-Destination-Number"),
        calling=view.get(b"Caller-Caller-ID-Number"),
        calling_name=view.get(b"Caller-Caller-ID-Name"),
        context=view.get(b"Caller-Context"),
        answered=view.get(b"Answer-State") == "answered",
        variables=view.ccore_variables(),
    )


def _bridged(view: EventView, leg: str, at_us: int) -> Event:
    a, b = view.get(b"Bridge-A-Unique-ID"), view.get(b"Bridge-B-Unique-ID")
    other = b if a == leg else a
    return LegsBridged(leg=leg, at_us=at_us, other=other, variables=view.ccore_variables())


def _hung_up(view: EventView, leg: str, at_us: int) -> Event:
    disposition = view.get(b"variable_sip_hangup_disposition")
    return LegHungUp(
        leg=leg,
        at_us=at_us,
        cause=view.get(b"Hangup-Cause"),
        by_phone=disposition.startswith("recv_"),
        variables=view.ccore_variables(),
    )


def _job(view: EventView, leg: str, at_us: int) -> Event:
    text = view.body.strip()
    verdict, _, rest = text.partition(" ")
    return JobDone(
        job=view.get(b"Job-UUID"),
        at_us=at_us,
        ok=verdict == "+OK",
        text=rest if verdict in ("+OK", "-ERR") else text,
    )


def _app_done(view: EventView, leg: str, at_us: int) -> Event:
    return AppDone(leg, at_us, view.get(b"Application-UUID"), view.get(b"Application-Response"))


_SUBCLASSES: dict[str, Callable[[str, int], Event]] = {
    "sofia::register": AgentRegistered,
    "sofia::unregister": AgentUnregistered,
    "sofia::expire": AgentUnregistered,
}
_DIALLED = "ccore::dialled"  # said by our dialplan (dialplans/ccore-agents.xml)


def _custom(view: EventView, leg: str, at_us: int) -> Event | None:
    subclass = view.get(b"Event-Subclass")
    if subclass == _DIALLED:
        return LegDialled(leg, at_us, view.ccore_variables())
    make = _SUBCLASSES.get(subclass)
    return make(view.get(b"from-user") or view.get(b"user"), at_us) if make else None


_WORDS: dict[str, Callable[[EventView, str, int], Event | None]] = {
    "CHANNEL_PARK": _parked,
    "CHANNEL_ANSWER": lambda view, leg, at_us: LegAnswered(leg, at_us),
    "CHANNEL_BRIDGE": _bridged,
    "CHANNEL_UNBRIDGE": lambda view, leg, at_us: LegsUnbridged(leg, at_us),
    "CHANNEL_HANGUP_COMPLETE": _hung_up,
    "CHANNEL_EXECUTE_COMPLETE": _app_done,
    "CHANNEL_HOLD": lambda view, leg, at_us: LegHeld(leg, at_us),
    "CHANNEL_UNHOLD": lambda view, leg, at_us: LegUnheld(leg, at_us),
    "DTMF": lambda view, leg, at_us: DigitPressed(leg, at_us, view.get(b"DTMF-Digit")),
    "RECORD_START": lambda view, leg, at_us: RecordingStarted(
        leg, at_us, view.get(b"Record-File-Path")
    ),
    "RECORD_STOP": lambda view, leg, at_us: RecordingStopped(
        leg, at_us, view.get(b"Record-File-Path")
    ),
    "BACKGROUND_JOB": _job,
    "HEARTBEAT": lambda view, leg, at_us: None,
    "SHUTDOWN": lambda view, leg, at_us: None,
}

# Which events to keep when not all can be kept: what nothing else tells ranks highest, what a
# picture of the switch's channels tells as well comes below, names that are not here rank 0.
IMPORTANCE: dict[str, int] = {
    "HEARTBEAT": 0,
    "CHANNEL_HOLD": 1,
    "CHANNEL_UNHOLD": 1,
    "RECORD_START": 2,
    "RECORD_STOP": 2,
    "CUSTOM": 2,
    "CHANNEL_EXECUTE_COMPLETE": 3,
    "CHANNEL_BRIDGE": 3,
    "CHANNEL_PARK": 3,
    "BACKGROUND_JOB": 4,  # why a call out failed
    "DTMF": 5,  # a digit that is lost is lost
    "CHANNEL_HANGUP_COMPLETE": 6,  # who ended a call, and why
    "SHUTDOWN": 6,
}

# How daemons on one switch learn of each other; `ccore.esl.neighbours` reads these.
_NEIGHBOURS = ("ccore::hello", "ccore::here")

# Not asked for, though we have words for them: a hang-up or a park says what follows an unbridge,
# and a leg that answers is one that we told to, or parks next.
_UNASKED = frozenset({"CHANNEL_UNBRIDGE", "CHANNEL_ANSWER"})
# Every application of every leg ends with an event, the dialplan's too: half of all events. We wait
# for the ends of these alone.
_AWAITED = ("playback", "record")


def _subscription() -> str:
    names = [*(name for name in _WORDS if name not in _UNASKED), "CUSTOM"]
    # One filter that fits lets an event pass.
    filters = [f"filter Event-Name {name}" for name in names if name != "CHANNEL_EXECUTE_COMPLETE"]
    filters += [f"filter Application {app}" for app in _AWAITED]
    # CUSTOM must stand last: what follows it are subclasses.
    event = "event plain " + " ".join((*names, *_SUBCLASSES, _DIALLED, *_NEIGHBOURS))
    return "\n\n".join((*filters, event))


# Commands for the connection that listens.
SUBSCRIPTION = _subscription()


def translate(view: EventView) -> Event | None:
    """The word for a switch event; None for one that the floor has no word for."""
    name = view.get(b"Event-Name")
    make = _custom if name == "CUSTOM" else _WORDS.get(name)
    if make is None:
        return None
    return make(view, view.get(b"Unique-ID"), view.int(b"Event-Date-Timestamp"))


# Not `isdigit`, to which a superscript is a digit.
_MICROSECONDS = re.compile(r"[0-9]{1,18}")


def leg_from_dump(text: str) -> SwitchLeg | None:
    """One leg from the reply of `uuid_dump ID json`; None if the leg went away meanwhile."""
    try:
        dump = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(dump, dict) or not isinstance(dump.get("Unique-ID"), str):
        return None

    def value(name: str) -> str:
        found = dump.get(name, "")
        return found if isinstance(found, str) else ""

    created = value("Caller-Channel-Created-Time")
    prefix = "variable_ccore_"
    return SwitchLeg(
        leg=dump["Unique-ID"],
        created_us=int(created) if _MICROSECONDS.fullmatch(created) else 0,
        calling=value("Caller-Caller-ID-Number"),
        called=value("Caller-Destination-Number"),
        context=value("Caller-Context"),
        answered=value("Answer-State") == "answered",
        bridged_to=value("variable_bridge_uuid") if value("Other-Leg-Unique-ID") else "",
        variables={
            name[len(prefix) :]: text
            for name, text in dump.items()
            if name.startswith(prefix) and isinstance(text, str)
        },
        calling_name=value("Caller-Caller-ID-Name"),
        is_held=value("Channel-Call-State") == "HELD",
        is_done=_is_done(value),
    )


def _is_done(value: Callable[[str], str]) -> bool:
    """The application begun last is over. `record` alone gives no response, but a length."""
    if value("variable_current_application") == "record":
        return bool(value("variable_record_ms"))
    return bool(value("variable_current_application_response"))
