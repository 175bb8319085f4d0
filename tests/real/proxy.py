"""A bad line between ccore and a switch: it can be cut, stalled, made deaf and garbled.

Every connection to `port` is carried on to the switch. One thread of its own does it all, so the
test may wait for phones meanwhile.
"""

import os
import selectors
import socket
import struct
import threading
from collections.abc import Callable
from enum import Enum
from types import TracebackType
from typing import Self

__all__ = ["Mood", "Proxy"]

PIECE_BYTES = 64 * 1024
# What may wait for a side that does not read: more would hide that it does not.
MOST_WAITING_BYTES = 4 * 1024 * 1024


class Mood(Enum):
    CARRYING = "carrying"
    STALLED = "stalled"  # nothing is read: both sides' buffers fill up
    DEAF = "deaf"  # half-open: everything is taken and thrown away, nobody is told
    CLOSED = "closed"  # nobody gets through


class Proxy:
    def __init__(self, to_port: int, host: str = "127.0.0.1") -> None:
        self._to = (host, to_port)
        self._listener = socket.create_server((host, 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self._mood = Mood.CARRYING
        self._garble = 0  # bytes from the switch still to be spoilt
        self._pipes: dict[socket.socket, _Pipe] = {}
        self._selector = selectors.DefaultSelector()
        self._orders: list[Callable[[], None]] = []
        self._told, self._bell = os.pipe()
        self._over = False
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._told, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Every connection ends at once, by a reset; new ones are carried again."""
        self._do(self._cut_all)

    def be(self, mood: Mood) -> None:
        def change() -> None:
            self._mood = mood
            if mood is Mood.CLOSED:
                self._cut_all()
            for pipe in self._pipes.values():
                self._watch(pipe)

        self._do(change)

    def garble(self, size: int) -> None:
        """The next bytes from the switch arrive as something else."""
        self._do(lambda: setattr(self, "_garble", self._garble + size))

    def close(self) -> None:
        self._do(lambda: setattr(self, "_over", True))
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # The thread.

    def _do(self, order: Callable[[], None]) -> None:
        self._orders.append(order)
        os.write(self._bell, b".")

    def _live(self) -> None:
        while not self._over:
            for key, what in self._selector.select():
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fd == self._told:
                    os.read(self._told, 4096)
                    while self._orders:
                        self._orders.pop(0)()
                elif (pipe := self._pipes.get(key.fileobj)) is not None:  # type: ignore[call-overload]
                    self._serve(pipe, what)
        self._cut_all()
        self._listener.close()
        os.close(self._told)
        os.close(self._bell)
        self._selector.close()

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        if self._mood is Mood.CLOSED:
            near.close()
            return
        try:
            far = socket.create_connection(self._to, timeout=5)
        except OSError:
            near.close()
            return
        self.connections += 1
        there, back = _Pipe(near, far, False), _Pipe(far, near, True)
        there.other, back.other = back, there
        for pipe in (there, back):
            pipe.source.setblocking(False)
            pipe.source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pipes[pipe.source] = pipe
            self._watch(pipe)

    def _serve(self, pipe: "_Pipe", what: int) -> None:
        assert pipe.other is not None
        try:
            if what & selectors.EVENT_WRITE:
                pipe.other.flush()
            if what & selectors.EVENT_READ:
                data = pipe.source.recv(PIECE_BYTES)
                if not data:
                    self._end(pipe)
                    return
                if self._mood is not Mood.DEAF:
                    pipe.waiting += self._spoilt(data) if pipe.is_from_switch else data
                    pipe.flush()
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self._end(pipe)
            return
        self._watch(pipe)
        self._watch(pipe.other)

    def _spoilt(self, data: bytes) -> bytes:
        bad = min(self._garble, len(data))
        self._garble -= bad
        return bytes(byte ^ 0x55 for byte in data[:bad]) + data[bad:]

    def _watch(self, pipe: "_Pipe") -> None:
        """Read a source while its way on is free, write to it while something waits for it."""
        if pipe.source not in self._pipes or pipe.other is None:
            return
        mask = 0
        if self._mood is not Mood.STALLED:
            if len(pipe.waiting) < MOST_WAITING_BYTES:
                mask |= selectors.EVENT_READ
            if pipe.other.waiting:
                mask |= selectors.EVENT_WRITE
        known = self._selector.get_map().get(pipe.source.fileno())
        if known is None:
            if mask:
                self._selector.register(pipe.source, mask)
        elif mask:
            self._selector.modify(pipe.source, mask)
        else:
            self._selector.unregister(pipe.source)

    def _end(self, pipe: "_Pipe", is_reset: bool = False) -> None:
        assert pipe.other is not None
        for one in (pipe, pipe.other):
            if self._pipes.pop(one.source, None) is None:
                continue
            if one.source.fileno() in self._selector.get_map():
                self._selector.unregister(one.source)
            if is_reset:
                linger = struct.pack("ii", 1, 0)
                one.source.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            one.source.close()

    def _cut_all(self) -> None:
        for pipe in list(self._pipes.values()):
            self._end(pipe, is_reset=True)


class _Pipe:
    """One direction of one connection."""

    def __init__(self, source: socket.socket, target: socket.socket, is_from_switch: bool) -> None:
        self.source = source
        self.target = target
        self.is_from_switch = is_from_switch
        self.waiting = bytearray()
        self.other: _Pipe | None = None

    def flush(self) -> None:
        while self.waiting:
            try:
                sent = self.target.send(self.waiting)
            except (BlockingIOError, InterruptedError):
                return
            del self.waiting[:sent]
