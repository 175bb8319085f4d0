"""What the engine decides, said as plainly as possible: look at everybody, take the best.

`ccore._router.Router` must make the same choices for every sequence of operations; this twin is
what it is held against. `plain_rules` is the place to read what a rule means.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from operator import index
from typing import Any

from ccore._router import Match
from ccore.engine import faults
from ccore.engine.faults import MILLION, RouterError
from ccore.engine.words import person, share_in_hand, wanted
from ccore.routing import plain_rules as rules
from ccore.routing.plain_rules import Agent, Call, Need, Queue

__all__ = ["PlainRouter"]


class PlainRouter:
    def __init__(self, seed: int = 0, *, few: int = 0) -> None:
        self._seed = index(seed)
        self._agents: dict[int, Agent] = {}
        self._needs: list[Need | None] = []
        self._unused_needs: list[int] = []
        self._queues: dict[int, Queue] = {}
        self._calls: dict[int, Call] = {}
        self._turn = 0
        self._chosen = 0  # the largest drawn number that was chosen

    # Agents

    def set_agent(
        self,
        agent: int,
        skills: Mapping[int, int],
        *,
        site: int = -1,
        team: int = -1,
        group: int = -1,
        weight: float = 1.0,
        position: int = -1,
        capacity: Mapping[int, int] | None = None,
        queues: Mapping[int, tuple[int, int]] | None = None,
    ) -> None:
        if not 0 <= agent < faults.MOST_AGENTS:
            raise faults.bad_agent(agent)
        who = person(agent, skills, site, team, group, capacity, queues)
        share = faults.millionths(f"agent {agent}", weight)
        place = faults.number(f"agent {agent}, position", index(position), -1)
        one = self._agents.setdefault(agent, Agent(agent, who))
        one.person, one.weight, one.position = who, share, agent if place < 0 else place

    def remove_agent(self, agent: int) -> None:
        self._unreserved(agent)
        del self._agents[agent]

    def agent_ready(
        self,
        agent: int,
        idle_since_us: int,
        *,
        ready_us: int | None = None,
        holding: Mapping[int, int] | None = None,
    ) -> None:
        one = self._unreserved(agent)
        used = share_in_hand(dict(one.person.capacity), holding) if holding else 0
        idle = _clock(f"agent {agent}, idle_since_us", idle_since_us)
        ready = _clock(f"agent {agent}, ready_us", idle if ready_us is None else ready_us)
        one.idle_us, one.ready_us = idle, ready
        one.state, one.used = "idle", used
        one.turn = self._next_turn()
        one.base = self._chosen

    def agent_away(self, agent: int) -> None:
        self._unreserved(agent).leave()

    def agent_figures(
        self, agent: int, *, occupancy: float | None = None, calls: int | None = None
    ) -> None:
        one = self._agent(agent)
        if occupancy is not None and not 0 <= occupancy <= 1:
            raise RouterError(f"agent {agent}: occupancy {occupancy}, expected 0 to 1")
        if calls is not None:
            one.calls = faults.number(f"agent {agent}, calls", index(calls))
        if occupancy is not None:
            one.occupancy = round(occupancy * MILLION)

    # Needs

    def need(
        self, skills: Mapping[int, int], agents: Collection[int] | None = None, **conditions: Any
    ) -> int:
        asked = wanted(skills, agents, **conditions)
        for number, need in enumerate(self._needs):
            if need is not None and need.wanted == asked:
                need.is_dropped = False
                return number
        if not self._unused_needs:
            self._unused_needs.append(len(self._needs))
            self._needs.append(None)
        number = self._unused_needs.pop()
        self._needs[number] = Need(asked, self._queues.setdefault(asked.queue, Queue()))
        return number

    def drop_need(self, need: int) -> None:
        self._need(need).is_dropped = True
        self._tidy(need)

    def set_queue(
        self,
        queue: int,
        *,
        weight: float = 1.0,
        credit_us: int = 0,
        without_groups: Collection[int] = (),
    ) -> None:
        number = faults.number("queue", index(queue))
        heavy = faults.millionths(f"queue {queue}", weight)
        credit = _clock(f"queue {queue}, credit_us", credit_us)
        groups = frozenset(faults.number("group", index(group)) for group in without_groups)
        one = self._queues.setdefault(number, Queue())
        one.weight, one.credit_us, one.without = heavy, credit, groups

    # Calls

    def call_waiting(
        self,
        call: int,
        need: int,
        entered_us: int,
        credit_us: int = 0,
        weight: float = 1.0,
        only: int = -1,
        *,
        prefer: int = -1,
        priority: int = 0,
        step: int = 0,
    ) -> None:
        self._need(need)
        for agent in (only, prefer):
            if agent >= 0:
                self._agent(agent)
        if call < 0:
            raise RouterError(f"call {call}: expected an id of 0 or more")
        if only >= 0 and prefer >= 0:
            raise RouterError(f"call {call}: only and prefer, expected one of them")
        heavy = _weight(call, weight)
        first = faults.number(f"call {call}, priority", priority, -(1 << 15), (1 << 15) - 1)
        taken = faults.number(f"call {call}, step", step, 0, 100)
        entered = _clock(f"call {call}, entered_us", entered_us)
        credit = _clock(f"call {call}, credit_us", credit_us)
        if call in self._calls:
            raise faults.call_is_here(call)
        alone = only if only >= 0 else None
        liked = prefer if prefer >= 0 else None
        self._calls[call] = Call(
            call, need, entered, credit, heavy, alone, liked, first, taken, self._next_turn()
        )

    def widen(self, call: int) -> None:
        self._call(call).only = None

    def change_need(self, call: int, need: int, step: int = -1) -> None:
        one = self._call(call)
        self._need(need)
        taken = faults.number(f"call {call}, step", step, -1, 100)
        before, one.need = one.need, need
        one.step = one.step if taken < 0 else taken
        self._tidy(before)

    def change_score(self, call: int, *, credit_us: int, weight: float, priority: int = 0) -> None:
        one = self._call(call)
        heavy = _weight(call, weight)
        first = faults.number(f"call {call}, priority", priority, -(1 << 15), (1 << 15) - 1)
        one.credit_us = _clock(f"call {call}, credit_us", credit_us)
        one.weight, one.priority = heavy, first

    def call_gone(self, call: int) -> None:
        one = self._calls.get(call)
        if one is None:
            return
        if one.agent is not None:
            raise faults.reserved_call_gone(call)
        self._forget(one)

    # Decisions

    def offer_for_call(self, call: int, now_us: int, *, lease_us: int = 0) -> Match | None:
        one = self._call(call)
        if one.agent is not None:
            raise faults.call_is_reserved(call)
        _clock("now_us", now_us)
        _lease(lease_us)
        order = self._need(one.need).wanted.order
        takers = [
            agent
            for agent in self._agents.values()
            if agent.state == "idle" and self._may_take(agent, one)
        ]
        if not takers:
            return None
        takers.sort(key=lambda agent: self._agent_rank(agent, one.need))
        liked = [agent for agent in takers if agent.number == one.prefer]
        chosen = (liked or takers)[0]
        if self._calls_for(chosen, now_us)[0] is not one:  # nobody overtakes
            return None
        others = [agent for agent in takers if agent is not chosen]
        rule, decided_by, runner_up = order, "alone", -1
        if one.only is not None:
            rule = "last-agent"
        elif liked:
            rule = "preferred-agent"
        if others:
            runner_up = others[0].number
            decided_by = "preferred-agent"
            if not liked:
                need = self._need(one.need)
                decided_by = rules.agent_parted(chosen, others[0], need, self._seed)
        if rule == "random":
            self._chosen = max(self._chosen, self._agent_rank(chosen, one.need)[1])
        self._reserve(one, chosen, now_us, lease_us)
        waited_us = max(0, now_us - one.entered_us)
        return Match(
            call, chosen.number, rule, len(takers), waited_us, one.step, runner_up, decided_by
        )

    def offer_for_agent(self, agent: int, now_us: int, *, lease_us: int = 0) -> Match | None:
        chosen = self._agent(agent)
        _clock("now_us", now_us)
        _lease(lease_us)
        if chosen.state != "idle":
            return None
        calls = self._calls_for(chosen, now_us)
        if not calls:
            return None
        one = calls[0]
        decided_by, runner_up = "alone", -1
        if len(calls) > 1:
            runner_up = calls[1].number
            ranks = [self._call_rank(call, chosen, now_us) for call in calls[:2]]
            decided_by = rules.call_parted(*ranks)
        rule = "best-score" if one.only is None else "last-agent"
        self._reserve(one, chosen, now_us, lease_us)
        waited_us = max(0, now_us - one.entered_us)
        return Match(
            one.number, agent, rule, len(calls), waited_us, one.step, runner_up, decided_by
        )

    def offer_any(self, now_us: int, *, lease_us: int = 0) -> Match | None:
        _clock("now_us", now_us)
        _lease(lease_us)
        open_to_all = sorted({call.need for call in self._waiting_calls() if call.only is None})
        for need in open_to_all:
            idle = [self._agents[agent] for agent in self.idle_agents(need)]
            if idle:
                first = min(idle, key=lambda agent: self._agent_rank(agent, need))
                return self.offer_for_agent(first.number, now_us, lease_us=lease_us)
        for agent in sorted(self._agents):
            match = self.offer_for_agent(agent, now_us, lease_us=lease_us)
            if match is not None:
                return match
        return None

    def confirm(self, call: int) -> None:
        one = self._call(call)
        agent = self._reserved(one)
        agent.calls += 1
        agent.leave()
        self._forget(one)

    def release(
        self, call: int, *, requeue: bool, ready: bool = False, idle_since_us: int = 0
    ) -> None:
        one = self._call(call)
        agent = self._reserved(one)
        if ready:
            _clock(f"agent {agent.number}, idle_since_us", idle_since_us)
        one.agent = one.due_us = None
        if not requeue:
            self._forget(one)
        agent.state = "idle"
        if not ready:
            agent.leave()
        elif idle_since_us:
            self.agent_ready(agent.number, idle_since_us)

    def expire(self, now_us: int) -> list[tuple[int, int]]:
        _clock("now_us", now_us)
        over = sorted(
            (call.due_us, call.turn, call.number, call.agent)
            for call in self._calls.values()
            if call.due_us is not None and call.agent is not None and call.due_us <= now_us
        )
        for _, _, call, _ in over:
            self.release(call, requeue=True)
        return [(call, agent) for _, _, call, agent in over]

    def next_expiry(self) -> int | None:
        dues = [call.due_us for call in self._calls.values() if call.due_us is not None]
        return min(dues, default=None)

    def restart(self, seed: int = 0) -> None:
        for call in list(self._calls.values()):
            self._forget(call)
        for agent in self._agents.values():
            agent.leave()
            agent.offered = agent.calls = agent.occupancy = agent.base = 0
        self._seed, self._turn, self._chosen = index(seed), 0, 0

    # Questions

    def position(self, call: int, now_us: int) -> int:
        one = self._call(call)
        _clock("now_us", now_us)
        if one.agent is not None:
            return 0
        queue = self._need(one.need).wanted.queue
        return 1 + sum(
            count
            for need, count in self.ahead(call, now_us).items()
            if need == one.need or (queue >= 0 and self._need(need).wanted.queue == queue)
        )

    def ahead(self, call: int, now_us: int) -> dict[int, int]:
        one = self._call(call)
        _clock("now_us", now_us)
        if one.agent is not None:
            return {}
        place = self._place(one, now_us)
        return Counter(
            other.need for other in self._waiting_calls() if self._place(other, now_us) < place
        )

    def waiting_by_need(self) -> dict[int, int]:
        return Counter(call.need for call in self._waiting_calls())

    def waiting(self, need: int = -1) -> int:
        if need >= 0:
            self._need(need)
        return sum(need < 0 or call.need == need for call in self._waiting_calls())

    def idle(self, need: int = -1) -> int:
        if need >= 0:
            return len(self.idle_agents(need))
        return sum(agent.state == "idle" for agent in self._agents.values())

    def idle_agents(self, need: int) -> list[int]:
        self._need(need)
        return [
            number
            for number, agent in sorted(self._agents.items())
            if agent.state == "idle" and self._meets(agent, need)
        ]

    def matching(self, need: int) -> int:
        self._need(need)
        return sum(self._meets(agent, need) for agent in self._agents.values())

    def agent_matches(self, agent: int, need: int) -> bool:
        one = self._agent(agent)
        self._need(need)
        return self._meets(one, need)

    def has_call(self, call: int) -> bool:
        return call in self._calls

    def overlooked(self) -> list[tuple[int, int]]:
        """Idle agents and waiting calls that could take each other: none while the rules hold."""
        return [
            (agent.number, call.number)
            for agent in self._agents.values()
            if agent.state == "idle"
            for call in self._waiting_calls()
            if self._may_take(agent, call)
        ]

    # Who meets what

    def _meets(self, agent: Agent, need: int) -> bool:
        return rules.meets(agent, self._need(need))

    def _may_take(self, agent: Agent, call: Call) -> bool:
        return call.only in (None, agent.number) and self._meets(agent, call.need)

    def _agent_rank(self, agent: Agent, need: int) -> tuple[int, ...]:
        return rules.agent_rank(agent, self._need(need), self._seed)

    def _place(self, call: Call, now_us: int) -> tuple[int, ...]:
        return rules.place(call, self._need(call.need), now_us)

    def _call_rank(self, call: Call, agent: Agent, now_us: int) -> tuple[int, ...]:
        return rules.call_rank(call, self._need(call.need), agent, now_us)

    def _calls_for(self, agent: Agent, now_us: int) -> list[Call]:
        calls = [call for call in self._waiting_calls() if self._may_take(agent, call)]
        return sorted(calls, key=lambda call: self._call_rank(call, agent, now_us))

    # States

    def _waiting_calls(self) -> Iterator[Call]:
        return (call for call in self._calls.values() if call.agent is None)

    def _reserve(self, call: Call, agent: Agent, now_us: int, lease_us: int) -> None:
        call.agent = agent.number
        call.due_us = now_us + lease_us if lease_us else None
        agent.state = "reserved"
        agent.offered = self._next_turn()

    def _forget(self, call: Call) -> None:
        del self._calls[call.number]
        self._tidy(call.need)

    def _tidy(self, need: int) -> None:
        """Free a dropped need that no call has any more."""
        if self._need(need).is_dropped and all(c.need != need for c in self._calls.values()):
            self._needs[need] = None
            self._unused_needs.append(need)

    def _next_turn(self) -> int:
        self._turn += 1
        return self._turn

    # Refusals

    def _agent(self, agent: int) -> Agent:
        if agent not in self._agents:
            raise faults.no_agent(agent)
        return self._agents[agent]

    def _unreserved(self, agent: int) -> Agent:
        one = self._agent(agent)
        if one.state == "reserved":
            raise faults.agent_is_reserved(agent)
        return one

    def _need(self, need: int) -> Need:
        found = self._needs[need] if 0 <= need < len(self._needs) else None
        if found is None:
            raise faults.no_need(need)
        return found

    def _call(self, call: int) -> Call:
        if call not in self._calls:
            raise faults.no_call(call)
        return self._calls[call]

    def _reserved(self, call: Call) -> Agent:
        if call.agent is None:
            raise faults.call_not_reserved(call.number)
        return self._agents[call.agent]


def _weight(call: int, weight: float) -> int:
    if not 0 <= weight <= faults.HEAVIEST:
        raise RouterError(f"call {call}: weight {weight}, expected 0 to {faults.HEAVIEST}")
    return round(weight * MILLION)


def _clock(what: str, clock_us: int) -> int:
    if not -faults.CLOCKS <= clock_us <= faults.CLOCKS:
        raise faults.bad_clock(what, clock_us)
    return clock_us


def _lease(lease_us: int) -> None:
    faults.number("lease_us", lease_us, 0, faults.CLOCKS)
