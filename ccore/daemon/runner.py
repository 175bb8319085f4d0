"""One owner of the floor: events, requests and deadlines reach it one after another, as turns.

A turn is: something is handled, what is due is done, and what the floor asks for is carried out.
Nothing in a turn waits, so no turn begins inside another and nothing here needs a lock. Whoever has
something for the floor runs its turn there and then: handing it to a greenlet of the floor's own
would cost more than most turns do.
"""

import gc
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import gevent

from ccore.daemon.clock import Clock
from ccore.daemon.links import NodeLink
from ccore.daemon.reactions import Reactions
from ccore.floor import Floor
from ccore.model import Command, Event, Fact

__all__ = ["Runner"]

log = logging.getLogger(__name__)
T = TypeVar("T")

# With nothing due there is still a turn so often, for the watchdog.
IDLE_US = 1_000_000
MOST_FAULTS = 100  # of one turn; what is left is taken in the next


class Runner:
    """Feeds the floor and carries out what it asks for.

    `take_facts` gets every fact; `alive` is called at least every second. Neither may wait.
    """

    def __init__(
        self,
        floor: Floor,
        clock: Clock,
        take_facts: Callable[[Iterable[Fact]], None],
        alive: Callable[[int], None],
    ) -> None:
        self.floor = floor
        self.links: dict[str, NodeLink] = {}
        self.lag_us = 0  # longest wait from bytes to turn since it was last asked for
        self.faults = 0  # events that the floor could not handle
        self.reactions = Reactions()
        self._clock = clock
        self._take_facts = take_facts
        self._alive = alive
        self._said: deque[tuple[str, list[Event], int]] = deque()
        self._in_turn = False
        self._loop = gevent.get_hub().loop
        self._alarm = self._loop.timer(0)
        self._alarm_us = 0  # when it goes off

    def start(self) -> None:
        # What is loaded by now stays: no full pass of the collector need hold up calls with it.
        gc.collect()
        gc.freeze()
        self._turn()

    def stop(self) -> None:
        self._alarm.stop()

    def deliver(self, node: str, events: list[Event], came_us: int) -> None:
        """From a link, with the time at which the bytes came; never waits."""
        self._said.append((node, events, came_us))
        if self._in_turn:  # what a link says of the commands it was just given
            self._loop.run_callback(self._turn)
        else:
            self._turn()

    def ask(self, question: Callable[[int], Any]) -> Any:
        """A turn that begins with `question(now_us)`; gives what that gives or raises."""
        try:
            return question(self._clock.now_us())
        finally:
            self._turn()

    def _turn(self) -> None:
        self._in_turn = True
        try:
            while self._said:
                self._hear(*self._said.popleft())
            self._on_deadline()
            self._carry_out()
        finally:
            self._in_turn = False
            self._set_alarm()

    def _hear(self, node: str, events: list[Event], came_us: int) -> None:
        now_us = self._clock.now_us()
        self.lag_us = max(self.lag_us, now_us - came_us)
        for event in events:
            self._handle(node, event, now_us)
            self.reactions.handled(event, came_us)

    def _handle(self, node: str, event: Event, now_us: int) -> None:
        try:
            self.floor.handle(node, event, now_us)
        except Exception:  # one call's fault must not end everybody's
            self.faults += 1
            log.exception("could not handle %s", type(event).__name__)

    def _set_alarm(self) -> None:
        """Moved only to ring sooner: one that rings too early sets itself anew."""
        now_us = self._clock.now_us()
        due_us = now_us + IDLE_US
        deadline_us = self.floor.next_deadline()
        if deadline_us is not None and deadline_us < due_us:
            due_us = deadline_us
        if due_us < self._alarm_us or not self._alarm.active:
            self._alarm_us = due_us
            self._alarm.stop()
            self._alarm.close()
            self._alarm = self._loop.timer(max(0, due_us - now_us) / 1e6)
            self._alarm.start(self._ring)

    def _ring(self) -> None:
        self._alive(self._clock.now_us())
        self._turn()

    def _on_deadline(self) -> None:
        due_us = self.floor.next_deadline()
        now_us = self._clock.now_us()
        if due_us is not None and due_us <= now_us:
            try:
                self.floor.on_deadline(now_us)
            except Exception:
                self.faults += 1
                log.exception("a deadline failed")

    def _taken(self, take: Callable[[], list[T]]) -> list[T]:
        """What the floor has for us; what it could not note of one call is that call's fault."""
        for _ in range(MOST_FAULTS):
            try:
                return take()
            except Exception:
                self.faults += 1
                log.exception("could not note what has changed")
        return []

    def _carry_out(self) -> None:
        commands = self._taken(self.floor.take_commands)
        if commands:
            by_node: defaultdict[str, list[Command]] = defaultdict(list)
            for node, command in commands:
                by_node[node].append(command)
            for node, its in by_node.items():
                if node in self.links:
                    self.links[node].send(its)
                    self.reactions.wrote(its, self._clock.now_us())
        self.reactions.turn_over()
        facts = self._taken(self.floor.take_facts)
        if facts:
            self._take_facts(facts)
        is_wanted = self.floor.is_waited_on
        for link in self.links.values():
            link.be_prompt(is_wanted)
