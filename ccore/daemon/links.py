"""The sockets of one switch: connect, read, write, nudge, and begin again when it goes away.

Two greenlets read (one a connection) and never wait for anybody; what they read goes into the
runner's inbox. Writes are tried at once and finished by a greenlet when the socket is full.
"""

import logging
import random
from collections.abc import Callable, Sequence

import gevent
from gevent import socket
from gevent.event import Event as Flag

from ccore.config.schema import Switch
from ccore.daemon.clock import Clock
from ccore.daemon.event_socket import connect
from ccore.errors import (
    AlreadyRunning,
    CcoreError,
    ProtocolError,
    SwitchOutdated,
    SwitchRefused,
    SwitchUnreachable,
)
from ccore.esl import FrameDecoder, Link, job_of
from ccore.model import Command, Event, JobDone, LinkDown

__all__ = ["NodeLink", "ask"]

log = logging.getLogger(__name__)

READ_BYTES = 256 * 1024
# Between two tries: doubled each time, and jittered so that many daemons do not knock together.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
# The switch looks at its event queue every 20 ms unless a byte arrives: 2 ms gives a p99 of 2.9 ms
# at no cost that could be measured beside "never".
TICK_S = 0.002

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
        self._events: socket.socket | None = None
        self._commands: socket.socket | None = None
        self._unsent = b""
        self._writable = Flag()
        self._tick = Flag()
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
        if not self.link.is_up:
            now_us = self._clock.now_us()
            jobs = [job for command in commands if (job := job_of(command))]
            failed = [JobDone(job, now_us, False, "LINK_DOWN") for job in jobs]
            if failed:
                self._deliver(self.node, list(failed), now_us)
            return
        for command in commands:
            self.link.send(command)
        events = self.link.take_events()  # what the encoder itself refused
        if events:
            self._deliver(self.node, events, self._clock.now_us())
        self.flush()

    def flush(self) -> None:
        if self._commands is None:
            return
        data = self.link.take_command_bytes()
        if not data:
            return
        if self._unsent:
            self._unsent += data
            return
        try:
            sent = self._commands.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # the readers find out
        if sent < len(data):
            self._unsent = data[sent:]
            self._writable.set()

    def be_prompt(self, is_wanted: bool) -> None:
        """Tick while somebody waits on the switch, rest otherwise."""
        if is_wanted:
            self._tick.set()
        else:
            self._tick.clear()

    # The life of the pair.

    def _live(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                self._open()
                pause_s = FIRST_PAUSE_S
                self._serve()
            except CcoreError as error:
                why = str(error)
                if isinstance(error, _LASTING) and not self._was_up:
                    self._refuse(error)
                    return
                if str(self.trouble) != why:
                    log.warning("%s", why)
                self.trouble = error
            self._hang_up()
            now_us = self._clock.now_us()
            self._deliver(self.node, [LinkDown(now_us, why)], now_us)
            gevent.sleep(pause_s * random.uniform(0.5, 1.0))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _open(self) -> None:
        s = self.switch
        self._events = connect(self.node, s.host, s.port, s.password)
        self._commands = connect(self.node, s.host, s.port, s.password)
        self.connects += 1
        self.link.opened(self._clock.now_us())
        self._events.sendall(self.link.take_event_bytes())
        self._unsent = b""
        self.flush()

    def _serve(self) -> None:
        """Until one of the connections ends; raises why it did."""
        assert self._events is not None
        assert self._commands is not None
        over = Flag()
        reasons: list[CcoreError] = []

        def end(why: CcoreError) -> None:
            reasons.append(why)
            over.set()

        workers = [
            gevent.spawn(self._read, self._events, self.link.receive_events, end),
            gevent.spawn(self._read, self._commands, self.link.receive_replies, end),
            gevent.spawn(self._write),
            gevent.spawn(self._nudge),
            gevent.spawn(self._watch, end),
        ]
        try:
            over.wait()
        finally:
            gevent.killall(workers)
        raise reasons[0]

    def _read(
        self,
        sock: socket.socket,
        receive: Callable[[bytes, int], list[Event]],
        end: Callable[[CcoreError], None],
    ) -> None:
        try:
            while True:
                data = sock.recv(READ_BYTES)
                if not data:
                    end(self._unreachable("it closed the connection"))
                    return
                came_us = self._clock.now_us()
                self._take(receive(data, came_us), came_us)
        except OSError as error:
            end(self._unreachable(f"the connection broke: {error.strerror or error}"))
        except CcoreError as error:
            end(error)

    def _take(self, events: list[Event], came_us: int) -> None:
        if self.link.is_up and not self._was_up:
            self._was_up = True
            log.info("switch %s is there", self.node)
        if self.link.is_up:
            self.trouble = None
        if events:
            self._deliver(self.node, events, came_us)
        self.flush()  # a reply may ask for more (what the switch has)

    def _unreachable(self, why: str) -> SwitchUnreachable:
        return SwitchUnreachable(host=self.switch.host, port=self.switch.port, why=why)

    def _write(self) -> None:
        while True:
            self._writable.wait()
            self._writable.clear()
            while self._unsent and self._commands is not None:
                data = self._unsent
                try:
                    sent = self._commands.send(data)  # waits for room
                except OSError:
                    return  # the readers find out
                self._unsent = self._unsent[sent:]  # `flush` may have added meanwhile

    def _nudge(self) -> None:
        """A lone line feed wakes the switch's listener and is swallowed there."""
        while self._events is not None:
            self._tick.wait()
            try:
                self._events.send(b"\n", socket.MSG_DONTWAIT)
            except BlockingIOError:
                pass
            except OSError:
                return  # the readers find out
            gevent.sleep(TICK_S)

    def _watch(self, end: Callable[[CcoreError], None]) -> None:
        """The link's own deadlines: a half-open socket says nothing, a living switch beats."""
        try:
            while True:
                left_us = self.link.next_deadline() - self._clock.now_us()
                if left_us > 0:
                    gevent.sleep(left_us / 1e6)
                now_us = self._clock.now_us()
                self._take(self.link.tick(now_us), now_us)
        except CcoreError as error:
            end(error)

    def _hang_up(self) -> None:
        for sock in (self._events, self._commands):
            if sock is not None:
                sock.close()
        self._events = self._commands = None
        self.link.closed()


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
