"""Work after the call: whose contact an agent still writes up, and the row of it in the end."""

from typing import TYPE_CHECKING

from ccore.floor.agent import Agent
from ccore.floor.contact import Contact
from ccore.model import AgentState, LegKind, LegResult

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["WrapUps"]


class WrapUps:
    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.contact_of: dict[str, Contact] = {}  # agent id -> the contact he writes up

    def call_ended(self, agent: Agent, contact: Contact) -> None:
        """After the agent's change of state: is there anything to write up?"""
        if agent.state is AgentState.WRAPUP:
            self.contact_of[agent.id] = contact

    def end(self, agent: Agent) -> None:
        """Before the agent's change of state: `since_us` is still the beginning."""
        contact = self.contact_of.pop(agent.id, None)
        if contact is not None:
            self.floor.tell(
                contact.leg_closed(
                    LegKind.WRAPUP,
                    LegResult.DONE,
                    agent.since_us,
                    self.floor.now_us,
                    queue=agent.queue,
                    agent=agent.id,
                )
            )
