"""What another configuration would have done, held against what was done.

The other one is told the same, but sees who may have whom, in which order and when the circle
widens, by its own rules. It is asked at each offer, answers, and is then put where the centre
really went: so every answer is to the question that was really there. What another choice would
have led to later is a simulation's matter (`ccore simulate`). Steps that wait for the expected wait
are taken by their time alone here: the log does not hold what was expected.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ccore.config.schema import Config
from ccore.errors import BadLog
from ccore.routing.acd import Acd
from ccore.routing.case import Case
from ccore.routing.decision import Decision
from ccore.routing.replay import MISFITS
from ccore.routing.widening import FIRST

__all__ = ["Shadow", "Verdict"]

EXAMPLES = 20  # differences of a queue that are kept to be shown


@dataclass(slots=True)
class Verdict:
    """Of one queue."""

    offers: int = 0  # made in the centre
    same: int = 0  # the other one would have made the same
    other_agent: int = 0  # the call would have had an agent, but another one
    other_call: int = 0  # the agent would have had a call, but another one
    none: int = 0  # both would have gone on waiting
    sooner: int = 0  # calls that would have been offered earlier
    sooner_us: int = 0  # by so much, in all
    examples: list[dict[str, Any]] = field(default_factory=list)

    @property
    def different(self) -> int:
        return self.other_agent + self.other_call + self.none


class Shadow:
    def __init__(self, config: Config) -> None:
        self.config = config
        self.acd = Acd(config)
        self.verdicts: dict[str, Verdict] = {}
        self.unknown: Counter[str] = Counter()  # queues and agents that the other one has not
        self.said = 0  # lines heard
        self._cases: dict[int, Case] = {}  # the calls of its queues, offered ones too
        self._calls: dict[str, int] = {}  # contact: call
        self._clocks: dict[str, tuple[int, int]] = {}
        self._sooner: dict[int, int] = {}  # call: when it would have been offered
        self._due: list[tuple[int, int]] = []  # when to look at a call's circle again
        self._hear: Mapping[str, Callable[..., None]] = {
            "begin": self._begin,
            "config": lambda _, evacuated: self.acd.configure(config, frozenset(evacuated)),
            "settle": lambda reserves: None,  # its own thresholds count
            "ready": self._ready,
            "away": self._away,
            "remove": self._away,
            "figures": self._figures,
            "enter": lambda call, *told: self._enter(call, Case.heard(told)),
            "hold": lambda call, _, idle_us, ready_us, *told: self._hold(call, Case.heard(told)),
            "grow": lambda *_: None,  # its own steps count
            "widen": self._widen,
            "leave": self._leave,
            "aside": self._set_aside,
            "back": self._bring_back,
            "call": self._offer,
            "agent": self._offer,
            "confirm": self._confirm,
            "release": self._release,
        }

    def follow(self, said: Iterable[list[Any]], name: str = "the log") -> None:
        """Take in what was said; may be called again with what has come since."""
        for one in said:
            self.said += 1
            try:
                if one[0] in ("call", "agent"):
                    self._offer(*one)
                else:
                    self._hear[one[0]](*one[1:])
            except MISFITS as error:
                raise BadLog(file=name, line=self.said, what=f"out of order ({error})") from None

    # What it is told.

    def _begin(self, _: Any, evacuated: list[str], reached: dict[str, float]) -> None:
        self.acd = Acd(self.config, None, frozenset(evacuated), reached)
        for one in (self._cases, self._calls, self._clocks, self._sooner, self._due):
            one.clear()

    def _ready(self, agent: str, idle_since_us: int, ready_us: int) -> None:
        if agent in self.config.agents:
            self._clocks[agent] = idle_since_us, ready_us
            self.acd.ready(agent, idle_since_us, ready_us)
        else:
            self.unknown[f"agent {agent}"] += 1

    def _away(self, agent: str) -> None:
        if agent in self.config.agents:
            self.acd.away(agent)

    def _figures(self, agent: str, occupancy: float, calls: int) -> None:
        if agent in self.config.agents:
            self.acd.figures(agent, occupancy, calls)

    def _enter(self, call: int, case: Case) -> None:
        if case.only not in self.config.agents:
            if not case.queue:
                return
            case.only = ""
        if case.queue and case.queue not in self.config.queues:
            self.unknown[f"queue {case.queue}"] += 1
            return
        case.reach = FIRST
        self._cases[call], self._calls[case.contact] = case, call
        self.acd.enter(call, case)
        heapq.heappush(self._due, (case.joined_us, call))

    def _hold(self, call: int, case: Case) -> None:
        self._enter(call, case)
        if call in self._cases:  # else this configuration has no such queue
            self._withdraw(call)

    def _widen(self, call: int) -> None:
        if call in self.acd.cases:
            self.acd.widen(call)

    def _set_aside(self, call: int) -> None:
        if call in self.acd.cases:
            self.acd.set_aside(call)

    def _bring_back(self, call: int) -> None:
        if call in self.acd.cases:
            self.acd.bring_back(call)

    def _leave(self, call: int) -> None:
        if call in self.acd.cases:
            self.acd.leave(call)
        self._forget(call)

    def _release(self, call: int, requeue: bool, ready: bool) -> None:
        case = self._cases.get(call)
        if case is not None:
            if ready and case.agent in self._clocks:
                self.acd.ready(case.agent, *self._clocks[case.agent])
            case.agent = ""
            self.acd.count(case.queue, -1)
            if requeue:
                self.acd.enter(call, case)
            else:
                self._forget(call)

    def _confirm(self, call: int, at_us: int) -> None:
        case = self._cases.get(call)
        if case is not None:
            self.acd.ended(case.queue, at_us - case.entered_us)
            self.acd.count(case.queue, -1)
            self._forget(call)

    def _forget(self, call: int) -> None:
        case = self._cases.pop(call, None)
        self._sooner.pop(call, None)
        if case is not None:
            self._calls.pop(case.contact, None)

    def _withdraw(self, call: int) -> None:
        """Offered in the centre: neither waits here, but he still counts among the waiting."""
        self.acd.withdraw(call)
        self.acd.count(self._cases[call].queue, 1)

    # What it is asked.

    def _offer(self, verb: str, now_us: int, who: int | str, was: list[Any] | None) -> None:
        self._grow(now_us)
        call, decision = self._asked(who, now_us)
        if decision is not None:
            self.acd.release(call, requeue=True, ready=True)
        if was is None:
            if decision is not None:
                self._sooner.setdefault(call, now_us)
            return
        contact, agent = was[0], was[1]
        real = self._calls.get(contact)
        if real is not None:
            self._judge(real, agent, now_us, call, decision)
            self._cases[real].agent = agent
            self._withdraw(real)
        if agent in self.config.agents:
            self.acd.away(agent)

    def _asked(self, who: int | str, now_us: int) -> tuple[int, Decision | None]:
        if isinstance(who, int):
            is_there = who in self.acd.cases
            return who, self.acd.offer_for_call(who, now_us) if is_there else None
        offered = self.acd.offer_for_agent(who, now_us) if who in self.config.agents else None
        return offered or (0, None)

    def _judge(
        self, real: int, agent: str, now_us: int, call: int, decision: Decision | None
    ) -> None:
        case = self._cases[real]
        verdict = self.verdicts.setdefault(case.queue or f"agent:{agent}", Verdict())
        verdict.offers += 1
        since_us = self._sooner.pop(real, None)
        if since_us is not None:
            verdict.sooner += 1
            verdict.sooner_us += now_us - since_us
        if decision is None:
            verdict.none += 1
        elif call != real:
            verdict.other_call += 1
        elif decision.agent != agent:
            verdict.other_agent += 1
        else:
            verdict.same += 1
            return
        if len(verdict.examples) < EXAMPLES:
            verdict.examples.append(
                {
                    "at_us": now_us,
                    "contact": case.contact,
                    "agent": agent,
                    "would": decision.as_dict() if decision is not None else None,
                }
            )

    def _grow(self, now_us: int) -> None:
        while self._due and self._due[0][0] <= now_us:
            due_us, call = heapq.heappop(self._due)
            case = self._cases.get(call)
            if case is None or not case.queue:
                continue
            widening = self.acd.desk.widening(case.queue, case.caller.language)
            waited_us = due_us - case.joined_us
            reach = widening.grown(case.reach, waited_us, expected_ms=0)
            if reach != case.reach:
                case.reach = reach
                if call in self.acd.cases:
                    self.acd.grow(call, reach)
            next_s = widening.next_s(reach, waited_us)
            if next_s is not None:
                heapq.heappush(self._due, (case.joined_us + round(next_s * 1_000_000), call))
