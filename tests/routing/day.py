"""A busy day in virtual time: callers with and without patience, breaks, refusals, new skills.

It plays the floor's part towards a router and keeps the engine's rules. Random numbers are whole
numbers of one seeded generator, so that a day is the same on every machine.
"""

import heapq
from collections.abc import Callable, Iterator
from random import Random

from ccore._router import Match, Router
from ccore.routing.plain import PlainRouter

__all__ = ["Day"]

SECOND = 1_000_000
MORNING_US = 1_700_000_000 * SECOND
LANGUAGES = (10, 11, 12)


class Day:
    def __init__(self, router: Router | PlainRouter, *, seed: int, agents: int, calls: int) -> None:
        self.router = router
        self.random = Random(seed)
        self.now_us = MORNING_US
        self.agents = agents
        self.ended: dict[int, str] = {}  # call -> how
        self.entered: dict[int, int] = {}
        self.rung: dict[int, int] = {}  # reserved call -> agent
        self.on_break: set[int] = set()
        self._due: list[tuple[int, int, Callable[..., Iterator[Match]], tuple[int, ...]]] = []
        self._turn = 0
        closed = range(0, agents, 3)
        self.needs = [
            router.need({skill: least, language: 1}, closed if skill == 3 else None)
            for skill in range(4)
            for least in (1, 3)
            for language in LANGUAGES
        ]
        for agent in range(agents):
            router.set_agent(agent, self._skills())
            self._at(self._below(600), self._sign_in, agent)
        for call in range(calls):
            self._at(self._below(calls * 10), self._arrive, call)
        for _ in range(agents):
            self._at(self._below(calls * 10), self._learn, self._below(agents))
            self._at(self._below(calls * 10), self._rest, self._below(agents))

    def matches(self) -> Iterator[Match]:
        """Every decision of the day; between two of them everything can be looked at."""
        while self._due:
            self.now_us, _, then, ids = heapq.heappop(self._due)
            yield from then(*ids)

    def _below(self, bound: int) -> int:
        return self.random.randrange(bound)

    def _skills(self) -> dict[int, int]:
        skills = {self._below(4): 1 + self._below(4) for _ in range(3)}
        return skills | {LANGUAGES[min(self._below(5), 2)]: 1 for _ in range(2)}

    def _at(self, after_s: int, then: Callable[..., Iterator[Match]], *ids: int) -> None:
        self._turn += 1
        due_us = self.now_us + after_s * SECOND + self._below(SECOND)
        heapq.heappush(self._due, (due_us, self._turn, then, ids))

    def _sign_in(self, agent: int) -> Iterator[Match]:
        self.on_break.discard(agent)
        if agent not in self.rung.values():
            self.router.agent_ready(agent, self.now_us)
            yield from self._ring(self.router.offer_for_agent(agent, self.now_us))

    def _rest(self, agent: int) -> Iterator[Match]:
        self.on_break.add(agent)
        if agent not in self.rung.values():
            self.router.agent_away(agent)
        self._at(300, self._sign_in, agent)
        yield from ()

    def _learn(self, agent: int) -> Iterator[Match]:
        self.router.set_agent(agent, self._skills())
        yield from self._ring(self.router.offer_for_agent(agent, self.now_us))

    def _arrive(self, call: int) -> Iterator[Match]:
        only = self._below(self.agents) if self._below(8) == 0 else -1
        credit_us = 90 * SECOND if self._below(10) == 0 else 0
        weight = (1.0, 1.0, 1.0, 1.5)[self._below(4)]
        need = self.needs[self._below(len(self.needs))]
        self.entered[call] = self.now_us
        self.router.call_waiting(call, need, self.now_us, credit_us, weight, only)
        if only >= 0:
            self._at(20, self._widen, call)
        self._at(30 + self._below(900), self._lose_patience, call)
        yield from self._ring(self.router.offer_for_call(call, self.now_us))

    def _widen(self, call: int) -> Iterator[Match]:
        if call in self.ended:
            return
        self.router.widen(call)
        if call not in self.rung:
            yield from self._ring(self.router.offer_for_call(call, self.now_us))

    def _lose_patience(self, call: int) -> Iterator[Match]:
        if call in self.ended:
            return
        self.ended[call] = "abandoned"
        if call not in self.rung:
            self.router.call_gone(call)
            return
        agent = self.rung.pop(call)
        ready = agent not in self.on_break
        self.router.release(call, requeue=False, ready=ready)
        yield from self._ring(self.router.offer_for_agent(agent, self.now_us))

    def _ring(self, match: Match | None) -> Iterator[Match]:
        if match is not None:
            assert match.call not in self.rung
            assert match.agent not in self.rung.values()
            self.rung[match.call] = match.agent
            self._at(2 + self._below(8), self._pick_up, match.call, match.agent)
            yield match

    def _pick_up(self, call: int, agent: int) -> Iterator[Match]:
        if self.rung.get(call) != agent:
            return
        del self.rung[call]
        if self._below(20) == 0:  # nobody picks up: the caller keeps his place
            self.router.release(call, requeue=True)
            self._at(10, self._sign_in, agent)
            yield from self._ring(self.router.offer_for_call(call, self.now_us))
        else:
            self.ended[call] = "answered"
            self.router.confirm(call)
            self._at(60 + self._below(240), self._sign_in, agent)
