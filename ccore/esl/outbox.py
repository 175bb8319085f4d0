"""The one writer of a connection that speaks: what is to be sent, and who waits for which reply.

The switch answers commands in their order and says nothing of which it answers, so the order is the
only thing that matches them. Hence each command has one place in a queue, from before it is written
until its reply is here, also when nobody waits for that reply any more.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from ccore.errors import ProtocolError, SwitchGone

__all__ = ["DOWN", "LOST", "MOST_IN_FLIGHT", "TIMED_OUT", "Answer", "Outbox"]

Answer = Callable[[str], None]  # gets the reply's text, or one of the three below

# What an asker is told in place of a reply.
DOWN = "-ERR LINK_DOWN"  # never written
LOST = "-ERR LINK_LOST"  # written, and the link broke: nobody knows whether it was done
TIMED_OUT = "-ERR TIMED_OUT"  # written, and no reply came in time: it may still be done

# Some 70 ms of a switch that does nothing else (14,800 `api` commands/s): more in flight makes
# nothing faster, and all of it is in doubt when the link breaks.
MOST_IN_FLIGHT = 1_000
# A switch reads commands byte by byte, 1.7 us each: 0.9 s, and what a socket that takes nothing may
# leave with us.
MOST_IN_FLIGHT_BYTES = 512 * 1024
# 100,000 commands that wait. A switch that is so far behind is not steered any more.
MOST_HELD_BYTES = 8 * 1024 * 1024
# Every command of ours is done within milliseconds (what takes long goes by bgapi).
REPLY_US = 15_000_000
# Without any reply for so long the connection is dead, whatever the other one says.
STUCK_US = 45_000_000


class Outbox:
    """Give it commands, take bytes to write, tell it replies. `now_us`: when it was last asked."""

    def __init__(self, most_in_flight: int = MOST_IN_FLIGHT) -> None:
        self._most_in_flight = most_in_flight
        self._held: deque[tuple[bytes, Sequence[Answer]]] = deque()
        # Written and not answered: when, who waits (None for one who waits no more), and bytes.
        self._asked: deque[tuple[int, Answer | None, int]] = deque()
        self._asked_bytes = 0
        self._waited = 0  # of `_asked`, from the front: those that are None by time-out
        self.held_bytes = 0
        self.timed_out = 0

    @property
    def in_flight(self) -> int:
        """Commands written and not answered."""
        return len(self._asked)

    @property
    def held(self) -> int:
        """Commands that wait for replies to others."""
        return len(self._held)

    @property
    def is_full(self) -> bool:
        return bool(self._held) and not self._has_room

    @property
    def is_free(self) -> bool:
        """Room again; not at once when it is full no more, so that it does not flap."""
        return not self._held and len(self._asked) <= self._most_in_flight // 2

    @property
    def _has_room(self) -> bool:
        return len(self._asked) < self._most_in_flight and self._asked_bytes < MOST_IN_FLIGHT_BYTES

    def put(self, data: bytes, answers: Sequence[Answer]) -> None:
        """Some commands that belong together, and who is told each one's reply."""
        self._held.append((data, answers))
        self.held_bytes += len(data)

    def take(self, now_us: int) -> bytes:
        """Bytes to write now; what is beyond the bound waits for replies."""
        parts = []
        while self._held and self._has_room:
            data, answers = self._held.popleft()
            size = len(data)
            self.held_bytes -= size
            self._asked_bytes += size
            parts.append(data)
            for answer in answers:
                self._asked.append((now_us, answer, size))
                size = 0  # they are told once
        return b"".join(parts)

    def reply(self, text: str) -> None:
        """The next reply has come. Raises ProtocolError if nothing was asked."""
        if not self._asked:
            raise ProtocolError(what="a reply to nothing")
        _, answer, size = self._asked.popleft()
        self._asked_bytes -= size
        if answer is not None:
            answer(text)
        else:
            self._waited -= 1

    def tick(self, now_us: int) -> None:
        """Tell those who waited too long; their places stay, for the replies may come yet.

        Raises SwitchGone for a connection that takes or answers nothing any more.
        """
        if self._asked and now_us >= self._asked[0][0] + STUCK_US:
            raise SwitchGone(why=f"nothing for {STUCK_US // 1_000_000} s, with commands asked")
        if self.held_bytes > MOST_HELD_BYTES:
            raise SwitchGone(why=f"too few replies: {len(self._held)} commands wait to be sent")
        while self._waited < len(self._asked):
            asked_us, answer, size = self._asked[self._waited]
            if now_us < asked_us + REPLY_US:
                return
            self._asked[self._waited] = (asked_us, None, size)
            self._waited += 1
            self.timed_out += 1
            if answer is not None:
                answer(TIMED_OUT)

    def next_deadline(self) -> int | None:
        if self.held_bytes > MOST_HELD_BYTES:
            return 0
        if not self._asked:
            return None
        dead_us = self._asked[0][0] + STUCK_US
        if self._waited == len(self._asked):
            return dead_us
        return min(dead_us, self._asked[self._waited][0] + REPLY_US)

    def give_up(self) -> None:
        """The connection is gone: everybody who waits is told, nothing is kept to be sent again."""
        for answer, text in list(self._all()):
            answer(text)

    def _all(self) -> Iterator[tuple[Answer, str]]:
        asked, held = self._asked, self._held
        self._asked, self._asked_bytes, self._waited = deque(), 0, 0
        self._held, self.held_bytes = deque(), 0
        for _, answer, _ in asked:
            if answer is not None:
                yield answer, LOST
        for _, answers in held:
            for answer in answers:
                yield answer, DOWN
