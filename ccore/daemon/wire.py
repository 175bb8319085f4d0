"""One connection to a switch: hands over frames as they come, writes what fits, never waits.

It lives in callbacks of gevent's loop rather than in greenlets of its own: a switch says so much in
small pieces that changing greenlets for each would cost more than understanding it. What the loop
is late for `_relief` reads.
"""

import sys
from collections.abc import Callable, Mapping
from fcntl import ioctl
from termios import FIONREAD

import gevent
from gevent import socket
from gevent.monkey import get_original

from ccore.daemon._intake import Intake
from ccore.errors import CcoreError
from ccore.esl import Frame

__all__ = ["End", "Take", "Wire"]

READABLE, WRITABLE = 1, 2  # of libev

Take = Callable[[list[Frame], int], None]  # frames, and the bytes they had
End = Callable[[str | CcoreError], None]  # how a connection ended, or what was wrong with its bytes


class Wire:
    """Takes over an authenticated socket; raises OSError if there is no more of what it needs.

    `importance` ranks events, for when too many wait. `pause_s`: what is said is answered piece by
    piece, so wait so long after saying it and read the answers at once.
    """

    def __init__(
        self,
        sock: socket.socket,
        importance: Mapping[str, int] | None = None,
        pause_s: float = 0.0,
    ) -> None:
        # Not gevent's: that one would wait where this one must say that it is full.
        self._sock = get_original("socket", "socket")(fileno=sock.detach())
        self._sock.setblocking(False)
        try:
            self.intake = Intake(self._sock.fileno(), importance)
        except OSError:
            self._sock.close()
            raise
        loop = gevent.get_hub().loop
        self._readable = loop.io(self._sock.fileno(), READABLE)
        self._backlog = loop.io(self.intake.fileno(), READABLE)
        self._writable = loop.io(self._sock.fileno(), WRITABLE)
        self._pause = loop.timer(0.0, pause_s) if pause_s else None
        self._unsent = bytearray()
        self._take: Take
        self._end: End
        self._is_open = True

    def start(self, take: Take, end: End) -> None:
        """`take` gets all frames, `end` why there are no more: an error that `take` raised is the
        end too. Neither may wait.

        A turn hands over what one read brings, so that a switch that floods us leaves the others
        theirs.
        """
        self._take, self._end = take, end
        self._readable.start(self._on_readable)
        self._backlog.start(self._on_readable)

    @property
    def unsent_bytes(self) -> int:
        return len(self._unsent)

    @property
    def has_more(self) -> bool:
        """Bytes that have come are still to be handed over."""
        return self._readable.active and (self.intake.is_behind or self._unread_bytes > 0)

    @property
    def _unread_bytes(self) -> int:
        """In the kernel."""
        return int.from_bytes(ioctl(self._sock, FIONREAD, bytes(4)), sys.byteorder)

    def send(self, data: bytes) -> None:
        """Now what fits, the rest as soon as there is room."""
        if not self._unsent:
            data = data[self.intake.send(data) :]
        if data:
            self._unsent += data
            self._writable.start(self._on_writable)
        if self._pause is not None and self._readable.active:
            self._readable.stop()
            self._pause.again(self._on_pause_over)

    def close(self) -> None:
        self._is_open = False
        for watcher in (self._readable, self._backlog, self._writable, self._pause):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self.intake.close()
        self._sock.close()

    def _on_readable(self) -> None:
        try:
            frames = self.intake.read()
            if frames:
                self._take(frames, self.intake.cut_bytes)
        except CcoreError as error:
            self._over(error)
            return
        # In this order: the thread notes an end before it rings for the bytes that came before it.
        if self._is_open and self.intake.over and not self.intake.is_behind:
            self._over(self.intake.over)

    def _on_pause_over(self) -> None:
        assert self._pause is not None
        self._pause.stop()
        self._readable.start(self._on_readable)
        self._on_readable()

    def _over(self, why: str | CcoreError) -> None:
        for watcher in (self._readable, self._backlog, self._pause):
            if watcher is not None:
                watcher.stop()
        self._end(why)

    def _on_writable(self) -> None:
        del self._unsent[: self.intake.send(bytes(self._unsent))]
        if not self._unsent:
            self._writable.stop()
