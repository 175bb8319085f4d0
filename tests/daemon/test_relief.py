"""The reader that never stops: whatever the process does, the switch's bytes leave the kernel.

What is asserted is what lies in the kernels' buffers (SIOCINQ, SIOCOUTQ), never how long it took.
"""

import ctypes
import gc
import os
import select
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ccore.daemon._intake import Intake
from tests.daemon.ends import MB, PATIENCE_S, REPLY, Ends, unread, until
from tests.kpi.micro_set import micro_facts, record

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
