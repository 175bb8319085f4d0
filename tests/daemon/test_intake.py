"""Two readers of one connection: nothing is lost, doubled or moved, and what waits is bounded."""

import os
import select
import socket
import struct
import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.daemon._intake import Intake
from ccore.errors import ProtocolError
from tests.daemon.ends import MB, PATIENCE_S, REPLY, Ends, event, unread, until

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
