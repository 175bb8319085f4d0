"""While the link is up: does our picture agree with the switch's channels?

The link lists the channels now and then. A leg of ours that is not there, and one there that is not
ours, is looked at by itself, and so are some of ours in turn, whose state may differ. What differs
at two looks a second apart is put right, counted and told: between them every event that was on its
way has come, and every command has been carried out. So a lost event costs a caller seconds.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccore.floor.adoption import FALLBACK, parked
from ccore.floor.agent import Agent
from ccore.floor.contact import CallState, Contact
from ccore.floor.entry import OUTBOUND
from ccore.floor.offer import Offer, OfferState
from ccore.floor.recovery import LOST
from ccore.model import ArmFallback, Hangup, LegSeen, LegsListed, Look, News, SwitchLeg

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["Reconciliation"]

AGAIN_US = 1_000_000
# Of those legs that seem well so many are looked at with each list: at 10 s, two questions a second
# to a switch that answers 14,000.
IN_TURN = 20

Repair = Callable[[], object]


@dataclass(slots=True, frozen=True)
class Fault:
    what: str
    mark: object  # a fault with another mark is another fault
    repair: Repair


class Reconciliation:
    """`repairs`: what was put right, and how often, since we began."""

    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.repairs: Counter[str] = Counter()
        self._suspects: dict[str, tuple[str, object, int]] = {}  # leg -> what, mark, first seen
        self._foreign: dict[str, frozenset[str]] = {}  # node -> channels of others there
        self._there: dict[str, frozenset[str]] = {}  # node -> its channels, when listed last
        self._next: dict[str, int] = {}  # node -> whose turn it is to be looked at
        self._stuck: dict[str, object] = {}  # agent -> what he was stuck in

    # Lists.

    def listed(self, node: str, event: LegsListed) -> None:
        floor = self.floor
        if not floor.is_up(node):
            return
        ours = list(self._ours(node))
        foreign = self._foreign.get(node, frozenset()) & event.legs
        self._foreign[node] = foreign
        self._there[node] = event.legs
        missing = [leg for leg in ours if leg not in event.legs]
        new = event.legs.difference(ours, foreign)
        for leg in (*missing, *sorted(new), *self._turn(node, ours)):
            floor.command(node, Look(leg))
        self._audit()

    def _ours(self, node: str) -> Iterator[str]:
        floor = self.floor
        yield from (id_ for id_, contact in floor.contacts.items() if contact.node == node)
        yield from (leg for leg, o in floor.offers.by_leg.items() if o.contact.node == node)
        if node == floor.home_node:
            yield from (leg for leg in floor.nails.by_leg if leg not in floor.offers.by_leg)
        yield from (leg for leg, r in floor.features.by_leg.items() if r.node == node)
        yield from (leg for leg, (at, _) in floor.others.by_leg.items() if at == node)

    def _turn(self, node: str, ours: list[str]) -> list[str]:
        if not ours:
            return []
        at = self._next.get(node, 0) % len(ours)
        self._next[node] = at + IN_TURN
        return (ours + ours)[at : at + min(IN_TURN, len(ours))]

    # Looks.

    def seen(self, node: str, event: LegSeen) -> None:
        floor, leg = self.floor, event.leg
        if not floor.is_up(node):
            return
        found = event.found
        if found is not None and not self._lives(node, found.bridged_to):
            found.bridged_to = ""  # a channel names its last partner even when it is gone
        fault = self._fault(node, leg, found)
        before = self._suspects.pop(leg, None)
        if fault is None:
            return
        if before is not None and before[:2] == (fault.what, fault.mark):
            if event.asked_us >= before[2] + AGAIN_US:
                self._put_right(node, leg, fault)
                return
            self._suspects[leg] = before
            return
        self._suspects[leg] = (fault.what, fault.mark, event.asked_us)
        floor.timers.at(floor.now_us + AGAIN_US, lambda: self._look_again(node, leg))

    def _lives(self, node: str, leg: str) -> bool:
        floor = self.floor
        is_ours = leg in floor.contacts or leg in floor.offers.by_leg
        return is_ours or leg in self._there.get(node, ())

    def _look_again(self, node: str, leg: str) -> None:
        if leg not in self._suspects:
            return
        if self.floor.is_up(node):
            self.floor.command(node, Look(leg))
        else:
            del self._suspects[leg]

    def _put_right(self, node: str, leg: str, fault: Fault) -> None:
        self.count(fault.what, {"node": node, "leg": leg})
        fault.repair()

    def count(self, what: str, about: dict[str, str | int]) -> None:
        self.repairs[what] += 1
        self.floor.tell(News("repaired", self.floor.now_us, {"what": what, **about}))

    def _fault(self, node: str, leg: str, found: SwitchLeg | None) -> Fault | None:
        floor = self.floor
        contact, offer = floor.contacts.get(leg), floor.offers.by_leg.get(leg)
        if contact is not None:
            return self._fault_of_call(contact, found)
        if offer is not None:
            return self._fault_of_offer(offer, found)
        if leg in floor.nails.by_leg:
            return self._fault_of_nail(leg, found)
        if leg in floor.features.by_leg:
            return self._fault_of_feature(leg, found)
        if leg in floor.others.by_leg:
            end = floor.others.ended
            return Fault("agent-leg-gone", leg, lambda: end(leg)) if found is None else None
        return self._fault_of_stranger(node, found) if found is not None else None

    def _fault_of_call(self, contact: Contact, found: SwitchLeg | None) -> Fault | None:
        floor, state = self.floor, contact.state
        if found is None:
            return Fault("call-gone", contact.id, lambda: self._drop(contact))
        if found.context == FALLBACK and state is not CallState.LEAVING:
            serve = floor.entry.is_served_elsewhere
            return Fault("served-by-fallback", state, lambda: serve(contact))
        if state is CallState.LEAVING:
            return self._fault_of_way_out(contact, found)
        if contact.is_talking and not found.bridged_to:
            assert contact.offer is not None
            return Fault("talk-over", contact.offer.leg, lambda: self._talk_over(contact, found))
        awaited = self._awaited(contact)
        if awaited and found.is_done:
            return Fault("prompt-over", awaited, lambda: self._prompt_over(contact, awaited))
        has_parted = state is CallState.PARTING and contact.parting_timer is None
        if (state is CallState.ENDING and not awaited) or (has_parted and not found.bridged_to):
            again = Hangup(contact.id)
            return Fault("not-hung-up", state, lambda: floor.command(contact.node, again))
        return None

    def _fault_of_way_out(self, contact: Contact, found: SwitchLeg) -> Fault | None:
        """Sent out of the centre, and still in the park: the switch is to serve him by itself."""
        if found.bridged_to or found.context in (FALLBACK, OUTBOUND):
            return None
        serve = ArmFallback(contact.id, 1)
        return Fault("way-out-lost", contact.id, lambda: self.floor.command(contact.node, serve))

    def _awaited(self, contact: Contact) -> str:
        """The application whose end he and we wait for."""
        message = self.floor.voicemail.messages.get(contact.id)
        if message is not None:
            return message.app
        if contact.last_words in self.floor.after_speech:
            return contact.last_words
        return contact.visit.speech if contact.visit is not None else ""

    def _prompt_over(self, contact: Contact, app: str) -> None:
        floor = self.floor
        then = floor.after_speech.pop(app, None)
        if then is not None:
            then()
        elif contact.state is CallState.VOICEMAIL:
            floor.voicemail.app_done(contact, app)
        else:
            floor.ivr.app_done(contact, app)

    def _talk_over(self, contact: Contact, found: SwitchLeg) -> None:
        """Sent on, or left alone by an agent whose end nobody heard."""
        floor, offer = self.floor, contact.offer
        if contact.transfer_to or found.variables.get("way") == "transfer":
            floor.entry.transferred(contact, parked(found))
        elif offer is not None:
            floor.offers.caller_left(offer)
            floor.agent_left(contact, by_phone=True)

    def _drop(self, contact: Contact) -> None:
        self.floor.unseen.is_recorded(contact.node, contact.id)  # was the hook armed at his end?
        self.floor.recovery.drop(contact, LOST)

    def _fault_of_offer(self, offer: Offer, found: SwitchLeg | None) -> Fault | None:
        floor, state = self.floor, offer.state
        if found is None:
            end = floor.offers.hung_up
            return Fault("agent-leg-gone", state, lambda: end(offer, LOST, by_phone=False))
        is_bridged = found.bridged_to == offer.contact.id
        if is_bridged and state in (OfferState.RINGING, OfferState.ANSWERED):
            what = "bridge-unheard"
        elif found.answered and state is OfferState.RINGING:
            what = "answer-unheard"
        elif is_bridged and state is OfferState.BRIDGED and found.is_held != bool(offer.held_us):
            what = "hold-unheard"
        else:
            return None
        return Fault(what, state, lambda: floor.recovery.catch_up(offer, found))

    def _fault_of_nail(self, leg: str, found: SwitchLeg | None) -> Fault | None:
        nails = self.floor.nails
        if found is None:
            return Fault("agent-leg-gone", leg, lambda: nails.lost(leg))
        if found.answered and nails.by_leg[leg].nail_rings == leg:
            return Fault("answer-unheard", leg, lambda: nails.parked(leg))
        return None

    def _fault_of_feature(self, leg: str, found: SwitchLeg | None) -> Fault | None:
        floor = self.floor
        if found is None:
            return Fault("call-gone", leg, lambda: floor.features.hung_up(leg))
        request = floor.features.by_leg[leg]
        if found.is_done:
            end = Hangup(leg)
            return Fault("prompt-over", request.app, lambda: floor.command(request.node, end))
        return None

    def _fault_of_stranger(self, node: str, found: SwitchLeg) -> Fault | None:
        """A channel of which we know nothing."""
        floor, variables = self.floor, found.variables
        if "agent" in variables and variables.keys() & {"contact", "nail"}:
            partner = floor.contacts.get(found.bridged_to)
            if partner is not None and partner.state is not CallState.LEAVING:
                found.bridged_to = ""  # he was there once, and is elsewhere by now
            if found.bridged_to:
                return None
            orphan = floor.recovery.adoption.end_orphan
            return Fault("orphan-leg", found.leg, lambda: orphan(node, found))
        if "feature" in variables:
            act = floor.features.parked
            return Fault("code-unheard", found.leg, lambda: act(node, parked(found)))
        is_ours = "state" in variables or "entry" in variables
        if is_ours and variables.get("way") != "outbound":
            return Fault("call-unknown", found.leg, lambda: self._take_in(node, found))
        floor.others.began(node, found.leg, variables)
        self._foreign[node] = self._foreign.get(node, frozenset()) | {found.leg}
        return None

    def _take_in(self, node: str, found: SwitchLeg) -> None:
        floor = self.floor
        floor.recovery.take_in(node, found, {found.leg: found})

    # Agents, by our own books: an agent's call is his contact's call.

    def _audit(self) -> None:
        stuck = {}
        for agent in self.floor.agents.by_id.values():
            why = _stuck_in(agent)
            if why and self._stuck.get(agent.id) == why:
                self._free(agent)
            elif why:
                stuck[agent.id] = why
        self._stuck = stuck

    def _free(self, agent: Agent) -> None:
        """Whatever left him like this: the call goes its way, he is given the next."""
        floor, offer = self.floor, agent.offer
        about: dict[str, str | int] = {"agent": agent.id, "state": agent.state.name.lower()}
        self.count("agent-stuck", about)
        if offer is not None:
            with suppress(ValueError):  # the router may have let go of them already
                floor.acd.release(offer.contact.number, requeue=True)
            floor.command(offer.contact.node, Hangup(offer.leg))
            floor.offers.by_leg.pop(offer.leg, None)
        floor.agents.call_ended(agent, agent.queue, 0)


def _stuck_in(agent: Agent) -> object:
    """What he cannot come out of by himself; None when there is a way."""
    offer = agent.offer
    if offer is None:
        return agent.state if agent.is_on_a_call else None
    is_over = offer.state is OfferState.OVER
    is_alone = offer.timer is None if is_over else offer.contact.offer is not offer
    return offer.leg if is_alone else None
