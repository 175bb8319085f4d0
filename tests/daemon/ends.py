"""Both ends of a connection that no loop reads unless told to."""

import fcntl
import os
import socket
import struct
import termios
import time
from collections.abc import Callable

from ccore.daemon._intake import Intake

__all__ = ["MB", "PATIENCE_S", "REPLY", "Ends", "event", "unread", "until"]

PATIENCE_S = 60.0
MB = 1024 * 1024
REPLY = b"Content-Type: command/reply\nReply-Text: +OK %d\n\n"


def event(name: str, number: int, size: int = 0) -> bytes:
    body = b"Number: %d\nEvent-Name: %b\nFill: %b\n\n" % (number, name.encode(), b"x" * size)
    if number % 2:  # as the switch's own events: the name first
        body = b"\n".join([*reversed(body.split(b"\n")[:2]), *body.split(b"\n")[2:]])
    return b"Content-Length: %d\nContent-Type: text/event-plain\n\n%b" % (len(body), body)


def unread(sock: socket.socket) -> int:
    """Bytes in the kernel that nobody has read."""
    got = fcntl.ioctl(sock, termios.FIONREAD, b"\0\0\0\0")
    return int(struct.unpack("i", got)[0])


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, "it never came to pass"
        os.sched_yield()


class Ends:
    """An intake that no loop reads unless told to, and the switch's end of its connection."""

    def __init__(self, importance: dict[str, int] | None = None, limit_bytes: int = 64 * MB):
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)
        self.intake = Intake(self.ours.fileno(), importance, limit_bytes)
        self.bodies: list[bytes] = []

    def send(self, data: bytes) -> None:
        self.theirs.sendall(data)

    def read(self) -> None:
        self.bodies += [frame.body or frame.reply.encode() for frame in self.intake.read()]

    def read_all(self) -> None:
        while unread(self.ours) or self.intake.is_behind:  # in this order: from there to here
            self.read()

    def until_taken(self) -> None:
        until(lambda: unread(self.ours) == 0)

    def __enter__(self) -> "Ends":
        return self

    def __exit__(self, *_: object) -> None:
        self.intake.close()
        self.ours.close()
        self.theirs.close()
