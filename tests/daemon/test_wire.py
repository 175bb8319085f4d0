"""One connection in gevent's loop: nothing is lost, cut or mixed, however slow the other side."""

from collections.abc import Iterator

import gevent
import pytest
from gevent import socket
from gevent.event import Event as Flag

from ccore.daemon.wire import Wire

PATIENCE_S = 10


class Ends:
    """A wire and the switch's end of its connection."""

    def __init__(self) -> None:
        ours, self.theirs = socket.socketpair()
        self.wire = Wire(ours)
        self.taken = bytearray()
        self.why = ""
        self.news = Flag()

    def start(self) -> None:
        self.wire.start(self._take, self._end)

    def _take(self, data: bytes) -> None:
        self.taken += data
        self.news.set()

    def _end(self, why: str) -> None:
        self.why = why
        self.news.set()

    def read(self, size: int) -> bytes:
        data = b""
        with gevent.Timeout(PATIENCE_S):
            while len(data) < size:
                data += self.theirs.recv(65_536)
        return data


@pytest.fixture
def ends() -> Iterator[Ends]:
    both = Ends()
    yield both
    both.wire.close()
    both.theirs.close()


def test_what_a_slow_switch_does_not_take_goes_later_whole_and_in_order(ends: Ends) -> None:
    ends.start()
    commands = [b"api uuid_kill leg-%08d\n\n" % number for number in range(60_000)]
    for command in commands:
        ends.wire.send(command)
    whole = b"".join(commands)
    assert ends.read(len(whole)) == whole


def test_a_nudge_never_lands_inside_a_command(ends: Ends) -> None:
    ends.start()
    ends.wire.tick(True)
    command = b"api " + b"x" * 2_000_000 + b"\n\n"
    ends.wire.send(command)
    assert command in ends.read(len(command) + 1)


def test_it_nudges_only_while_somebody_waits(ends: Ends) -> None:
    ends.start()
    ends.wire.tick(True)
    assert ends.read(3).startswith(b"\n\n\n")
    ends.wire.tick(False)
    ends.wire.send(b"end")
    assert ends.read(3).lstrip(b"\n") == b"end"


def test_bytes_come_in_as_they_are_and_the_end_is_told(ends: Ends) -> None:
    ends.start()
    ends.theirs.sendall(b"Content-Type: auth/request\n\n")
    with gevent.Timeout(PATIENCE_S):
        while not ends.taken:
            ends.news.wait()
            ends.news.clear()
        assert bytes(ends.taken) == b"Content-Type: auth/request\n\n"
        ends.theirs.close()
        while not ends.why:
            ends.news.wait()
            ends.news.clear()
    assert "closed" in ends.why
