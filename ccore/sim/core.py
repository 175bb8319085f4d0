"""Clock, timers and outputs of the simulated switch. Everything else in here hangs on it."""

import heapq
from collections.abc import Callable
from random import Random

from ccore.sim.events import Heading
from ccore.sim.leg import Leg
from ccore.sim.listener import Listener
from ccore.sim.pace import Pace

__all__ = ["Core", "Timer"]


class Timer:
    __slots__ = ("at_us", "call", "order")

    def __init__(self, at_us: int, order: int, call: Callable[[], None] | None) -> None:
        self.at_us = at_us
        self.order = order
        self.call = call  # None: cancelled

    def __lt__(self, other: "Timer") -> bool:
        return (self.at_us, self.order) < (other.at_us, other.order)

    def cancel(self) -> None:
        self.call = None


class Core:
    def __init__(
        self, *, core_uuid: str, hostname: str, password: str, seed: int, now_us: int, pace: Pace
    ) -> None:
        self.core_uuid = core_uuid
        self.hostname = hostname
        self.password = password
        self.pace = pace
        self.random = Random(seed)
        self.now_us = now_us
        self.started_us = now_us
        self.skew_us = 0  # its wall clock was set; what waits does not go by that one
        self.heading = Heading(core_uuid, hostname)
        self.legs: dict[str, Leg] = {}
        self.listeners: dict[int, Listener] = {}
        self.globals: dict[str, str] = {}
        self.sessions = 0
        self.peak = 0
        self.happenings: list[tuple[int, str, str, str]] = []
        self.files: list[tuple[str, int, str]] = []
        self.directories: set[str] = set()  # on the switch's disk, where recordings may lie
        self._heap: list[Timer] = []
        self._order = 0

    def uuid(self) -> str:
        bits = self.random.getrandbits(128)
        bits = bits & ~(0xF << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62  # version 4
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def stamp(self) -> int:
        """The switch's own clock, which ticks once per media frame."""
        step = self.pace.stamp_us
        return self.now_us - (self.now_us - self.started_us) % step + self.skew_us

    def after(self, delay_us: int, call: Callable[[], None]) -> Timer:
        self._order += 1
        timer = Timer(self.now_us + max(delay_us, 0), self._order, call)
        heapq.heappush(self._heap, timer)
        return timer

    def at_frame(self, call: Callable[[], None]) -> Timer:
        """At the next media frame, when a channel looks at what it was told."""
        step = self.pace.frame_us
        wait = step - (self.now_us - self.started_us) % step if step else 0
        return self.after(wait, call)

    def next_deadline(self) -> int | None:
        while self._heap and self._heap[0].call is None:
            heapq.heappop(self._heap)
        return self._heap[0].at_us if self._heap else None

    def advance(self, now_us: int) -> None:
        """Run what is due by now, each at its own time. Time never goes back."""
        while self._heap and self._heap[0].at_us <= now_us:
            timer = heapq.heappop(self._heap)
            if timer.call is None:
                continue
            self.now_us = max(self.now_us, timer.at_us)
            timer.call()
        self.now_us = max(self.now_us, now_us)

    def set_global(self, text: str) -> bool:
        """`name=value`; without a value the variable is gone."""
        name, equals, value = text.partition("=")
        if not name or not equals:
            return False
        if value:
            self.globals[name] = value
        else:
            self.globals.pop(name, None)
        return True

    def happened(self, phone: str, what: str, detail: str = "") -> None:
        self.happenings.append((self.now_us, phone, what, detail))

    def emit(
        self, name: str, leg: Leg, head: bytes = b"", tail: bytes = b"", subclass: str = ""
    ) -> None:
        """Tell an event of a channel to whoever asked for its name, or its subclass."""
        listeners = [each for each in self.listeners.values() if each.wants(name, subclass)]
        if not listeners:
            return
        body = leg.block(variables=name != "DTMF")
        heading = self.heading.lines(name, self.stamp())
        parts = (_class(subclass), heading, head, body, tail, b"\n")
        self._offer(listeners, b"".join(parts))

    def announce(self, name: str, lines: bytes, subclass: str = "", body: bytes = b"") -> None:
        """Tell an event that belongs to no channel; `body` follows its headers."""
        listeners = [each for each in self.listeners.values() if each.wants(name, subclass)]
        if not listeners:
            return
        if body:
            lines += b"Content-Length: %d\n" % len(body)
        heading = self.heading.lines(name, self.stamp())
        self._offer(listeners, b"".join((_class(subclass), heading, lines, b"\n", body)))

    def _offer(self, listeners: list[Listener], plain: bytes) -> None:
        poll = self.pace.poll_us
        for listener in listeners:
            was_empty = not listener.waiting
            if not listener.offer(plain):
                continue
            if poll == 0:
                listener.flush()
            elif was_empty:
                wait = poll - (self.now_us - listener.polled_us) % poll
                listener.poll = self.after(wait, listener.flush)


def _class(subclass: str) -> bytes:
    return b"Event-Subclass: %b\n" % subclass.replace(":", "%3A").encode() if subclass else b""
