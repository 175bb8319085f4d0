"""What is kept of an open call and of an agent, so that a ccore which never saw them can go on.

It is written where it survives us: onto the caller's channel as `ccore_*` variables, of which only
what has changed is sent, and into facts (`Noted`) for the process beside it, since a channel that
ends while we are away takes its variables with it. What a caller has typed is written to neither:
it would stand in the switch's logs and records.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ccore.config.demand import Wants
from ccore.floor.contact import CallState, Contact
from ccore.model import AgentState, EndedBy, Noted, Outcome, SetVariables, SwitchLeg

if TYPE_CHECKING:
    from ccore.floor.agent import Agent
    from ccore.floor.floor import Floor

__all__ = [
    "AGENT",
    "CALL",
    "SITE",
    "SWITCH",
    "Fields",
    "Notes",
    "past",
    "revived",
    "state_of",
    "whole",
]

Fields = Mapping[str, str]
CALL, AGENT, SWITCH, SITE = "call:", "agent:", "switch:", "site:"  # what a key begins with

MOST_CREDIT_S = 10_000_000  # what a variable that we did not write may claim: 115 days

# A contact's totals in one variable, in this order.
SUMS = ("ivr_ms", "wait_ms", "ring_ms", "talk_ms", "hold_ms", "offers", "transfers", "recordings")
# States that differ by what is told beside them, or for a moment only: fewer changes to write.
_AS = {
    CallState.RINGING: "waiting",
    CallState.BRIDGING: "waiting",
    CallState.HELD: "talking",
    CallState.PARTING: "talking",
}
# With these the dialplan would find the caller by itself.
IDENTITY = (
    "node",
    "called",
    "calling",
    "calling_name",
    "site",
    "territory",
    "arrived_us",
    "settled_us",
    "inner_us",
)


class Notes:
    """Contacts and agents put themselves on the lists; a turn ends with `write`."""

    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.calls: set[str] = set()
        self.agents: set[str] = set()

    def write(self) -> None:
        # Each is off its list first: one that cannot be written must not hold up the others.
        while self.calls:
            self._write_call(self.calls.pop())
        while self.agents:
            name = self.agents.pop()
            agent = self.floor.agents.by_id.get(name)
            self.floor.tell(Noted(AGENT + name, _agent(self.floor, agent) if agent else {}))

    def again(self, contact: Contact) -> None:
        """What was sent may not have come through: everything, once more."""
        contact.noted = {}
        self.calls.add(contact.id)

    def _write_call(self, id_: str) -> None:
        floor = self.floor
        contact = floor.contacts.get(id_)
        if contact is None:
            floor.tell(Noted(CALL + id_))
            return
        fields = _call(floor, contact)
        before = contact.noted
        if fields == before:
            return
        floor.tell(Noted(CALL + id_, _identity(contact) | fields))
        changed = {name: text for name, text in fields.items() if before.get(name, "") != text}
        changed |= {name: "" for name in before.keys() - fields.keys()}
        if not before:
            changed["unseen"] = ""  # he is seen: the dialplan's hook has nothing to keep
        # A new caller without a state on his channel arrives once more; one who goes is gone.
        says_goodbye = contact.last_words in floor.after_speech
        is_told = {CallState.ARRIVING: False, CallState.ENDING: says_goodbye}
        if changed and is_told.get(contact.state, True):
            floor.command(contact.node, SetVariables(id_, changed))
            contact.noted = fields


def _identity(contact: Contact) -> dict[str, str]:
    values = (
        contact.node,
        contact.called,
        contact.calling,
        contact.calling_name,
        contact.site,
        contact.territory_skill,
        str(contact.arrived_us),
        _us(contact.settled_us),
        _us(contact.inner_us),
    )
    return {name: text for name, text in zip(IDENTITY, values, strict=True) if text}


def _call(floor: "Floor", contact: Contact) -> dict[str, str]:
    """Everything that a caller's place is made of; what is empty says nothing and is left out."""
    is_offered = contact.offer is not None and not contact.offer.bridged_us
    sums = [getattr(contact, name) - (is_offered and name == "offers") for name in SUMS]
    fields = {
        "state": _AS.get(contact.state, contact.state.value),
        "queue": contact.queue,
        "agent": contact.agent,
        "queued_us": _us(contact.queued_us),
        "answered_us": _us(contact.answered_us),
        "language": contact.language,
        "priority": str(contact.priority) if contact.priority else "",
        "wants": contact.wants.as_text(),
        "sums": ".".join(map(str, sums)) if any(sums) else "",
        "recording": contact.recording,
        "to": contact.transfer_to,
        "outcome": str(int(contact.outcome)) if contact.outcome is not None else "",
        "ended_by": str(int(contact.ended_by)) if contact.ended_by else "",
        "survey": str(contact.survey) if contact.is_asked else "",
        "callback": "1" if contact.is_offered_callback else "",
    }
    stay, visit, offer, tape = contact.stay, contact.visit, contact.offer, contact.tape
    if stay is not None and stay.entered_us != contact.queued_us:
        fields["entered_us"] = _us(stay.entered_us)
    if offer is not None and offer.bridged_us:
        fields |= {"talk_us": _us(offer.bridged_us), "held_us": _us(offer.held_us)}
    if visit is not None:
        fields |= {"flow": visit.flow, "visit_us": _us(visit.entered_us)}
        if not contact.collected:
            fields["step"] = visit.step
    if tape is not None:
        masked = "1" if tape.is_masked else ""
        fields |= {"tape": tape.path, "tape_us": _us(tape.start_us), "masked": masked}
    message = floor.voicemail.messages.get(contact.id)
    if message is not None:
        fields |= {
            "box": message.box,
            "next": message.next,
            "message_us": _us(message.entered_us),
            "record_us": _us(message.record_us),
        }
    return {name: text for name, text in fields.items() if text}


