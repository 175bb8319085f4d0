"""One writer: order, bounds, deadlines, and one end for every command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccore.errors import ProtocolError, SwitchGone
from ccore.esl.outbox import DOWN, LOST, MOST_IN_FLIGHT_BYTES, TIMED_OUT, Outbox

SECOND_US = 1_000_000


def test_beyond_the_bound_commands_wait_and_go_as_replies_come() -> None:
    box = Outbox(most_in_flight=2)
    heard: list[str] = []
    for name in ("a", "b", "c", "d"):
        box.put(name.encode(), [heard.append])
    assert box.take(0) == b"ab"
    assert (box.in_flight, box.held, box.held_bytes, box.is_full) == (2, 2, 2, True)
    assert box.take(0) == b""
    box.reply("1")
    assert box.take(0) == b"c"
    for reply in ("2", "3"):
        box.reply(reply)
    assert not box.is_free  # one waits still
    assert box.take(0) == b"d"
    assert box.is_free
    box.reply("4")
    assert heard == ["1", "2", "3", "4"]


def test_a_late_reply_finds_its_own_place() -> None:
    box = Outbox()
    early: list[str] = []
    late: list[str] = []
    box.put(b"slow", [early.append])
    box.take(0)
    box.tick(20 * SECOND_US)
    assert early == [TIMED_OUT]
    box.put(b"quick", [late.append])
    box.take(20 * SECOND_US)
    box.reply("to slow")
    box.reply("to quick")
    assert (early, late) == ([TIMED_OUT], ["to quick"])
    assert box.timed_out == 1
    assert box.next_deadline() is None


def test_long_commands_are_bounded_by_their_bytes() -> None:
    box, sizes = Outbox(), []
    for _ in range(100):
        box.put(b"x" * 50_000, [lambda text: None] * 2)
    for _ in range(100):
        sizes.append(len(box.take(0)))
        assert box.is_full == (box.held > 0)
        for _ in range(2):
            box.reply("+OK")
    assert sum(sizes) == 100 * 50_000
    assert max(sizes) <= MOST_IN_FLIGHT_BYTES + 50_000
    assert box.in_flight == 0
    assert box.is_free


def test_a_connection_that_answers_nothing_is_dead() -> None:
    box = Outbox()
    box.put(b"x", [lambda text: None])
    box.take(0)
    while box.timed_out == 0:
        box.tick(box.next_deadline() or 0)
    with pytest.raises(SwitchGone, match="nothing for"):
        box.tick(box.next_deadline() or 0)


def test_a_switch_that_takes_nothing_is_given_up() -> None:
    box = Outbox(most_in_flight=1)
    for _ in range(9):
        box.put(b"x" * 1_000_000, [lambda text: None])
    box.take(0)
    box.tick(0)
    box.put(b"x" * 1_000_000, [lambda text: None])
    with pytest.raises(SwitchGone, match="wait to be sent"):
        box.tick(box.next_deadline() or 0)


def test_a_reply_to_nothing_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="reply to nothing"):
        Outbox().reply("+OK")


STEPS = st.lists(st.sampled_from(["put", "put two", "take", "reply", "wait"]), max_size=60)


@given(steps=STEPS)
def test_everybody_is_told_once_whatever_happens(steps: list[str]) -> None:
    box, now_us = Outbox(most_in_flight=3), 0
    told: dict[int, list[str]] = {}
    written = answered = 0

    def answer(number: int) -> None:
        told[number] = []

    for step in steps:
        match step:
            case "put" | "put two":
                numbers = [len(told), len(told) + 1][: 1 + (step == "put two")]
                for number in numbers:
                    answer(number)
                box.put(
                    b".".join(b"%d" % number for number in numbers) + b";",
                    [told[number].append for number in numbers],
                )
            case "take":
                data = box.take(now_us)
                written += data.count(b".") + data.count(b";")
            case "reply" if answered < written:
                box.reply(f"reply {answered}")
                answered += 1
            case "wait":
                now_us += 5 * SECOND_US
                try:
                    box.tick(now_us)
                except SwitchGone:
                    break
    box.give_up()
    assert (box.in_flight, box.held, box.held_bytes, box.take(now_us)) == (0, 0, 0, b"")
    for number, texts in told.items():
        (text,) = texts
        if number >= written:
            assert text == DOWN
        elif number >= answered:
            assert text in (LOST, TIMED_OUT)
        else:
            assert text in (f"reply {number}", TIMED_OUT)
