"""What becomes of commands, jobs and events when a link breaks, is late, full, or loses events."""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccore.errors import SwitchGone, SwitchRefused
from ccore.esl import Link
from ccore.esl.backoff import LONGEST_US
from ccore.esl.outbox import MOST_IN_FLIGHT
from ccore.esl.states import LIFE, Happening, LinkState
from ccore.model import (
    AppDone,
    Bridge,
    Event,
    Hangup,
    JobDone,
    LegHungUp,
    LegParked,
    LegSeen,
    LinkBusy,
    LinkDown,
    LinkFree,
    LinkUp,
    Look,
    Play,
    Ring,
)

START_US = 1_795_300_000_000_000
SECOND_US = 1_000_000
OK = b"Content-Type: command/reply\nReply-Text: +OK\n\n"


def api(text: str) -> bytes:
    return b"Content-Type: api/response\nContent-Length: %d\n\n%s" % (len(text), text.encode())


def event(name: str, body: str = "", **headers: str) -> bytes:
    lines = [f"Event-Name: {name}"]
    lines += [f"{key.replace('_', '-')}: {value}" for key, value in headers.items()]
    lines += [f"Event-Date-Timestamp: {START_US}"]
    raw = "\n".join(lines) + (f"\nContent-Length: {len(body)}\n\n{body}" if body else "\n\n")
    return b"Content-Length: %d\nContent-Type: text/event-plain\n\n%s" % (len(raw), raw.encode())


class Hand:
    """A link, and a switch played by hand: what it has and what it is."""

    def __init__(self, core: str = "core-1") -> None:
        self.link = Link("main", rng=random.Random(1))
        self.core = core
        self.legs: list[str] = []
        self.now_us = START_US
        self.heard: list[Event] = []
        self.sent: list[str] = []

    def open(self) -> None:
        self.link.opened(self.now_us)
        for _ in range(self.link.take_event_bytes().count(b"\n\n")):
            self.hear(OK)
        self.answer_all()

    def hear(self, data: bytes) -> None:
        self.heard += self.link.receive_events(data, self.now_us)

    def read(self) -> Iterator[str]:
        """What the link writes now, command by command."""
        lines = self.link.take_command_bytes().decode().split("\n\n")[:-1]
        self.sent += lines
        yield from lines

    def answer_all(self) -> None:
        while lines := list(self.read()):
            for line in lines:
                self.heard += self.link.receive_replies(self.reply_to(line), self.now_us)

    def reply_to(self, line: str) -> bytes:
        match line.split(" "):
            case ["api", "version"]:
                return api("FreeSWITCH Version 1.10.12-release")
            case ["api", "global_getvar", *_]:
                return api(self.core)
            case ["api", "show", *_]:
                rows = [{"uuid": leg} for leg in self.legs]
                return api(json.dumps({"row_count": len(rows), **({"rows": rows} if rows else {})}))
            case ["api", "uuid_dump", leg, "json"]:
                return api(json.dumps({"Unique-ID": leg, "Answer-State": "answered"}))
            case ["api", *_]:
                return api("+OK\n")
            case _:
                return OK

    def take(self, *kinds: type) -> list[Event]:
        found = [one for one in self.heard if not kinds or isinstance(one, kinds)]
        self.heard = []
        return found


@pytest.fixture
def hand() -> Hand:
    made = Hand()
    made.open()
    assert made.link.state is LinkState.UP
    made.take()
    return made


RING = Ring("leg-1", "job-1", "user/1001@agents", 15, "Li", "138")


def test_every_way_out_is_in_the_table() -> None:
    assert set(LIFE) == set(LinkState)
    for state, ways in LIFE.items():
        assert ways[Happening.LOST] is LinkState.AWAY
        assert ways[Happening.REFUSED] is LinkState.REFUSED
        assert Happening.LOGGED_IN not in ways or state is LinkState.OPENING


def test_the_table_in_the_documentation_is_this_one() -> None:
    text = (Path(__file__).parent.parent.parent / "docs" / "wire.md").read_text("utf-8")
    table = text.partition("| state |")[2].partition("\n\n")[0]
    told = set(re.findall(r"^\| ([a-z ]+) \| ([a-z ]+) \| ([a-z]+) \|$", table, re.M))
    over = {Happening.LOST, Happening.REFUSED}
    ours = {
        (state.value, what.value, then.value)
        for state, ways in LIFE.items()
        for what, then in ways.items()
        if what not in over
    }
    assert told == ours | {("every one", "lost", "away"), ("every one", "refused", "refused")}


