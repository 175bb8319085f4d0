"""What systemd hears, on a real datagram socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccore.daemon.notify import Notifier


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.bind(os.fspath(tmp_path / "notify"))
        yield sock


def environ(sock: socket.socket, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": sock.getsockname(), **more}


def test_systemd_hears_ready_and_stopping(systemd: socket.socket) -> None:
    notifier = Notifier.from_environ(environ(systemd), pid=7)
    notifier.ready("serving 2 switches")
    assert systemd.recv(1000) == b"READY=1\nSTATUS=serving 2 switches"
    notifier.stopping()
    assert systemd.recv(1000) == b"STOPPING=1"


def test_the_watchdog_is_told_twice_within_its_limit(systemd: socket.socket) -> None:
    notifier = Notifier.from_environ(environ(systemd, WATCHDOG_USEC="2000000"), pid=7)
    for now_us in range(10_000_000, 12_000_000, 100_000):
        notifier.alive(now_us)
    systemd.setblocking(False)
    assert [systemd.recv(1000) for _ in range(2)] == [b"WATCHDOG=1", b"WATCHDOG=1"]
    with pytest.raises(BlockingIOError):
        systemd.recv(1000)


def test_a_watchdog_meant_for_another_process_is_not_ours(systemd: socket.socket) -> None:
    told = environ(systemd, WATCHDOG_USEC="2000000", WATCHDOG_PID="8")
    assert Notifier.from_environ(told, pid=7).watchdog_every_us == 0


def test_without_systemd_nothing_happens() -> None:
    notifier = Notifier.from_environ({}, pid=7)
    notifier.ready()
    notifier.alive(1)
    gone = Notifier("/nonexistent/notify")
    gone.ready()
