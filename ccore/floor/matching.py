"""When the router is asked who gets whom: a caller comes, an agent is free, or much has changed."""

from typing import TYPE_CHECKING

from ccore.floor.agent import Agent
from ccore.floor.contact import Contact
from ccore.model import AgentState

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["Matching"]


class Matching:
    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.is_paused = False  # no new offers: the centre closes, or is being rearranged
        self.busy_nodes: set[str] = set()  # switches that are behind with what they were told

    def for_call(self, contact: Contact) -> None:
        if self.is_paused:
            return
        if not self._is_in_reach(contact.node):
            self._set_aside(contact)
            return
        decision = self.floor.acd.offer_for_call(contact.number, self.floor.now_us)
        if decision is not None:
            self.floor.offers.make(contact, decision)

    def for_agent(self, agent: Agent) -> None:
        acd = self.floor.acd
        while not self.is_paused:
            offered = acd.offer_for_agent(agent.id, self.floor.now_us)
            if offered is None:
                return
            call, decision = offered
            contact = self.floor.contact_of[call]
            if self._is_in_reach(contact.node):
                self.floor.offers.make(contact, decision)
                return
            acd.release(call, requeue=True, ready=True)  # both wait on, each at his place
            if not self._set_aside(contact):
                return

    def for_everybody(self) -> None:
        """After a change for many at once: whoever is free gets who waits for him, in turn."""
        agents = self.floor.agents.by_id.values()
        ready = [agent for agent in agents if agent.state is AgentState.READY]
        for agent in sorted(ready, key=lambda agent: agent.idle_since_us):
            if agent.state is AgentState.READY:
                self.for_agent(agent)

    def for_reserves(self) -> None:
        """Queues whose reserve has just joined: its free agents take who waits."""
        while self.floor.acd.joined:
            reserve = self.floor.config.queues[self.floor.acd.joined.pop()].reserve
            groups = reserve.groups if reserve is not None else ()
            agents = self.floor.agents.by_id.values()
            for agent in [one for one in agents if one.settings.group in groups]:
                if agent.state is AgentState.READY:
                    self.for_agent(agent)

    def in_reach_again(self, node: str) -> None:
        """The switch hears us: its callers are asked for from the places that they had."""
        acd = self.floor.acd
        for call in [call for call, case in acd.cases.items() if case.is_aside]:
            if self.floor.contact_of[call].node == node:
                acd.bring_back(call)
        self.for_everybody()

    def _is_in_reach(self, node: str) -> bool:
        """Not a switch that does not hear us: the agents would be blamed for it."""
        return node not in self.busy_nodes and self.floor.is_up(node)

    def _set_aside(self, contact: Contact) -> bool:
        """Where there are other switches, their callers must not wait behind his."""
        has_others = len(self.floor.config.switch) > 1
        if has_others:
            self.floor.acd.set_aside(contact.number)
        return has_others
