"""Nailed-up agents: a leg stays up between calls, so that a call is bridged without ringing."""

from collections.abc import Container
from typing import TYPE_CHECKING

from ccore.floor.agents import Agent
from ccore.model import AgentState, Hangup, Ring

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["Nails"]

RING_S = 30  # how long the phone rings when the agent signs in
CONNECTING = "connecting"
LOST = "leg-lost"


class Nails:
    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.by_leg: dict[str, Agent] = {}
        self.by_job: dict[str, Agent] = {}

    def drive(self, agent: Agent) -> None:
        """Ring the phone whose leg is to stay; ready follows when it is answered."""
        floor = self.floor
        if agent.nail_job:
            return
        if agent.reason != CONNECTING:
            floor.agents.become(agent, AgentState.NOT_READY, CONNECTING)
        node = floor.home_node
        if not floor.is_up(node):
            return  # `link_up` comes back to it
        leg, agent.nail_job = floor.new_id(), floor.new_id()
        self.by_leg[leg] = self.by_job[agent.nail_job] = agent
        floor.command(
            node,
            Ring(
                leg=leg,
                job=agent.nail_job,
                dial=floor.dial_string(node, agent),
                timeout_s=RING_S,
                caller_name=floor.config.site.name,
                caller_number="",
                variables={"agent": agent.id, "nail": "1"},
                stays=True,
            ),
        )

    def link_up(self, legs: Container[str]) -> None:
        """Call those who signed in while no switch was there; drop legs that ended meanwhile."""
        for agent in self.floor.agents.by_id.values():
            if agent.nail and agent.nail not in legs:
                self.lost(agent)
            elif agent.state is AgentState.NOT_READY and agent.reason == CONNECTING:
                agent.nail_job = ""
                self.drive(agent)

    def parked(self, leg: str) -> None:
        agent = self.by_leg[leg]
        if agent.nail:
            return
        agent.nail, agent.nail_job = leg, ""
        if agent.state is AgentState.NOT_READY and agent.reason == CONNECTING:
            self.floor.agents.set_ready(agent)

    def job_failed(self, agent: Agent, cause: str) -> None:
        if agent.nail:
            return
        agent.nail_job = ""
        if agent.state is AgentState.NOT_READY and agent.reason == CONNECTING:
            self.floor.agents.become(agent, AgentState.NOT_READY, LOST)

    def lost(self, agent: Agent) -> None:
        """The leg is gone: no more calls until he signs in or is ready again."""
        self.by_leg.pop(agent.nail, None)
        agent.nail = agent.nail_job = ""
        if agent.is_on_a_call:
            agent.wish, agent.wish_reason = AgentState.NOT_READY, LOST
        elif agent.is_signed_in:
            self.floor.agents.become(agent, AgentState.NOT_READY, LOST)
            self.floor.queues.agent_went_away(agent)

    def drop(self, agent: Agent) -> None:
        """He signs out: the leg goes."""
        if agent.nail:
            self.floor.command(self.floor.home_node, Hangup(agent.nail))
            self.by_leg.pop(agent.nail, None)
            agent.nail = ""
