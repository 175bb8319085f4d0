"""One switch's pair of connections against the simulated switch, byte for byte, without sockets."""

from collections.abc import Iterator

import pytest

from ccore.errors import AlreadyRunning, ProtocolError, SwitchGone, SwitchOutdated
from ccore.esl import Link
from ccore.model import Event, Hangup, JobDone, LegParked, LinkUp, Ring, SetVariables
from ccore.sim.pace import EXACT
from ccore.sim.switch import SimSwitch

START_US = 1_795_300_000_000_000
SECOND_US = 1_000_000


class Pair:
    """A link and its two connections to a simulated switch."""

    numbers: Iterator[int] = iter(range(1, 1_000_000))

    def __init__(self, switch: SimSwitch, daemon_id: str = "") -> None:
        self.switch = switch
        self.link = Link("main", daemon_id)
        self.events, self.commands = next(self.numbers), next(self.numbers)
        self.heard: list[Event] = []

    def open(self, now_us: int) -> None:
        for conn in (self.events, self.commands):
            self.switch.connect(conn, now_us)
            self.switch.receive(conn, b"auth pear\n\n", now_us)
        greeting = [data for _, data in self.switch.take_output()]
        assert sum(b"+OK accepted" in data for data in greeting) == 2
        self.link.opened(now_us)

    def take(self, conn: int, data: bytes, now_us: int) -> None:
        receive = self.link.receive_events if conn == self.events else self.link.receive_replies
        self.heard += receive(data, now_us)


def settle(now_us: int, *pairs: Pair) -> None:
    switch = pairs[0].switch
    while True:
        moved = False
        switch.on_deadline(now_us)
        for pair in pairs:
            for conn, data in (
                (pair.events, pair.link.take_event_bytes()),
                (pair.commands, pair.link.take_command_bytes()),
            ):
                if data:
                    moved = True
                    switch.receive(conn, data, now_us)
        for conn, data in switch.take_output():
            moved = True
            for pair in pairs:
                if conn in (pair.events, pair.commands):
                    pair.take(conn, data, now_us)
        if not moved:
            return


def tick_for_ever(link: Link) -> None:
    while True:
        link.tick(link.next_deadline())


@pytest.fixture
def switch() -> SimSwitch:
    return SimSwitch(password="pear", now_us=START_US, pace=EXACT)


def test_the_picture_of_the_switch_comes_before_its_events(switch: SimSwitch) -> None:
    switch.act("caller:1", "call", START_US, called="4001", calling="13800000001", name="Li")
    switch.take_output()
    pair = Pair(switch)
    pair.open(START_US + SECOND_US)
    settle(START_US + SECOND_US, pair)
    (up,) = pair.heard
    assert isinstance(up, LinkUp)
    assert up.core == switch.core.core_uuid
    assert [(leg.calling, leg.called) for leg in up.legs] == [("13800000001", "4001")]
    switch.act("caller:2", "call", START_US + SECOND_US, called="4001", calling="2", name="Wu")
    settle(START_US + SECOND_US, pair)
    assert any(isinstance(event, LegParked) for event in pair.heard[1:])


def test_what_we_write_on_a_channel_comes_back_after_a_new_connection(switch: SimSwitch) -> None:
    first = Pair(switch)
    first.open(START_US)
    settle(START_US, first)
    switch.act("caller:1", "call", START_US, called="4001", calling="13800000001", name="Li")
    settle(START_US + SECOND_US, first)
    (leg,) = [event.leg for event in first.heard if isinstance(event, LegParked)]
    first.link.send(SetVariables(leg, {"state": "waiting", "queue": "sales"}))
    settle(START_US + SECOND_US, first)
    second = Pair(switch)
    second.open(START_US + SECOND_US)
    settle(START_US + SECOND_US, first, second)
    (up,) = [event for event in second.heard if isinstance(event, LinkUp)]
    assert up.legs[0].variables["state"] == "waiting"
    assert up.legs[0].variables["queue"] == "sales"


def test_a_second_daemon_on_a_switch_is_refused(switch: SimSwitch) -> None:
    first, second = Pair(switch, "b"), Pair(switch, "a")
    first.open(START_US)
    settle(START_US, first)
    settle_later = START_US + SECOND_US
    first.heard += first.link.tick(settle_later)
    assert first.link.is_up
    second.open(settle_later)
    with pytest.raises(AlreadyRunning, match="switch main"):
        settle(settle_later, first, second)
    assert first.link.is_up


def test_of_two_daemons_that_come_up_together_one_stays(switch: SimSwitch) -> None:
    pairs = [Pair(switch, "a"), Pair(switch, "b")]
    for pair in pairs:
        pair.open(START_US)
    with pytest.raises(AlreadyRunning):
        settle(START_US, *pairs)


def test_alone_it_comes_up_when_nobody_answers(switch: SimSwitch) -> None:
    pair = Pair(switch, "a")
    pair.open(START_US)
    settle(START_US, pair)
    assert not pair.link.is_up
    pair.heard += pair.link.tick(pair.link.next_deadline())
    assert pair.link.is_up


def test_an_old_switch_is_refused() -> None:
    old = SimSwitch(password="pear", now_us=START_US, version="1.8.7-release")
    pair = Pair(old)
    pair.open(START_US)
    with pytest.raises(SwitchOutdated, match=r"1\.8\.7"):
        settle(START_US, pair)


def test_a_silent_switch_is_dead_after_three_beats(switch: SimSwitch) -> None:
    pair = Pair(switch)
    pair.open(START_US)
    settle(START_US, pair)
    with pytest.raises(SwitchGone, match=r"heartbeat|nothing for"):
        tick_for_ever(pair.link)


def test_a_refused_command_is_counted_and_a_refused_job_is_told(switch: SimSwitch) -> None:
    pair = Pair(switch)
    pair.open(START_US)
    settle(START_US, pair)
    pair.link.send(Hangup("no-such-leg"))
    pair.link.send(Ring("leg-1", "job-1", "user/9999@agents", 5, "Li", "1"))
    pair.link.send(Ring("leg-2", "job-2", "user/bad 1001@agents", 5, "Li", "1"))
    settle(START_US, pair)
    pair.heard += pair.link.take_events()
    settle(START_US + SECOND_US, pair)
    figures = pair.link.figures()
    assert (figures["refused"], figures["unsafe"]) == (1, 1)
    told = {event.job: event.text for event in pair.heard if isinstance(event, JobDone)}
    assert told["job-2"] == "UNSAFE_VALUE"
    assert told["job-1"] in ("SUBSCRIBER_ABSENT", "USER_NOT_REGISTERED")


def test_a_reply_to_nothing_closes_the_link(switch: SimSwitch) -> None:
    pair = Pair(switch)
    pair.open(START_US)
    settle(START_US, pair)
    with pytest.raises(ProtocolError, match="reply to nothing"):
        pair.link.receive_replies(b"Content-Type: command/reply\nReply-Text: +OK\n\n", START_US)
