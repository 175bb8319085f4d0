"""Callers and the agents they know: whom each talked to last, and how long he is waited for.

A caller is told by his number, or by what he entered (an account, a card) where his queue says so.
Each queue has relations of its own. Nobody waits for an agent who is gone.
"""

from itertools import islice
from typing import TYPE_CHECKING

from ccore.floor.agent import AT_WORK, Agent
from ccore.floor.contact import Contact

if TYPE_CHECKING:
    from ccore.floor.floor import Floor
    from ccore.floor.queues import Stay

__all__ = ["Relations"]


class Relations:
    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.last: dict[tuple[str, str], tuple[str, int]] = {}  # (customer, queue): agent, when
        self._memory_us = 0

    def configure(self) -> None:
        queues = self.floor.config.queues.values()
        self._memory_us = max((one.last_agent_memory_s for one in queues), default=0) * 1_000_000

    def customer(self, contact: Contact, queue: str) -> str:
        """Who he is to this queue, as it may be kept; "" when that is not known."""
        settings = self.floor.config.queues.get(queue)
        if settings is None or settings.last_agent_by == "calling":
            # "anonymous" and the like are many callers, not one.
            known = contact.calling if any(map(str.isdigit, contact.calling)) else ""
        else:
            known = contact.collected.get(settings.last_agent_by, "")
        return self.floor.caller_key(known) if known else ""

    def talked(self, contact: Contact, queue: str, agent: str) -> None:
        """The latest stand last, so the oldest are forgotten from the front."""
        customer = self.customer(contact, queue)
        if customer:
            known, now_us = self.last, self.floor.now_us
            known.pop((customer, queue), None)
            known[customer, queue] = agent, now_us
            for key, (_, at_us) in list(islice(known.items(), 2)):
                if at_us < now_us - self._memory_us:
                    del known[key]

    def preferred(self, contact: Contact, stay: "Stay") -> str:
        """The agent he talked to last, if that one can be waited for; else ""."""
        settings, customer = stay.settings, self.customer(contact, stay.queue)
        if not settings.last_agent_s or not customer:
            return ""
        agent, at_us = self.last.get((customer, stay.queue), ("", 0))
        if self.floor.now_us - at_us > settings.last_agent_memory_s * 1_000_000:
            return ""
        return agent if self.is_worth_waiting(agent, stay.need) else ""

    def is_worth_waiting(self, id_: str, need: int) -> bool:
        """He is at work, and would be given the call."""
        agent: Agent | None = self.floor.agents.by_id.get(id_)
        return (
            agent is not None
            and agent.state in AT_WORK
            and agent.wish is None
            and self.floor.acd.desk.serves(id_, need)
        )
