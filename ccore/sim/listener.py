"""One client on the event socket: what it asked for, and what still waits to be sent to it.

The switch sleeps in a poll on the client's socket, so an event waits until the poll is over or the
client sends a byte. Replies go out at once.
"""

from typing import TYPE_CHECKING

from ccore.sim.events import as_json, header_of
from ccore.sim.wire import CommandReader, event_frame

if TYPE_CHECKING:
    from ccore.sim.core import Timer

__all__ = ["EVENT_NAMES", "Listener"]

# Names a client may subscribe to. A real switch knows some more; none of them is told here.
EVENT_NAMES = frozenset(
    (
        "ALL",
        "API",
        "BACKGROUND_JOB",
        "CALL_UPDATE",
        "CHANNEL_ANSWER",
        "CHANNEL_BRIDGE",
        "CHANNEL_CALLSTATE",
        "CHANNEL_CREATE",
        "CHANNEL_DESTROY",
        "CHANNEL_EXECUTE",
        "CHANNEL_EXECUTE_COMPLETE",
        "CHANNEL_HANGUP",
        "CHANNEL_HANGUP_COMPLETE",
        "CHANNEL_HOLD",
        "CHANNEL_ORIGINATE",
        "CHANNEL_OUTGOING",
        "CHANNEL_PARK",
        "CHANNEL_PROGRESS",
        "CHANNEL_PROGRESS_MEDIA",
        "CHANNEL_STATE",
        "CHANNEL_UNBRIDGE",
        "CHANNEL_UNHOLD",
        "CHANNEL_UNPARK",
        "CHANNEL_UUID",
        "CODEC",
        "COMMAND",
        "CUSTOM",
        "DTMF",
        "GENERAL",
        "HEARTBEAT",
        "LOG",
        "MESSAGE",
        "MODULE_LOAD",
        "MODULE_UNLOAD",
        "PLAYBACK_START",
        "PLAYBACK_STOP",
        "PRESENCE_IN",
        "RECORD_START",
        "RECORD_STOP",
        "RELOADXML",
        "RE_SCHEDULE",
        "SESSION_HEARTBEAT",
        "SHUTDOWN",
        "TRAP",
    )
)


class Listener:
    def __init__(self, conn: int, now_us: int, rejected: bool = False) -> None:
        self.conn = conn
        self.reader = CommandReader()
        self.authenticated = False
        self.closed = rejected
        self.blocked = False  # an `api` command has not ended: nothing is read meanwhile
        self.format = "plain"
        self.names: set[str] = set()
        self.subclasses: set[str] = set()
        self.filters: list[tuple[str, str]] = []
        self.polled_us = now_us
        self.poll: Timer | None = None
        self.output: list[bytes] = []
        self.waiting: list[bytes] = []

    def wants(self, name: str, subclass: str) -> bool:
        if self.closed:
            return False
        if name == "CUSTOM":
            return "ALL" in self.names or ("CUSTOM" in self.names and subclass in self.subclasses)
        return name in self.names or "ALL" in self.names

    def subscribe(self, words: list[str], known: frozenset[str]) -> bool:
        """`event` in the switch's reading: words it does not know are passed over."""
        found = custom = False
        for place, word in enumerate(words):
            if place == 0 and word.lower() in ("plain", "json", "xml"):
                self.format = word.lower()
            elif custom:
                self.subclasses.add(word)
            elif word.upper() in known:
                found = True
                self.names.add(word.upper())
                custom = word.upper() == "CUSTOM"
        return found

    def unsubscribe(self, words: list[str], known: frozenset[str]) -> bool:
        found = custom = False
        for word in words:
            if custom:
                self.subclasses.discard(word)
            elif word.upper() in known:
                found = True
                if word.upper() == "CUSTOM":
                    custom = True
                elif word.upper() == "ALL":
                    self.names.clear()
                else:
                    if "ALL" in self.names:
                        self.names = set(known) - {"ALL"}
                    self.names.discard(word.upper())
        return found

    def offer(self, plain: bytes) -> bool:
        """Queue an event that was asked for by name; False where a filter keeps it back."""
        if self.filters:
            names = dict.fromkeys(name for name, _ in self.filters)
            headers = {name: header_of(plain, name) for name in names}
            if not any(headers[name] == value for name, value in self.filters):
                return False
        if self.format == "json":
            self.waiting.append(event_frame(as_json(plain), b"json"))
        else:
            self.waiting.append(event_frame(plain))
        return True

    def flush(self) -> None:
        if self.poll is not None:
            self.poll.cancel()
            self.poll = None
        self.output += self.waiting
        self.waiting.clear()
