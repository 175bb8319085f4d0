"""One switch's pair of connections, without the sockets: one listens, one speaks.

Why two: while the switch has events queued for a connection it reads no commands from it, and a
command holds up the events behind it.

`ccore.esl.states` has the life of a link. Whoever owns the sockets calls `opening`, `opened` when
both are logged in, then feeds what comes (`receive_events`, `receive_replies`), writes what there
is (`take_event_bytes`, `take_command_bytes`), calls `tick` at `next_deadline`, and `closed` when a
connection ends or any of these raises. What comes out are the words of `ccore.model`: a `LinkUp`
with all that the switch has, the events that came meanwhile, events as they come, a `LinkDown`.

Commands given before `LinkUp` are refused by the caller (`is_up`). Order is relied on per channel
only: that is all that a switch keeps.
"""

import random
import re
from collections.abc import Iterable
from typing import Any

from ccore.errors import ProtocolError, SwitchGone, SwitchOutdated, SwitchRefused
from ccore.esl.backoff import Backoff
from ccore.esl.frames import Frame, FrameDecoder
from ccore.esl.lag import Lag
from ccore.esl.neighbours import Neighbours
from ccore.esl.outbox import Answer
from ccore.esl.snapshot import Snapshot
from ccore.esl.speaker import Speaker
from ccore.esl.states import LIFE, Happening, LinkState
from ccore.esl.unseen import unseen_calls
from ccore.esl.words import SUBSCRIPTION, translate
from ccore.model import Command, Event, LegsListed, LinkDown, LinkUp, SwitchLeg, UnseenCall

__all__ = ["Link"]

# A switch beats every 20 s (event_socket's HEARTBEAT); three missed beats are a dead link.
SILENCE_US = 65_000_000
# A line that died without a word would be noticed too late by that: within half of `fallback_s`,
# 15 s, the switch takes waiting callers from a ccore that says nothing. So we speak to ourselves
# through the switch on both connections; a line is dead when one has carried nothing for so long.
PULSE_US = 2_000_000
DEAD_US = 6_000_000
# A subscription is answered at once.
SUBSCRIBED_US = 45_000_000
# The switch's list of its channels costs it some 10 us a channel, during which commands wait.
LIST_EVERY_US = 10_000_000
# It is a table that the switch writes in batches, and lags up to a second: a caller who parked in
# the instant before we listened stands in the next list only, which must not be ten seconds away.
LIST_SOON_US = 2_000_000
LIST_A_LEG_US = 20_000  # so that big switches are asked less often: 2,000 channels, every 40 s
_LISTED = re.compile(r'{"uuid":"([^"]+)"')  # quotes inside values are escaped there
OLDEST = (1, 10)  # the oldest FreeSWITCH whose events we know
# Events that wait for a picture of the channels. More, and they are dropped for a newer picture.
MOST_EARLY = 100_000

_EVENTS = (b"text/event-plain", b"text/event-json")


