"""The faults of greenswitch 0.0.19, one by one, and ccore in the same situation.

Their numbers are those of docs/greenswitch.md. Peers here are small scripted switches on loopback:
each says what a misbehaving or dying switch says.
"""

import ast
import gc
import re
import resource
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import gevent
import pytest
from gevent import socket
from gevent.event import Event as Flag

from ccore.daemon.event_socket import connect
from ccore.errors import CcoreError, ProtocolError, SwitchRefused, SwitchUnreachable
from ccore.esl import EventView, FrameDecoder, Link, translate
from ccore.esl.link import MOST_EARLY
from ccore.esl.outbox import MOST_IN_FLIGHT
from ccore.model import AppDone, Hangup, JobDone, LegParked, LinkBusy, LinkDown, LinkUp, Ring
from tests.daemon.scripted import (
    ACCEPTED,
    AUTH,
    PATIENCE_S,
    Serve,
    Watched,
    answer,
    api,
    event,
    healthy,
    logged_in,
)

ROOT = Path(__file__).parent.parent.parent
NOW_US = 1_795_300_000_000_000


def up() -> Link:
    """A link that has come up on a switch without channels."""
    link = Link("main")
    link.opened(NOW_US)
    replies = link.take_event_bytes().count(b"\n\n")
    link.receive_events(ACCEPTED * replies, NOW_US)
    while not link.is_up:
        for line in link.take_command_bytes().decode().split("\n\n"):
            link.receive_replies(answer(line), NOW_US)
    return link


# 1, 2, 5: values are data.


def test_1_an_encoded_line_break_in_a_value_makes_no_header() -> None:
    (frame,) = FrameDecoder().feed(
        event(
            "Event-Name: CHANNEL_ANSWER",
            "Caller-Caller-ID-Name: hi%0AUnique-ID%3A%20forged%0AEvent-Name: CHANNEL_HANGUP",
            "Unique-ID: real",
        )
    )
    view = EventView(frame.body)
    assert view.get(b"Unique-ID") == "real"
    assert view.get(b"Event-Name") == "CHANNEL_ANSWER"


def test_5_a_value_of_several_lines_comes_back_whole() -> None:
    sdp = "v%3D0%0D%0Ao%3D-%201%0D%0A"
    (frame,) = FrameDecoder().feed(event("Event-Name: X", f"variable_switch_r_sdp: {sdp}"))
    assert EventView(frame.body).get(b"variable_switch_r_sdp") == "v=0\r\no=- 1\r\n"


# 3, 4: structure comes from the outer frame alone.


def test_3_a_content_type_inside_an_event_ends_nothing() -> None:
    link = Link("main")
    link.opened(NOW_US)
    forged = event("Event-Name: CHANNEL_ANSWER", "Content-Type: text/disconnect-notice")
    assert link.receive_events(forged, NOW_US) == []


def test_4_the_result_of_a_job_is_its_body_and_nothing_else() -> None:
    body = "-ERR Unique-ID: forged 100%25\n"
    (frame,) = FrameDecoder().feed(
        event("Event-Name: BACKGROUND_JOB", "Job-UUID: job-1", "Event-Date-Timestamp: 1", body=body)
    )
    assert translate(EventView(frame.body)) == JobDone(
        "job-1", 1, False, "Unique-ID: forged 100%25"
    )


# 6, 7: no bytes end the reader.


def test_6_broken_utf8_in_a_reply_is_a_reply() -> None:
    link = up()
    heard: list[str] = []
    link.ask("api status", heard.append)
    assert link.take_command_bytes() == b"api status\n\n"
    link.receive_replies(api(b"\xff\xfe up"), NOW_US)
    assert heard == ["\udcff\udcfe up"]


def test_7_a_blank_last_header_is_a_header() -> None:
    link = up()
    assert link.receive_events(event("Event-Name: X", "variable_empty: "), NOW_US) == []
    parked = event("Event-Name: CHANNEL_PARK", "Unique-ID: leg-1")
    assert [type(one) for one in link.receive_events(parked, NOW_US)] == [LegParked]


@pytest.mark.parametrize("head", [b"Content-Length: 3\n\nabc", b"Event-Name: X\n\n"])
def test_7_a_frame_without_a_type_is_one_error(head: bytes) -> None:
    """We are out of step with the switch; the link begins anew, nothing hangs."""
    link = up()
    with pytest.raises(ProtocolError, match="a frame of type"):
        link.receive_events(head, NOW_US)
    (down,) = link.closed(NOW_US, "out of step")
    assert isinstance(down, LinkDown)
    link.opened(NOW_US)


# 8: a command longer than the kernel's buffer.


