"""One owner of the floor: events, requests and deadlines reach it one after another.

Everybody else puts messages into the inbox, so nothing here needs a lock.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import gevent
from gevent.event import AsyncResult
from gevent.queue import Empty, SimpleQueue

from ccore.daemon.clock import Clock
from ccore.daemon.links import NodeLink
from ccore.daemon.reactions import Reactions
from ccore.floor import Floor
from ccore.model import Command, Event, Fact

__all__ = ["Runner"]

log = logging.getLogger(__name__)

# With nothing due the loop still turns so often, for the watchdog.
IDLE_S = 1.0


class Runner:
    """Feeds the floor and carries out what it asks for.

    `take_facts` gets every fact; `alive` is called at each turn of the loop.
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
        self.lag_us = 0  # longest wait in the inbox since it was last asked for
        self.faults = 0  # events that the floor could not handle
        self.reactions = Reactions()
        self._clock = clock
        self._take_facts = take_facts
        self._alive = alive
        self._inbox: SimpleQueue[Callable[[int], None]] = SimpleQueue()
        self._greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        if self._greenlet is not None:
            self._greenlet.kill()

    def deliver(self, node: str, events: list[Event], came_us: int) -> None:
        """From a link's reader, with the time at which the bytes came; never waits."""

        def handle(now_us: int) -> None:
            self.lag_us = max(self.lag_us, now_us - came_us)
            for event in events:
                self._handle(node, event, now_us)
                self.reactions.handled(event, came_us)

        self._inbox.put(handle)

    def ask(self, question: Callable[[int], Any]) -> Any:
        """Let the owner call `question(now_us)` and wait for what it gives or raises."""
        answer: AsyncResult = AsyncResult()

        def act(now_us: int) -> None:
            try:
                answer.set(question(now_us))
            except Exception as error:  # it is the asker's, not ours
                answer.set_exception(error)

        self._inbox.put(act)
        return answer.get()

    def _handle(self, node: str, event: Event, now_us: int) -> None:
        try:
            self.floor.handle(node, event, now_us)
        except Exception:  # one call's fault must not end everybody's
            self.faults += 1
            log.exception("could not handle %s", type(event).__name__)

    def _run(self) -> None:
        floor, clock = self.floor, self._clock
        while True:
            now_us = clock.now_us()
            self._alive(now_us)
            due_us = floor.next_deadline()
            wait_s = IDLE_S if due_us is None else min(IDLE_S, (due_us - now_us) / 1e6)
            try:
                act = self._inbox.get(timeout=wait_s) if wait_s > 0 else self._inbox.get_nowait()
                act(clock.now_us())
            except Empty:
                pass
            self._on_deadline()
            self._carry_out()

    def _on_deadline(self) -> None:
        due_us = self.floor.next_deadline()
        now_us = self._clock.now_us()
        if due_us is not None and due_us <= now_us:
            try:
                self.floor.on_deadline(now_us)
            except Exception:
                self.faults += 1
                log.exception("a deadline failed")

    def _carry_out(self) -> None:
        commands = self.floor.take_commands()
        if commands:
            by_node: defaultdict[str, list[Command]] = defaultdict(list)
            for node, command in commands:
                by_node[node].append(command)
            for node, its in by_node.items():
                if node in self.links:
                    self.links[node].send(its)
                    self.reactions.wrote(its, self._clock.now_us())
        self.reactions.turn_over()
        facts = self.floor.take_facts()
        if facts:
            self._take_facts(facts)
        is_wanted = self.floor.is_waited_on
        for link in self.links.values():
            link.be_prompt(is_wanted)
