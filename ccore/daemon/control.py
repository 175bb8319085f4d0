"""The control socket: one JSON message a line, for the command line and for screen pops.

The file is the lock: whoever holds `SOCKET.lock` serves SOCKET. A socket left behind by a daemon
that died is removed, one that answers is not. Only root, the daemon's own user and, if there is
one, the members of `daemon.group` may speak: told by the kernel (SO_PEERCRED), not by the peer.

`publish` is called by the owner of the floor and must never wait: each follower has a bounded
queue, and a follower who lets it fill up is let go with a last line that says so.
"""

import contextlib
import fcntl
import grp
import json
import logging
import os
import socket as plain_socket
import stat
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import gevent
from gevent import socket
from gevent.pool import Pool
from gevent.queue import Full, Queue
from gevent.server import StreamServer

from ccore.errors import AlreadyRunning, BadRequest, CcoreError, DiskTrouble, reason
from ccore.model import News

__all__ = ["ControlServer", "Handler"]

Handler = Callable[[dict[str, Any]], dict[str, Any]]

log = logging.getLogger(__name__)

# The longest request we read. The longest one there is names two ids and fits in one KiB.
MAX_REQUEST_BYTES = 64 * 1024
# sun_path of Linux holds 108 bytes with its closing zero.
MAX_PATH_BYTES = 107
# News that may wait for one follower: ten seconds of reading nothing at 20 calls/s, 5 news each.
MAX_UNREAD = 1_000
# Connections at once: a wallboard or a screen pop for each of a few hundred desks. One more is told
# so; of those who are told, or are strangers, there may be a few at a time.
MAX_CLIENTS = 512
MAX_TURNED_AWAY = 32
# A client that takes no byte of an answer for so long is gone, whatever its socket says.
SEND_TIMEOUT_S = 10
# The groups of a peer, which Linux tells since 4.13 and Python has no name for. The most are what
# fits into the 1,024 bytes that Python asks for.
SO_PEERGROUPS = 59
MOST_GROUPS = 256


