"""A link of the daemon in trouble of its own: it ends, says so, and begins anew."""

import os
import resource
from typing import cast

from gevent import socket

from ccore.model import Command, Event, LegHungUp, LinkDown, LinkUp
from tests.daemon.scripted import Serve, Watched, event, healthy


def test_a_reader_that_gets_no_file_is_tried_again(serve: Serve) -> None:
    """The connection itself took the last one."""
    taken: list[int] = []
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    def script(sock: socket.socket, number: int) -> None:
        if not number:
            taken.append(os.dup(0))
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(*taken, sock.fileno()) + 1, hard))
            try:
                while True:
                    taken.append(os.dup(0))
            except OSError:
                pass
        healthy(sock)

    watched = Watched(serve(script))
    try:
        down = watched.until(LinkDown)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for file in taken:
            os.close(file)
    assert isinstance(down, LinkDown)
    assert "Too many open files" in down.why
    watched.until(LinkUp)
    watched.node.stop()


def test_what_was_said_is_heard_when_the_other_connection_ends_first(serve: Serve) -> None:
    legs = [f"leg-{number}" for number in range(2_000)]
    pair: list[socket.socket] = []

    def script(sock: socket.socket, number: int) -> None:
        if number < 2:
            pair.append(sock)
        healthy(sock)

    watched = Watched(serve(script))
    watched.until(LinkUp)
    listening, speaking = pair
    for leg in legs:
        listening.sendall(event("Event-Name: CHANNEL_HANGUP_COMPLETE", f"Unique-ID: {leg}"))
    speaking.shutdown(socket.SHUT_RDWR)
    listening.shutdown(socket.SHUT_RDWR)
    watched.until(LinkDown)
    assert "it closed the connection" in watched.node.figures()["trouble"]
    watched.node.stop()
    told = [one.leg for one in watched.events if isinstance(one, LegHungUp)]
    assert told == legs
    kinds = [type(one) for one in watched.events]
    assert kinds.index(LinkDown) > len(legs)


class Faulty(Watched):
    """Whoever takes the events fails at the first that is told of the switch."""

    has_failed = False

    def _deliver(self, node: str, events: list[Event], came_us: int) -> None:
        if not self.has_failed and any(isinstance(one, LinkUp) for one in events):
            self.has_failed = True
            raise RuntimeError("a fault of ours")
        super()._deliver(node, events, came_us)


def test_a_fault_of_ours_ends_the_link_and_not_its_deadlines(serve: Serve) -> None:
    for daemon_id in ("", "me"):  # up by a reply, and by the time in which others may answer
        watched = Faulty(serve(lambda sock, number: healthy(sock)), daemon_id)
        down = watched.until(LinkDown)
        assert isinstance(down, LinkDown)
        assert "a fault of ccore" in down.why
        watched.until(LinkUp)
        watched.node.stop()


def test_what_cannot_be_said_to_one_switch_ends_its_link_and_holds_up_no_other(
    serve: Serve,
) -> None:
    watched = Watched(serve(lambda sock, number: healthy(sock)))
    watched.until(LinkUp)
    watched.node.send([cast(Command, object())])  # raising here would end the turn of all
    down = watched.until(LinkDown)
    assert isinstance(down, LinkDown)
    assert "a fault of ccore" in down.why
    watched.until(LinkUp)
    watched.node.stop()
