"""The floor as a picture: plain values, for people and programs to look at."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from ccore.floor.agent import state_name
from ccore.floor.contact import CallState, Contact
from ccore.model import AgentState

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["view"]

_TALKING = (AgentState.TALKING, AgentState.HOLDING)
_QUEUED = (CallState.WAITING, CallState.RINGING, CallState.BRIDGING)


def view(floor: "Floor", now_us: int) -> dict[str, Any]:
    """Queues, agents, calls and totals; the shape is in docs/control-socket.md."""
    staff = _Staff(floor)
    queues = [_queue(floor, name, now_us, staff) for name in floor.config.queues]
    offered = sum(q["offered"] for q in queues)
    answered = sum(q["answered"] for q in queues)
    abandoned = sum(q["abandoned"] for q in queues)
    within = sum(floor.queues.count(name).within for name in floor.config.queues)
    contacts = list(floor.contacts.values())
    return {
        "at_us": now_us,
        "nodes": [
            {"name": name, "up": up, "since_us": since_us, "why": why}
            for name, (up, since_us, why) in floor.nodes.items()
        ],
        "queues": queues,
        "agents": [
            {
                "id": agent.id,
                "name": agent.settings.name,
                "state": state_name(agent.state),
                "reason": agent.reason,
                "since_us": agent.since_us,
                "contact": agent.offer.contact.id if agent.offer is not None else "",
                "queue": agent.queue,
                "calls": agent.calls,
            }
            for agent in floor.agents.by_id.values()
        ],
        "calls": [_call(floor, contact) for contact in contacts],
        "sites": [_site(floor, name) for name in floor.sites.of_agents()],
        "repairs": dict(floor.reconciliation.repairs),
        "totals": {
            "offered": offered,
            "answered": answered,
            "abandoned": abandoned,
            "in_ivr": sum(c.state is CallState.IVR for c in contacts),
            "waiting": sum(c.state in _QUEUED for c in contacts),
            "talking": sum(c.is_talking for c in contacts),
            "service_level": _ratio(within, answered + abandoned),
        },
    }


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


class _Staff:
    """Agents by kind and by queue, counted once: a centre may have thousands of both."""

    def __init__(self, floor: "Floor") -> None:
        self._desk = floor.acd.desk
        self.talking: Counter[str] = Counter()
        self._ready: Counter[int] = Counter()
        self._signed_in: Counter[int] = Counter()
        kinds = self._desk.kinds
        for agent in floor.agents.by_id.values():
            if agent.state in _TALKING:
                self.talking[agent.queue] += 1
            kind = kinds.get(agent.id)  # none: gone in a reload, and still on his last call
            if kind is not None and agent.is_signed_in:
                self._signed_in[kind] += 1
                self._ready[kind] += agent.state is AgentState.READY

    def of(self, queue: str) -> tuple[int, int]:
        """Who works for it: ready, signed in."""
        kinds = self._desk.kinds_for(queue)
        return sum(self._ready[kind] for kind in kinds), sum(self._signed_in[k] for k in kinds)


def _queue(floor: "Floor", name: str, now_us: int, staff: _Staff) -> dict[str, Any]:
    members = floor.queues.waiting_in(name).values()
    counts, settings = floor.queues.count(name), floor.config.queues[name]
    ready, signed_in = staff.of(name)
    return {
        "name": name,
        "waiting": len(members),
        "longest_ms": max(
            (now_us - c.stay.entered_us for c in members if c.stay is not None), default=0
        )
        // 1000,
        "ready": ready,
        "signed_in": signed_in,
        "ringing": sum(c.state is CallState.RINGING for c in members),
        "talking": staff.talking[name],
        "widened": sum(c.step > 0 for c in members),
        "reserve": name in floor.acd.reserves,
        "offered": counts.offered,
        "answered": counts.answered,
        "abandoned": counts.abandoned,
        "overflowed": counts.overflowed,
        # SL2 of docs/kpi.md: abandoned calls count against the queue.
        "service_level": _ratio(counts.within, counts.answered + counts.abandoned),
        "target": settings.service_level.target,
        "expected_ms": floor.forecast.prospective_ms(name),
    }


def _site(floor: "Floor", name: str) -> dict[str, Any]:
    agents = [a for a in floor.agents.by_id.values() if a.settings.site == name]
    return {
        "name": name,
        "evacuated_us": floor.sites.evacuated.get(name, 0),
        "agents": len(agents),
        "signed_in": sum(a.is_signed_in for a in agents),
        "ready": sum(a.state is AgentState.READY for a in agents),
        "talking": sum(a.state in _TALKING for a in agents),
    }


def _call(floor: "Floor", contact: Contact) -> dict[str, Any]:
    stay, offer = contact.stay, contact.offer
    since_us = contact.arrived_us
    if stay is not None:
        since_us = stay.entered_us
    elif offer is not None and offer.bridged_us:
        since_us = offer.bridged_us
    elif contact.visit is not None:
        since_us = contact.visit.entered_us
    return {
        "contact": contact.id,
        "node": contact.node,
        "calling": contact.calling,
        "calling_name": contact.calling_name,
        "called": contact.called,
        "state": contact.state.value,
        "since_us": since_us,
        "arrived_us": contact.arrived_us,
        "queue": contact.queue,
        "agent": offer.agent.id if offer is not None else "",
        "step": contact.step,
        "position": floor.forecast.place(contact),
        "priority": contact.priority,
        "language": contact.language,
        "recording": contact.tape.path if contact.tape is not None else "",
    }
