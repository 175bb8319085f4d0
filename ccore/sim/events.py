"""What every event opens with, and the two spellings of an event: plain and json."""

import json
from datetime import UTC, datetime
from urllib.parse import unquote

from ccore.sim.wire import encode

__all__ = ["Heading", "as_json", "header_of", "headers_of"]

# Where in the switch an event is made. Clients print it; nobody should depend on it.
_SOURCES = {
    "CHANNEL_PARK": ("switch_ivr.c", "switch_ivr_park"),
    "CHANNEL_ANSWER": ("switch_channel.c", "switch_channel_perform_mark_answered"),
    "CHANNEL_BRIDGE": ("switch_ivr_bridge.c", "switch_ivr_multi_threaded_bridge"),
    "CHANNEL_UNBRIDGE": ("switch_ivr_bridge.c", "switch_ivr_multi_threaded_bridge"),
    "CHANNEL_HANGUP": ("switch_channel.c", "switch_channel_perform_hangup"),
    "CHANNEL_HANGUP_COMPLETE": (
        "switch_core_state_machine.c",
        "switch_core_session_reporting_state",
    ),
    "CHANNEL_EXECUTE": ("switch_core_session.c", "switch_core_session_exec"),
    "CHANNEL_EXECUTE_COMPLETE": ("switch_core_session.c", "switch_core_session_exec"),
    "CHANNEL_DATA": ("mod_commands.c", "uuid_dump_function"),
    "DTMF": ("switch_channel.c", "switch_channel_dequeue_dtmf"),
    "RECORD_START": ("switch_ivr_async.c", "record_callback"),
    "RECORD_STOP": ("switch_ivr_async.c", "send_record_stop_event"),
    "BACKGROUND_JOB": ("mod_event_socket.c", "api_exec"),
    "HEARTBEAT": ("switch_core.c", "send_heartbeat"),
    "CUSTOM": ("sofia_reg.c", "sofia_reg_handle_register_token"),
}


class Heading:
    """The first lines of an event: who says it, when, as which in the sequence."""

    def __init__(self, core_uuid: str, hostname: str) -> None:
        host = encode(hostname)
        self._who = (
            b"Core-UUID: %b\nFreeSWITCH-Hostname: %b\nFreeSWITCH-Switchname: %b\n"
            b"FreeSWITCH-IPv4: 127.0.0.1\nFreeSWITCH-IPv6: %%3A%%3A1\n"
            % (encode(core_uuid), host, host)
        ).replace(b"%%", b"%")
        self._second = -1
        self._dates = b""
        self._sources = {
            name: b"Event-Calling-File: %b\nEvent-Calling-Function: %b\n"
            b"Event-Calling-Line-Number: 1\n" % (file.encode(), function.encode())
            for name, (file, function) in _SOURCES.items()
        }
        self._default = self._sources["CHANNEL_PARK"]
        self.sequence = 0

    def lines(self, name: str, stamp_us: int) -> bytes:
        second = stamp_us // 1_000_000
        if second != self._second:
            self._second = second
            moment = datetime.fromtimestamp(second, UTC)
            self._dates = b"Event-Date-Local: %b\nEvent-Date-GMT: %b\n" % (
                encode(moment.strftime("%Y-%m-%d %H:%M:%S")),
                encode(moment.strftime("%a, %d %b %Y %H:%M:%S GMT")),
            )
        self.sequence += 1
        return b"Event-Name: %b\n%b%bEvent-Date-Timestamp: %d\n%bEvent-Sequence: %d\n" % (
            name.encode(),
            self._who,
            self._dates,
            stamp_us,
            self._sources.get(name, self._default),
            self.sequence,
        )


def headers_of(plain: bytes) -> dict[str, str]:
    """The headers of a plain event, decoded. Of a name that comes twice the first one counts."""
    head, _, _ = plain.partition(b"\n\n")
    headers: dict[str, str] = {}
    for line in head.decode("utf-8", "surrogateescape").split("\n"):
        name, colon, value = line.partition(": ")
        if colon:
            headers.setdefault(name, unquote(value, errors="surrogateescape"))
    return headers


def header_of(plain: bytes, name: str) -> str | None:
    """One header of a plain event, decoded; None if it has none of that name."""
    key = name.encode("utf-8", "surrogateescape") + b": "
    at = 0 if plain.startswith(key) else plain.find(b"\n" + key) + 1
    if (not at and not plain.startswith(key)) or at > plain.find(b"\n\n"):
        return None
    line = plain[at + len(key) : plain.find(b"\n", at)]
    return unquote(line.decode("utf-8", "surrogateescape"), errors="surrogateescape")


def as_json(plain: bytes) -> bytes:
    pairs = headers_of(plain)
    _, _, body = plain.partition(b"\n\n")
    if body.strip(b"\n"):
        pairs["_body"] = body.decode("utf-8", "replace")
    text = json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")
