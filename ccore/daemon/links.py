"""The two connections of one switch: open them, tend them, begin again when it goes away.

What they say goes straight to the runner. Nothing here waits while they are up: a switch whose
client stops reading freezes the event sockets of everybody.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import gevent
from gevent.event import AsyncResult

from ccore.config.schema import Switch
from ccore.daemon._intake import BACKLOG_BYTES
from ccore.daemon.clock import Clock
from ccore.daemon.event_socket import connect
from ccore.daemon.wire import Take, Wire
from ccore.errors import (
    AlreadyRunning,
    CcoreError,
    ProtocolError,
    SwitchOutdated,
    SwitchRefused,
    SwitchUnreachable,
)
from ccore.esl import Frame, FrameDecoder, Link, job_of
from ccore.esl.words import IMPORTANCE
from ccore.model import Command, Event, JobDone

__all__ = ["NodeLink", "ask"]

log = logging.getLogger(__name__)

READ_BYTES = 256 * 1024
# A command may bring the link's next deadline nearer than it was when we went to sleep.
LONGEST_SLEEP_S = 1.0
# A turn's commands are carried out one by one, each in 0.1 ms or so: read their replies together.
REPLIES_S = 0.002
LOOK_S = 0.001  # several turns of the loop
# So much waits only if a switch says more than we handle: a tenth of a second of all it can say.
FLOOD_BYTES = 4 * 1024 * 1024

# Nothing that time alone mends: a wrong password, an old switch, another ccore.
_LASTING = (SwitchRefused, SwitchOutdated, AlreadyRunning)

Deliver = Callable[[str, list[Event], int], None]  # node, events, when their bytes came


class NodeLink:
    """Keeps one switch connected for as long as it lives."""

    def __init__(
        self,
        node: str,
        switch: Switch,
        clock: Clock,
        deliver: Deliver,
        daemon_id: str,
        refuse: Callable[[CcoreError], None],
    ) -> None:
        """`refuse` hears of what waiting will not mend, if it comes before the first connection."""
        self.node = node
        self.switch = switch
        self.link = Link(node, daemon_id)
        self.trouble: CcoreError | None = None  # why it is not connected
        self.connects = 0
        self._clock = clock
        self._deliver = deliver
        self._refuse = refuse
        self._was_up = False
        self._is_flooded = self._is_behind = False
        self._reader_before: Counter[str] = Counter()  # counts of connections that are over
        self._events: Wire | None = None
        self._commands: Wire | None = None
        self._over: AsyncResult = AsyncResult()  # why this pair of connections ends
        self._greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        self._greenlet = gevent.spawn(self._live)

    def stop(self) -> None:
        if self._greenlet is not None:
            self._greenlet.kill()
        self._hang_up()

    # Towards the switch.

    def send(self, commands: Sequence[Command]) -> None:
        """Encode and write now; what the socket does not take goes as soon as it does."""
        now_us = self._clock.now_us()
        if not self.link.is_up:
            jobs = [job for command in commands if (job := job_of(command))]
            failed = [JobDone(job, now_us, False, "LINK_DOWN") for job in jobs]
            if failed:
                self._deliver(self.node, list(failed), now_us)
            return
        try:
            for command in commands:
                self.link.send(command, now_us)
            events = self.link.take_events()  # what the encoder itself refused
            if events:
                self._deliver(self.node, events, now_us)
            self.flush()
        except Exception as error:  # this switch's affair: the others are still to be told
            self._end(self._worded(error))

    def flush(self) -> None:
        if self._commands is not None:
            data = self.link.take_command_bytes()
            if data:
                self._commands.send(data)
                if self._events is not None:
                    self._events.intake.nudge()  # what it does comes as an event

    def be_prompt(self, is_wanted: bool) -> None:
        """Tick while somebody waits on the switch, rest otherwise."""
        if self._events is not None:
            self._events.intake.beat(is_wanted)

    def figures(self) -> dict[str, Any]:
        """How it is, for `ccore status`. Counts are those of all its connections."""
        reader = Counter(self._reader_before)
        if self._events is not None:
            reader += self._events.intake.counts()
        return {
            **self.link.figures(),
            "connects": self.connects,
            "trouble": str(self.trouble or ""),
            "backlog_bytes": self._events.intake.waiting_bytes if self._events else 0,
            "unsent_bytes": self._commands.unsent_bytes if self._commands else 0,
            "late_reads": reader["late_reads"],
            "late_bytes": reader["late_bytes"],
            "beats": reader["beats"],
            "shed_kinds": {
                name.partition(":")[2]: count
                for name, count in sorted(reader.items())
                if name.startswith("shed:")
            },
        }

    # The life of the pair.

    def _live(self) -> None:
        while True:
            error = self._connect()
            self._hear_out()
            is_refused = isinstance(error, _LASTING)
            if is_refused and not self._was_up:
                self._refuse(error)
                return
            if str(self.trouble) != str(error):
                log.warning("switch %s: %s", self.node, error)
            self.trouble = error
            self._hang_up()
            now_us = self._clock.now_us()
            told = self.link.closed(now_us, str(error), is_refused=is_refused)
            self._deliver(self.node, told, now_us)
            gevent.sleep(self.link.pause_us() / 1e6)

    def _connect(self) -> CcoreError:
        """One pair of connections; why it is over, or was not had."""
        try:
            self._open()
            return self._serve()
        except OSError as error:  # a reader takes files of its own, of which there may be no more
            return self._unreachable(error.strerror or str(error))
        except Exception as error:
            return self._worded(error)

    def _open(self) -> None:
        s = self.switch
        self.link.opening()
        self._events = Wire(connect(self.node, s.host, s.port, s.password), IMPORTANCE)
        self._commands = Wire(connect(self.node, s.host, s.port, s.password), pause_s=REPLIES_S)
        self.connects += 1
        self.link.opened(self._clock.now_us())
        self._events.send(self.link.take_event_bytes())
        self.flush()

    def _serve(self) -> CcoreError:
        """Until one of the connections ends: why it did."""
        assert self._events is not None
        assert self._commands is not None
        self._over = AsyncResult()
        self._events.start(self._reader(self.link.take_event_frames), self._end)
        self._commands.start(self._reader(self.link.take_reply_frames), self._end)
        watcher = gevent.spawn(self._watch)
        try:
            why: CcoreError = self._over.get()
            return why
        finally:
            watcher.kill()

    def _end(self, why: str | CcoreError) -> None:
        self._over.set(self._unreachable(why) if isinstance(why, str) else why)

    def _reader(self, receive: Callable[[list[Frame], int, int], list[Event]]) -> Take:
        def take(frames: list[Frame], size: int) -> None:
            came_us = self._clock.now_us()
            try:
                self._take(receive(frames, size, came_us), came_us)
                self._mind_flood(came_us)
                self._mind_lag()
            except Exception as error:
                raise self._worded(error) from error

        return take

    def _worded(self, error: Exception) -> CcoreError:
        """A fault of ours ends the connection as well: the picture that the next one begins with
        has all that it may have cost."""
        if isinstance(error, CcoreError):
            return error
        log.error("switch %s: a fault of ccore's own", self.node, exc_info=error)
        return self._unreachable("a fault of ccore's own; see its log")

    def _take(self, events: list[Event], came_us: int) -> None:
        if self.link.is_up and not self._was_up:
            self._was_up = True
            log.info("switch %s is there", self.node)
        if self.link.is_up:
            self.trouble = None
        if events:
            self._deliver(self.node, events, came_us)
        self.flush()  # a reply may ask for more (what the switch has)

    def _mind_lag(self) -> None:
        """Say when we are late by the events' own time, and when we are not any more."""
        lag = self.link.lag
        if lag.is_behind != self._is_behind:
            self._is_behind = lag.is_behind
            if lag.is_behind:
                log.warning("switch %s: %.1f s behind its events", self.node, lag.lag_us / 1e6)
            else:
                log.info("switch %s: with its events again", self.node)

    def _mind_flood(self, now_us: int) -> None:
        """Say when a switch says more than is handled; when that is over, mend our picture."""
        if self._events is None:
            return
        intake = self._events.intake
        if self._is_flooded and not intake.is_behind:
            self._is_flooded = False
            gone = intake.take_shed()
            log.info("switch %s: caught up; %d events thrown away", self.node, gone)
            if gone:
                self.link.shed(gone, now_us)
                self.flush()
        elif not self._is_flooded and intake.waiting_bytes > FLOOD_BYTES:
            self._is_flooded = True
            log.warning("switch %s says more than is handled at once", self.node)

    def _unreachable(self, why: str) -> SwitchUnreachable:
        return SwitchUnreachable(host=self.switch.host, port=self.switch.port, why=why)

    def _watch(self) -> None:
        """The link's own deadlines: a half-open socket says nothing, a living switch beats."""
        try:
            while True:
                left_us = self.link.next_deadline() - self._clock.now_us()
                if left_us > 0:
                    gevent.sleep(min(left_us / 1e6, LONGEST_SLEEP_S))
                now_us = self._clock.now_us()
                self._take(self.link.tick(now_us), now_us)
        except Exception as error:
            self._end(self._worded(error))

    def _hear_out(self) -> None:
        """A switch that dies may have said more on the one connection than we knew of when the
        other ended; but one that lives may go on for ever."""
        most = self.link.received_bytes + BACKLOG_BYTES
        while self._events and self._events.has_more and self.link.received_bytes < most:
            gevent.sleep(LOOK_S)

    def _hang_up(self) -> None:
        for wire in (self._events, self._commands):
            if wire is not None:
                wire.close()
        if self._events is not None:
            self._reader_before.update(self._events.intake.counts())
        self._events = self._commands = None
        self._is_flooded = False


def ask(switch: Switch, commands: Sequence[str]) -> list[str]:
    """Connect, send each line (such as "api status"), give the replies' bodies, hang up.

    For tools; a daemon asks over its own link. Raises SwitchUnreachable, SwitchRefused,
    ProtocolError.
    """
    sock = connect("switch", switch.host, switch.port, switch.password)
    try:
        sock.sendall("".join(f"{line}\n\n" for line in commands).encode())
        decoder = FrameDecoder()
        answers: list[str] = []
        while len(answers) < len(commands):
            data = sock.recv(READ_BYTES)
            if not data:
                raise ProtocolError(what="the end of the connection in place of a reply")
            for frame in decoder.feed(data):
                if frame.content_type == b"api/response":
                    answers.append(frame.body.decode("utf-8", "replace"))
                elif frame.content_type == b"command/reply":
                    answers.append(frame.reply)
        return answers
    finally:
        sock.close()
