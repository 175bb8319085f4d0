"""The reader that never stops: whatever the process does, the switch's bytes leave the kernel.

What is asserted is what lies in the kernels' buffers (SIOCINQ, SIOCOUTQ), never how long it took.
"""

import ctypes
import fcntl
import gc
import os
import select
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.daemon._intake import Intake
from ccore.errors import ProtocolError
from tests.kpi.micro_set import micro_facts, record

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


# Whatever holds the process.


class Sender:
    """A switch in a process of its own, which says when all that it sent has left its kernel."""

    PROGRAM = """
import fcntl, os, socket, struct, sys, termios, time
port, count, size, done = map(int, sys.argv[1:])
sock = socket.create_connection(("127.0.0.1", port))
sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
for number in range(count):
    body = b"Event-Name: X\\nNumber: %d\\nFill: %b\\n\\n" % (number, b"x" * size)
    head = b"Content-Length: %d\\nContent-Type: text/event-plain\\n\\n" % len(body)
    sock.sendall(head + body)
while struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))[0]:
    time.sleep(0.001)
os.write(done, b"!")
sys.stdin.read()
"""

    def __init__(self, count: int, size: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            # What the kernel holds for us is a small part of what comes.
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, MB // 8)
            self.done, done = os.pipe()
            arguments = [server.getsockname()[1], count, size, done]
            self.process = subprocess.Popen(
                [sys.executable, "-c", self.PROGRAM, *map(str, arguments)],
                stdin=subprocess.PIPE,
                pass_fds=[done],
            )
            os.close(done)
            self.sock = server.accept()[0]
        self.sock.setblocking(False)

    def is_done(self) -> bool:
        return bool(select.select([self.done], [], [], 0)[0])

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)
        self.sock.close()
        os.close(self.done)


class _Poll(ctypes.Structure):
    _fields_ = [("fd", ctypes.c_int), ("events", ctypes.c_short), ("revents", ctypes.c_short)]


def hold_the_gil(sender: Sender, _: Path) -> None:
    """No other Python code runs in this process until the sender is done."""
    poll = _Poll(sender.done, select.POLLIN, 0)
    ctypes.PyDLL(None).poll(ctypes.byref(poll), 1, int(PATIENCE_S * 1000))


def wait(sender: Sender, _: Path) -> None:
    select.select([sender.done], [], [], PATIENCE_S)


def compute(sender: Sender, _: Path) -> None:
    until(lambda: sum(range(100_000)) > 0 and sender.is_done())


def collect_garbage(sender: Sender, directory: Path) -> None:
    class Slow:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            hold_the_gil(sender, directory)

    Slow()
    gc.collect()


def compute_figures(sender: Sender, directory: Path) -> None:
    from ccore.kpi import table

    records = record(directory, micro_facts())
    until(lambda: bool(table(records, by=("queue",)).lines) and sender.is_done())


def write_to_a_disk_that_hangs(sender: Sender, directory: Path) -> None:
    """It takes the write only when the sender is done."""
    path = directory / "disk"
    os.mkfifo(path)
    script = (
        "import select, sys; select.select([int(sys.argv[2])], [], [], 60);"
        " open(sys.argv[1], 'rb').read()"
    )
    disk = subprocess.Popen(
        [sys.executable, "-c", script, str(path), str(sender.done)], pass_fds=[sender.done]
    )
    path.write_bytes(b"row" * MB)
    disk.wait(PATIENCE_S)


@pytest.mark.parametrize(
    "hold",
    [
        wait,
        compute,
        hold_the_gil,
        collect_garbage,
        compute_figures,
        write_to_a_disk_that_hangs,
    ],
)
def test_the_kernel_keeps_nothing_while_the_process_is_held(
    hold: Callable[[Sender, Path], None], tmp_path: Path
) -> None:
    count, size = 800, 6_000
    sender = Sender(count, size)
    intake = Intake(sender.sock.fileno())
    try:
        hold(sender, tmp_path)
        assert sender.is_done(), "the switch could not say all"
        until(lambda: unread(sender.sock) == 0)
        seen = 0
        while intake.is_behind:
            for frame in intake.read():
                assert frame.body.startswith(b"Event-Name: X\nNumber: %d\n" % seen)
                seen += 1
        assert seen == count
        assert intake.counts()["late_bytes"] > count * size
    finally:
        intake.close()
        sender.close()