class ControlServer:
    """`group`: whose members may speak too; "" for none. `max_clients` is for tests."""

    def __init__(
        self,
        path: Path,
        handler: Handler,
        *,
        group: str = "",
        max_unread: int = MAX_UNREAD,
        max_clients: int = MAX_CLIENTS,
    ) -> None:
        self.path = path
        self._handler = handler
        self._group = group
        self._gid: int | None = None
        self._max_unread = max_unread
        self._max_clients = max_clients
        self._clients = 0
        self._followers: set[_Follower] = set()
        self._lock: IO[str] | None = None
        self._server: StreamServer | None = None

    def start(self) -> None:
        """Claim the socket and listen; AlreadyRunning if another daemon has it."""
        self._gid = _gid_of(self._group) if self._group else None
        self._lock = _claim(self.path)
        try:
            listener = _listen(self.path, self._gid)
        except BaseException:
            self._lock.close()
            self._lock = None
            raise
        most = self._max_clients + MAX_TURNED_AWAY
        self._server = StreamServer(listener, self._serve, spawn=Pool(most))
        self._server.start()

    def publish(self, news: News) -> None:
        """Hand news to every follower. Never waits."""
        if not self._followers:
            return
        line = _line({"news": news.kind, "at_us": news.at_us, **news.fields})
        for follower in tuple(self._followers):
            if not follower.offer(line):
                self._followers.discard(follower)

    def close(self) -> None:
        """Say goodbye to followers, take no more requests, remove the socket."""
        for follower in tuple(self._followers):
            follower.end({"news": "bye", "why": "the daemon stops"})
        self._followers.clear()
        if self._server is not None:
            # Before the conversations end: whoever waits for their end finds the socket gone.
            self.path.unlink(missing_ok=True)
            self._server.stop(timeout=1)
            self._server = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _serve(self, sock: socket.socket, _address: object) -> None:
        sock.settimeout(SEND_TIMEOUT_S)
        is_one_more = False
        try:
            if not self._may_speak(sock):
                return
            if self._clients >= self._max_clients:
                sock.sendall(_line(_refusal(_too_many(self._max_clients))))
                return
            is_one_more = True
            self._clients += 1
            self._converse(sock)
        except OSError:  # the client went away: its own affair
            pass
        finally:
            self._clients -= is_one_more
            sock.close()

    def _may_speak(self, sock: socket.socket) -> bool:
        uid, groups = _peer(sock)
        if uid in (0, os.geteuid()) or (self._gid is not None and self._gid in groups):
            return True
        log.warning("control socket: refused a stranger", extra={"uid": uid})
        return False

    def _converse(self, sock: socket.socket) -> None:
        buffer = bytearray()
        while True:
            end = buffer.find(b"\n")
            if end < 0:
                if len(buffer) > MAX_REQUEST_BYTES:
                    sock.sendall(_line(_refusal(_too_long())))
                    return
                if not (data := _read(sock)):
                    return
                buffer += data
                continue
            line = bytes(buffer[:end])
            del buffer[: end + 1]
            if not line.strip():
                continue
            request, reply = self._answer(line)
            follower = None
            if request.get("do") == "follow":
                follower = _Follower(self._max_unread)
                self._followers.add(follower)  # before the reply: no news after it may be missed
            try:
                sock.sendall(_line(reply))
                if follower is not None:
                    follower.stream(sock)
                    return
            finally:
                if follower is not None:
                    self._followers.discard(follower)

    def _answer(self, line: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
        request: dict[str, Any] = {}
        try:
            request = _request(line)
            if request["do"] == "follow":
                return request, {"ok": True}
            return request, {"ok": True, **self._handler(request)}
        except CcoreError as error:
            return {}, _refusal(error)
        except Exception:  # a fault of ours must not take the conversation down
            log.exception("control request failed", extra={"request": request.get("do")})
            return {}, _refusal(CcoreError(what="the daemon could not do this; its log says more"))


class _Follower:
    """What one listener has yet to read."""

    def __init__(self, max_unread: int) -> None:
        # One place more than news may take: the last line always fits.
        self._unread: Queue[bytes | None] = Queue(max_unread + 1)
        self._max_unread = max_unread
        self._last: bytes | None = None

    def offer(self, line: bytes) -> bool:
        """False if the follower is too slow and has to go."""
        if self._unread.qsize() < self._max_unread:
            self._unread.put_nowait(line)
            return True
        self.end({"news": "dropped", "why": f"{self._max_unread} news were left unread"})
        return False

    def end(self, last: Mapping[str, object] | None) -> None:
        self._last = _line(last) if last else None
        with contextlib.suppress(Full):  # told twice to end: once is enough
            self._unread.put_nowait(None)

    def stream(self, sock: socket.socket) -> None:
        watcher = gevent.spawn(self._watch, sock)
        try:
            while (line := self._unread.get()) is not None:
                sock.sendall(line)
            if self._last is not None:
                sock.sendall(self._last)
        finally:
            watcher.kill()

    def _watch(self, sock: socket.socket) -> None:
        """A follower who hangs up ends at once, not with the next news."""
        try:
            while _read(sock):
                pass
        except OSError:
            pass
        self.end(None)


def _read(sock: socket.socket) -> bytes:
    """Some bytes, however long they take; b"" at the end."""
    while True:
        try:
            return bytes(sock.recv(65_536))
        except (
            TimeoutError
        ):  # the timeout is for sending; a client may be silent as long as it likes
            continue


def _request(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_REQUEST_BYTES:
        raise _too_long()
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRequest(what=f"not JSON ({error})", expected="one JSON object a line") from None
    if not isinstance(request, dict) or not isinstance(request.get("do"), str):
        raise BadRequest(what="a request without `do`", expected='{"do": "status"} or another verb')
    return request


def _too_long() -> BadRequest:
    return BadRequest(what="the request is too long", expected=f"at most {MAX_REQUEST_BYTES} bytes")


def _too_many(most: int) -> BadRequest:
    return BadRequest(what=f"{most} others are connected", expected=f"at most {most} connections")


def _refusal(error: CcoreError) -> dict[str, Any]:
    return {"ok": False, "error": str(error), "code": error.exit_code}


def _line(message: Mapping[str, object]) -> bytes:
    # ASCII on the wire: whatever a caller is named, a line stays a line and is valid UTF-8.
    return json.dumps(message, default=str, separators=(",", ":")).encode("ascii") + b"\n"


def _claim(path: Path) -> IO[str]:
    """Hold the lock beside the socket for as long as the file stays open."""
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise BadRequest(
            what=f"the control socket's path {path} is too long",
            expected=f"at most {MAX_PATH_BYTES} bytes; choose a shorter daemon.dir",
        )
    lock_path = path.with_name(path.name + ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        if path.parent.stat().st_mode & (stat.S_IWOTH | stat.S_ISVTX) == stat.S_IWOTH:
            # Whoever may rename our files may put his own in their place.
            raise DiskTrouble(path=path.parent, why="everybody may write there (chmod o-w)")
        descriptor = os.open(
            lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
        )
    except OSError as error:
        raise DiskTrouble(path=lock_path, why=reason(error)) from None
    lock = os.fdopen(descriptor, "r+")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = lock.read(20).strip() or "unknown"
        lock.close()
        raise AlreadyRunning(who=f"process {owner}", what=path) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def _listen(path: Path, gid: int | None) -> socket.socket:
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        # Before listen(): until then nobody can connect.
        if gid is None:
            path.chmod(0o600)
        else:
            os.chown(path, -1, gid)
            path.chmod(0o660)
        listener.listen(64)
    except OSError as error:
        listener.close()
        raise DiskTrouble(path=path, why=reason(error)) from None
    return listener


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise DiskTrouble(path=path, why="something that is no socket has this name")
    with plain_socket.socket(plain_socket.AF_UNIX, plain_socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
        except OSError as error:
            raise AlreadyRunning(who=f"it does not take calls: {error}", what=path) from None
        else:
            raise AlreadyRunning(who="a process that holds no lock", what=path)


def _peer(sock: socket.socket) -> tuple[int, set[int]]:
    """User and groups of whoever connected, as they were then."""
    credentials = sock.getsockopt(plain_socket.SOL_SOCKET, plain_socket.SO_PEERCRED, 12)
    _pid, uid, gid = struct.unpack("iII", credentials)
    try:
        data = sock.getsockopt(plain_socket.SOL_SOCKET, SO_PEERGROUPS, 4 * MOST_GROUPS)
    except OSError:  # an old kernel, or more groups than that: the first group alone counts
        data = b""
    return uid, {gid, *struct.unpack(f"{len(data) // 4}I", data)}


def _gid_of(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        expected = "a group of this machine in daemon.group"
        raise BadRequest(what=f"There is no group {group!r}", expected=expected) from None
