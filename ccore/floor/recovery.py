"""After a gap: compare what we know with what the switch has, and mend our picture.

The channel is the record of the call: `ccore_*` variables say where each caller was. A new daemon
rebuilds its calls from them; one that lost the link drops what the switch has no more.
"""

from typing import TYPE_CHECKING

from ccore.config.demand import Wants
from ccore.floor.contact import CallState, Contact
from ccore.floor.offer import Offer, OfferState
from ccore.floor.queues import AGENT_QUEUE
from ccore.model import (
    AgentState,
    EndedBy,
    Hangup,
    LegParked,
    LinkUp,
    News,
    Outcome,
    StopPlaying,
    SwitchLeg,
)

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["Recovery"]

FALLBACK = "ccore-fallback"  # dialplan context in which the switch serves callers by itself


class Recovery:
    def __init__(self, floor: "Floor") -> None:
        self.floor = floor

    def link_up(self, node: str, event: LinkUp) -> None:
        floor = self.floor
        there = {leg.leg: leg for leg in event.legs}
        for offer in list(floor.offers.by_leg.values()):
            if offer.leg in there:
                self._catch_up(offer, there[offer.leg])
        lost = self._drop_lost(node, there)
        found = 0
        for leg in event.legs:
            state = leg.variables.get("state", "")
            if leg.leg in floor.contacts:
                self._resume(floor.contacts[leg.leg], leg)
                continue
            if leg.leg in floor.offers.by_leg or leg.context == FALLBACK:
                continue
            if state:
                found += self._adopt(node, leg, there)
            elif "entry" in leg.variables:
                self._arrived_unheard(node, leg)
        if node == floor.home_node:
            floor.nails.link_up(there)
        for leg in event.legs:
            self._end_orphan(node, leg)
        if lost or found:
            floor.tell(News("recovered", floor.now_us, {"lost": lost, "found": found}))

    def _drop_lost(self, node: str, there: dict[str, SwitchLeg]) -> int:
        """Calls that ended while nobody listened."""
        floor = self.floor
        for leg, offer in list(floor.offers.by_leg.items()):
            if leg not in there and offer.contact.node == node:
                floor.offers.hung_up(offer, "LOST", by_phone=False)
        gone = [c for c in floor.contacts.values() if c.node == node and c.id not in there]
        for contact in gone:
            contact.outcome = contact.outcome or Outcome.FAILED
            contact.ended_by = EndedBy.SYSTEM
            floor.close(contact, "LOST")
        for leg, request in list(floor.features.by_leg.items()):
            if leg not in there and request.node == node:
                floor.features.hung_up(leg)
        return len(gone)

    def _catch_up(self, offer: Offer, leg: SwitchLeg) -> None:
        """An agent answered, or was bridged, while nobody listened."""
        offers = self.floor.offers
        if leg.bridged_to == offer.contact.id:
            if offer.state is OfferState.RINGING:
                offers.parked(offer)
            offers.bridged(offer)
        elif leg.answered and offer.state is OfferState.RINGING:
            offers.parked(offer)

    def _resume(self, contact: Contact, leg: SwitchLeg) -> None:
        """What he heard may have ended, what we said may not have come through: say it again."""
        floor = self.floor
        if leg.context == FALLBACK and contact.needs_us:  # the switch serves him now
            contact.outcome = contact.outcome or Outcome.OVERFLOWED
            contact.ended_by = EndedBy.SYSTEM
            floor.close(contact, "FALLBACK")
            return
        if contact.is_talking or contact.state is CallState.PARTING:
            is_sent = contact.transfer_to or leg.variables.get("way") == "transfer"
            if is_sent and not leg.bridged_to:
                floor.entry.transferred(contact, _parked(leg))
            contact.transfer_to = ""
            return
        if contact.state in (CallState.ARRIVING, CallState.ENDING):
            floor.after_speech.pop(contact.last_words, lambda: floor.entry.let_go(contact))()
        elif contact.state is CallState.IVR:
            floor.ivr.repeat(contact)
        elif contact.state is CallState.VOICEMAIL:
            floor.voicemail.cut(contact)
        elif contact.state in (CallState.WAITING, CallState.RINGING):
            floor.command(contact.node, StopPlaying(contact.id))
            floor.queues.parked_again(contact)

    def _arrived_unheard(self, node: str, leg: SwitchLeg) -> None:
        """A new caller, parked before we listened."""
        parked = _parked(leg)
        self.floor.entry.arrived(node, parked)

    def _adopt(self, node: str, leg: SwitchLeg, there: dict[str, SwitchLeg]) -> int:
        """A caller from before us: back to where his channel says he was."""
        floor, variables = self.floor, leg.variables
        if "agent" in variables and "contact" in variables:
            return 0  # an agent's leg: found through its caller
        contact = Contact(
            id=leg.leg,
            number=floor.next_number(),
            node=node,
            arrived_us=leg.created_us or floor.now_us,
            called=variables.get("entry", leg.called),
            calling=variables.get("calling", leg.calling),
            calling_name="",
            language=variables.get("language", floor.config.site.languages[0]),
            site=floor.config.site.name,
            priority=_whole(variables.get("priority", "")),
            wants=Wants.from_text(variables.get("wants", "")),
            is_answered=leg.answered,
        )
        floor.add(contact)
        floor.arm(contact)
        queue = variables.get("queue", "").replace("agent-", AGENT_QUEUE, 1)
        known_queue = queue in floor.config.queues or queue.startswith(AGENT_QUEUE)
        match variables.get("state"):
            case "talking" if leg.bridged_to in there:
                self._adopt_talk(contact, variables.get("agent", ""), queue, leg.bridged_to)
            case "waiting" if known_queue:
                floor.queues.join(contact, queue, entered_us=_whole(variables.get("queued_us", "")))
            case "leaving":
                contact.become(CallState.LEAVING)
                floor.disarm(contact)
            case "ivr" if variables.get("flow") in floor.config.flows:
                floor.ivr.start(contact, variables["flow"])
            case _:
                entry = floor.book.entry(contact.called)
                floor.entry.go(contact, entry.to if entry else "hangup")
        return 1

    def _adopt_talk(self, contact: Contact, agent_id: str, queue: str, other: str) -> None:
        floor = self.floor
        floor.disarm(contact)
        agent = floor.agents.by_id.get(agent_id)
        if agent is None or agent.offer is not None:
            contact.become(CallState.LEAVING)
            return
        settings = floor.queues.settings(queue if queue in floor.config.queues else AGENT_QUEUE)
        offer = Offer(contact, agent, other, floor.new_id(), queue, settings, floor.now_us)
        offer.become(OfferState.ANSWERED)
        offer.become(OfferState.BRIDGED)
        offer.bridged_us = floor.when_us
        floor.offers.by_leg[other] = offer
        contact.offer = agent.offer = offer
        contact.queue, contact.agent = queue, agent_id
        contact.queued_us = contact.answered_us = floor.when_us
        for state in (CallState.WAITING, CallState.BRIDGING, CallState.TALKING):
            contact.become(state)
        if not agent.is_signed_in:
            floor.agents.become(agent, AgentState.NOT_READY, "recovered")
        if agent.state is not AgentState.NOT_READY:
            floor.agents.become(agent, AgentState.NOT_READY, "recovered")
        floor.agents.become(agent, AgentState.TALKING, queue=queue)

    def _end_orphan(self, node: str, leg: SwitchLeg) -> None:
        """An agent's leg of an offer that nobody knows any more."""
        floor = self.floor
        if "agent" in leg.variables and leg.variables.keys() & {"contact", "nail"}:
            known = leg.leg in floor.offers.by_leg or leg.leg in floor.nails.by_leg
            if not known and not leg.bridged_to:
                floor.command(node, Hangup(leg.leg, "ORIGINATOR_CANCEL"))


def _parked(leg: SwitchLeg) -> LegParked:
    """As if he had just parked."""
    return LegParked(
        leg=leg.leg,
        at_us=leg.created_us,
        called=leg.called,
        calling=leg.calling,
        calling_name="",
        context=leg.context,
        answered=leg.answered,
        variables=leg.variables,
    )


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