# Two readers of one connection.

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 40_000)),
        st.tuples(st.just("read"), st.just(0)),
        st.tuples(st.just("late"), st.just(0)),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=30)
@given(STEPS, st.integers(0, 2**32))
def test_nothing_is_lost_doubled_or_moved_between_the_two_readers(
    steps: list[tuple[str, int]], seed: int
) -> None:
    frames = [
        event("CHANNEL_ANSWER", number, (seed * number) % 9_000)
        if (seed + number) % 3
        else REPLY % number
        for number in range(60)
    ]
    stream = b"".join(frames)
    with Ends() as ends:
        sent = 0
        for step, size in steps:
            if step == "send":
                ends.send(stream[sent : sent + size])
                sent += size
            elif step == "read":
                ends.read()
            else:
                ends.until_taken()
        ends.send(stream[sent:])
        until(lambda: ends.read() or len(ends.bodies) == len(frames))  # type: ignore[func-returns-value]
        with Ends() as plain:
            plain.send(stream)
            plain.read_all()
        assert ends.bodies == plain.bodies


def test_the_loop_that_comes_back_is_rung_for() -> None:
    with Ends() as ends:
        ends.send(event("CHANNEL_ANSWER", 1))
        assert select.select([ends.intake.fileno()], [], [], PATIENCE_S)[0]
        assert unread(ends.ours) == 0
        ends.read()
        assert len(ends.bodies) == 1
        assert not select.select([ends.intake.fileno()], [], [], 0)[0]


def test_a_turn_is_bounded_and_the_bell_stays_rung() -> None:
    with Ends() as ends:
        ends.send(b"".join(event("CHANNEL_ANSWER", number) for number in range(1_000)))
        ends.until_taken()
        ends.read()
        assert 0 < len(ends.bodies) < 200
        assert select.select([ends.intake.fileno()], [], [], 0)[0]
        ends.read_all()
        assert len(ends.bodies) == 1_000


def test_the_end_of_a_connection_comes_behind_its_last_frame() -> None:
    with Ends() as ends:
        ends.send(event("CHANNEL_ANSWER", 1) * 500)
        ends.theirs.shutdown(socket.SHUT_WR)
        until(lambda: ends.intake.over != "")
        while ends.intake.is_behind:
            ends.read()
        assert len(ends.bodies) == 500
        assert ends.intake.over == "it closed the connection"


def test_a_connection_that_breaks_says_why() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    theirs = socket.create_connection(server.getsockname())
    ours = server.accept()[0]
    intake = Intake(ours.fileno())
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    theirs.close()
    until(lambda: intake.over != "")
    assert "reset" in intake.over
    intake.close()
    ours.close()
    server.close()


def test_bytes_that_are_no_frame_are_told_after_the_frames_before_them() -> None:
    with Ends() as ends:
        ends.send(REPLY % 1 + b"nonsense\n\n")
        ends.until_taken()
        ends.read()
        assert ends.bodies == [b"+OK 1"]
        with pytest.raises(ProtocolError, match="nonsense"):
            ends.read()


# More than may wait.

IMPORTANCE = {"CHANNEL_HANGUP_COMPLETE": 9, "DTMF": 5, "CHANNEL_HOLD": 1}
NAMES = ("CHANNEL_HANGUP_COMPLETE", "DTMF", "CHANNEL_HOLD", "HEARTBEAT")


