"""One authenticated connection to an event socket, read in a thread of its own.

The switch holds up everybody's events for a client that does not read its own, so reading never
waits for whoever takes the frames.
"""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from ccore.errors import CcoreError, ProtocolError, SwitchRefused, SwitchUnreachable
from ccore.esl import Frame, FrameDecoder

__all__ = ["Line"]

RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024


class Line:
    """Raises SwitchUnreachable or SwitchRefused. `take` gets each frame, `end` why it is over;
    both are called in the reading thread."""

    def __init__(
        self,
        address: tuple[str, int],
        password: str,
        timeout_s: float,
        take: Callable[[Frame], None],
        end: Callable[[CcoreError], None],
    ) -> None:
        self._address = address
        self._take, self._end = take, end
        self._decoder = FrameDecoder()
        self._writing = threading.Lock()
        try:
            self._sock = socket.create_connection(address, timeout_s)
            try:
                self._log_in(password)
                self._sock.settimeout(None)
                self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            except BaseException:
                self._sock.close()
                raise
        except TimeoutError:
            raise self._gone(f"it says nothing for {timeout_s:g} s") from None
        except OSError as error:
            raise self._gone(error.strerror or str(error)) from None
        self._thread = threading.Thread(target=self._read, daemon=True, name="ccore.talk")
        self._thread.start()

    def send(self, text: str) -> None:
        """One command. Raises SwitchUnreachable."""
        try:
            with self._writing:
                self._sock.sendall(text.encode("utf-8", "surrogateescape") + b"\n\n")
        except OSError as error:
            raise self._gone(error.strerror or str(error)) from None

    def nudge(self) -> None:
        """Have events that wait at the switch sent now; by itself it looks every 20 ms."""
        with suppress(OSError), self._writing:
            self._sock.sendall(b"\n")

    def close(self) -> None:
        with suppress(OSError):  # the switch was quicker
            self._sock.shutdown(socket.SHUT_RDWR)  # wakes the reading thread
        self._thread.join()
        self._sock.close()

    def _gone(self, why: str) -> SwitchUnreachable:
        host, port = self._address
        return SwitchUnreachable(host=host, port=port, why=why)

    def _log_in(self, password: str) -> None:
        host, port = self._address
        node = f"{host}:{port}"
        if any(char in password for char in "\r\n\0"):
            raise SwitchRefused(node=node, reply="the password holds a control character")
        while True:
            for frame in self._frames():
                match frame.content_type:
                    case b"auth/request":
                        self._sock.sendall(f"auth {password}\n\n".encode())
                    case b"command/reply" if frame.reply == "+OK accepted":
                        return
                    case b"command/reply":
                        raise SwitchRefused(node=node, reply="wrong password")
                    case _:
                        said = frame.body.decode("utf-8", "replace").strip()
                        raise SwitchRefused(node=node, reply=said)

    def _frames(self) -> FrameDecoder:
        """What one read brings."""
        size = self._sock.recv_into(self._decoder.room())
        if not size:
            raise self._gone("it closed the connection")
        return self._decoder.filled(size)

    def _read(self) -> None:
        try:
            while True:
                for frame in self._frames():
                    if frame.content_type == b"text/disconnect-notice":
                        raise self._gone("it disconnects us")
                    self._take(frame)
        except OSError as error:
            self._end(self._gone(error.strerror or str(error)))
        except (ProtocolError, SwitchUnreachable) as error:
            self._end(error)
