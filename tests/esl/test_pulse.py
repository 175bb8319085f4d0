"""A line that dies without a word is noticed in time; one on which nothing happens lives."""

import pytest

from ccore.errors import SwitchGone
from ccore.esl import Link
from ccore.sim.switch import SimSwitch

START_US = 1_795_300_000_000_000
SECOND_US = 1_000_000
EVENTS, COMMANDS = 1, 2


class Line:
    """A link and a simulated switch, joined by two connections that may be deaf."""

    def __init__(self) -> None:
        self.now_us = START_US
        self.switch = SimSwitch(password="pear", now_us=START_US)
        self.link = Link("main", "somebody")
        self.deaf: set[int] = set()
        for connection in (EVENTS, COMMANDS):
            self.switch.connect(connection, START_US)
            self.switch.receive(connection, b"auth pear\n\n", START_US)
        self.switch.take_output()
        self.link.opened(START_US)
        self.carry()

    def carry(self) -> None:
        said = True
        while said:
            said = False
            for connection, data in (
                (EVENTS, self.link.take_event_bytes()),
                (COMMANDS, self.link.take_command_bytes()),
            ):
                if data and connection not in self.deaf:
                    said = True
                    self.switch.receive(connection, data, self.now_us)
            for connection, data in self.switch.take_output():
                if connection not in self.deaf:
                    said = True
                    if connection == EVENTS:
                        self.link.receive_events(data, self.now_us)
                    else:
                        self.link.receive_replies(data, self.now_us)

    def run(self, seconds: int) -> None:
        end_us = self.now_us + seconds * SECOND_US
        while (due_us := min(self.switch.next_deadline() or end_us, self.link.next_deadline())) < (
            end_us
        ):
            self.now_us = max(due_us, self.now_us)
            self.switch.on_deadline(self.now_us)
            self.carry()
            self.link.tick(self.now_us)
            self.carry()
        self.now_us = end_us


def test_a_line_on_which_nothing_happens_lives() -> None:
    line = Line()
    line.run(3_600)
    assert line.link.is_up


@pytest.mark.parametrize("deaf", [{EVENTS}, {COMMANDS}, {EVENTS, COMMANDS}], ids=str)
def test_a_half_open_line_is_dead_within_twelve_seconds(deaf: set[int]) -> None:
    line = Line()
    line.run(100)
    line.deaf = deaf
    with pytest.raises(SwitchGone, match="pulse"):
        line.run(12)


def test_who_was_away_himself_does_not_blame_the_line() -> None:
    line = Line()
    line.run(100)
    line.now_us += 30 * SECOND_US  # stopped, or without a core
    line.link.tick(line.now_us)
    line.carry()
    line.run(100)
    assert line.link.is_up
