"""The other end of the control socket: ask the running daemon, or listen to its news."""

import contextlib
import json
import os
import select
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ccore import errors
from ccore.errors import BadRequest, CcoreError, NotRunning

__all__ = ["Client", "find_socket"]

# The daemon answers within milliseconds; a reload reads files and may take longer.
TIMEOUT_S = 10.0


class Client:
    """One conversation. Use as a context manager."""

    def __init__(
        self, path: Path, *, timeout_s: float = TIMEOUT_S, start: str = "ccore run"
    ) -> None:
        self.path = path
        self._start = start  # what to tell who finds no daemon
        self._timeout_s = timeout_s
        self._unread = bytearray()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(os.fspath(path))
        except PermissionError:  # somebody else's daemon: starting another would not help
            self._socket.close()
            raise BadRequest(
                what=f"The daemon at {path} does not serve you",
                expected="root, its own user, or somebody in daemon.group of ccore.toml",
            ) from None
        except OSError:
            self._socket.close()
            raise NotRunning(socket=path, start=start) from None

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def ask(self, do: str, **fields: object) -> dict[str, Any]:
        """The daemon's answer; its refusal comes back as the error it was there."""
        request = json.dumps({"do": do, **fields}).encode() + b"\n"
        try:
            self._socket.sendall(request)
            reply = self._line(self._timeout_s)
        except OSError:
            raise NotRunning(socket=self.path, start=self._start) from None
        if reply is None:
            raise NotRunning(socket=self.path, start=self._start)
        if not reply.pop("ok", False):
            raise _as_error(reply)
        return reply

    def follow(self) -> Iterator[dict[str, Any]]:
        """News as they happen, until the daemon ends."""
        self.ask("follow")
        while (news := self._line(None)) is not None:
            yield news

    def news_within(self, seconds: float) -> dict[str, Any] | None:
        """After `ask("follow")`: the next news if one comes in time. EOFError at the end."""
        try:
            news = self._line(seconds)
        except TimeoutError:
            return None
        except OSError:
            news = None
        if news is None:
            raise EOFError
        return news

    def ended_within(self, seconds: float) -> bool:
        """Wait until the daemon closes the conversation, which it does last."""
        try:
            while self._line(seconds) is not None:
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

    def _line(self, seconds: float | None) -> dict[str, Any] | None:
        """The next message; None when the daemon has closed."""
        while (end := self._unread.find(b"\n")) < 0:
            if not select.select([self._socket], [], [], seconds)[0]:
                raise TimeoutError
            if not (data := self._socket.recv(65_536)):
                return None
            self._unread += data
        line = bytes(self._unread[:end])
        del self._unread[: end + 1]
        message = json.loads(line)
        return message if isinstance(message, dict) else {}


def find_socket(config: Path, directory: Path | None = None, given: Path | None = None) -> Path:
    """Where the daemon of this configuration listens.

    Only two keys are read, and unchecked: `ccore reload` has to find the daemon when the file has
    just been broken. A file that is no TOML at all counts as one that names nothing.
    """
    if given is not None:
        return given
    daemon: Any = {}
    with contextlib.suppress(OSError, ValueError, RecursionError):
        daemon = tomllib.loads(config.read_text(encoding="utf-8")).get("daemon", {})
    if not isinstance(daemon, dict):
        daemon = {}
    if directory is None:
        directory = config.parent / str(daemon.get("dir", "var"))
    return directory / str(daemon.get("socket", "ccore.sock"))


def _as_error(reply: dict[str, Any]) -> CcoreError:
    """The daemon's refusal, under the class that its code stands for."""
    kinds = {
        kind.exit_code: kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, CcoreError)
    }
    kind = kinds.get(reply.get("code", 0), BadRequest)
    error = kind.__new__(kind)
    error.fields = reply
    Exception.__init__(error, str(reply.get("error", "the daemon refused and did not say why")))
    return error