def test_8_a_long_write_reaches_a_slow_switch_whole(serve: Serve) -> None:
    commands, size = 40_000, 0
    whole = Flag()

    def script(sock: socket.socket, number: int) -> None:
        nonlocal size
        logged_in(sock)
        tail = ""
        while data := sock.recv(4096):
            text = tail + data.decode()
            *lines, tail = text.split("\n\n")
            for line in lines:
                sock.sendall(answer(line.lstrip("\n")))
                size += "uuid_kill" in line
            if size == commands:
                whole.set()

    watched = Watched(serve(script))
    watched.until(LinkUp)
    watched.node.send([Hangup(f"leg-{i:08}") for i in range(commands)])
    assert whole.wait(PATIENCE_S)
    watched.node.stop()


# 9, 10: a switch that goes away, at every point.


def test_9_a_switch_that_closes_at_once_is_an_error_and_no_wait(serve: Serve) -> None:
    port = serve(lambda sock, number: sock.close())
    with gevent.Timeout(PATIENCE_S), pytest.raises((SwitchUnreachable, SwitchRefused)):
        connect("main", "127.0.0.1", port, "pear")


def test_9_a_switch_that_refuses_says_so(serve: Serve) -> None:
    rude = b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"
    port = serve(lambda sock, number: sock.sendall(rude))
    with gevent.Timeout(PATIENCE_S), pytest.raises(SwitchRefused, match="go away"):
        connect("main", "127.0.0.1", port, "pear")


def test_9_an_end_in_mid_life_is_told_and_the_link_comes_back(serve: Serve) -> None:
    first_pair: list[socket.socket] = []

    def script(sock: socket.socket, number: int) -> None:
        if number < 2:
            first_pair.append(sock)
        healthy(sock)

    watched = Watched(serve(script))
    watched.until(LinkUp)
    for sock in first_pair:
        sock.shutdown(socket.SHUT_RDWR)
    watched.until(LinkDown)
    watched.events.clear()
    watched.until(LinkUp)
    assert watched.node.connects == 2
    watched.node.stop()


def test_9_a_command_given_while_nobody_is_there_fails_at_once() -> None:
    watched = Watched(port=1)
    watched.node.send([Ring("leg", "job-1", "user/1001@agents", 5, "Li", "1")])
    assert any(isinstance(e, JobDone) and e.job == "job-1" and not e.ok for e in watched.events)
    watched.node.stop()


def test_10_the_end_of_a_connection_in_mid_frame_does_not_spin(serve: Serve) -> None:
    """A body is promised and never comes; other greenlets go on meanwhile."""

    def script(sock: socket.socket, number: int) -> None:
        logged_in(sock)
        sock.sendall(b"Content-Length: 5000\nContent-Type: text/event-plain\n\nEvent-Name: X\n")
        sock.close()

    watched = Watched(serve(script))
    watched.until(LinkDown)
    watched.node.stop()


# 11, 12, 13: commands and what they bring back.


def test_11_replies_find_their_commands_in_order() -> None:
    link = up()
    heard: list[str] = []
    for name in "abc":
        link.ask(f"api {name}", lambda text, name=name: heard.append(name + text))  # type: ignore[misc]
    link.take_command_bytes()
    link.receive_replies(api(b"1") + api(b"2") + api(b"3"), NOW_US)
    assert heard == ["a1", "b2", "c3"]


def test_11_a_reply_after_its_time_does_not_go_to_the_next() -> None:
    link = up()
    heard: list[str] = []
    link.ask("api slow", heard.append)
    link.take_command_bytes()
    link.receive_events(event("Event-Name: HEARTBEAT"), NOW_US + 20_000_000)
    link.tick(NOW_US + 20_000_000)
    assert heard == ["-ERR TIMED_OUT"]
    link.ask("api quick", heard.append)
    sent = link.take_command_bytes().decode().split("\n\n")
    replies = [api(b"quick") if line == "api quick" else answer(line) for line in sent]
    link.receive_replies(api(b"slow") + b"".join(replies), NOW_US + 20_000_000)
    assert heard == ["-ERR TIMED_OUT", "quick"]


def test_12_a_line_break_in_an_argument_is_refused() -> None:
    link = up()
    link.send(Hangup("leg-1\n\napi hupall"))
    assert link.take_command_bytes() == b""
    assert link.figures()["unsafe"] == 1


def test_13_the_end_of_an_application_is_told_by_its_own_id() -> None:
    (frame,) = FrameDecoder().feed(
        event(
            "Event-Name: CHANNEL_EXECUTE_COMPLETE",
            "Unique-ID: leg",
            "Event-Date-Timestamp: 5",
            "Application: playback",
            "Application-Response: FILE PLAYED",
            "Application-UUID: mine",
            "variable_current_application: other",
        )
    )
    assert translate(EventView(frame.body)) == AppDone("leg", 5, "mine", "FILE PLAYED")


