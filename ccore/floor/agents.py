"""The agents: what each is doing, since when, and what the router may do with him.

Rule: AGENT says which state may follow which; an interval row is written at every change.
An agent is in the router's idle list exactly while he is READY.
"""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ccore.config.schema import Agent as AgentSettings
from ccore.config.schema import Limit
from ccore.floor.notes import Fields, past, revived, state_of, whole
from ccore.model import AgentInterval, AgentState, LegResult, News

if TYPE_CHECKING:
    from ccore.floor.floor import Floor
    from ccore.floor.offer import Offer
    from ccore.floor.timers import Timer

__all__ = ["AGENT", "AT_WORK", "EVACUATED", "Agent", "Agents", "UnexpectedAgentState"]

_A = AgentState

AGENT: dict[AgentState, frozenset[AgentState]] = {
    _A.SIGNED_OUT: frozenset({_A.READY, _A.NOT_READY, _A.BUSY_OTHER}),
    _A.READY: frozenset({_A.NOT_READY, _A.SIGNED_OUT, _A.RESERVED, _A.BUSY_OTHER}),
    # The last two are found after an outage.
    _A.NOT_READY: frozenset(
        {_A.READY, _A.SIGNED_OUT, _A.NOT_READY, _A.TALKING, _A.WRAPUP, _A.BUSY_OTHER}
    ),
    _A.RESERVED: frozenset(
        {_A.RINGING, _A.READY, _A.NOT_READY, _A.SIGNED_OUT, _A.TALKING, _A.BUSY_OTHER}
    ),
    _A.RINGING: frozenset({_A.TALKING, _A.READY, _A.NOT_READY, _A.SIGNED_OUT, _A.BUSY_OTHER}),
    _A.TALKING: frozenset(
        {_A.HOLDING, _A.WRAPUP, _A.READY, _A.NOT_READY, _A.SIGNED_OUT, _A.BUSY_OTHER}
    ),
    _A.HOLDING: frozenset(
        {_A.TALKING, _A.WRAPUP, _A.READY, _A.NOT_READY, _A.SIGNED_OUT, _A.BUSY_OTHER}
    ),
    _A.WRAPUP: frozenset({_A.READY, _A.NOT_READY, _A.SIGNED_OUT, _A.BUSY_OTHER}),
    _A.BUSY_OTHER: frozenset({_A.READY, _A.NOT_READY, _A.SIGNED_OUT}),
}

# While he is in one of these a wish (sign out, not ready) waits until the call is over.
_ON_A_CALL = frozenset({_A.RESERVED, _A.RINGING, _A.TALKING, _A.HOLDING})
_BUSY = _ON_A_CALL | {_A.WRAPUP}
# He has calls, or will have the next one soon.
AT_WORK = _BUSY | {_A.READY}

# The rule of agent_rules that a failed offer falls under, and the reason he is put aside with.
_RULES: Mapping[LegResult, str] = {
    LegResult.NO_ANSWER: "no_answer",
    LegResult.BUSY: "busy",
    LegResult.REFUSED: "refused",
    LegResult.NOT_REGISTERED: "not_registered",
    LegResult.FAILED: "failed",
}
NO_PHONE = "not-registered"
EVACUATED = "evacuated"
REST = "rest-"  # a pause after an offer that failed; what follows names the rule
# Between the order to stop ringing and a phone that takes the next call: the phone needs some
# 50 ms, and who goes on after an outage is to do so within 2 s.
PHONE_FREE_S = 1
SAME_SHIFT_US = 300_000_000  # an outage so long is bridged in what agents did
RECOVERING = "recovering"  # until a switch tells what he is in


class UnexpectedAgentState(AssertionError):
    """A bug of ours: code asked for a change that the table does not have."""