def test_the_picture_is_asked_for_when_events_come_already() -> None:
    """A channel made in between would be neither in the picture nor in the events."""
    hand = Hand()
    hand.link.opened(hand.now_us)
    replies = hand.link.take_event_bytes().count(b"\n\n")
    hand.answer_all()
    assert hand.link.state is LinkState.SUBSCRIBING
    for _ in range(replies):
        assert not any("show channels" in line for line in hand.sent)
        hand.hear(OK)
        hand.answer_all()
    assert any("show channels" in line for line in hand.sent)
    assert hand.link.is_up


def test_a_subscription_that_is_refused_is_said() -> None:
    hand = Hand()
    hand.link.opened(hand.now_us)
    with pytest.raises(SwitchRefused, match="events"):
        hand.hear(b"Content-Type: command/reply\nReply-Text: -ERR permission denied\n\n")


def test_events_before_the_picture_come_after_it() -> None:
    hand = Hand()
    hand.link.opened(hand.now_us)
    replies = hand.link.take_event_bytes().count(b"\n\n")
    hand.hear(OK * replies + event("CHANNEL_PARK", Unique_ID="leg-9"))
    assert hand.heard == []
    hand.answer_all()
    assert [type(one) for one in hand.heard] == [LinkUp, LegParked]


def test_what_was_in_flight_is_told_and_never_sent_again(hand: Hand) -> None:
    hand.link.send(RING)
    hand.link.send(Bridge("leg-2", "leg-3", "job-2"))
    list(hand.read())
    hand.link.send(Bridge("leg-4", "leg-5", "job-3"))
    asked: list[str] = []
    hand.link.ask("api status", asked.append)
    told = hand.link.closed(hand.now_us, "gone")
    assert told == [
        LinkDown(hand.now_us, "gone"),
        JobDone("job-1", hand.now_us, False, "LINK_LOST"),
        JobDone("job-2", hand.now_us, False, "LINK_LOST"),
        JobDone("job-3", hand.now_us, False, "LINK_DOWN"),
    ]
    assert asked == ["-ERR LINK_DOWN"]
    hand.sent = []
    hand.open()
    assert not any("originate" in line or "bridge" in line for line in hand.sent)
    # A result that comes after all is not told a second time.
    hand.take()
    hand.hear(event("BACKGROUND_JOB", "+OK leg-1\n", Job_UUID="job-1"))
    assert hand.take() == []


def test_what_a_switch_says_before_it_says_goodbye_is_told(hand: Hand) -> None:
    """All in one read, as a switch sends it that is stopped: calls end, and then the connection."""
    ended = event("CHANNEL_HANGUP_COMPLETE", Unique_ID="leg-7", Hangup_Cause="MANAGER_REQUEST")
    goodbye = b"Content-Type: text/disconnect-notice\nContent-Length: 4\n\nbye\n"
    with pytest.raises(SwitchGone, match="disconnects"):
        hand.hear(ended + goodbye)
    over, down = hand.link.closed(hand.now_us, "gone")
    assert isinstance(over, LegHungUp)
    assert (over.leg, over.cause) == ("leg-7", "MANAGER_REQUEST")
    assert isinstance(down, LinkDown)
    assert hand.link.closed(hand.now_us, "gone") == [LinkDown(hand.now_us, "gone")]


def test_a_job_that_the_switch_took_on_may_end_after_a_break(hand: Hand) -> None:
    hand.link.send(RING)
    hand.answer_all()
    assert [type(one) for one in hand.link.closed(hand.now_us, "gone")] == [LinkDown]
    hand.open()
    hand.take()
    hand.hear(event("BACKGROUND_JOB", "-ERR USER_BUSY\n", Job_UUID="job-1"))
    assert hand.take() == [JobDone("job-1", START_US, False, "USER_BUSY")]
    assert hand.link.figures()["lives"] == 1


def test_a_switch_that_lives_anew_ends_nothing_of_its_old_life(hand: Hand) -> None:
    hand.link.send(RING)
    hand.answer_all()
    hand.link.closed(hand.now_us, "gone")
    hand.core = "core-2"
    hand.open()
    (up,) = hand.take(LinkUp)
    assert isinstance(up, LinkUp)
    assert up.core == "core-2"
    figures = hand.link.figures()
    assert (figures["lives"], figures["awaited"]) == (2, 0)


def test_ends_are_told_once_and_only_of_what_we_began(hand: Hand) -> None:
    hand.link.send(RING)
    hand.link.send(Play("leg-7", ("/a.wav",), "app-1"))
    hand.answer_all()
    hand.hear(event("BACKGROUND_JOB", "+OK x\n", Job_UUID="of somebody else"))
    hand.hear(
        event("CHANNEL_EXECUTE_COMPLETE", Unique_ID="leg-7", Application_UUID="the dialplan's")
    )
    assert hand.take() == []
    done = event("CHANNEL_EXECUTE_COMPLETE", Unique_ID="leg-7", Application_UUID="app-1")
    hand.hear(done + done)
    assert [one.app for one in hand.take() if isinstance(one, AppDone)] == ["app-1"]