def _agent(floor: "Floor", agent: "Agent") -> dict[str, str]:
    wrapping = floor.wrap_ups.contact_of.get(agent.id)
    contact = wrapping or (agent.offer.contact if agent.offer is not None else None)
    fields = {
        "state": agent.state.name,
        "reason": agent.reason,
        "queue": agent.queue,
        "since_us": _us(agent.since_us),
        "idle_us": _us(agent.idle_since_us),
        "due_us": _us(agent.timer.due_us) if agent.timer is not None else "",
        "wish": agent.wish.name if agent.wish is not None else "",
        "wish_reason": agent.wish_reason,
    }
    if contact is not None:
        fields |= {
            "contact": contact.id,
            "contact_us": _us(contact.arrived_us),
            "node": contact.node,
            "site": contact.site,
            "language": contact.language,
        }
    return {name: text for name, text in fields.items() if text}


def revived(floor: "Floor", node: str, leg: SwitchLeg | None, id_: str, fields: Fields) -> Contact:
    """A contact as its notes have it, in no state yet. `leg` None: its channel is gone."""
    site = floor.config.site
    now_us = floor.now_us
    created_us = floor.stamps[node].past(leg.created_us, now_us) if leg is not None else 0
    arrived_us = whole(fields.get("arrived_us", "")) or created_us or floor.now_us
    contact = Contact(
        id=id_,
        number=floor.next_number(),
        node=node,
        arrived_us=min(arrived_us, floor.now_us),
        called=fields.get("called") or fields.get("entry") or (leg.called if leg else ""),
        calling=fields.get("calling") or (leg.calling if leg else ""),
        calling_name=fields.get("calling_name") or (leg.calling_name if leg else ""),
        language=fields.get("language") or site.languages[0],
        site=fields.get("site") or site.name,
        territory_skill=fields.get("territory", ""),
        priority=max(-MOST_CREDIT_S, min(MOST_CREDIT_S, whole(fields.get("priority", "")))),
        wants=Wants.from_text(fields.get("wants", "")),
        is_answered=leg is not None and leg.answered,
    )
    entry = floor.book.entry(contact.called)
    if entry is not None:
        contact.entry, contact.tenant = entry.number, entry.tenant
    sums = fields.get("sums", "").split(".")
    for name, text in zip(SUMS, sums, strict=False):
        setattr(contact, name, whole(text))
    contact.queue, contact.agent = fields.get("queue", ""), fields.get("agent", "")
    contact.queued_us = past(floor, fields, "queued_us")
    contact.answered_us = past(floor, fields, "answered_us")
    contact.recording = fields.get("recording", "")
    outcome, ended_by = whole(fields.get("outcome", "")), whole(fields.get("ended_by", ""))
    contact.outcome = Outcome(outcome) if outcome in list(Outcome) else None
    contact.ended_by = EndedBy(ended_by) if ended_by in list(EndedBy) else EndedBy.UNKNOWN
    contact.settled_us = max(contact.arrived_us, past(floor, fields, "settled_us"))
    contact.inner_us = past(floor, fields, "inner_us")
    contact.is_asked, contact.survey = "survey" in fields, whole(fields.get("survey", ""))
    contact.is_offered_callback = "callback" in fields
    contact.is_recovered = True
    return contact


def past(floor: "Floor", fields: Fields, name: str) -> int:
    """A time of ours from before: never later than now, whatever became of the clock."""
    return max(0, min(whole(fields.get(name, "")), floor.now_us))


def whole(text: str) -> int:
    """A whole number as we wrote it; 0 for anything else."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        return 0
    return -int(digits) if text.startswith("-") else int(digits)


def _us(at_us: int) -> str:
    return str(at_us) if at_us else ""


def state_of(fields: Fields) -> AgentState | None:
    return AgentState.__members__.get(fields.get("state", ""))
