"""Calls that are not ours: an agent who dials outside is busy until that call is over."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ccore.floor.agent import Agent
from ccore.model import SwitchLeg

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["Others"]

OUTBOUND = "outbound"  # what the dialplan calls this way


class Others:
    """`by_leg`: the agents' own legs of such calls, each with its switch."""

    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.by_leg: dict[str, tuple[str, Agent]] = {}
        self._calls: Counter[str] = Counter()  # of each agent who has any

    def has(self, agent: Agent) -> bool:
        return agent.id in self._calls

    def began(self, node: str, leg: str, variables: Mapping[str, str]) -> None:
        """Who he is comes from the SIP authentication of his phone alone."""
        agent = self.floor.agents.by_id.get(variables.get("user", ""))
        if agent is None or variables.get("way") != OUTBOUND or leg in self.by_leg:
            return
        self.by_leg[leg] = node, agent
        self._calls[agent.id] += 1
        self.floor.agents.dialled_out(agent)

    def ended(self, leg: str) -> None:
        _, agent = self.by_leg.pop(leg)
        self._calls[agent.id] -= 1
        if not self._calls[agent.id]:
            del self._calls[agent.id]
            self.floor.agents.back_from_outside(agent)

    def link_up(self, node: str, there: Mapping[str, SwitchLeg]) -> None:
        for leg in [leg for leg, (at, _) in self.by_leg.items() if at == node and leg not in there]:
            self.ended(leg)
        for leg, found in there.items():
            self.began(node, leg, found.variables)
