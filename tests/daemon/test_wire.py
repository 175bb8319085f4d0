"""One connection in gevent's loop: nothing is lost, cut or mixed, however slow the other side."""

from collections.abc import Callable, Iterator

import gevent
import pytest
from gevent import socket
from gevent.event import Event as Flag

from ccore.daemon.wire import Wire
from ccore.errors import CcoreError, ProtocolError
from ccore.esl import Frame

PATIENCE_S = 60
REPLY = b"Content-Type: command/reply\nReply-Text: +OK\n\n"


class Ends:
    """A wire and the switch's end of its connection."""

    def __init__(self, pause_s: float = 0.0) -> None:
        ours, self.theirs = socket.socketpair()
        self.wire = Wire(ours, pause_s=pause_s)
        self.frames: list[Frame] = []
        self.size = 0
        self.why: list[str | CcoreError] = []
        self.news = Flag()

    def start(self) -> None:
        self.wire.start(self._take, self._end)

    def _take(self, frames: list[Frame], size: int) -> None:
        self.frames += frames
        self.size += size
        self.news.set()

    def _end(self, why: str | CcoreError) -> None:
        self.why.append(why)
        self.news.set()

    def until(self, is_so: Callable[[], object]) -> None:
        with gevent.Timeout(PATIENCE_S):
            while not is_so():
                self.news.wait()
                self.news.clear()

    def read(self, size: int) -> bytes:
        data = b""
        with gevent.Timeout(PATIENCE_S):
            while len(data) < size:
                data += self.theirs.recv(65_536)
        return data


@pytest.fixture
def ends() -> Iterator[Ends]:
    both = Ends()
    both.start()
    yield both
    both.wire.close()
    both.theirs.close()


def test_what_a_slow_switch_does_not_take_goes_later_whole_and_in_order(ends: Ends) -> None:
    commands = [b"api uuid_kill leg-%08d\n\n" % number for number in range(60_000)]
    for command in commands:
        ends.wire.send(command)
    whole = b"".join(commands)
    assert ends.read(len(whole)) == whole
    assert ends.wire.unsent_bytes == 0


def test_a_beat_never_lands_inside_a_command(ends: Ends) -> None:
    ends.wire.intake.beat(True)
    command = b"api " + b"x" * 2_000_000 + b"\n\n"
    ends.wire.send(command)
    assert command in ends.read(len(command) + 1)


def test_it_beats_only_while_somebody_waits(ends: Ends) -> None:
    ends.wire.intake.beat(True)
    assert ends.read(3).startswith(b"\n\n\n")
    ends.wire.intake.beat(False)
    ends.wire.send(b"end")
    assert ends.read(3).lstrip(b"\n") == b"end"
    assert ends.wire.intake.counts()["beats"] >= 3


def test_a_command_is_followed_by_beats_of_its_own(ends: Ends) -> None:
    ends.wire.intake.nudge()
    assert ends.read(1).startswith(b"\n")


def test_frames_come_as_they_are_and_the_end_is_told(ends: Ends) -> None:
    ends.theirs.sendall(REPLY + b"\n" + REPLY[:20])
    ends.until(lambda: ends.frames)
    ends.theirs.sendall(REPLY[20:])
    ends.until(lambda: len(ends.frames) == 2)
    assert [frame.reply for frame in ends.frames] == ["+OK", "+OK"]
    ends.theirs.close()
    ends.until(lambda: ends.why)
    assert ends.why == ["it closed the connection"]
    assert ends.size == 2 * len(REPLY) + 1


def test_answers_that_are_waited_for_together_come_all_and_so_does_what_nobody_asked() -> None:
    both = Ends(pause_s=0.002)
    both.start()
    for number in range(1, 20):
        both.wire.send(b"api one\n\napi two\n\n")
        both.theirs.sendall(REPLY)
        gevent.sleep(0)
        both.theirs.sendall(REPLY)
        both.until(lambda number=number: len(both.frames) == 3 * number - 1)  # type: ignore[misc]
        both.theirs.sendall(REPLY)
        both.until(lambda number=number: len(both.frames) == 3 * number)  # type: ignore[misc]
    both.wire.send(b"exit\n\n")
    both.theirs.close()
    both.until(lambda: both.why)
    both.wire.close()


def test_frames_before_bytes_that_are_none_are_handed_over_first(ends: Ends) -> None:
    ends.theirs.sendall(REPLY * 3 + b"no frame at all\n\n" + REPLY)
    ends.until(lambda: ends.why)
    assert len(ends.frames) == 3
    assert isinstance(ends.why[0], ProtocolError)


def test_a_wire_may_be_closed_by_whoever_it_hands_frames_to() -> None:
    ours, theirs = socket.socketpair()
    wire, over = Wire(ours), Flag()

    def take(frames: list[Frame], size: int) -> None:
        wire.close()
        over.set()

    wire.start(take, lambda why: None)
    theirs.sendall(REPLY * 1_000)
    assert over.wait(PATIENCE_S)
    theirs.close()
