"""The agents: what the router may do with each, and what people and calls do to them.

Rule: an interval row is written at every change of state. An agent is in the router's idle list
exactly while he is READY.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ccore.config.schema import Limit
from ccore.floor.agent import (
    AGENT,
    AT_WORK,
    BUSY,
    Agent,
    UnexpectedAgentState,
    state_name,
)
from ccore.model import AgentInterval, AgentState, LegResult, News

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["EVACUATED", "REST", "Agents"]

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


class Agents:
    """All agents of the configuration, by id and by the router's number."""

    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.by_id: dict[str, Agent] = {}
        self.staffing = 0  # changes when somebody comes to work or goes, or what he can do changes

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
        if agent.state in BUSY:
            agent.busy_us += length_us
        elif agent.state is AgentState.READY:
            agent.free_us += length_us

    def _close_interval(self, agent: Agent) -> None:
        if agent.is_signed_in:
            now_us = self.floor.now_us
            self.tell_interval(
                agent, agent.state, agent.since_us, now_us, agent.reason, agent.queue
            )

    def tell_interval(
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
        self.floor.matching.for_agent(agent)

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
            self.after_wrap_up(agent)

    def extend_wrap_up(self, agent: Agent, seconds: int) -> None:
        self.floor.notes.agents.add(agent.id)
        if agent.state is AgentState.WRAPUP and agent.timer is not None:
            due_us = agent.timer.due_us + seconds * 1_000_000
            agent.timer.cancel()
            agent.timer = self.floor.timers.at(due_us, lambda: self.after_wrap_up(agent))

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
                floor.now_us + wrap_up_s * 1_000_000, lambda: self.after_wrap_up(agent)
            )
        else:
            self.after_wrap_up(agent)

    def after_wrap_up(self, agent: Agent) -> None:
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
