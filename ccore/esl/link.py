"""One switch's pair of connections, without the sockets: one listens, one speaks.

Why two: while the switch has events queued for a connection it reads no commands from it, and a
command holds up the events behind it.

Life of a link: `opened` (both connections are authenticated) -> subscribe and ask what legs there
are -> `LinkUp` with all of them, then the events that came meanwhile -> events as they come ->
`closed`. Commands given before `LinkUp` are refused by the caller (`is_up`). Replies come in the
order of commands, so a queue of what was asked is enough to match them.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Iterable

from ccore.errors import AlreadyRunning, ProtocolError, SwitchOutdated, UnsafeValue
from ccore.esl.encode import encode, job_of
from ccore.esl.frames import EventView, Frame, FrameDecoder
from ccore.esl.words import SUBSCRIPTION, leg_from_dump, translate
from ccore.model import Command, Event, JobDone, LegSeen, LegsListed, LinkUp, Look, SwitchLeg

__all__ = ["Link"]

# A switch beats every 20 s (event_socket's HEARTBEAT); three missed beats are a dead link.
SILENCE_US = 65_000_000
# Another ccore on this switch answers a hello within two polls of the switch, 40 ms.
NEIGHBOUR_US = 250_000
# The switch's list of its channels costs it some 10 us a channel, during which commands wait.
LIST_EVERY_US = 10_000_000
LIST_A_LEG_US = 20_000  # so that big switches are asked less often: 2,000 channels, every 40 s
_LISTED = re.compile(r'{"uuid":"([^"]+)"')  # quotes inside values are escaped there
OLDEST = (1, 10)  # the oldest FreeSWITCH whose events we know


class Link:
    """Feed it bytes of either connection; it gives events, and bytes to send."""

    def __init__(self, node: str, daemon_id: str = "") -> None:
        self.node = node
        self.daemon_id = daemon_id  # "": a tool that steers nothing and asks for nobody
        self.is_up = False
        self.refused = 0  # commands that the switch answered with -ERR
        self.unsafe = 0  # commands that were not sent because a value was unsafe
        self.received_bytes = 0
        self.received_events = 0
        self.last_error = ""
        self._reset()

    def _reset(self) -> None:
        self._events_in = FrameDecoder()
        self._replies_in = FrameDecoder()
        self._out_events = bytearray()
        self._out_commands = bytearray()
        self._asked: deque[Callable[[str], None]] = deque()
        self._early: list[Event] = []
        self._legs: list[SwitchLeg] = []
        self._ready: list[Event] = []
        self._missing = 0  # legs whose dump has not come yet
        self._heard_us = 0
        self._now_us = 0
        self._core = ""
        self._alone_at_us = 0  # when nobody else can have answered our hello
        self._knows_legs = False
        self._list_at_us = 0  # when to ask for the channels again
        self._listed = 0  # how many there were
        self._is_listing = False

    def opened(self, now_us: int) -> None:
        """Both connections are authenticated."""
        self._reset()
        self._heard_us = self._now_us = now_us
        self._out_events += SUBSCRIPTION.encode() + b"\n\n"
        if self.daemon_id:
            self._alone_at_us = now_us + NEIGHBOUR_US
            self._say("ccore::hello", "")
        self._ask("api version", self._got_version)

    def tick(self, now_us: int) -> list[Event]:
        """To be called at `next_deadline`. Raises ProtocolError when the switch is dead."""
        self._now_us = now_us
        if now_us >= self._heard_us + SILENCE_US:
            raise ProtocolError(what="no heartbeat")
        self._maybe_come_up()
        if self.is_up and self._list_at_us <= now_us:
            self._plan_list()
            if not self._is_listing:
                self._is_listing = True
                self._ask("api show channels as json", self._got_list(now_us))
        return self.take_events()

    def next_deadline(self) -> int:
        """When silence becomes death, we know that we are alone, or pictures are compared."""
        dead_at_us = self._heard_us + SILENCE_US
        if not self.is_up:
            return min(dead_at_us, max(self._alone_at_us, self._now_us + NEIGHBOUR_US))
        return min(dead_at_us, self._list_at_us)

    def closed(self) -> None:
        self.is_up = False
        self._reset()

    @property
    def in_flight(self) -> int:
        return len(self._asked)

    # Speaking.

    def send(self, command: Command) -> None:
        try:
            data, replies = encode(command)
        except UnsafeValue as error:
            self.unsafe += 1
            self.last_error = str(error)
            job = job_of(command)
            if job:
                self._ready.append(JobDone(job, self._now_us, False, "UNSAFE_VALUE"))
            return
        self._out_commands += data
        job = job_of(command)
        for _ in range(replies):
            self._asked.append(self._reply_to(command, job))

    def ask(self, line: str, answer: Callable[[str], None]) -> None:
        """Send one raw line written by us (never values from outside); get the reply's text."""
        self._ask(line, answer)

    def _ask(self, line: str, answer: Callable[[str], None]) -> None:
        self._out_commands += line.encode() + b"\n\n"
        self._asked.append(answer)

    def take_event_bytes(self) -> bytes:
        """Bytes to send on the connection that listens."""
        data, self._out_events = bytes(self._out_events), bytearray()
        return data

    def take_command_bytes(self) -> bytes:
        """Bytes to send on the connection that speaks."""
        data, self._out_commands = bytes(self._out_commands), bytearray()
        return data

    # Listening.

    def receive_events(self, data: bytes, now_us: int) -> list[Event]:
        """Bytes from the connection that listens. Raises ProtocolError."""
        return self.take_event_frames(self._events_in.feed(data), len(data), now_us)

    def take_event_frames(
        self, frames: Iterable[Frame], size_bytes: int, now_us: int
    ) -> list[Event]:
        """As `receive_events`, of frames that somebody else has cut."""
        self._heard_us = self._now_us = now_us
        self.received_bytes += size_bytes
        for frame in frames:
            if frame.content_type == b"text/event-plain":
                self.received_events += 1
                view = EventView(frame.body)
                event = translate(view)
                if event is not None:
                    (self._ready if self.is_up else self._early).append(event)
                elif view.get(b"Ccore-Id"):
                    self._neighbour(view)
            elif frame.content_type == b"text/disconnect-notice":
                raise ProtocolError(what="its notice that it disconnects us")
        return self.take_events()

    def receive_replies(self, data: bytes, now_us: int) -> list[Event]:
        """Bytes from the connection that speaks. Raises ProtocolError."""
        return self.take_reply_frames(self._replies_in.feed(data), len(data), now_us)

    def take_reply_frames(
        self, frames: Iterable[Frame], size_bytes: int, now_us: int
    ) -> list[Event]:
        """As `receive_replies`, of frames that somebody else has cut."""
        self._now_us = now_us
        for frame in frames:
            self._answer(frame)
        return self.take_events()

    def take_events(self) -> list[Event]:
        ready, self._ready = self._ready, []
        return ready

    def _answer(self, frame: Frame) -> None:
        if frame.content_type == b"command/reply":
            text = frame.reply
        elif frame.content_type == b"api/response":
            text = frame.body.decode("utf-8", "surrogateescape")
        elif frame.content_type == b"text/disconnect-notice":
            raise ProtocolError(what="its notice that it disconnects us")
        else:
            return
        if not self._asked:
            raise ProtocolError(what="a reply to nothing")
        self._asked.popleft()(text)

    def _reply_to(self, command: Command, job: str) -> Callable[[str], None]:
        if isinstance(command, Look):
            return self._look_reply(command.leg, self._now_us)
        return self._job_reply(job) if job else self._plain_reply

    def _look_reply(self, leg: str, asked_us: int) -> Callable[[str], None]:
        def answer(text: str) -> None:
            self._ready.append(LegSeen(leg, self._now_us, asked_us, leg_from_dump(text)))

        return answer

    def _got_list(self, asked_us: int) -> Callable[[str], None]:
        def answer(text: str) -> None:
            self._is_listing = False
            if text.startswith('{"row_count":'):
                legs = frozenset(_LISTED.findall(text))
                self._listed = len(legs)
                self._ready.append(LegsListed(self._now_us, asked_us, legs))

        return answer

    def _plan_list(self) -> None:
        self._list_at_us = self._now_us + max(LIST_EVERY_US, self._listed * LIST_A_LEG_US)

    def _plain_reply(self, text: str) -> None:
        if text.startswith("-"):
            self.refused += 1
            self.last_error = text.strip()[:200]

    def _job_reply(self, job: str) -> Callable[[str], None]:
        def answer(text: str) -> None:
            if text.startswith("-"):
                self._plain_reply(text)
                self._ready.append(JobDone(job, self._now_us, False, text[5:].strip()))

        return answer

    # Is another ccore steering this switch?

    def _say(self, subclass: str, to: str) -> None:
        self._ask(
            f"sendevent CUSTOM\nEvent-Subclass: {subclass}\n"
            f"Ccore-Id: {self.daemon_id}\nCcore-For: {to}",
            self._plain_reply,
        )

    def _neighbour(self, view: EventView) -> None:
        """A hello is answered by whoever is up; of two who come up together the lower id stays."""
        who = view.get(b"Ccore-Id")
        if who == self.daemon_id or not self.daemon_id:
            return
        if view.get(b"Event-Subclass") == "ccore::hello":
            if self.is_up or self.daemon_id < who:
                self._say("ccore::here", who)
        elif view.get(b"Ccore-For") == self.daemon_id and not self.is_up:
            raise AlreadyRunning(who=who, what=f"switch {self.node}")

    # What the switch is and has when the link comes up.

    def _got_version(self, text: str) -> None:
        found = re.search(r"(\d+)\.(\d+)", text)
        if found is None or (int(found[1]), int(found[2])) < OLDEST:
            raise SwitchOutdated(node=self.node, found=text.strip()[:60] or "of no known version")
        self._ask("api global_getvar core_uuid", self._got_core)

    def _got_core(self, text: str) -> None:
        self._core = text.strip()
        self._ask("api show channels as json", self._got_channels)

    def _got_channels(self, text: str) -> None:
        try:
            rows = json.loads(text).get("rows", [])
        except (ValueError, AttributeError):
            rows = []
        ids = [row["uuid"] for row in rows if isinstance(row, dict) and "uuid" in row]
        self._missing = len(ids)
        for leg in ids:
            self._ask(f"api uuid_dump {leg} json", self._got_leg)
        if not ids:
            self._knows_legs = True
            self._maybe_come_up()

    def _got_leg(self, text: str) -> None:
        leg = leg_from_dump(text)
        if leg is not None:
            self._legs.append(leg)
        self._missing -= 1
        if self._missing == 0:
            self._knows_legs = True
            self._maybe_come_up()

    def _maybe_come_up(self) -> None:
        if self.is_up or not self._knows_legs or self._now_us < self._alone_at_us:
            return
        self.is_up = True
        self._listed = len(self._legs)
        self._plan_list()
        self._ready.append(LinkUp(self._now_us, self._core, self._legs))
        self._ready.extend(self._early)
        self._early, self._legs = [], []
