"""Which noun an event concerns: one function an event, and nothing decided here.

A leg is known as a caller, as an agent's leg of an offer, as a nail or as a feature request; what
nobody knows is a new caller or none of our business.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ccore.floor.contact import CallState, Contact
from ccore.model import (
    AgentRegistered,
    AgentUnregistered,
    AppDone,
    DigitPressed,
    EndedBy,
    Event,
    FindPhone,
    Hangup,
    JobDone,
    LegAnswered,
    LegDialled,
    LegHeld,
    LegHungUp,
    LegParked,
    LegsBridged,
    LegSeen,
    LegsListed,
    LegsUnbridged,
    LegUnheld,
    LinkBusy,
    LinkDown,
    LinkFree,
    LinkUp,
    News,
    Outcome,
    PhoneFound,
    RecordingStarted,
    RecordingStopped,
)

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["HANDLERS"]


def _parked(floor: "Floor", node: str, event: LegParked) -> None:
    leg = event.leg
    contact = floor.contacts.get(leg)
    if contact is not None:
        if contact.is_talking or contact.state is CallState.PARTING:
            floor.entry.transferred(contact, event)
            return
        if contact.offer is not None:
            floor.offers.caller_parked(contact.offer)
        floor.queues.parked_again(contact)
    elif leg in floor.offers.by_leg:
        floor.offers.parked(floor.offers.by_leg[leg])
    elif leg in floor.nails.by_leg:
        floor.nails.parked(leg)
    elif "feature" in event.variables:
        floor.features.parked(node, event)
    elif "agent" in event.variables and event.variables.keys() & {"contact", "nail"}:
        floor.command(node, Hangup(leg))  # answered after nobody wanted it any more
    elif not floor.is_closing and leg not in floor.recovery.closed:  # out of order
        floor.entry.arrived(node, event)


def _answered(floor: "Floor", node: str, event: LegAnswered) -> None:
    contact = floor.contacts.get(event.leg)
    if contact is not None:
        contact.is_answered = True


def _dialled(floor: "Floor", node: str, event: LegDialled) -> None:
    floor.others.began(node, event.leg, event.variables)


def _bridged(floor: "Floor", node: str, event: LegsBridged) -> None:
    for leg in (event.leg, event.other):
        offer = floor.offers.by_leg.get(leg)
        if offer is not None and offer.contact.id in (event.leg, event.other):
            floor.offers.bridged(offer)
    floor.others.began(node, event.leg, event.variables)


def _hung_up(floor: "Floor", node: str, event: LegHungUp) -> None:
    leg = event.leg
    if "unseen" in event.variables:  # the dialplan's hook was armed still, and has kept him
        floor.unseen.is_recorded(node, leg)
    contact = floor.contacts.get(leg)
    if contact is not None:
        _caller_hung_up(floor, contact, event)
        return
    offer = floor.offers.by_leg.get(leg)
    if offer is not None:
        floor.offers.hung_up(offer, event.cause, event.by_phone)
    elif leg in floor.nails.by_leg:
        floor.nails.lost(leg)
    elif leg in floor.features.by_leg:
        floor.features.hung_up(leg)
    elif leg in floor.others.by_leg:
        floor.others.ended(leg)
    else:
        floor.recovery.ended_unheard(node, event)


def _caller_hung_up(floor: "Floor", contact: Contact, event: LegHungUp) -> None:
    if event.by_phone:
        contact.ended_by = EndedBy.CALLER
    elif contact.ended_by is EndedBy.UNKNOWN:
        # In a talk the switch ends this leg because the other one has gone, unless it says why.
        talked = contact.is_talking or contact.state is CallState.PARTING
        is_agent = contact.is_talking and event.cause == "NORMAL_CLEARING"
        contact.ended_by = EndedBy.AGENT if is_agent else EndedBy.SYSTEM
        if not talked and contact.outcome is None and contact.state is not CallState.ENDING:
            contact.outcome = Outcome.FAILED
    floor.close(contact, event.cause)


def _digit(floor: "Floor", node: str, event: DigitPressed) -> None:
    contact = floor.contacts.get(event.leg)
    if contact is None:
        return
    if contact.state is CallState.IVR:
        floor.ivr.digit(contact, event.digit)
    else:
        floor.queues.digit(contact, event.digit)


def _app_done(floor: "Floor", node: str, event: AppDone) -> None:
    then = floor.after_speech.pop(event.app, None)
    if then is not None:
        then()
        return
    contact = floor.contacts.get(event.leg)
    if contact is None:
        return
    if contact.state is CallState.VOICEMAIL:
        floor.voicemail.app_done(contact, event.app)
    else:
        floor.ivr.app_done(contact, event.app)


def _job_done(floor: "Floor", node: str, event: JobDone) -> None:
    offer = floor.offers.by_job.get(event.job)
    if offer is not None:
        floor.offers.job_done(offer, event.job, event.ok, event.text)
        return
    if event.job in floor.nails.by_job and not event.ok:
        floor.nails.job_failed(event.job)
    else:
        floor.nails.by_job.pop(event.job, None)


def _held(floor: "Floor", node: str, event: LegHeld | LegUnheld) -> None:
    offer = floor.offers.by_leg.get(event.leg)
    if offer is not None:
        floor.offers.held(offer, isinstance(event, LegHeld))


def _recording_started(floor: "Floor", node: str, event: RecordingStarted) -> None:
    contact = floor.contacts.get(event.leg)
    if contact is not None:
        floor.recordings.started(contact, event)


def _recording_stopped(floor: "Floor", node: str, event: RecordingStopped) -> None:
    contact = floor.contacts.get(event.leg)
    if contact is not None:
        floor.recordings.stopped(contact, event)
        floor.voicemail.recording_stopped(contact, event.path)


def _registered(floor: "Floor", node: str, event: AgentRegistered) -> None:
    agent = floor.agents.by_id.get(event.user)
    if agent is not None:
        floor.agents.registered(agent)


def _unregistered(floor: "Floor", node: str, event: AgentUnregistered) -> None:
    agent = floor.agents.by_id.get(event.user)
    is_here_only = len(floor.config.switch) == 1  # another switch may still reach him
    if agent is not None and not agent.settings.contact and is_here_only:
        # It may have been one phone of several.
        floor.command(node, FindPhone(agent.id, floor.config.switch[node].agent_domain))


def _phone_found(floor: "Floor", node: str, event: PhoneFound) -> None:
    agent = floor.agents.by_id.get(event.user)
    if agent is not None and not event.is_there:
        floor.agents.unregistered(agent)


def _link_busy(floor: "Floor", node: str, event: LinkBusy) -> None:
    floor.matching.busy_nodes.add(node)


def _link_free(floor: "Floor", node: str, event: LinkFree) -> None:
    floor.matching.busy_nodes.discard(node)
    floor.matching.in_reach_again(node)


def _link_up(floor: "Floor", node: str, event: LinkUp) -> None:
    floor.matching.busy_nodes.discard(node)
    _, down_us, _ = floor.nodes[node]
    floor.nodes[node] = (True, floor.now_us, "")
    floor.tell(News("link", floor.now_us, {"node": node, "up": 1}))
    floor.recovery.link_up(node, event, down_us)
    floor.matching.in_reach_again(node)


def _link_down(floor: "Floor", node: str, event: LinkDown) -> None:
    floor.nodes[node] = (False, floor.now_us, event.why)
    floor.tell(News("link", floor.now_us, {"node": node, "up": 0, "why": event.why}))


def _listed(floor: "Floor", node: str, event: LegsListed) -> None:
    floor.reconciliation.listed(node, event)


def _seen(floor: "Floor", node: str, event: LegSeen) -> None:
    floor.reconciliation.seen(node, event)


def _nothing(floor: "Floor", node: str, event: Event) -> None:
    """Told by other words: hang-ups and parks say what follows an unbridge."""


HANDLERS: dict[type, Callable[["Floor", str, Any], None]] = {
    LegParked: _parked,
    LegAnswered: _answered,
    LegDialled: _dialled,
    LegsBridged: _bridged,
    LegsUnbridged: _nothing,
    LegHungUp: _hung_up,
    DigitPressed: _digit,
    AppDone: _app_done,
    JobDone: _job_done,
    LegHeld: _held,
    LegUnheld: _held,
    RecordingStarted: _recording_started,
    RecordingStopped: _recording_stopped,
    AgentRegistered: _registered,
    AgentUnregistered: _unregistered,
    PhoneFound: _phone_found,
    LegSeen: _seen,
    LegsListed: _listed,
    LinkUp: _link_up,
    LinkDown: _link_down,
    LinkBusy: _link_busy,
    LinkFree: _link_free,
}
