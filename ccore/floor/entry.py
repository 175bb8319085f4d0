"""Where a call goes: from the dialled number to a destination, and from any destination onwards."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ccore.config.outbound import refusal
from ccore.floor.contact import CallState, Contact
from ccore.floor.queues import AGENT_QUEUE
from ccore.model import (
    EndedBy,
    Hangup,
    LegKind,
    LegParked,
    LegResult,
    News,
    Outcome,
    Play,
    SetVariables,
    Transfer,
)
from ccore.prompts.phrases import files

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["OUTBOUND", "Entry"]

OUTBOUND = "ccore-outbound"  # dialplan context that may use the trunks


class Entry:
    def __init__(self, floor: "Floor") -> None:
        self.floor = floor

    def arrived(self, node: str, event: LegParked) -> None:
        """A new caller."""
        floor, config = self.floor, self.floor.config
        variables = event.variables
        called = variables.get("entry") or event.called
        calling = variables.get("calling", event.calling)
        contact = Contact(
            id=event.leg,
            number=floor.next_number(),
            node=node,
            arrived_us=floor.when_us,
            called=called,
            calling=calling,
            calling_name=event.calling_name,
            language=config.site.languages[0],
            site=config.site.name,
            is_answered=event.answered,
        )
        floor.add(contact)
        territory = floor.book.territory(calling)
        if territory is not None:
            contact.site, contact.territory_skill = territory.site, territory.skill
            contact.language = territory.language or contact.language
        known = floor.book.caller(calling)
        if known.blocked:
            contact.outcome, contact.entry = Outcome.BLOCKED, "blocked-caller"
            self.hang_up(contact, "CALL_REJECTED")
            return
        entry = floor.book.entry(called)
        if entry is None:
            contact.outcome, contact.entry = Outcome.BLOCKED, "no-such-number"
            self.say_and_hang_up(contact, "", "UNALLOCATED_NUMBER")
            return
        contact.entry, contact.tenant = entry.number, entry.tenant
        contact.language = entry.language or contact.language
        contact.priority = entry.priority + known.priority
        contact.wants = contact.wants.also(entry)
        if self._is_full(node) and contact.priority <= 0:
            contact.outcome, contact.entry = Outcome.BLOCKED, "overload"
            self.hang_up(contact, "NORMAL_CIRCUIT_CONGESTION")
            return
        if entry.calendar and not floor.calendars[entry.calendar].is_open(floor.now_us):
            contact.outcome = Outcome.CLOSED
            self.go(contact, entry.closed, prompt="closed")
        elif entry.emergency:
            self._say_first(contact, entry.emergency, entry.to)
        else:
            self.go(contact, entry.to)

    def _is_full(self, node: str) -> bool:
        """More callers than the switch has room for together with the legs of their agents."""
        most = self.floor.config.switch[node].max_calls
        return 0 < most < self.floor.callers_on[node]

    def _say_first(self, contact: Contact, prompt: str, to: str) -> None:
        floor = self.floor
        floor.arm(contact)
        floor.answer(contact)
        contact.last_words = floor.new_id()
        floor.after_speech[contact.last_words] = lambda: self.go(contact, to)
        said = files(floor.config, prompt, contact.language)
        floor.command(contact.node, Play(contact.id, tuple(said), contact.last_words))

    def transferred(self, contact: Contact, event: LegParked) -> None:
        """The caller's leg came back to us out of a talk: an agent or a command sent him on."""
        floor = self.floor
        to = contact.transfer_to
        # `transfer` stays on the channel: it means something only while `way` says so.
        is_phone = not to and event.variables.get("way") == "transfer"
        number = event.variables.get("transfer", "") if is_phone else ""
        if not to and number:
            entry = floor.book.entry(number)
            to = entry.to if entry is not None else ""
            if not to and number in floor.config.agents:
                to = f"agent:{number}"
        if contact.offer is not None:
            floor.offers.caller_left(contact.offer)
        if contact.parting_timer is not None:
            contact.parting_timer.cancel()
        floor.recordings.stop(contact)  # it would go on over every bridge to come
        contact.become(CallState.ARRIVING)
        contact.transfer_to, contact.ended_by = "", EndedBy.UNKNOWN
        if is_phone:
            floor.command(contact.node, SetVariables(contact.id, {"way": "handled"}))
        floor.tell(
            contact.leg_closed(
                LegKind.TRANSFER,
                LegResult.DONE if to else LegResult.FAILED,
                floor.when_us,
                floor.when_us,
                queue=contact.queue,
                agent=contact.agent,
                detail=to or number,
            )
        )
        contact.transfers += 1  # its own leg is the last before it
        if to:
            self.go(contact, to)
        else:
            self.say_and_hang_up(contact, "wrong_entry")

    # Destinations.

    def go(self, contact: Contact, destination: str, prompt: str = "") -> None:
        """Send a caller on. A reload may have taken the destination away: then good-bye."""
        floor = self.floor
        if contact.is_over:
            return
        floor.arm(contact)
        kind, _, name = destination.partition(":")
        match kind if self._is_there(kind, name) else "":
            case "ivr":
                floor.ivr.start(contact, name)
            case "queue":
                floor.queues.join(contact, name)
            case "agent":
                floor.queues.join(contact, AGENT_QUEUE + name)
            case "voicemail":
                floor.voicemail.start(contact, name)
            case "number":
                self._leave(contact, name)
            case "split":
                ways = floor.config.splits[name].ways
                self.go(contact, ways[floor.splits[name].take()].to, prompt)
            case "busy":
                self._refuse(contact, prompt or "goodbye")
            case _:
                self.say_and_hang_up(contact, prompt or "goodbye")

    def _is_there(self, kind: str, name: str) -> bool:
        config = self.floor.config
        places: dict[str, Mapping[str, object]] = {
            "ivr": config.flows,
            "queue": config.queues,
            "agent": config.agents,
            "voicemail": config.boxes,
            "split": self.floor.splits,
        }
        return kind not in places or name in places[kind]

    def _refuse(self, contact: Contact, prompt: str) -> None:
        """Unanswered, his carrier hears why and may try elsewhere; else he does himself."""
        if contact.is_answered:
            self.say_and_hang_up(contact, prompt, "USER_BUSY")
        else:
            self.hang_up(contact, "USER_BUSY")

    def _leave(self, contact: Contact, number: str) -> None:
        """Out of the centre: the dialplan connects him; his leg's end closes the contact."""
        floor = self.floor
        if refusal(floor.config.outbound, number):  # a reload has taken the permission away
            self.say_and_hang_up(contact, "goodbye")
            return
        if contact.outcome is None:
            contact.outcome = Outcome.OVERFLOWED
        contact.become(CallState.LEAVING)
        floor.disarm(contact)
        floor.command(contact.node, Transfer(contact.id, number, OUTBOUND))
        floor.tell(
            contact.leg_closed(
                LegKind.TRANSFER,
                LegResult.OVERFLOWED,
                floor.when_us,
                floor.when_us,
                queue=contact.queue,
                detail=f"number:{number}",
            )
        )
        floor.tell(News("left", floor.now_us, {"contact": contact.id, "number": number}))

    def is_served_elsewhere(self, contact: Contact) -> None:
        """The switch connects or serves him by itself; his leg's end closes the contact."""
        floor = self.floor
        if contact.state is CallState.LEAVING:
            return
        if contact.is_talking and contact.offer is not None:
            floor.offers.caller_left(contact.offer)
            contact.become(CallState.PARTING)
        elif contact.offer is not None:
            floor.offers.take_back(contact.offer, stays=True)
        if contact.parting_timer is not None:
            contact.parting_timer.cancel()
        floor.voicemail.close(contact)
        floor.ivr.leave(contact, LegResult.OVERFLOWED)
        floor.queues.close_stay(contact, LegResult.OVERFLOWED)
        floor.after_speech.pop(contact.last_words, None)
        contact.outcome = contact.outcome or Outcome.OVERFLOWED
        contact.ended_by = EndedBy.SYSTEM
        floor.disarm(contact)
        contact.become(CallState.LEAVING)

    def say_and_hang_up(
        self, contact: Contact, prompt: str, cause: str = "NORMAL_CLEARING"
    ) -> None:
        floor = self.floor
        said = files(floor.config, prompt, contact.language) if prompt else ()
        if not said:
            self.hang_up(contact, cause)
            return
        floor.answer(contact)
        contact.become(CallState.ENDING)
        contact.last_words = floor.new_id()
        floor.after_speech[contact.last_words] = lambda: self.let_go(contact, cause)
        floor.command(contact.node, Play(contact.id, tuple(said), contact.last_words))

    def hang_up(self, contact: Contact, cause: str = "NORMAL_CLEARING") -> None:
        contact.become(CallState.ENDING)
        self.let_go(contact, cause)

    def let_go(self, contact: Contact, cause: str = "NORMAL_CLEARING") -> None:
        contact.ended_by = EndedBy.SYSTEM
        self.floor.command(contact.node, Hangup(contact.id, cause))