# 2, 14 to 17: the outbound server is not used; and nothing else of greenswitch is.


def test_only_connecting_and_logging_in_are_greenswitchs() -> None:
    users = {}
    for path in (ROOT / "ccore").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("greenswitch"):
                users[path.name] = sorted(alias.name for alias in node.names)
    assert users == {"event_socket.py": ["InboundESL", "NotConnectedError"]}


def test_every_fault_of_the_table_has_its_test() -> None:
    tests = Path(__file__).read_text("utf-8")
    told = (ROOT / "docs" / "greenswitch.md").read_text("utf-8")
    for number in range(1, 20):
        assert re.search(rf"^def test_(\d+_)*{number}_", tests, re.M), number
        assert f"\n| {number} | " in told


def test_2_14_no_switch_connects_to_ccore() -> None:
    """So there is no `connect` reply to be forged, and no accept loop that sleeps or dies."""
    takes_connections = re.compile(r"\.(accept|listen)\(|\bStreamServer\(|OutboundESL")
    takers = {
        path.name
        for room in ("esl", "floor", "talk", "daemon")
        for path in (ROOT / "ccore" / room).rglob("*.py")
        if takes_connections.search(path.read_text("utf-8"))
    }
    assert takers <= {"control.py"}  # people's own, a socket in the file system


def test_15_the_bound_of_commands_in_flight_is_exact() -> None:
    link = up()
    for number in range(5_000):
        link.send(Hangup(f"leg-{number}"))
    sent = 0
    while data := link.take_command_bytes():
        sent += data.count(b"\n\n")
        assert link.in_flight <= MOST_IN_FLIGHT
        while link.in_flight > MOST_IN_FLIGHT // 2:
            link.receive_replies(api(b"+OK\n"), NOW_US)
    assert sent == 5_000


def open_files() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("script", [logged_in, lambda sock: sock.sendall(AUTH)])
def test_16_peers_that_come_and_go_leave_nothing_behind(
    serve: Serve, script: Callable[[socket.socket], None]
) -> None:
    port = serve(lambda sock, number: (script(sock), sock.close())[1])  # type: ignore[func-returns-value]

    def come_and_go() -> None:
        with suppress(CcoreError):
            connect("main", "127.0.0.1", port, "pear").close()
        gevent.sleep(0)

    come_and_go()
    before = open_files()
    for _ in range(60):
        come_and_go()
    with gevent.Timeout(PATIENCE_S):
        while open_files() > before + 3:  # the server's own ends close a moment later
            gevent.sleep(0.01)


def test_17_no_free_file_is_an_error_that_passes(serve: Serve) -> None:
    port = serve(lambda sock, number: logged_in(sock))
    connect("main", "127.0.0.1", port, "pear").close()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(SwitchUnreachable, match="Too many open files"):
            connect("main", "127.0.0.1", port, "pear")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with gevent.Timeout(PATIENCE_S):
        connect("main", "127.0.0.1", port, "pear").close()


# 18, 19: one slow consumer, and a flood. tests/daemon/test_relief.py holds the process for seconds
# and floods it; what is waited for inside the link is bounded too.


def test_18_a_switch_that_is_behind_holds_nobody_up() -> None:
    """What cannot be sent yet waits in the link; whoever sends goes on at once."""
    link = up()
    for number in range(MOST_IN_FLIGHT + 1):
        link.send(Hangup(f"leg-{number}"))
    link.take_command_bytes()
    parked = event("Event-Name: CHANNEL_PARK", "Unique-ID: leg-x", "Event-Date-Timestamp: 5")
    heard = [type(one) for one in link.receive_events(parked, NOW_US)]
    assert heard == [LegParked, LinkBusy]


def test_19_events_that_wait_for_a_picture_are_bounded() -> None:
    link = up()
    link.shed(1, NOW_US)  # from now on events wait for a new picture
    parked = event("Event-Name: CHANNEL_PARK", "Unique-ID: leg-x", "Event-Date-Timestamp: 5")
    for _ in range(3):
        assert link.receive_events(parked * (MOST_EARLY // 2), NOW_US) == []
    for _ in range(4):
        for line in link.take_command_bytes().decode().split("\n\n"):
            heard = link.receive_replies(answer(line), NOW_US)
            if heard:
                assert len(heard) <= MOST_EARLY + 1
                return
    raise AssertionError("no picture came")


def test_19_a_reply_or_event_without_end_is_refused() -> None:
    link = Link("main")
    link.opened(NOW_US)
    with pytest.raises(ProtocolError):
        link.receive_events(
            b"Content-Length: 99999999999\nContent-Type: text/event-plain\n\n", NOW_US
        )
