"""Connecting to an event socket and logging in: all that greenswitch does for ccore.

greenswitch opens the socket, waits for the switch to ask for a password, gives it and judges the
answer. Its receive loop, parser and dispatcher never run: the bytes of the handshake go through
`ccore.esl` here, and everything after it goes to `ccore.esl.Link`. docs/greenswitch.md says why.
"""

import socket as plain_socket
from collections.abc import Callable

import gevent
from gevent import socket
from greenswitch.esl import InboundESL, NotConnectedError

from ccore.errors import ProtocolError, SwitchRefused, SwitchUnreachable
from ccore.esl import Frame, FrameDecoder

__all__ = ["connect"]

TIMEOUT_S = 5.0  # a switch on the same host or network answers within milliseconds
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024  # 600 events: the switch sleeps 10 ms whenever this is full


class _Handshake(InboundESL):  # type: ignore[misc]
    """greenswitch's client up to the moment of being authenticated."""

    def __init__(self, host: str, port: int, password: str) -> None:
        super().__init__(host, port, password, timeout=TIMEOUT_S)
        self.refusal = ""

    def start_event_handlers(self) -> None:
        """In place of greenswitch's two greenlets: one that ends with the handshake."""
        self._receive_events_greenlet = gevent.spawn(self.receive_events)

    def receive_events(self) -> None:
        decoder = FrameDecoder()
        while True:
            try:
                data = self.sock.recv(4096)
                for frame in decoder.feed(data):
                    if self._take(frame):
                        return
            except (OSError, ProtocolError) as error:
                self._end(str(error))
                return
            if not data:
                self._end("the connection was closed")
                return

    def _take(self, frame: Frame) -> bool:
        """True when the handshake is over."""
        if frame.content_type == b"auth/request":
            self._auth_request_event.set()
            return False
        if frame.content_type == b"text/rude-rejection":
            self._end(frame.body.decode("utf-8", "replace").strip())
            return True
        if frame.content_type == b"command/reply" and self._commands_sent:
            self._commands_sent.pop(0).set(_Reply(frame.reply))
            return True
        return False

    def _end(self, why: str) -> None:
        self.refusal = why
        self.connected = False
        self._auth_request_event.set()
        for waiting in self._commands_sent:
            waiting.set(_Reply(why))


class _Reply:
    """What greenswitch's `authenticate` looks at."""

    def __init__(self, text: str) -> None:
        self.headers = {"Reply-Text": text}


def connect(node: str, host: str, port: int, password: str) -> socket.socket:
    """An authenticated socket. Raises SwitchUnreachable or SwitchRefused."""
    if any(ord(c) < 32 for c in password):
        raise SwitchRefused(node=node, reply="the password holds a control character")
    client = _Handshake(host, port, password)
    try:
        with gevent.Timeout(TIMEOUT_S):
            client.connect()
    except gevent.Timeout:
        _close(client)
        raise SwitchUnreachable(host=host, port=port, why="it does not answer") from None
    except NotConnectedError:
        _close(client)
        if client.refusal:
            raise SwitchRefused(node=node, reply=client.refusal) from None
        raise SwitchUnreachable(host=host, port=port, why="it does not answer") from None
    except ValueError:
        _close(client)
        raise SwitchRefused(node=node, reply=client.refusal or "wrong password") from None
    except OSError as error:
        _close(client)
        why = error.strerror or str(error)
        raise SwitchUnreachable(host=host, port=port, why=why) from None
    sock: socket.socket = client.sock
    client.sock_file.close()
    # Without this the metronome's line feeds would wait in Nagle's algorithm.
    sock.setsockopt(plain_socket.IPPROTO_TCP, plain_socket.TCP_NODELAY, 1)
    sock.setsockopt(plain_socket.SOL_SOCKET, plain_socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    return sock


def _close(client: _Handshake) -> None:
    close: Callable[[], None] | None = getattr(getattr(client, "sock", None), "close", None)
    if client._receive_events_greenlet is not None:
        client._receive_events_greenlet.kill()
    if close is not None:
        close()
