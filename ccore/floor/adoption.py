"""Calls of a ccore before us: each back in its state and place, with its first clock.

What is known of a call comes from its channel's `ccore_*` variables and from what the process
before us noted beside them; what its channel does now comes from the switch, and is believed first.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ccore.floor.contact import CallState, Contact
from ccore.floor.ivr import Visit
from ccore.floor.notes import CALL, Fields, past, revived, whole
from ccore.floor.offer import Offer, OfferState
from ccore.floor.queues import AGENT_QUEUE
from ccore.floor.recording import Tape
from ccore.model import (
    EndedBy,
    Hangup,
    LegKind,
    LegParked,
    LegResult,
    Outcome,
    StopPlaying,
    SwitchLeg,
)

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["FALLBACK", "Adoption", "parked"]

FALLBACK = "ccore-fallback"  # dialplan context in which the switch serves callers by itself
_TALKING = "talking"


class Adoption:
    """`noted`: calls of the process before us that no switch has told of yet, by id."""

    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.noted: dict[str, Fields] = {}
        self.adopted: set[str] = set()  # since the last switch came up
        self.died_us = 0  # when the process before us was last alive; 0: not known

    def recall(self, notes: Mapping[str, Fields], died_us: int) -> None:
        self.died_us = min(died_us, self.floor.now_us)
        self.noted = {
            key.removeprefix(CALL): fields for key, fields in notes.items() if key.startswith(CALL)
        }

    def adopt(self, node: str, leg: SwitchLeg, there: Mapping[str, SwitchLeg]) -> Contact:
        """A caller whom the floor does not know, back to where he was."""
        floor = self.floor
        fields = {**leg.variables, **self.noted.pop(leg.leg, {})}
        contact = revived(floor, node, leg, leg.leg, fields)
        floor.add(contact)
        self._tell_outage(contact)
        partner = there.get(leg.bridged_to)
        self.adopted.add(contact.id)
        if leg.context == FALLBACK or fields.get("state") == CallState.LEAVING.value:
            self._close_stretch(contact, fields, self.died_us or floor.now_us)
            floor.entry.is_served_elsewhere(contact)
        elif partner is not None and self._talks(contact, partner, fields):
            pass
        else:
            floor.arm(contact)
            self._seat(contact, leg, fields)
        self._adopt_tape(contact, fields)
        return contact

    def _tell_outage(self, contact: Contact) -> None:
        """Seen in the records: from when to when nobody heard of this call."""
        start_us = max(contact.arrived_us, self.died_us)
        if self.died_us and start_us < self.floor.now_us:
            self.floor.tell(
                contact.leg_closed(LegKind.OUTAGE, LegResult.DONE, start_us, self.floor.now_us)
            )

    def _seat(self, contact: Contact, leg: SwitchLeg, fields: Fields) -> None:
        """A caller in no talk."""
        floor = self.floor
        queue = fields.get("queue", "")
        entered_us = past(floor, fields, "entered_us") or past(floor, fields, "queued_us")
        match fields.get("state"):
            case "waiting" if self._is_queue(queue):
                floor.command(contact.node, StopPlaying(contact.id))
                floor.queues.join(contact, queue, entered_us=entered_us)
            case "ivr" if fields.get("flow") in floor.config.flows:
                self._adopt_visit(contact, fields)
                floor.ivr.start(contact, fields["flow"], self._step(fields))
            case "voicemail" if fields.get("box") in floor.config.boxes:
                self._adopt_visit(contact, fields)
                floor.voicemail.resume(contact, fields, is_done=leg.is_done)
            case "talking":  # his agent is gone, or has sent him on
                self._part(contact, leg, fields)
            case "ending":
                floor.entry.hang_up(contact)
            case _:
                self._close_stretch(contact, fields, self.died_us or floor.now_us)
                entry = floor.book.entry(contact.called)
                floor.entry.go(contact, entry.to if entry else "hangup")

    def _is_queue(self, queue: str) -> bool:
        config = self.floor.config
        return queue in config.queues or queue.removeprefix(AGENT_QUEUE) in config.agents

    def _part(self, contact: Contact, leg: SwitchLeg, fields: Fields) -> None:
        floor = self.floor
        for state in (CallState.WAITING, CallState.BRIDGING, CallState.TALKING):
            contact.become(state)
        ended_us = self.died_us or floor.now_us
        if "talk_us" in fields:  # else it was over when we died
            floor.tell(
                contact.leg_closed(
                    LegKind.TALK,
                    LegResult.DONE,
                    past(floor, fields, "talk_us"),
                    ended_us,
                    queue=contact.queue,
                    agent=contact.agent,
                )
            )
        contact.transfer_to = fields.get("to", "")
        if contact.transfer_to or leg.variables.get("way") == "transfer":
            floor.entry.transferred(contact, parked(leg))
        else:
            floor.agent_left(contact, by_phone=True)

    def _step(self, fields: Fields) -> str:
        step = fields.get("step", "")
        return step if step in self.floor.config.flows[fields["flow"]] else "start"

    def _adopt_visit(self, contact: Contact, fields: Fields) -> None:
        flow = fields.get("flow", "")
        steps = self.floor.config.flows.get(flow)
        if steps is not None:
            entered_us = past(self.floor, fields, "visit_us") or self.floor.now_us
            contact.visit = Visit(flow, steps, entered_us, fields.get("step", ""))

    def _talks(self, contact: Contact, partner: SwitchLeg, fields: Fields) -> bool:
        """He talks, whatever was noted, with the agent whose leg it is. False: with none of us."""
        floor = self.floor
        agent = floor.agents.by_id.get(partner.variables.get("agent", ""))
        if agent is None or agent.offer is not None or agent.is_on_a_call:
            if fields.get("state") == _TALKING:
                self._close_stretch(contact, fields, self.died_us or floor.now_us)
                floor.entry.is_served_elsewhere(contact)
                return True
            return False
        floor.disarm(contact)
        is_noted = fields.get("state") == _TALKING and fields.get("agent") == agent.id
        queue = fields.get("queue", "")
        settings = floor.queues.settings(queue if self._is_queue(queue) else AGENT_QUEUE)
        began_us = (past(floor, fields, "talk_us") if is_noted else 0) or self.died_us
        began_us = began_us or floor.now_us
        if not is_noted and contact.queued_us:
            self._answered_unheard(contact, agent.id, queue, fields, began_us)
        offer = Offer(contact, agent, partner.leg, floor.new_id(), queue, settings, began_us)
        offer.become(OfferState.ANSWERED)
        offer.become(OfferState.BRIDGED)
        offer.bridged_us = began_us
        floor.offers.by_leg[partner.leg] = offer
        contact.offer = agent.offer = offer
        contact.queue, contact.agent = queue, agent.id
        contact.queued_us = contact.queued_us or began_us
        contact.answered_us = contact.answered_us or began_us
        contact.settled_us = max(contact.settled_us, contact.arrived_us)
        for state in (CallState.WAITING, CallState.BRIDGING, CallState.TALKING):
            contact.become(state)
        floor.recovery.returning.adopt_talk(agent, queue)
        if "nail" in partner.variables:
            floor.nails.adopt(agent, partner.leg)
        if partner.is_held or whole(fields.get("held_us", "")):
            self._adopt_hold(offer, partner, fields)
        return True

    def _answered_unheard(
        self, contact: Contact, agent: str, queue: str, fields: Fields, at_us: int
    ) -> None:
        """The bridge came about, and nobody was left to note it."""
        entered_us = past(self.floor, fields, "entered_us") or contact.queued_us
        contact.offers += 1
        for kind in (LegKind.RING, LegKind.QUEUE):
            start_us = entered_us if kind is LegKind.QUEUE else at_us
            self.floor.tell(
                contact.leg_closed(
                    kind, LegResult.ANSWERED, start_us, at_us, queue=queue, agent=agent
                )
            )

    def _adopt_hold(self, offer: Offer, partner: SwitchLeg, fields: Fields) -> None:
        """On hold then, or now, or both; a change in between happened when nobody heard it."""
        floor = self.floor
        held_us = past(floor, fields, "held_us")
        floor.offers.held(offer, True)
        offer.held_us = held_us or offer.held_us
        if not partner.is_held:
            floor.offers.held(offer, False)

    def _adopt_tape(self, contact: Contact, fields: Fields) -> None:
        """A recording goes on while its channel lives."""
        path = fields.get("tape", "")
        if not path or contact.is_over or contact.tape is not None:
            return
        start_us = past(self.floor, fields, "tape_us") or self.floor.now_us
        contact.tape = Tape(
            contact.id,
            path,
            start_us,
            contact.queue,
            contact.agent,
            is_masked=bool(fields.get("masked")),
        )
        if not contact.is_talking:
            self.floor.recordings.stop(contact)

    # Calls that ended while nobody listened.

    def bury(self, node: str, cause: str, last_us: int) -> int:
        """Noted calls that their switch has no more; the answer is how many."""
        floor = self.floor
        gone = [id_ for id_, fields in self.noted.items() if fields.get("node", node) == node]
        for id_ in gone:
            fields = self.noted.pop(id_)
            contact = revived(floor, node, None, id_, fields)
            ended_us = max(contact.arrived_us, min(last_us, floor.now_us))
            self._close_stretch(contact, fields, ended_us)
            contact.outcome = contact.outcome or Outcome.FAILED
            if contact.ended_by is EndedBy.UNKNOWN:
                contact.ended_by = EndedBy.SYSTEM
            floor.notes.calls.add(id_)
            floor.tell(contact.closed(ended_us, cause))
        return len(gone)

    def _close_stretch(self, contact: Contact, fields: Fields, ended_us: int) -> None:
        """The row of what he was in when we last knew of him."""
        floor = self.floor

        def close(kind: LegKind, start: str, **more: str) -> None:
            start_us = past(floor, fields, start) or ended_us
            result = LegResult.FAILED
            floor.tell(contact.leg_closed(kind, result, start_us, ended_us, **more))

        queue, agent = contact.queue, contact.agent
        match fields.get("state"):
            case "ivr":
                close(LegKind.IVR, "visit_us", detail=fields.get("flow", ""))
            case "waiting":
                entered = "entered_us" if "entered_us" in fields else "queued_us"
                close(LegKind.QUEUE, entered, queue=queue)
            case "talking" if "talk_us" in fields:
                if "held_us" in fields:
                    close(LegKind.HOLD, "held_us", queue=queue, agent=agent)
                close(LegKind.TALK, "talk_us", queue=queue, agent=agent)
            case "voicemail":
                close(LegKind.VOICEMAIL, "message_us", queue=queue)
                if "flow" in fields:
                    close(LegKind.IVR, "visit_us", detail=fields["flow"])
            case _:
                pass

    def end_orphan(self, node: str, leg: SwitchLeg) -> bool:
        """An agent's leg of an offer that nobody knows any more; True if it was one."""
        floor = self.floor
        if "agent" not in leg.variables or not leg.variables.keys() & {"contact", "nail"}:
            return False
        if leg.leg in floor.offers.by_leg or leg.leg in floor.nails.by_leg or leg.bridged_to:
            return False
        floor.command(node, Hangup(leg.leg, "ORIGINATOR_CANCEL"))
        contact = floor.contacts.get(leg.variables.get("contact", ""))
        if contact is not None and contact.id in self.adopted:
            self._ring_was_cut(contact, leg)
        return True

    def _ring_was_cut(self, contact: Contact, leg: SwitchLeg) -> None:
        """His phone rang when we died: on record, and offered anew."""
        floor, stay = self.floor, contact.stay
        contact.offers += 1
        # Ringing lies inside a stretch in a queue: is he in it still, or was it closed just now?
        is_inside = stay is not None and stay.entered_us < floor.now_us
        floor.tell(
            contact.leg_closed(
                LegKind.RING,
                LegResult.CANCELLED,
                floor.stamps[contact.node].past(leg.created_us, floor.now_us),
                floor.now_us if is_inside else contact.settled_us,
                queue=contact.queue,
                agent=leg.variables.get("agent", ""),
                cause="ORIGINATOR_CANCEL",
            )
        )


def parked(leg: SwitchLeg) -> LegParked:
    """As if he had just parked."""
    return LegParked(
        leg=leg.leg,
        at_us=leg.created_us,
        called=leg.called,
        calling=leg.calling,
        calling_name=leg.calling_name,
        context=leg.context,
        answered=leg.answered,
        variables=leg.variables,
    )