def numbers(bodies: list[bytes], name: str) -> list[int]:
    found = []
    for body in bodies:
        lines = dict(line.split(b": ") for line in body.split(b"\n") if b": " in line)
        if lines.get(b"Event-Name") == name.encode():
            found.append(int(lines[b"Number"]))
    return found


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 900), st.integers(0, 2**32))
def test_the_least_important_and_oldest_go_first_and_are_counted(urgent: int, seed: int) -> None:
    limit = MB
    order = [NAMES[0]] * urgent + [*NAMES[1:]] * 300
    Random(seed).shuffle(order)
    with Ends(IMPORTANCE, limit) as ends:
        for number, name in enumerate(order):
            ends.send(event(name, number, 2_000) + (REPLY % number if number % 50 == 0 else b""))
        ends.until_taken()
        assert ends.intake.waiting_bytes <= limit
        ends.read_all()
        counts = ends.intake.counts()
    replies = [body for body in ends.bodies if body.startswith(b"+OK")]
    assert len(replies) == (len(order) + 49) // 50
    gone = len(order) + len(replies) - len(ends.bodies)
    assert ends.intake.take_shed() == gone > 0
    assert ends.intake.take_shed() == 0
    for name in NAMES:
        sent = [number for number, each in enumerate(order) if each == name]
        kept = numbers(ends.bodies, name)
        assert kept == sorted(kept)
        assert set(kept) <= set(sent)
        kind = "other" if name == "HEARTBEAT" else name
        assert len(sent) - len(kept) == counts.get(f"shed:{kind}", 0)
    # Of the most important one none goes while others could.
    if urgent * 2_100 < limit // 3:
        assert len(numbers(ends.bodies, NAMES[0])) == urgent


def test_what_is_no_event_is_never_thrown_away_but_left_to_the_kernel() -> None:
    with Ends(IMPORTANCE, MB) as ends:
        ends.ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * MB)
        ends.theirs.setblocking(False)
        reply = b"Content-Type: api/response\nContent-Length: 50000\n\n" + b"x" * 50_000
        sent, data = 0, reply * 100
        end = time.monotonic() + PATIENCE_S
        while sent < len(data) and ends.intake.waiting_bytes < MB // 2:
            assert time.monotonic() < end
            try:
                sent += ends.theirs.send(data[sent:])
            except BlockingIOError:
                os.sched_yield()
        ends.theirs.setblocking(True)
        ends.theirs.settimeout(PATIENCE_S)
        while len(ends.bodies) < 100:
            ends.read()
            if sent < len(data) and select.select([], [ends.theirs], [], 0)[1]:
                sent += ends.theirs.send(data[sent : sent + 50_000])
            assert ends.intake.waiting_bytes <= MB
        assert ends.intake.take_shed() == 0
        assert set(ends.bodies) == {b"x" * 50_000}


# The thread's life.

LIFE = """
import gc, os, socket, time
from ccore.daemon._intake import Intake

def until(name, count):
    end = time.monotonic() + 60
    while len(os.listdir(f"/proc/self/{name}")) != count:
        assert time.monotonic() < end, name
        os.sched_yield()

descriptors = len(os.listdir("/proc/self/fd"))
for _ in range(100):
    pairs = [socket.socketpair() for _ in range(2)]
    intakes = [Intake(ours.fileno()) for ours, _ in pairs]
    intakes[0].beat(True)
    pairs[0][1].sendall(b"Content-Type: command/reply\\n\\n")
    while not intakes[0].read():
        pass
    until("task", 2)
    for intake in intakes:
        intake.close()
    for ours, theirs in pairs:
        ours.close()
        theirs.close()
until("task", 1)
until("fd", descriptors)
left = Intake(0)  # and a process may end with one that was never closed
"""


def test_the_thread_lives_as_long_as_a_connection_does() -> None:
    subprocess.run([sys.executable, "-c", LIFE], check=True, timeout=4 * PATIENCE_S)


def test_a_forked_child_has_connections_of_its_own() -> None:
    with Ends():
        child = os.fork()
        if not child:
            is_well = False
            try:
                with Ends() as ends:
                    ends.send(REPLY % 1)
                    ends.until_taken()
                    ends.read()
                    is_well = ends.bodies == [b"+OK 1"]
            finally:
                os._exit(0 if is_well else 1)
        assert os.waitpid(child, 0)[1] == 0


def test_nobody_beats_while_nobody_waits() -> None:
    with Ends() as ends, Ends() as other:
        other.intake.beat(True)
        until(lambda: other.intake.counts()["beats"] > 100)
        assert ends.intake.counts()["beats"] == 0
        assert unread(ends.theirs) == 0
