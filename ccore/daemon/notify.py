"""Tell systemd how we are: ready, alive, stopping. Silent where no systemd listens.

The protocol is one datagram of NAME=VALUE lines to a Unix socket. `alive` is to be called by what
must not hang (the runner's loop); a watchdog petted by anything else guards nothing.
"""

import contextlib
import socket
from collections.abc import Mapping

__all__ = ["Notifier"]


class Notifier:
    def __init__(self, address: str = "", watchdog_us: int = 0) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        # Twice within the limit: one late beat is no reason to be shot.
        self.watchdog_every_us = watchdog_us // 2 if address else 0
        self._next_us = 0

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], pid: int) -> "Notifier":
        """What systemd put into the environment of process `pid`."""
        meant = environ.get("WATCHDOG_PID", str(pid)) == str(pid)
        given = environ.get("WATCHDOG_USEC", "") if meant else ""
        return cls(environ.get("NOTIFY_SOCKET", ""), int(given) if given.isdecimal() else 0)

    def ready(self, status: str = "") -> None:
        self._tell("READY=1", f"STATUS={status}" if status else "")

    def reloading(self, monotonic_us: int) -> None:
        self._tell("RELOADING=1", f"MONOTONIC_USEC={monotonic_us}")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def alive(self, now_us: int) -> None:
        """Cheap enough for every turn of a loop: speaks only when it is time."""
        if self.watchdog_every_us and now_us >= self._next_us:
            self._next_us = now_us + self.watchdog_every_us
            self._tell("WATCHDOG=1")

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        # systemd that does not listen right now is no reason to fail, nor to wait.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, kind) as sock:
            text = "\n".join(line.replace("\n", " ") for line in lines if line)
            sock.sendto(text.encode(), self._address)
