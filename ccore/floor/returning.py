"""Agents of a ccore before us: each back in his state, with his clocks.

Who was on a call then is RECOVERING until his switch has told whether he still is.
"""

from collections.abc import Callable, Set
from typing import TYPE_CHECKING

from ccore.floor.agent import ON_A_CALL, Agent
from ccore.floor.agents import REST
from ccore.floor.notes import Fields, past, revived, state_of, whole
from ccore.model import AgentState

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["Returning"]

# Between the order to stop ringing and a phone that takes the next call: the phone needs some
# 50 ms, and who goes on after an outage is to do so within 2 s.
PHONE_FREE_S = 1
SAME_SHIFT_US = 300_000_000  # an outage so long is bridged in what agents did
RECOVERING = "recovering"


class Returning:
    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.on_a_call: dict[str, str] = {}  # agent -> the switch that knows what became of it

    def recall(self, id_: str, fields: Fields, died_us: int) -> None:
        """As he was when the process before us died; who was on a call waits for his switch."""
        agents = self.floor.agents
        agent, state = agents.by_id.get(id_), state_of(fields)
        if agent is None or state is None:
            return
        since_us = past(self.floor, fields, "since_us") or self.floor.now_us
        reason, queue = fields.get("reason", ""), fields.get("queue", "")
        if state is not AgentState.SIGNED_OUT and self.floor.now_us - died_us > SAME_SHIFT_US:
            # Nobody knows what he did for so long: it is not written down as his time.
            agents.tell_interval(agent, state, since_us, died_us, reason, queue)
            since_us = self.floor.now_us
        if state in ON_A_CALL or reason == RECOVERING:
            ended_us = max(since_us, min(died_us, self.floor.now_us))
            if state in ON_A_CALL:
                agents.tell_interval(agent, state, since_us, ended_us, reason, queue)
            agents.become(agent, AgentState.NOT_READY, RECOVERING)
            since_us = ended_us
            self.on_a_call[id_] = fields.get("node", "")
        elif state is AgentState.WRAPUP:
            self._writes_up(agent, fields)
        elif state is AgentState.NOT_READY and reason.startswith(REST):
            agents.become(agent, AgentState.NOT_READY, reason)
            self._at(agent, fields, lambda: agents.set_ready(agent))
        else:
            agents.restore(id_, state, reason)
            if agent.state is not state:
                return  # a nailed-up agent, whose leg has to be found
        agent.idle_since_us = past(self.floor, fields, "idle_us")
        agent.since_us = min(since_us, self.floor.now_us)
        agent.wish = AgentState.__members__.get(fields.get("wish", ""))
        agent.wish_reason = fields.get("wish_reason", "")
        if agent.state is AgentState.READY:  # his place among the idle goes by it
            self.floor.acd.away(agent.id)
            self.floor.acd.ready(agent.id, agent.idle_since_us or agent.since_us, agent.since_us)

    def _writes_up(self, agent: Agent, fields: Fields) -> None:
        floor, agents = self.floor, self.floor.agents
        agents.become(agent, AgentState.NOT_READY, RECOVERING)
        agents.become(agent, AgentState.WRAPUP, queue=fields.get("queue", ""))
        self._at(agent, fields, lambda: agents.after_wrap_up(agent))
        if fields.get("contact"):
            contact = revived(floor, fields.get("node", ""), None, fields["contact"], {})
            contact.arrived_us = past(floor, fields, "contact_us")
            contact.site = fields.get("site", "")
            contact.language = fields.get("language", "")
            floor.wrap_ups.call_ended(agent, contact)

    def _at(self, agent: Agent, fields: Fields, act: Callable[[], None]) -> None:
        due_us = max(whole(fields.get("due_us", "")), self.floor.now_us)
        agent.timer = self.floor.timers.at(due_us, act)

    def adopt_talk(self, agent: Agent, queue: str) -> None:
        """A switch shows him in a talk."""
        agents = self.floor.agents
        if agent.state is not AgentState.NOT_READY:
            agents.become(agent, AgentState.NOT_READY, RECOVERING)
        self.on_a_call.pop(agent.id, None)
        agents.become(agent, AgentState.TALKING, queue=queue)

    def recovered(self, node: str, ringing: Set[str]) -> int:
        """The switch has told what it has: who is in no talk is free, or when his phone is.

        `ringing`: agents whose phones are only now told to stop. The answer is how many were freed.
        """
        floor, agents = self.floor, self.floor.agents
        freed = [id_ for id_, at in self.on_a_call.items() if at in (node, "")]
        for id_ in freed:
            del self.on_a_call[id_]
            agent = agents.by_id.get(id_)
            if agent is None or agent.reason != RECOVERING:
                continue
            if id_ in ringing:
                due_us = floor.now_us + PHONE_FREE_S * 1_000_000
                agent.timer = floor.timers.at(due_us, lambda a=agent: agents.after_wrap_up(a))  # type: ignore[misc]
            else:
                agents.after_wrap_up(agent)
        return len(freed)
