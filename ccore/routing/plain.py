"""What the engine decides, said as plainly as possible: look at everybody, take the best.

`ccore._router.Router` must make the same choices for every sequence of operations; this twin is
what it is held against, and the place to read what a rule means.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ccore._router import Match, RouterError, UnknownId, WrongState

__all__ = ["PlainRouter"]

MOST_AGENTS = 1 << 24
HEAVIEST = 1_000_000
HIGHEST_LEVEL = 1_000_000


@dataclass(slots=True)
class _Agent:
    skills: dict[int, int]
    state: str = "away"  # away, idle, reserved
    idle_since_us: int = 0
    turn: int = 0


@dataclass(slots=True, frozen=True)
class _Need:
    skills: dict[int, int]
    agents: frozenset[int] | None  # None: everybody


@dataclass(slots=True)
class _Call:
    need: int
    entered_us: int
    credit_us: int
    weight: Fraction
    only: int | None
    turn: int = field(default=0)
    agent: int | None = None  # None: waiting

    def rank(self, now_us: int) -> tuple[Fraction, int, int]:
        """The smallest goes first: best score, earliest entered, first told of."""
        score = self.credit_us + self.weight * (now_us - self.entered_us)
        return -score, self.entered_us, self.turn


class PlainRouter:
    def __init__(self) -> None:
        self._agents: dict[int, _Agent] = {}
        self._needs: list[_Need] = []
        self._calls: dict[int, _Call] = {}
        self._turn = 0

    def set_agent(self, agent: int, skills: Mapping[int, int]) -> None:
        if not 0 <= agent < MOST_AGENTS:
            raise RouterError(f"agent {agent}: expected an id from 0 to {MOST_AGENTS - 1}")
        checked = _checked(skills)
        if agent in self._agents:
            self._agents[agent].skills = checked
        else:
            self._agents[agent] = _Agent(checked)

    def remove_agent(self, agent: int) -> None:
        self._unreserved(agent)
        del self._agents[agent]

    def agent_ready(self, agent: int, idle_since_us: int) -> None:
        one = self._unreserved(agent)
        one.state = "idle"
        one.idle_since_us = idle_since_us
        one.turn = self._next_turn()

    def agent_away(self, agent: int) -> None:
        self._unreserved(agent).state = "away"

    def need(self, skills: Mapping[int, int], agents: Collection[int] | None = None) -> int:
        need = _Need(_checked(skills), None if agents is None else frozenset(agents))
        if need not in self._needs:
            self._needs.append(need)
        return self._needs.index(need)

    def call_waiting(
        self,
        call: int,
        need: int,
        entered_us: int,
        credit_us: int = 0,
        weight: float = 1.0,
        only: int = -1,
    ) -> None:
        self._need(need)
        if only >= 0:
            self._agent(only)
        if call < 0:
            raise RouterError(f"call {call}: expected an id of 0 or more")
        if not 0 <= weight <= HEAVIEST:
            raise RouterError(f"call {call}: weight {weight}, expected 0 to {HEAVIEST}")
        if call in self._calls:
            raise WrongState(f"call {call} is here already; widen, release or end it first")
        exact = Fraction(round(weight * 1_000_000), 1_000_000)
        alone = only if only >= 0 else None
        self._calls[call] = _Call(need, entered_us, credit_us, exact, alone, self._next_turn())

    def widen(self, call: int) -> None:
        self._call(call).only = None

    def change_need(self, call: int, need: int) -> None:
        one = self._call(call)
        self._need(need)
        one.need = need

    def call_gone(self, call: int) -> None:
        one = self._calls.get(call)
        if one is None:
            return
        if one.agent is not None:
            raise WrongState(f"call {call} is reserved; release it with requeue=False")
        del self._calls[call]

    def offer_for_call(self, call: int, now_us: int) -> Match | None:
        one = self._call(call)
        if one.agent is not None:
            raise WrongState(f"call {call} is reserved already; confirm or release it first")
        takers = [
            number
            for number, agent in self._agents.items()
            if agent.state == "idle" and self._may_take(number, one)
        ]
        if not takers:
            return None
        chosen = min(takers, key=self._idle_rank)
        if self._best(chosen, now_us) != call:  # nobody overtakes
            return None
        return self._reserve(call, chosen, "longest-idle", len(takers), now_us)

    def offer_for_agent(self, agent: int, now_us: int) -> Match | None:
        if self._agent(agent).state != "idle":
            return None
        best = self._best(agent, now_us)
        if best is None:
            return None
        return self._reserve(best, agent, "best-score", len(self._open_to(agent)), now_us)

    def confirm(self, call: int) -> None:
        self._agents[self._reserved(call)].state = "away"
        del self._calls[call]

    def release(
        self, call: int, *, requeue: bool, ready: bool = False, idle_since_us: int = 0
    ) -> None:
        number = self._reserved(call)
        if requeue:
            self._calls[call].agent = None
        else:
            del self._calls[call]
        agent = self._agents[number]
        agent.state = "idle" if ready else "away"
        if ready and idle_since_us:
            self.agent_ready(number, idle_since_us)

    def position(self, call: int, now_us: int) -> int:
        one = self._call(call)
        if one.agent is not None:
            return 0
        rank = one.rank(now_us)
        return 1 + sum(
            other.agent is None and other.need == one.need and other.rank(now_us) < rank
            for other in self._calls.values()
        )

    def waiting(self, need: int = -1) -> int:
        if need >= 0:
            self._need(need)
        return sum(
            call.agent is None and (need < 0 or call.need == need) for call in self._calls.values()
        )

    def idle(self, need: int = -1) -> int:
        return sum(
            agent.state == "idle" and (need < 0 or self.agent_matches(number, need))
            for number, agent in self._agents.items()
        )

    def matching(self, need: int) -> int:
        self._need(need)
        return sum(self.agent_matches(number, need) for number in self._agents)

    def agent_matches(self, agent: int, need: int) -> bool:
        skills, wanted = self._agent(agent).skills, self._need(need)
        return all(skills.get(skill, 0) >= level for skill, level in wanted.skills.items()) and (
            wanted.agents is None or agent in wanted.agents
        )

    def overlooked(self) -> list[tuple[int, int]]:
        """Idle agents and waiting calls that could take each other: none while the rules hold."""
        return [
            (number, call)
            for number, agent in self._agents.items()
            if agent.state == "idle"
            for call in self._open_to(number)
        ]

    def _may_take(self, agent: int, call: _Call) -> bool:
        return call.only in (None, agent) and self.agent_matches(agent, call.need)

    def _open_to(self, agent: int) -> list[int]:
        return [
            number
            for number, call in self._calls.items()
            if call.agent is None and self._may_take(agent, call)
        ]

    def _best(self, agent: int, now_us: int) -> int | None:
        calls = self._open_to(agent)
        return min(calls, key=lambda number: self._calls[number].rank(now_us), default=None)

    def _idle_rank(self, agent: int) -> tuple[int, int]:
        return self._agents[agent].idle_since_us, self._agents[agent].turn

    def _reserve(self, call: int, agent: int, rule: str, candidates: int, now_us: int) -> Match:
        one = self._calls[call]
        one.agent = agent
        self._agents[agent].state = "reserved"
        waited_us = max(0, now_us - one.entered_us)
        return Match(
            call, agent, "last-agent" if one.only == agent else rule, candidates, waited_us
        )

    def _next_turn(self) -> int:
        self._turn += 1
        return self._turn

    def _agent(self, agent: int) -> _Agent:
        if agent not in self._agents:
            raise UnknownId(f"agent {agent} is not known; set_agent first")
        return self._agents[agent]

    def _unreserved(self, agent: int) -> _Agent:
        one = self._agent(agent)
        if one.state == "reserved":
            raise WrongState(f"agent {agent} is reserved; confirm or release his call first")
        return one

    def _need(self, need: int) -> _Need:
        if not 0 <= need < len(self._needs):
            raise UnknownId(f"need {need} is not known; get one from Router.need")
        return self._needs[need]

    def _call(self, call: int) -> _Call:
        if call not in self._calls:
            raise UnknownId(f"call {call} is not known; call_waiting first")
        return self._calls[call]

    def _reserved(self, call: int) -> int:
        agent = self._call(call).agent
        if agent is None:
            raise WrongState(f"call {call} is not reserved; offer it first")
        return agent


def _checked(skills: Mapping[int, int]) -> dict[int, int]:
    for skill, level in skills.items():
        if not 1 <= level <= HIGHEST_LEVEL:
            raise RouterError(f"skill {skill}: level {level}, expected 1 to {HIGHEST_LEVEL}")
    return dict(skills)
