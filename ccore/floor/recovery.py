"""After a gap: compare what we know with what the switch has, and mend our picture.

The channel is the record of the call: `ccore_*` variables say where each caller was. A new process
has its calls back from them (`adoption`); one that lost the link drops what the switch has no more,
and says again what may not have come through.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ccore.floor.adoption import FALLBACK, Adoption, parked
from ccore.floor.contact import CallState, Contact
from ccore.floor.notes import AGENT, SWITCH, Fields, revived, whole
from ccore.floor.offer import Offer, OfferState
from ccore.floor.returning import Returning
from ccore.model import (
    Answer,
    EndedBy,
    LegHungUp,
    LegKind,
    LegResult,
    LinkUp,
    News,
    Noted,
    Outcome,
    StopPlaying,
    SwitchLeg,
)

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["LOST", "RESTARTED", "Recovery"]

# Why a call ended of whose end nobody heard.
LOST = "LOST"  # ccore, or the link to the switch, was not there
REMEMBERED = 1_000
RESTARTED = "SWITCH_RESTARTED"  # the switch came back without its calls


class Recovery:
    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.adoption = Adoption(floor)
        self.returning = Returning(floor)
        self.closed: dict[str, None] = {}  # the newest that were closed, oldest first
        self.cores: dict[str, str] = {}  # which life of each switch we know

    def recall(self, notes: Mapping[str, Fields], died_us: int) -> None:
        """What the process before us noted; it lived at least until the newest of it."""
        died_us = min(max(died_us, *_times(notes), 0), self.floor.now_us)
        self.adoption.recall(notes, died_us)
        for key, fields in notes.items():
            if key.startswith(AGENT):
                self.returning.recall(key.removeprefix(AGENT), fields, died_us)
            elif key.startswith(SWITCH):
                self.cores[key.removeprefix(SWITCH)] = fields.get("core", "")
        self.floor.sites.recall(notes)
        self.floor.unseen.recall(notes)

    def link_up(self, node: str, event: LinkUp, down_us: int) -> None:
        """`down_us`: since when nobody heard of this switch."""
        floor, matching = self.floor, self.floor.matching
        was_paused, matching.is_paused = matching.is_paused, True  # first all, then offers
        cause = self._life(node, event.core)
        last_us = self.adoption.died_us if node not in floor.seen else down_us
        there = {leg.leg: leg for leg in event.legs}
        # A channel names its last partner even when that one is gone, or elsewhere by now.
        for leg in [leg for leg in event.legs if not _is_bridged(leg, there)]:
            leg.bridged_to = ""
        for offer in list(floor.offers.by_leg.values()):
            if offer.leg in there:
                self.catch_up(offer, there[offer.leg])
        unseen = floor.unseen.link_up(node, event, there, last_us)
        lost = self._drop_lost(node, there, cause, last_us)
        found = 0
        for leg in event.legs:
            if leg.leg in floor.contacts:
                self._resume(floor.contacts[leg.leg], leg, last_us)
            else:
                found += self.take_in(node, leg, there)
        lost += self.adoption.bury(node, cause, last_us or floor.now_us)
        if node == floor.home_node:
            floor.nails.link_up(there)
        ringing = {
            leg.variables["agent"] for leg in event.legs if self.adoption.end_orphan(node, leg)
        }
        self.adoption.adopted.clear()
        floor.others.link_up(node, there)
        freed = self.returning.recovered(node, ringing)
        for leg in event.legs:  # codes that agents dialled meanwhile
            if "feature" in leg.variables:
                floor.features.parked(node, parked(leg))
        floor.seen.add(node)
        matching.is_paused = was_paused
        if lost or found or freed or unseen:
            told: dict[str, str | int] = {
                "node": node,
                "lost": lost,
                "found": found,
                "freed": freed,
                "unseen": unseen,
                "cause": cause,
            }
            floor.tell(News("recovered", floor.now_us, told))

    def _life(self, node: str, core: str) -> str:
        """Why calls that are not there any more are not."""
        known, self.cores[node] = self.cores.get(node, ""), core
        if known != core:
            self.floor.tell(Noted(SWITCH + node, {"core": core}))
        return RESTARTED if known not in ("", core) else LOST

    def take_in(self, node: str, leg: SwitchLeg, there: Mapping[str, SwitchLeg]) -> int:
        """A channel that no contact has: 1 if it is a caller, who is one now."""
        floor = self.floor
        if leg.leg in floor.offers.by_leg or leg.leg in floor.nails.by_leg:
            return 0
        variables = leg.variables
        if "agent" in variables and variables.keys() & {"contact", "nail"}:
            return 0  # an agent's leg: found through its caller
        if "state" in variables or leg.leg in self.adoption.noted:
            self.adoption.adopt(node, leg, there)
        elif "entry" in variables and leg.context == FALLBACK:
            self.adoption.adopt(node, leg, there)  # served by the switch: on record all the same
        elif "entry" in variables and not floor.is_closing:
            floor.entry.arrived(node, parked(leg))  # before we listened
        else:
            return 0
        return 1

    def _drop_lost(
        self, node: str, there: Mapping[str, SwitchLeg], cause: str, last_us: int
    ) -> int:
        """Calls that ended while nobody listened, on record as long as somebody did."""
        floor = self.floor
        floor.when_us = last_us or floor.now_us
        for leg, offer in list(floor.offers.by_leg.items()):
            if leg not in there and offer.contact.node == node:
                floor.offers.hung_up(offer, cause, by_phone=False)
        gone = [c for c in floor.contacts.values() if c.node == node and c.id not in there]
        for contact in gone:
            self.drop(contact, cause)
        floor.when_us = floor.now_us
        for leg, request in list(floor.features.by_leg.items()):
            if leg not in there and request.node == node:
                floor.features.hung_up(leg)
        return len(gone)

    def ended_unheard(self, node: str, event: LegHungUp) -> None:
        """The end of a channel nobody knows: a caller whose coming was lost is on record yet."""
        variables = event.variables
        is_caller = "entry" in variables and variables.get("way") in ("inbound", "fallback")
        if not is_caller or "state" in variables or event.leg in self.closed:
            return
        floor = self.floor
        contact = revived(floor, node, None, event.leg, variables)
        contact.outcome, contact.ended_by = Outcome.FAILED, EndedBy.SYSTEM
        if event.by_phone:
            contact.ended_by = EndedBy.CALLER
        self.has_closed(contact)
        floor.tell(contact.closed(floor.when_us, event.cause))
        floor.reconciliation.count("call-unheard", {"node": node, "leg": event.leg})

    def has_closed(self, contact: Contact) -> None:
        """Its last event may come a second time, or late."""
        self.closed[contact.id] = None
        if len(self.closed) > REMEMBERED:
            del self.closed[next(iter(self.closed))]

    def drop(self, contact: Contact, cause: str) -> None:
        """The switch has this call no more, and nobody heard why."""
        contact.outcome = contact.outcome or Outcome.FAILED
        contact.ended_by = EndedBy.SYSTEM
        self.floor.close(contact, cause)

    def catch_up(self, offer: Offer, leg: SwitchLeg) -> None:
        """An agent answered, was bridged, or held the call while nobody listened."""
        offers = self.floor.offers
        if leg.bridged_to == offer.contact.id:
            if offer.state is OfferState.RINGING:
                offers.parked(offer)
            offers.bridged(offer)
            offers.held(offer, leg.is_held)
        elif leg.answered and offer.state is OfferState.RINGING:
            offers.parked(offer)

    def _resume(self, contact: Contact, leg: SwitchLeg, last_us: int) -> None:
        """What he heard may have ended, what we said may not have come through: say it again."""
        floor = self.floor
        contact.is_recovered = True
        floor.notes.again(contact)
        if 0 < last_us < floor.now_us:
            start_us = max(contact.arrived_us, last_us)
            floor.tell(contact.leg_closed(LegKind.OUTAGE, LegResult.DONE, start_us, floor.now_us))
        self.put_right(contact, leg)

    def put_right(self, contact: Contact, leg: SwitchLeg) -> None:
        """What the switch shows is done, or wanting."""
        floor = self.floor
        if leg.context == FALLBACK and contact.state is not CallState.LEAVING:
            floor.entry.is_served_elsewhere(contact)
            return
        if contact.is_talking or contact.state is CallState.PARTING:
            is_sent = contact.transfer_to or leg.variables.get("way") == "transfer"
            if is_sent and not leg.bridged_to:
                floor.entry.transferred(contact, parked(leg))
            contact.transfer_to = ""
            return
        if contact.is_answered and not leg.answered:
            floor.command(contact.node, Answer(contact.id))
        if contact.fallback_timer is not None:  # or the dialplan's own still runs
            floor.arm(contact)
        if contact.state in (CallState.ARRIVING, CallState.ENDING):
            floor.after_speech.pop(contact.last_words, lambda: floor.entry.let_go(contact))()
        elif contact.state is CallState.IVR:
            floor.ivr.repeat(contact)
        elif contact.state is CallState.VOICEMAIL:
            if leg.is_done:
                floor.voicemail.go_on(contact)
        elif contact.state in (CallState.WAITING, CallState.RINGING):
            floor.command(contact.node, StopPlaying(contact.id))
            floor.queues.parked_again(contact)


def _is_bridged(leg: SwitchLeg, there: Mapping[str, SwitchLeg]) -> bool:
    partner = there.get(leg.bridged_to)
    return partner is not None and partner.bridged_to == leg.leg


def _times(notes: Mapping[str, Fields]) -> Iterator[int]:
    for fields in notes.values():
        for name, text in fields.items():
            if name.endswith("_us") and name != "due_us":
                yield whole(text)