class Link:
    """`daemon_id` "": a tool that steers nothing. `rng` makes the pauses between two tries."""

    def __init__(self, node: str, daemon_id: str = "", rng: random.Random | None = None) -> None:
        self.node = node
        self.state = LinkState.AWAY
        self.lag = Lag()
        self.core = ""  # Core-UUID of the switch when it was seen last
        self.lives = 0  # how many different ones there were
        self.shed_events = 0  # events thrown away before we saw them
        self.snapshots = 0  # pictures of the switch's channels that were taken
        self.received_bytes = 0
        self.received_events = 0
        self._backoff = Backoff(rng)
        self._speaker = Speaker(lambda: self._now_us, lambda event: self._ready.append(event))
        self._neighbours = Neighbours(node, daemon_id, self._speaker.say)
        self._up_us = 0
        self._reset()

    def _reset(self) -> None:
        """What belongs to one pair of connections."""
        self.event_decoder = FrameDecoder()
        self.reply_decoder = FrameDecoder()
        self._out_events = bytearray()
        self._early: list[Event] = []  # events that wait for the picture
        self._ready: list[Event] = []
        self._legs: list[SwitchLeg] | None = None
        self._unseen: list[UnseenCall] = []
        self._late_us = 0  # of the newest event
        self._again = False  # events were shed while the picture was taken: take it again
        self._subscribing = 0  # answers to the subscription that have not come
        self._opened_us = self._heard_us = self._now_us = 0
        self._answered_us = self._pulse_at_us = self._away_us = 0
        self._next_core = ""
        self._alone_at_us = 0  # when nobody else can have answered our hello
        self._list_at_us = 0  # when to ask for the channels again
        self._listed = 0  # how many there were
        self._is_listing = False

    # Life.

    @property
    def is_up(self) -> bool:
        return self.state in (LinkState.UP, LinkState.REPAIRING)

    def _go(self, what: Happening) -> None:
        self.state = LIFE[self.state][what]

    def opening(self) -> None:
        """Both connections are about to be opened."""
        self._go(Happening.TRY)

    def opened(self, now_us: int) -> None:
        """Both connections are authenticated."""
        if self.state is not LinkState.OPENING:
            self.opening()
        self._reset()
        self._go(Happening.LOGGED_IN)
        self._opened_us = self._heard_us = self._now_us = now_us
        self._out_events += SUBSCRIPTION.encode() + b"\n\n"
        self._subscribing = SUBSCRIPTION.count("\n\n") + 1
        self._speaker.ask_again("api version", self._got_version)

    def closed(self, now_us: int = 0, why: str = "", *, is_refused: bool = False) -> list[Event]:
        """A connection has ended, or was not had. What is told, in this order: what the switch
        said before its end (a switch that is stopped hangs up its calls first), that it is so, the
        jobs whose commands were in flight (LINK_LOST: nobody knows whether they were done) and
        those never written (LINK_DOWN). Nothing is sent again later.
        """
        if self.is_up:
            self._backoff.lasted(now_us - self._up_us)
        self._go(Happening.REFUSED if is_refused else Happening.LOST)
        self._now_us = now_us
        self._ready.append(LinkDown(now_us, why))
        self._speaker.closed()
        told = self._ready
        self._reset()
        return told

    def pause_us(self) -> int:
        """How long to wait before the next try."""
        return self._backoff.pause_us()

    def tick(self, now_us: int) -> list[Event]:
        """To be called at `next_deadline`. Raises SwitchGone when the switch is dead."""
        self._now_us = now_us
        if now_us >= self._heard_us + SILENCE_US:
            raise SwitchGone(why="no heartbeat")
        if self.state is LinkState.SUBSCRIBING and now_us >= self._opened_us + SUBSCRIBED_US:
            raise SwitchGone(why="no answer to our subscription")
        if self._is_pulsing and now_us >= self._pulse_at_us:
            self._pulse(now_us)
        self._speaker.tick(now_us)
        self._maybe_come_up()
        if self.state is LinkState.UP and self._list_at_us <= now_us:
            self._plan_list()
            if not self._is_listing:
                self._is_listing = True
                self._speaker.ask("api show channels as json", self._got_list(now_us))
        return self.take_events()

    def next_deadline(self) -> int:
        """When `tick` has something to do next; it may move to sooner with every command."""
        dues = [self._heard_us + SILENCE_US, self._speaker.next_deadline()]
        if self._is_pulsing:
            dues.append(self._pulse_at_us)
        if self.state is LinkState.UP:
            dues.append(self._list_at_us)
        elif self.state is LinkState.SUBSCRIBING:
            dues.append(self._opened_us + SUBSCRIBED_US)
        elif self._legs is not None:
            dues.append(self._alone_at_us)
        return min(due for due in dues if due is not None)

    @property
    def _is_pulsing(self) -> bool:
        return self.is_up and self._neighbours.has_name

    def _pulse(self, now_us: int) -> None:
        if now_us > self._pulse_at_us + PULSE_US:
            self._away_us = now_us  # it is we who were away: what came meanwhile is still unread
        heard_us = min(self._heard_us, self._answered_us)
        if now_us >= max(heard_us, self._away_us) + DEAD_US:
            raise SwitchGone(why=f"nothing for {DEAD_US // 1_000_000} s, not even our pulse")
        self._neighbours.pulse()
        self._pulse_at_us = now_us + PULSE_US

    # Speaking.

    @property
    def in_flight(self) -> int:
        """Commands written and not answered."""
        return self._speaker.in_flight

    def send(self, command: Command, now_us: int = 0) -> None:
        """Tell the switch. An unsafe value is counted, and ends the job if there is one. `now_us`:
        when, if that is later than what was last heard; a quiet switch may be silent for seconds.
        """
        self._now_us = max(self._now_us, now_us)
        self._speaker.send(command)

    def ask(self, line: str, answer: Answer) -> None:
        """Send one line written by us; get the reply's text, or "-ERR " and LINK_DOWN, LINK_LOST or
        TIMED_OUT. Values from outside go through `ccore.esl.quote` first. Raises UnsafeValue."""
        self._speaker.ask(line, answer)

    def take_event_bytes(self) -> bytes:
        """Bytes to send on the connection that listens."""
        data, self._out_events = bytes(self._out_events), bytearray()
        return data

    def take_command_bytes(self) -> bytes:
        """Bytes to send on the connection that speaks. What is beyond the bound of commands in
        flight is kept for later calls, after replies have come."""
        return self._speaker.take_bytes()

    # Listening.

    def receive_events(self, data: bytes, now_us: int) -> list[Event]:
        """Bytes from the connection that listens. Raises ProtocolError, SwitchGone,
        AlreadyRunning, SwitchRefused."""
        return self.take_event_frames(self.event_decoder.feed(data), len(data), now_us)

    def take_event_frames(self, frames: Iterable[Frame], size: int, now_us: int) -> list[Event]:
        """As `receive_events`, of frames that somebody else has cut from so many bytes."""
        self._now_us = now_us
        self.received_bytes += size
        first_us = stamp_us = 0
        for frame in frames:
            self._heard_us = now_us  # bytes alone are no sign of life: a length may be garbled
            if frame.content_type in _EVENTS:
                self.received_events += 1
                view = frame.event()
                event = translate(view)
                if event is not None:
                    stamp_us = event.at_us
                    if self._speaker.is_awaited(event):
                        is_believed = self.state is LinkState.UP
                        (self._ready if is_believed else self._early).append(event)
                else:
                    stamp_us = view.int(b"Event-Date-Timestamp")
                    self._neighbours.heard(view, is_up=self.is_up)
                first_us = first_us or stamp_us
            elif frame.content_type == b"command/reply":
                self._subscribed(frame.reply)
            else:
                _no_more(frame)
        if stamp_us:
            self._late_us = now_us - stamp_us
            self.lag.heard(first_us, now_us)
            self.lag.heard(stamp_us, now_us)
        return self.take_events()

    def receive_replies(self, data: bytes, now_us: int) -> list[Event]:
        """Bytes from the connection that speaks. Raises ProtocolError, SwitchGone,
        SwitchOutdated."""
        return self.take_reply_frames(self.reply_decoder.feed(data), len(data), now_us)

    def take_reply_frames(self, frames: Iterable[Frame], size: int, now_us: int) -> list[Event]:
        """As `receive_replies`, of frames that somebody else has cut from so many bytes."""
        self._answered_us = self._now_us = now_us
        for frame in frames:
            if frame.content_type == b"command/reply":
                self._speaker.reply(frame.reply)
            elif frame.content_type == b"api/response":
                self._speaker.reply(frame.body.decode("utf-8", "surrogateescape"))
            else:
                _no_more(frame)
        return self.take_events()

    def take_events(self) -> list[Event]:
        if self.is_up:
            self._speaker.press()
        if len(self._early) > MOST_EARLY:
            self.shed(len(self._early), self._now_us)
            self._early.clear()
        ready, self._ready = self._ready, []
        return ready

    def shed(self, events: int, now_us: int) -> None:
        """So many events were thrown away unread: take a new picture, and hold events until it is
        there."""
        self._now_us = now_us
        self.shed_events += events
        if Happening.SHED not in LIFE[self.state]:
            return  # the picture has still to be taken
        if self.state is LinkState.UP or self._legs is not None:
            self._legs = None
            self._look()
        else:
            self._again = True  # once the picture that is being taken is there
        self._go(Happening.SHED)

    # The picture of the switch's channels.

    def _look(self) -> None:
        self._speaker.ask_again("api global_getvar", self._got_globals)
        Snapshot(self._speaker.ask_again, self._got_legs)

    def _got_globals(self, text: str) -> None:
        self._unseen = unseen_calls(text)

    def _got_legs(self, legs: list[SwitchLeg]) -> None:
        if self._again:
            self._again = False
            self._look()
        else:
            self._legs = legs
            self._maybe_come_up()

    def _got_list(self, asked_us: int) -> Answer:
        def answer(text: str) -> None:
            self._is_listing = False
            if text.startswith('{"row_count":'):
                legs = frozenset(_LISTED.findall(text))
                self._listed = len(legs)
                self._ready.append(LegsListed(self._now_us, asked_us, legs))

        return answer

    def _plan_list(self) -> None:
        self._list_at_us = self._now_us + max(LIST_EVERY_US, self._listed * LIST_A_LEG_US)

    # Coming up: what the switch is and has.

    def _subscribed(self, reply: str) -> None:
        if reply.startswith("-"):
            raise SwitchRefused(node=self.node, reply=f"to tell us its events ({reply[:80]})")
        if not self._subscribing:
            raise ProtocolError(what="a reply to nothing")
        self._subscribing -= 1
        self._maybe_look()

    def _got_version(self, text: str) -> None:
        found = re.search(r"(\d+)\.(\d+)", text)
        if found is None or (int(found[1]), int(found[2])) < OLDEST:
            raise SwitchOutdated(node=self.node, found=text.strip()[:60] or "of no known version")
        self._speaker.ask_again("api global_getvar core_uuid", self._got_core)

    def _got_core(self, text: str) -> None:
        self._next_core = text.strip()
        self._maybe_look()

    def _maybe_look(self) -> None:
        """Only when the events have been asked for: between picture and events is no gap."""
        if self.state is LinkState.SUBSCRIBING and self._next_core and not self._subscribing:
            self._go(Happening.SUBSCRIBED)
            self._alone_at_us = self._neighbours.hello(self._now_us)
            self._look()

    def _maybe_come_up(self) -> None:
        if self._legs is None or self._now_us < self._alone_at_us:
            return
        if self.state is LinkState.LOOKING:
            self._up_us = self._now_us
            if self._next_core != self.core:  # the switch lives anew
                self.core, self.lives = self._next_core, self.lives + 1
                self._speaker.forget()
            self._answered_us = self._now_us
            self._pulse_at_us = self._now_us + PULSE_US
        self._go(Happening.SEEN)
        self.snapshots += 1
        self._listed = len(self._legs)
        self._list_at_us = self._now_us + LIST_SOON_US
        up = LinkUp(self._now_us, self.core, self._legs, self._unseen, self._late_us)
        self._ready.append(up)
        self._ready.extend(self._early)
        self._early, self._legs, self._unseen = [], None, []

    # For people.

    def figures(self) -> dict[str, Any]:
        """How it is, for `ccore status`. `worst_lag_us` is since it was asked for last."""
        return {
            "up": self.is_up,
            "state": self.state.value,
            "core": self.core,
            "lives": self.lives,
            **self._speaker.figures(),
            "shed": self.shed_events,
            "snapshots": self.snapshots,
            "lag_us": self.lag.lag_us,
            "worst_lag_us": self.lag.take_worst(),
            "received_bytes": self.received_bytes,
            "received_events": self.received_events,
        }


def _no_more(frame: Frame) -> None:
    """The switch says goodbye (SwitchGone), or we are out of step with it (ProtocolError)."""
    if frame.content_type == b"text/disconnect-notice":
        raise SwitchGone(why="it disconnects us")
    raise ProtocolError(what=f"a frame of type {frame.content_type[:40]!r}")
