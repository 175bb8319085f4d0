"""A site is evacuated in one step: its agents take no more calls, who waits for it goes elsewhere.

Whoever talks there goes on until he hangs up. Phones that ring there stop, and their callers are
offered to others at once, each at his place. Waiting callers who would only have had that site
(their queue's, their language's, their territory's) may be taken anywhere.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ccore.errors import BadRequest, UnknownName
from ccore.floor.agent import Agent
from ccore.floor.agents import EVACUATED
from ccore.floor.notes import SITE, Fields, whole
from ccore.floor.offer import OfferState
from ccore.model import News, Noted

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["Sites"]


class Sites:
    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.evacuated: dict[str, int] = {}  # site: since when

    def of_agents(self) -> list[str]:
        """The sites that agents sit at."""
        agents = self.floor.config.agents.values()
        return list(dict.fromkeys(agent.site for agent in agents if agent.site))

    def evacuate(self, site: str) -> dict[str, Any]:
        self._known(site)
        floor = self.floor
        if site in self.evacuated:
            raise BadRequest(what=f"Site {site} is evacuated already", expected="another site")
        self.evacuated[site] = floor.now_us
        agents = [one for one in floor.agents.by_id.values() if one.settings.site == site]
        moved = self._empty(agents)
        floor.tell(Noted(SITE + site, {"since_us": str(floor.now_us)}))
        floor.tell(News("site", floor.now_us, {"site": site, "state": "evacuated"}))
        return {
            "site": site,
            "agents": len(agents),
            "moved": moved,
            "unserved": self.unserved(),
        }

    def restore(self, site: str) -> dict[str, Any]:
        self._known(site)
        floor = self.floor
        if site not in self.evacuated:
            raise BadRequest(what=f"Site {site} is not evacuated", expected="one that is")
        del self.evacuated[site]
        self._rearrange()
        back = [
            agent
            for agent in floor.agents.by_id.values()
            if agent.settings.site == site and agent.reason == EVACUATED
        ]
        for agent in back:
            floor.agents.ready(agent)
        floor.tell(Noted(SITE + site))
        floor.tell(News("site", floor.now_us, {"site": site, "state": "restored"}))
        return {"site": site, "agents": len(back)}

    def recall(self, notes: Mapping[str, Fields]) -> None:
        """What was evacuated when the process before us ended still is."""
        self.evacuated = {
            key.removeprefix(SITE): whole(fields.get("since_us", ""))
            for key, fields in notes.items()
            if key.startswith(SITE)
        }
        if self.evacuated:
            self._empty([a for a in self.floor.agents.by_id.values() if self.is_shut(a)])

    def is_shut(self, agent: Agent) -> bool:
        return agent.settings.site in self.evacuated

    def unserved(self) -> list[str]:
        """Queues that no agent outside the evacuated sites works for."""
        floor = self.floor
        others = [
            name for name, one in floor.config.agents.items() if one.site not in self.evacuated
        ]
        return [
            queue
            for queue in floor.config.queues
            if not any(floor.acd.desk.can_serve(name, queue) for name in others)
        ]

    def _empty(self, agents: list[Agent]) -> int:
        """Nobody here is given a call any more; how many callers are offered to others instead."""
        floor = self.floor
        floor.matching.is_paused = True
        ringing = [
            agent.offer
            for agent in agents
            if agent.offer is not None and agent.offer.state is OfferState.RINGING
        ]
        for agent in agents:
            if agent.is_signed_in:
                floor.agents.not_ready(agent, EVACUATED)
        for offer in ringing:
            floor.offers.take_back(offer, stays=True)
        self._rearrange()
        return len(ringing)

    def _rearrange(self) -> None:
        """Everybody's needs follow, then offers are made: nobody is judged by an old need."""
        floor = self.floor
        floor.matching.is_paused = True
        floor.acd.configure(floor.config, frozenset(self.evacuated))
        floor.queues.reconfigure()
        floor.matching.is_paused = floor.is_closing
        floor.matching.for_everybody()

    def _known(self, site: str) -> None:
        known = self.of_agents()
        if site not in known:
            raise UnknownName(kind="site", name=site, known=", ".join(known) or "none")
