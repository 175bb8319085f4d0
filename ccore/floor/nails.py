"""Nailed-up agents: a leg stays up between calls, so that a call is bridged without ringing."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ccore.floor.agent import Agent
from ccore.model import AgentState, Hangup, Ring, SwitchLeg

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["Nails"]

RING_S = 30  # how long the phone rings when the agent signs in
CONNECTING = "connecting"
LOST = "leg-lost"


class Nails:
    """A leg is in `by_leg` from the order to ring until it is gone or given up."""

    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.by_leg: dict[str, Agent] = {}
        self.by_job: dict[str, str] = {}  # job -> the leg that rings

    def drive(self, agent: Agent) -> None:
        """Ring the phone whose leg is to stay; ready follows when it is answered."""
        floor = self.floor
        if not _is_connecting(agent):
            floor.agents.become(agent, AgentState.NOT_READY, CONNECTING)
        node = floor.home_node
        if agent.nail_rings or not floor.is_up(node):
            return  # `link_up` comes back to it
        leg, job = floor.new_id(), floor.new_id()
        agent.nail_rings = leg
        self.by_leg[leg] = agent
        self.by_job[job] = leg
        floor.command(
            node,
            Ring(
                leg=leg,
                job=job,
                dial=floor.dial_string(node, agent),
                timeout_s=RING_S,
                caller_name=floor.config.site.name,
                caller_number="",
                variables={"agent": agent.id, "nail": "1"},
                stays=True,
            ),
        )

    def link_up(self, legs: Mapping[str, SwitchLeg]) -> None:
        """Call those who signed in while no switch was there; drop legs that ended meanwhile."""
        for leg in [leg for leg in self.by_leg if leg not in legs]:
            self.lost(leg)
        for leg, found in legs.items():  # of a daemon before us
            agent = self.floor.agents.by_id.get(found.variables.get("agent", ""))
            if agent is None or "nail" not in found.variables or leg in self.by_leg:
                continue
            if _is_connecting(agent) and not agent.nail_rings:
                self.by_leg[leg], agent.nail_rings = agent, leg
        for leg in [leg for leg in self.by_leg if legs[leg].answered]:
            self.parked(leg)  # which may have been said while nobody listened
        for agent in list(self.floor.agents.by_id.values()):
            if _is_connecting(agent):
                self.drive(agent)

    def adopt(self, agent: Agent, leg: str) -> None:
        """He talks on a leg that a process before us has driven in."""
        self.by_leg[leg], agent.nail, agent.nail_rings = agent, leg, ""

    def parked(self, leg: str) -> None:
        agent = self.by_leg[leg]
        if agent.nail_rings != leg:
            return
        agent.nail, agent.nail_rings = leg, ""
        if _is_connecting(agent):
            self.floor.agents.set_ready(agent)

    def job_failed(self, job: str) -> None:
        leg = self.by_job.pop(job)
        agent = self.by_leg.get(leg)
        if (
            agent is not None and agent.nail_rings == leg
        ):  # not answered: or the word of it was lost
            self.lost(leg)

    def lost(self, leg: str) -> None:
        """The leg is gone: no more calls until he signs in or is ready again."""
        agent = self._forget(leg)
        self.floor.notes.agents.add(agent.id)
        if agent.is_on_a_call:
            if agent.wish is not AgentState.SIGNED_OUT:
                agent.wish, agent.wish_reason = AgentState.NOT_READY, LOST
        elif agent.state in (AgentState.READY, AgentState.WRAPUP) or _is_connecting(agent):
            self.floor.agents.become(agent, AgentState.NOT_READY, LOST)
            self.floor.queues.agent_went_away(agent)

    def drop(self, agent: Agent) -> None:
        """He signs out: the leg goes."""
        for leg in filter(None, (agent.nail, agent.nail_rings)):
            self.floor.command(self.floor.home_node, Hangup(leg))
            self._forget(leg)

    def _forget(self, leg: str) -> Agent:
        agent = self.by_leg.pop(leg)
        for job in [job for job, rings in self.by_job.items() if rings == leg]:
            del self.by_job[job]
        agent.nail = "" if agent.nail == leg else agent.nail
        agent.nail_rings = "" if agent.nail_rings == leg else agent.nail_rings
        return agent


def _is_connecting(agent: Agent) -> bool:
    return agent.state is AgentState.NOT_READY and agent.reason == CONNECTING
