"""The engine spoken to by names: who is ready, who waits for what, who gets whom and why.

Everything that decides goes through here in one order, so a listener (`hear`) that writes down what
is said can have every choice made again: `ccore.routing.replay`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from ccore._router import Match, Router, UnknownId
from ccore.config.schema import Config, Queue
from ccore.routing.case import Case
from ccore.routing.decision import Decision
from ccore.routing.names import Desk
from ccore.routing.plain import PlainRouter
from ccore.routing.targets import Targets
from ccore.routing.widening import Reach

__all__ = ["Acd", "Hear"]

Hear = Callable[[tuple[Any, ...]], None]

NOBODY = -1
# The engine's strict priority is 16 bits; ours is seconds of credit.
HIGHEST = 32_767


class Acd:
    """Calls are numbers, agents and queues are names. `evacuated` are sites that take no calls."""

    def __init__(
        self,
        config: Config,
        router: Router | PlainRouter | None = None,
        evacuated: frozenset[str] = frozenset(),
        reached: Mapping[str, float] | None = None,
        *,
        is_settled: bool = True,
    ) -> None:
        self.router = Router(seed=config.routing.seed) if router is None else router
        self.hear: Hear | None = None  # is told everything that decides
        self.idle: dict[str, tuple[int, int]] = {}  # ready agents and their clocks, in that order
        self.figured: dict[str, tuple[float, int]] = {}  # occupancy and calls, of those who had one
        self.cases: dict[int, Case] = {}
        self.waiting: Counter[str] = Counter()  # calls in each queue, offered ones too
        self.reserves: set[str] = set()  # queues whose reserve has joined
        self.joined: list[str] = []  # those that just did: their reserve is to be offered calls
        self.config = config
        self.evacuated = evacuated
        self._is_settled = is_settled  # until then what is said has happened before
        self.desk = Desk(config, self.router, None, evacuated)
        self.targets = Targets(config, reached)
        self._bring_in_line(None)

    # What the centre is.

    def configure(self, config: Config, evacuated: frozenset[str] = frozenset()) -> None:
        """A new configuration, or other sites evacuated: exact at once for everybody who waits.

        Agents who are gone have to be removed before.
        """
        before = self.desk
        self.config, self.evacuated = config, evacuated
        self.targets = Targets(config, self.targets.reached)
        self.desk = Desk(config, self.router, before, evacuated)
        self._bring_in_line(before)
        for call, case in self.cases.items():
            self._place(call, case)
        self.desk.retire(before)
        self._say("config", config, sorted(evacuated))

    def _bring_in_line(self, before: Desk | None) -> None:
        self.desk.tell_agents(before)
        self.reserves &= self.config.queues.keys()
        self.joined = [name for name in self.joined if name in self.config.queues]
        for name, queue in self.config.queues.items():
            if queue.reserve is None:
                self.reserves.discard(name)
            self._set_queue(name)
            self._weigh_reserve(name)

    def _place(self, call: int, case: Case) -> None:
        """His need and his score, as they follow from the configuration."""
        settings = self.config.queues.get(case.queue)
        if settings is None:  # one agent's call, or the queue is gone while a phone rings for him
            desk = self.desk
            case.need = desk.need_of_nobody() if case.queue else desk.need_of_anybody()
            self._ask(call, case)
            return
        widening = self.desk.widening(case.queue, case.caller.language)
        case.reach = Reach(
            min(case.reach.step, len(widening.steps)),
            min(case.reach.rung, len(widening.rungs) - 1),
            min(case.reach.delay, len(widening.delays) - 1),
        )
        case.need = self.desk.need(case.queue, case.caller, case.reach)
        self._ask(call, case)
        self.router.change_score(
            call,
            credit_us=self._credit_us(case, settings),
            weight=settings.ageing,
            priority=self._priority(case),
        )

    def _ask(self, call: int, case: Case) -> None:
        need = self.desk.need_of_nobody() if case.is_aside else case.need
        self.router.change_need(call, need, case.reach.widened)

    # Agents.

    def ready(self, agent: str, idle_since_us: int, ready_us: int) -> None:
        self.router.agent_ready(self.desk.agent(agent), idle_since_us, ready_us=ready_us)
        self.idle.pop(agent, None)
        self.idle[agent] = idle_since_us, ready_us
        self._say("ready", agent, idle_since_us, ready_us)

    def away(self, agent: str) -> None:
        self.router.agent_away(self.desk.agent(agent))
        self.idle.pop(agent, None)
        self._say("away", agent)

    @property
    def looks_at_occupancy(self) -> bool:
        return any(queue.strategy == "least-occupied" for queue in self.config.queues.values())

    def figures(self, agent: str, occupancy: float, calls: int | None = None) -> None:
        """The share of his time spent on contacts, 0 to 1, and how many he has had."""
        if calls is None:
            calls = self.figured.get(agent, (0.0, 0))[1]
        self.router.agent_figures(self.desk.agent(agent), occupancy=occupancy, calls=calls)
        self.figured[agent] = occupancy, calls
        self._say("figures", agent, occupancy, calls)

    def remove(self, agent: str) -> None:
        with suppress(UnknownId):  # made anew while he finished his last call
            self.router.remove_agent(self.desk.agent(agent))
        self.idle.pop(agent, None)
        self.figured.pop(agent, None)
        self._say("remove", agent)

    # Calls.

    def enter(self, call: int, case: Case) -> None:
        """A caller joins a queue, or waits for the agent `case.only` alone."""
        if case.queue:
            settings = self.config.queues[case.queue]
            case.need = self.desk.need(case.queue, case.caller, case.reach)
            credit_us, weight = self._credit_us(case, settings), settings.ageing
        else:
            case.need, credit_us, weight = self.desk.need_of_anybody(), case.credit_s * 10**6, 1.0
        self.router.call_waiting(
            call,
            case.need,
            case.entered_us,
            credit_us=credit_us,
            weight=weight,
            only=self.desk.agent(case.only) if case.only else NOBODY,
            priority=self._priority(case),
            step=case.reach.widened,
        )
        self.cases[call] = case
        self._say("enter", call, *case.told())
        self.count(case.queue, 1)

    def grow(self, call: int, reach: Reach) -> None:
        """More agents than before may have him."""
        case = self.cases[call]
        case.reach = reach
        case.need = self.desk.need(case.queue, case.caller, reach)
        self._ask(call, case)
        self._say("grow", call, *reach)

    def widen(self, call: int) -> None:
        """He does not wait for that one agent any longer."""
        self.cases[call].only = ""
        self.router.widen(call)
        self._say("widen", call)

    def set_aside(self, call: int) -> None:
        """His switch cannot be reached: agents are free for others until `bring_back`."""
        case = self.cases[call]
        if not case.is_aside:
            case.is_aside = True
            self._ask(call, case)
            self._say("aside", call)

    def bring_back(self, call: int) -> None:
        case = self.cases[call]
        if case.is_aside:
            case.is_aside = False
            self._ask(call, case)
            self._say("back", call)

    def leave(self, call: int) -> None:
        """Gone without an agent."""
        if call in self.cases:
            case = self.cases[call]
            self.withdraw(call)
            self._say("leave", call)
            self.ended(case.queue, None)

    def withdraw(self, call: int) -> None:
        """As if he had never come."""
        self.router.call_gone(call)
        self.count(self.cases.pop(call).queue, -1)

    # Decisions.

    def offer_for_call(self, call: int, now_us: int) -> Decision | None:
        match = self.router.offer_for_call(call, now_us)
        decision = self._decided(match, "agent", now_us) if match else None
        self._say("call", now_us, call, decision and decision.choice())
        return decision

    def offer_for_agent(self, agent: str, now_us: int) -> tuple[int, Decision] | None:
        """The call he gets, and why."""
        match = self.router.offer_for_agent(self.desk.agent(agent), now_us)
        decision = self._decided(match, "call", now_us) if match else None
        self._say("agent", now_us, agent, decision and decision.choice())
        return (match.call, decision) if match and decision else None

    def _decided(self, match: Match, chose: str, now_us: int) -> Decision:
        case = self.cases[match.call]
        case.agent = self.desk.agent_name(match.agent)
        case.clocks = self.idle.pop(case.agent)
        runner_up = ""
        if match.runner_up >= 0:
            is_agent = chose == "agent"
            runner_up = (
                self.desk.agent_name(match.runner_up)
                if is_agent
                else self.cases[match.runner_up].contact
            )
        return Decision(
            at_us=now_us,
            contact=case.contact,
            queue=case.queue,
            agent=case.agent,
            chose=chose,
            rule=match.rule,
            decided_by=match.decided_by,
            candidates=match.candidates,
            runner_up=runner_up,
            step=match.step,
            waited_ms=match.waited_us // 1000,
        )

    def confirm(self, call: int, now_us: int) -> None:
        """They talk."""
        self.router.confirm(call)
        case = self.cases[call]
        occupancy, calls = self.figured.get(case.agent, (0.0, 0))
        self.figured[case.agent] = occupancy, calls + 1  # the engine counts too
        self._say("confirm", call, now_us)
        del self.cases[call]
        self.ended(case.queue, now_us - case.entered_us)
        self.count(case.queue, -1)

    def release(self, call: int, *, requeue: bool, ready: bool = False) -> None:
        """It came to nothing; `requeue`: the caller keeps his place, `ready`: the agent his."""
        self.router.release(call, requeue=requeue, ready=ready)
        self._say("release", call, requeue, ready)
        case = self.cases[call]
        if ready:
            self.idle[case.agent] = case.clocks
        case.agent = ""
        if not requeue:
            del self.cases[call]
            self.ended(case.queue, None)
            self.count(case.queue, -1)

    # Queues.

    def ended(self, queue: str, waited_us: int | None) -> None:
        """A call of the queue was answered after so long, or not at all."""
        if queue in self.config.queues and self.targets.ended(queue, waited_us):
            self._set_queue(queue)

    def count(self, queue: str, more: int) -> None:
        """So many more callers wait, or are being offered."""
        self.waiting[queue] += more
        if queue in self.config.queues:
            self._weigh_reserve(queue)

    def _weigh_reserve(self, queue: str) -> None:
        """In at one mark, out at a lower one: nobody is called in and sent away call by call."""
        reserve = self.config.queues[queue].reserve
        if reserve is None or not self._is_settled:
            return
        waiting, has_joined = self.waiting[queue], queue in self.reserves
        if not has_joined and waiting >= reserve.join_at:
            self.reserves.add(queue)
            self.joined.append(queue)
            self._set_queue(queue)
        elif has_joined and waiting <= reserve.leave_at:
            self.reserves.discard(queue)
            self._set_queue(queue)

    def _set_queue(self, queue: str) -> None:
        reserve = self.config.queues[queue].reserve
        is_out = reserve is not None and queue not in self.reserves
        weight, credit_us = self.targets.score(queue)
        self.router.set_queue(
            self.desk.queue(queue),
            weight=weight,
            credit_us=credit_us,
            without_groups=[self.desk.group(name) for name in reserve.groups]
            if reserve is not None and is_out
            else (),
        )

    def _credit_us(self, case: Case, settings: Queue) -> int:
        return (case.credit_s + settings.credit_s) * 1_000_000

    def _priority(self, case: Case) -> int:
        if self.config.routing.calls != "strict":
            return 0
        return max(-HIGHEST, min(HIGHEST, case.credit_s))

    # Writing down.

    def _say(self, *said: Any) -> None:
        if self.hear is not None:
            self.hear(said)

    def renew(self) -> None:
        """Say all that is known from the beginning, to an engine that begins with it.

        What was heard from here on can be replayed from here, exactly: even what an engine keeps to
        itself, such as whose turn it is, begins anew in both. It is not made anew: who may serve
        what, the work of a large centre's start, stays as it is.
        """
        cases, idle, figured = self.cases, self.idle, self.figured
        reserves = sorted(self.reserves)
        self.router.restart(self.config.routing.seed)
        self.cases, self.idle, self.figured = {}, {}, {}
        self.waiting, self._is_settled = Counter(), False
        self._say("begin", self.config, sorted(self.evacuated), dict(self.targets.reached))
        self._bring_in_line(self.desk)
        for agent, (occupancy, calls) in figured.items():
            if agent in self.config.agents:
                self.figures(agent, occupancy, calls)
        for call, case in cases.items():
            if case.agent:
                self.hold(call, case)
        for call, case in cases.items():
            if not case.agent:
                is_aside, case.is_aside = case.is_aside, False
                self.enter(call, case)
                if is_aside:
                    self.set_aside(call)
        for agent, clocks in idle.items():
            self.ready(agent, *clocks)
        self.settle(reserves)

    def hold(self, call: int, case: Case) -> None:
        """Take up an offer that was made elsewhere: nobody else waits or is free yet."""
        agent = self.desk.agent(case.agent)
        if case.agent not in self.config.agents:  # he finishes this call and is gone
            self.router.set_agent(agent, {})
        anybody = self.desk.need_of_anybody()
        self.router.call_waiting(call, anybody, case.entered_us, only=agent)
        self.router.agent_ready(agent, case.clocks[0], ready_us=case.clocks[1])
        self.router.offer_for_agent(agent, case.entered_us)
        if not case.only:
            self.router.widen(call)
        self.cases[call] = case
        self._place(call, case)
        self._say("hold", call, case.agent, *case.clocks, *case.told())

    def settle(self, reserves: Iterable[str]) -> None:
        """All is said that was so before; from here on it is what happens."""
        self.waiting = Counter(case.queue for case in self.cases.values())
        self.reserves = set(reserves)
        self._is_settled = True
        for queue in self.config.queues:
            self._set_queue(queue)
            self._weigh_reserve(queue)
        self._say("settle", sorted(self.reserves))
