"""One connection to a switch: hands over bytes as they come, writes what fits, never waits.

It lives in callbacks of gevent's loop rather than in greenlets of its own: a switch says so much in
small pieces that changing greenlets for each would cost more than understanding it.
"""

from collections.abc import Callable

import gevent
from gevent import socket
from gevent.monkey import get_original

__all__ = ["Wire"]

READ_BYTES = 256 * 1024
READABLE, WRITABLE = 1, 2  # of libev
# The switch looks at its event queue every 20 ms unless a byte arrives. A byte every 5 ms: an event
# waits 3 ms (p50), 6 at most. Every 2 ms it would be 1.6 and 3, for 3 % of a core in place of 1:
# more than all else that ccore does for 20 calls a second.
TICK_S = 0.005


class Wire:
    """Takes over an authenticated socket."""

    def __init__(self, sock: socket.socket) -> None:
        # Not gevent's: that one would wait where this one must say that it is full.
        self._sock = get_original("socket", "socket")(fileno=sock.detach())
        self._sock.setblocking(False)
        loop = gevent.get_hub().loop
        self._readable = loop.io(self._sock.fileno(), READABLE)
        self._writable = loop.io(self._sock.fileno(), WRITABLE)
        self._tick = loop.timer(TICK_S, TICK_S)
        self._unsent = bytearray()
        self._take: Callable[[bytes], None]
        self._end: Callable[[str], None]

    def start(self, take: Callable[[bytes], None], end: Callable[[str], None]) -> None:
        """`take` gets all bytes, `end` once why there are no more. Neither may wait."""
        self._take, self._end = take, end
        self._readable.start(self._on_readable)

    def send(self, data: bytes) -> None:
        """Now what fits, the rest as soon as there is room."""
        if not self._unsent:
            data = data[self._write(data) :]
        if data:
            self._unsent += data
            self._writable.start(self._on_writable)

    def tick(self, is_wanted: bool) -> None:
        """Lone line feeds wake the switch's listener and are swallowed there."""
        if is_wanted != self._tick.active:
            if is_wanted:
                self._tick.start(self._on_tick)
            else:
                self._tick.stop()

    def close(self) -> None:
        for watcher in (self._readable, self._writable, self._tick):
            watcher.stop()
            watcher.close()
        self._sock.close()

    def _on_readable(self) -> None:
        try:
            data = self._sock.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._over(f"the connection broke: {error.strerror or error}")
            return
        if data:
            self._take(data)
        else:
            self._over("it closed the connection")

    def _over(self, why: str) -> None:
        self._readable.stop()
        self._end(why)

    def _on_writable(self) -> None:
        del self._unsent[: self._write(bytes(self._unsent))]
        if not self._unsent:
            self._writable.stop()

    def _on_tick(self) -> None:
        # Behind bytes that wait a line feed would land inside a command, and they wake it anyway.
        if not self._unsent:
            self._write(b"\n")

    def _write(self, data: bytes) -> int:
        """How many bytes the kernel took; of a broken connection the reader finds out."""
        try:
            sent: int = self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            return len(data)
        return sent
