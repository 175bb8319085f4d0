"""Connecting to an event socket and logging in: all that greenswitch does for ccore.

greenswitch opens the socket, waits for the switch to ask for a password, gives it and judges the
answer. Its receive loop, parser and dispatcher never run: the bytes of the handshake go through
`ccore.esl` here, and everything after it goes to `ccore.esl.Link`. docs/greenswitch.md says why.
"""

import socket as plain_socket

import gevent
from gevent import socket
from greenswitch.esl import InboundESL, NotConnectedError

from ccore.errors import CcoreError, ProtocolError, SwitchRefused, SwitchUnreachable
from ccore.esl import Frame, FrameDecoder

__all__ = ["connect"]

TIMEOUT_S = 5.0  # a switch on the same host or network answers within milliseconds
# 600 events, where net.core.rmem_max allows it: the switch sleeps 10 ms whenever this is full.
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
QUOTED_BYTES = 40  # of what a stranger says: enough to know him by


class _Handshake(InboundESL):  # type: ignore[misc]
    """greenswitch's client up to the moment of being authenticated."""

    def __init__(self, node: str, host: str, port: int, password: str) -> None:
        super().__init__(host, port, password, timeout=TIMEOUT_S)
        self.node = node
        self.failure: CcoreError | None = None
        self._heard = b""
        self._is_asked = False  # for the password

    def start_event_handlers(self) -> None:
        """In place of greenswitch's two greenlets: one that ends with the handshake."""
        self._receive_events_greenlet = gevent.spawn(self.receive_events)

    def receive_events(self) -> None:
        decoder = FrameDecoder()
        try:
            while data := self.sock.recv(4096):
                self._heard = (self._heard + data)[:QUOTED_BYTES]
                for frame in decoder.feed(data):
                    if self._take(frame):
                        return
        except OSError as error:
            self._end(self.unreachable(error.strerror or str(error)))
        except ProtocolError:
            self._end(self.stranger())
        else:
            self._end(self._hung_up())

    def _take(self, frame: Frame) -> bool:
        """True when the handshake is over."""
        match frame.content_type:
            case b"auth/request":
                self._is_asked = True
                self._auth_request_event.set()
                return False
            case b"text/rude-rejection":
                said = frame.body.decode("utf-8", "replace").strip()
                self._end(self.refused(f"its access list does not have us ({said})"))
            case b"command/reply" if self._commands_sent:
                self._commands_sent.pop(0).set(_Reply(frame.reply))
            case _:
                self._end(self.stranger())
        return True

    def _hung_up(self) -> CcoreError:
        if self._is_asked:  # not its way of refusing: it says so first
            return self.unreachable("it hung up when it was given the password")
        return self.stranger() if self._heard else self.unreachable("it hangs up at once")

    def refused(self, why: str) -> CcoreError:
        return SwitchRefused(node=self.node, reply=why)

    def unreachable(self, why: str) -> CcoreError:
        return SwitchUnreachable(host=self.host, port=self.port, why=why)

    def stranger(self) -> CcoreError:
        """Somebody listens at this port who is no FreeSWITCH, or says nothing (more)."""
        if self._is_asked:
            return self.unreachable("it asks for the password and then says nothing more")
        if not self._heard:
            return self.unreachable("somebody listens there and says nothing")
        return self.unreachable(f"what listens there is no FreeSWITCH: it said {self._heard!r}")

    def _end(self, failure: CcoreError) -> None:
        self.failure = failure
        self.connected = False
        self._auth_request_event.set()
        for waiting in self._commands_sent:
            waiting.set(_Reply(""))


class _Reply:
    """What greenswitch's `authenticate` looks at."""

    def __init__(self, text: str) -> None:
        self.headers = {"Reply-Text": text}


def connect(node: str, host: str, port: int, password: str) -> socket.socket:
    """An authenticated socket. Raises SwitchUnreachable (nobody there, or no FreeSWITCH) or
    SwitchRefused (password, access list)."""
    if any(ord(c) < 32 for c in password):
        raise SwitchRefused(node=node, reply="the password holds a control character")
    client = _Handshake(node, host, port, password)
    failure: CcoreError | None = None
    try:
        with gevent.Timeout(TIMEOUT_S):
            client.connect()
    except gevent.Timeout:
        failure = client.stranger()
    except NotConnectedError:
        failure = client.failure or client.unreachable("it does not answer")
    except UnicodeError:
        failure = client.unreachable("that is no host name")
    except ValueError:
        failure = client.failure or client.refused("wrong password")
    except OSError as error:
        failure = client.unreachable(error.strerror or str(error))
    if failure is not None:
        _close(client)
        raise failure
    sock: socket.socket = client.sock
    client.sock_file.close()
    # Without this the metronome's line feeds would wait in Nagle's algorithm.
    sock.setsockopt(plain_socket.IPPROTO_TCP, plain_socket.TCP_NODELAY, 1)
    sock.setsockopt(plain_socket.SOL_SOCKET, plain_socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    return sock


def _close(client: _Handshake) -> None:
    if client._receive_events_greenlet is not None:
        client._receive_events_greenlet.kill()
    for name in ("sock_file", "sock"):  # as far as greenswitch has come
        if hasattr(client, name):
            getattr(client, name).close()