@dataclass(slots=True)
class Agent:
    id: str
    settings: AgentSettings
    state: AgentState = AgentState.SIGNED_OUT
    since_us: int = 0
    reason: str = ""
    offer: "Offer | None" = None
    wish: AgentState | None = None  # what he wants to be when the call is over
    wish_reason: str = ""
    calls: int = 0  # answered since the daemon started
    idle_since_us: int = 0  # end of his last contact; the router's longest-idle clock
    busy_us: int = 0  # on contacts and writing them up, since he signed in
    free_us: int = 0  # ready for them, since he signed in
    failures: dict[LegResult, int] = field(default_factory=dict)  # in a row
    timer: "Timer | None" = None  # end of wrap-up or of a rest
    queue: str = ""  # of the call or wrap-up he is in
    nail: str = ""  # the leg that stays up, of a nailed-up agent
    nail_rings: str = ""  # the leg that shall stay up, while the phone rings

    @property
    def is_signed_in(self) -> bool:
        return self.state is not AgentState.SIGNED_OUT

    @property
    def is_on_a_call(self) -> bool:
        return self.state in _ON_A_CALL


class Agents:
    """All agents of the configuration, by id and by the router's number."""

    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.by_id: dict[str, Agent] = {}
        self.staffing = 0  # changes when somebody comes to work or goes, or what he can do changes
        self.recovering: dict[str, str] = {}  # on a call when we died -> the switch that knows

    def let_go(self) -> None:
        """Agents whom a new configuration does not have are signed out, after their call."""
        floor = self.floor
        for gone in self.by_id.keys() - floor.config.agents.keys():
            agent = self.by_id[gone]
            if agent.is_on_a_call:
                agent.wish = AgentState.SIGNED_OUT
                continue
            if agent.is_signed_in:
                self.become(agent, AgentState.SIGNED_OUT, "removed")
            floor.nails.drop(agent)
            floor.acd.remove(agent.id)
            del self.by_id[gone]

    def take_on(self) -> None:
        """Those whom the configuration has; new ones begin as it says."""
        floor = self.floor
        self.staffing += 1
        for id_, settings in floor.config.agents.items():
            if id_ in self.by_id:
                self.by_id[id_].settings = settings
            else:
                agent = Agent(id_, settings, since_us=floor.now_us)
                self.by_id[id_] = agent
                if settings.start == "ready":
                    self.sign_in(agent)
                elif settings.start == "not-ready":
                    self.become(agent, AgentState.NOT_READY, "signed-in")

    def restore(self, id_: str, state: AgentState, reason: str) -> None:
        """As he was when the last daemon ended; whoever was on a call is ready again."""
        agent = self.by_id.get(id_)
        if agent is None:
            return
        if state is AgentState.SIGNED_OUT:
            self.sign_out(agent)
        elif state is AgentState.NOT_READY and not reason.startswith(REST):
            if agent.state is not AgentState.NOT_READY or agent.reason != reason:
                self.become(agent, AgentState.NOT_READY, reason)
        else:
            self.sign_in(agent)

    def recall(self, id_: str, fields: Fields, died_us: int) -> None:
        """As he was when the process before us died; who was on a call waits for his switch."""
        agent, state = self.by_id.get(id_), state_of(fields)
        if agent is None or state is None:
            return
        since_us = past(self.floor, fields, "since_us") or self.floor.now_us
        reason, queue = fields.get("reason", ""), fields.get("queue", "")
        if state is not AgentState.SIGNED_OUT and self.floor.now_us - died_us > SAME_SHIFT_US:
            # Nobody knows what he did for so long: it is not written down as his time.
            self._tell_interval(agent, state, since_us, died_us, reason, queue)
            since_us = self.floor.now_us
        if state in _ON_A_CALL or reason == RECOVERING:
            ended_us = max(since_us, min(died_us, self.floor.now_us))
            if state in _ON_A_CALL:
                self._tell_interval(agent, state, since_us, ended_us, reason, queue)
            self.become(agent, AgentState.NOT_READY, RECOVERING)
            since_us = ended_us
            self.recovering[id_] = fields.get("node", "")
        elif state is AgentState.WRAPUP:
            self.become(agent, AgentState.NOT_READY, RECOVERING)
            self.become(agent, AgentState.WRAPUP, queue=queue)
            self._at(agent, fields, lambda: self._after_wrap_up(agent))
            if fields.get("contact"):
                contact = revived(self.floor, fields.get("node", ""), None, fields["contact"], {})
                contact.arrived_us = past(self.floor, fields, "contact_us")
                contact.site = fields.get("site", "")
                contact.language = fields.get("language", "")
                self.floor.wrap_ups.call_ended(agent, contact)
        elif state is AgentState.NOT_READY and reason.startswith(REST):
            self.become(agent, AgentState.NOT_READY, reason)
            self._at(agent, fields, lambda: self.set_ready(agent))
        else:
            self.restore(id_, state, reason)
            if agent.state is not state:
                return  # a nailed-up agent, whose leg has to be found
        agent.idle_since_us = past(self.floor, fields, "idle_us")
        agent.since_us = min(since_us, self.floor.now_us)
        agent.wish = AgentState.__members__.get(fields.get("wish", ""))
        agent.wish_reason = fields.get("wish_reason", "")
        if agent.state is AgentState.READY:  # his place among the idle goes by it
            self.floor.acd.away(agent.id)
            self.floor.acd.ready(agent.id, agent.idle_since_us or agent.since_us, agent.since_us)

    def _at(self, agent: Agent, fields: Fields, act: Callable[[], None]) -> None:
        due_us = max(whole(fields.get("due_us", "")), self.floor.now_us)
        agent.timer = self.floor.timers.at(due_us, act)

    def adopt_talk(self, agent: Agent, queue: str) -> None:
        """A switch shows him in a talk."""
        if agent.state is not AgentState.NOT_READY:
            self.become(agent, AgentState.NOT_READY, RECOVERING)
        self.recovering.pop(agent.id, None)
        self.become(agent, AgentState.TALKING, queue=queue)

    def recovered(self, node: str, ringing: Set[str]) -> int:
        """The switch has told what it has: who is in no talk is free, or when his phone is.

        `ringing`: agents whose phones are only now told to stop. The answer is how many were freed.
        """
        floor = self.floor
        freed = [id_ for id_, at in self.recovering.items() if at in (node, "")]
        for id_ in freed:
            del self.recovering[id_]
            agent = self.by_id.get(id_)
            if agent is None or agent.reason != RECOVERING:
                continue
            if id_ in ringing:
                due_us = floor.now_us + PHONE_FREE_S * 1_000_000
                agent.timer = floor.timers.at(due_us, lambda a=agent: self._after_wrap_up(a))  # type: ignore[misc]
            else:
                self._after_wrap_up(agent)
        return len(freed)

    # Changes of state.

    def become(self, agent: Agent, state: AgentState, reason: str = "", queue: str = "") -> None:
        if state not in AGENT[agent.state]:
            raise UnexpectedAgentState(f"{agent.id}: {agent.state.name} -> {state.name}")
        floor = self.floor
        if agent.timer is not None:
            agent.timer.cancel()
            agent.timer = None
        if agent.state is AgentState.WRAPUP:
            floor.wrap_ups.end(agent)
        if agent.state is AgentState.READY and state is not AgentState.RESERVED:
            floor.acd.away(agent.id)  # RESERVED: the router has taken him already
        self._close_interval(agent)
        self._count_time(agent)
        self.staffing += (agent.state in AT_WORK) is not (state in AT_WORK)
        agent.state, agent.reason, agent.queue = state, reason, queue
        agent.since_us = floor.now_us
        floor.notes.agents.add(agent.id)
        floor.tell(
            News(
                "agent",
                floor.now_us,
                {"agent": agent.id, "state": state_name(state), "reason": reason, "queue": queue},
            )
        )

    def _count_time(self, agent: Agent) -> None:
        length_us = self.floor.now_us - agent.since_us
        if agent.state in _BUSY:
            agent.busy_us += length_us
        elif agent.state is AgentState.READY:
            agent.free_us += length_us

    def _close_interval(self, agent: Agent) -> None:
        if agent.is_signed_in:
            now_us = self.floor.now_us
            self._tell_interval(
                agent, agent.state, agent.since_us, now_us, agent.reason, agent.queue
            )

    def _tell_interval(
        self, agent: Agent, state: AgentState, start_us: int, end_us: int, reason: str, queue: str
    ) -> None:
        floor = self.floor
        if end_us > start_us:
            floor.tell(
                AgentInterval(
                    agent=agent.id,
                    state=state,
                    start_us=start_us,
                    end_us=end_us,
                    reason=reason,
                    queue=queue,
                    site=agent.settings.site or floor.config.site.name,
                    team=agent.settings.team,
                )
            )

    def close_intervals(self) -> None:
        """Write what has passed so far, so that an end of the daemon loses nothing."""
        for agent in self.by_id.values():
            self._close_interval(agent)
            agent.since_us = self.floor.now_us
            self.floor.notes.agents.add(agent.id)

    def set_ready(self, agent: Agent) -> None:
        """He is free: into the idle list, and to the best call that waits for him."""
        if agent.id not in self.floor.config.agents:  # gone in a reload, during his last call
            if agent.is_signed_in:
                self.become(agent, AgentState.SIGNED_OUT, "removed")
                self.floor.nails.drop(agent)
            return
        if self.floor.sites.is_shut(agent):
            if agent.state is not AgentState.NOT_READY or agent.reason != EVACUATED:
                self.become(agent, AgentState.NOT_READY, EVACUATED)
            return
        if agent.settings.nailed_up and not agent.nail:
            self.floor.nails.drive(agent)
            return
        if self.floor.others.has(agent):
            if agent.state is not AgentState.BUSY_OTHER:
                self.become(agent, AgentState.BUSY_OTHER)
            return
        if agent.state is not AgentState.READY:
            self.become(agent, AgentState.READY)
        agent.idle_since_us = agent.idle_since_us or self.floor.now_us
        if self.floor.acd.looks_at_occupancy:
            time_us = agent.busy_us + agent.free_us
            self.floor.acd.figures(agent.id, agent.busy_us / time_us if time_us else 0.0)
        self.floor.acd.ready(agent.id, agent.idle_since_us, agent.since_us)
        self.floor.offers.for_agent(agent)

    # What agents and supervisors ask for.

    def sign_in(self, agent: Agent) -> None:
        """Signed in means ready: the first call may come."""
        self.floor.notes.agents.add(agent.id)  # also what he wishes for later
        if agent.is_signed_in:
            if agent.wish is AgentState.SIGNED_OUT:
                agent.wish = None  # he has thought better of it
            return
        agent.failures.clear()
        agent.idle_since_us = self.floor.now_us
        agent.busy_us = agent.free_us = 0
        self.set_ready(agent)

    def sign_out(self, agent: Agent) -> None:
        self.floor.notes.agents.add(agent.id)
        if agent.is_on_a_call:
            agent.wish, agent.wish_reason = AgentState.SIGNED_OUT, ""
        elif agent.is_signed_in:
            self.become(agent, AgentState.SIGNED_OUT)
            self.floor.nails.drop(agent)
            self.floor.queues.agent_went_away(agent)

    def ready(self, agent: Agent) -> None:
        self.floor.notes.agents.add(agent.id)
        agent.wish = None
        if agent.state in (AgentState.NOT_READY, AgentState.WRAPUP, AgentState.SIGNED_OUT):
            agent.failures.clear()
            self.set_ready(agent)

    def not_ready(self, agent: Agent, reason: str) -> None:
        self.floor.notes.agents.add(agent.id)
        if agent.is_on_a_call or agent.state is AgentState.WRAPUP:
            agent.wish, agent.wish_reason = AgentState.NOT_READY, reason
        else:
            self.become(agent, AgentState.NOT_READY, reason)
            self.floor.queues.agent_went_away(agent)

    def end_wrap_up(self, agent: Agent) -> None:
        if agent.state is AgentState.WRAPUP:
            self._after_wrap_up(agent)

    def extend_wrap_up(self, agent: Agent, seconds: int) -> None:
        self.floor.notes.agents.add(agent.id)
        if agent.state is AgentState.WRAPUP and agent.timer is not None:
            due_us = agent.timer.due_us + seconds * 1_000_000
            agent.timer.cancel()
            agent.timer = self.floor.timers.at(due_us, lambda: self._after_wrap_up(agent))

    # What calls do to agents.

    def call_ended(self, agent: Agent, queue: str, wrap_up_s: int) -> None:
        """The talk is over: work after the call, then his wish or the next call."""
        floor = self.floor
        agent.offer = None
        agent.idle_since_us = floor.now_us
        if agent.wish is AgentState.SIGNED_OUT:
            self._grant(agent)
        elif wrap_up_s > 0:
            self.become(agent, AgentState.WRAPUP, queue=queue)
            agent.timer = floor.timers.at(
                floor.now_us + wrap_up_s * 1_000_000, lambda: self._after_wrap_up(agent)
            )
        else:
            self._after_wrap_up(agent)

    def _after_wrap_up(self, agent: Agent) -> None:
        if agent.wish is not None:
            self._grant(agent)
        else:
            self.set_ready(agent)

    def _grant(self, agent: Agent) -> None:
        wish, reason = agent.wish, agent.wish_reason
        agent.wish, agent.wish_reason = None, ""
        if wish is AgentState.SIGNED_OUT:
            self.become(agent, AgentState.SIGNED_OUT)
            self.floor.nails.drop(agent)
        else:
            self.become(agent, AgentState.NOT_READY, reason)
        self.floor.queues.agent_went_away(agent)

    def offer_failed(self, agent: Agent, result: LegResult) -> None:
        """He did not take the call: rest, or put aside when it happens too often in a row."""
        agent.offer = None
        if agent.wish is not None:
            self._grant(agent)
            return
        rule = _RULES.get(result)
        if rule is None:  # the caller went, or the call was taken back: nobody's fault
            self.set_ready(agent)
            return
        limit: Limit = getattr(self.floor.config.agent_rules, rule)
        times = agent.failures.get(result, 0) + 1
        agent.failures[result] = times
        agent.idle_since_us = self.floor.now_us  # he had his turn: others first
        reason = rule.replace("_", "-")
        if limit.limit and times >= limit.limit:
            self.become(agent, AgentState.NOT_READY, reason)
            self.floor.tell(
                News("put-aside", self.floor.now_us, {"agent": agent.id, "reason": reason})
            )
            self.floor.queues.agent_went_away(agent)
        elif limit.pause_s:
            self.become(agent, AgentState.NOT_READY, f"{REST}{reason}")
            agent.timer = self.floor.timers.at(
                self.floor.now_us + limit.pause_s * 1_000_000, lambda: self.set_ready(agent)
            )
        else:
            self.set_ready(agent)

    def answered(self, agent: Agent) -> None:
        agent.calls += 1
        agent.failures.clear()

    def dialled_out(self, agent: Agent) -> None:
        """He talks outside; who was ready is busy, and so will be who becomes ready meanwhile."""
        if agent.state is AgentState.READY:
            self.become(agent, AgentState.BUSY_OTHER)
            self.floor.queues.agent_went_away(agent)

    def back_from_outside(self, agent: Agent) -> None:
        if agent.state is AgentState.BUSY_OTHER:
            agent.idle_since_us = self.floor.now_us
            self.set_ready(agent)

    def unregistered(self, agent: Agent) -> None:
        """No phone of his is left: better said at once than found out by a caller."""
        if agent.state is AgentState.READY:
            self.become(agent, AgentState.NOT_READY, NO_PHONE)
            told = {"agent": agent.id, "reason": NO_PHONE}
            self.floor.tell(News("put-aside", self.floor.now_us, told))
            self.floor.queues.agent_went_away(agent)

    def registered(self, agent: Agent) -> None:
        """A phone is back: who was put aside for having none may work again."""
        if agent.state is AgentState.NOT_READY and agent.reason == NO_PHONE:
            self.ready(agent)


def state_name(state: AgentState) -> str:
    return state.name.lower().replace("_", "-")