def test_what_does_not_end_in_time_is_told_as_too_late(hand: Hand) -> None:
    hand.link.send(RING)
    hand.answer_all()
    hand.now_us += 40 * SECOND_US
    hand.hear(event("HEARTBEAT"))
    hand.heard += hand.link.tick(hand.now_us)
    assert hand.take(JobDone) == [JobDone("job-1", hand.now_us, False, "TIMED_OUT")]
    hand.hear(event("BACKGROUND_JOB", "+OK leg-1\n", Job_UUID="job-1"))
    assert hand.take(JobDone) == []
    assert hand.link.figures()["timed_out"] == 1


def test_a_look_is_dated_when_it_is_asked_for_also_by_a_switch_that_was_silent(hand: Hand) -> None:
    """Two looks at what is missing are to lie apart; an old date brought them together, and a
    caller of whom nobody had heard was left to the fallback."""
    asked_us = hand.now_us + 2 * SECOND_US
    hand.link.send(Look("leg-1"), asked_us)
    hand.now_us = asked_us + 3_000
    hand.answer_all()
    assert [one.asked_us for one in hand.take() if isinstance(one, LegSeen)] == [asked_us]


def test_with_its_leg_an_application_is_over(hand: Hand) -> None:
    hand.link.send(Play("leg-7", ("/a.wav",), "app-1"))
    hand.answer_all()
    hand.hear(event("CHANNEL_HANGUP_COMPLETE", Unique_ID="leg-7", Hangup_Cause="NORMAL_CLEARING"))
    assert [type(one) for one in hand.take()] == [LegHungUp]
    assert hand.link.figures()["awaited"] == 0


def test_a_switch_that_is_behind_is_given_nothing_new_until_it_has_caught_up(hand: Hand) -> None:
    for number in range(MOST_IN_FLIGHT + 10):
        hand.link.send(Hangup(f"leg-{number}"))
    lines = list(hand.read())
    assert len(lines) == MOST_IN_FLIGHT
    assert [type(one) for one in hand.link.take_events()] == [LinkBusy]
    figures = hand.link.figures()
    assert (figures["is_busy"], figures["held"], figures["pushed_back"]) == (True, 10, 1)
    for line in lines:
        hand.heard += hand.link.receive_replies(hand.reply_to(line), hand.now_us)
    hand.answer_all()
    assert [type(one) for one in hand.take()] == [LinkFree]
    assert len(hand.sent) == len(set(hand.sent))


def test_events_that_were_shed_are_made_good_by_a_new_picture(hand: Hand) -> None:
    hand.legs = [f"leg-{number}" for number in range(250)]
    hand.link.shed(17, hand.now_us)
    assert (hand.link.state, hand.link.is_up) == (LinkState.REPAIRING, True)
    hand.hear(event("CHANNEL_PARK", Unique_ID="leg-new"))
    first = list(hand.read())
    assert first == ["api global_getvar", "api show channels as json"]
    for line in first:
        hand.heard += hand.link.receive_replies(hand.reply_to(line), hand.now_us)
    hand.link.shed(3, hand.now_us)  # once more, while the picture is being taken
    assert hand.take() == []
    hand.answer_all()
    up, parked = hand.take()
    assert isinstance(up, LinkUp)
    assert isinstance(parked, LegParked)
    assert {leg.leg for leg in up.legs} == set(hand.legs)
    assert sum("show channels" in line for line in hand.sent) >= 2
    assert hand.link.state is LinkState.UP
    assert hand.link.figures()["shed"] == 20


def test_calls_commands_do_not_wait_behind_the_questions_of_a_picture(hand: Hand) -> None:
    hand.legs = [f"leg-{number}" for number in range(5_000)]
    hand.link.shed(1, hand.now_us)
    for line in hand.read():
        hand.link.receive_replies(hand.reply_to(line), hand.now_us)
    hand.link.send(Hangup("leg-x"))
    place = next(n for n, line in enumerate(hand.read()) if "uuid_kill" in line)
    assert place <= 100


def test_pauses_grow_and_begin_anew_after_a_link_that_lasted(hand: Hand) -> None:
    pauses = []
    for _ in range(12):
        hand.link.closed(hand.now_us, "gone")
        pauses.append(hand.link.pause_us())
    assert all(100_000 <= pause <= LONGEST_US for pause in pauses)
    assert pauses[0] <= 200_000
    assert min(pauses[-3:]) >= LONGEST_US / 2
    assert len(set(pauses)) == len(pauses)  # many daemons do not knock together
    hand.open()
    hand.now_us += 60 * SECOND_US
    hand.link.closed(hand.now_us, "gone")
    assert hand.link.pause_us() <= 200_000
