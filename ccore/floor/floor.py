"""The floor of the centre: events in, commands and facts out. Pure: no clock, no bytes, no files.

Five verbs: `handle` an event, `next_deadline`, `on_deadline`, `take_commands`, `take_facts`; and
two for people: `order` and `view`. Whoever runs it owns the clock and the sockets.

Each noun has its file: contact, agents, queues, matching, offers, wrap_up, ivr, voicemail, entry,
features, recording, nails, relations, sites, recovery. They share this object and nothing else.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from ccore.config import Config
from ccore.floor.agent import Agent
from ccore.floor.agents import Agents
from ccore.floor.contact import CallState, Contact
from ccore.floor.dispatch import HANDLERS
from ccore.floor.entry import Entry
from ccore.floor.features import Features
from ccore.floor.forecast import Forecast
from ccore.floor.ivr import Ivr
from ccore.floor.matching import Matching
from ccore.floor.nails import Nails
from ccore.floor.notes import Fields, Notes
from ccore.floor.offer import OfferState
from ccore.floor.offers import Offers
from ccore.floor.orders import Orders
from ccore.floor.others import Others
from ccore.floor.queues import Queues
from ccore.floor.reconciliation import Reconciliation
from ccore.floor.recording import Recordings
from ccore.floor.recovery import Recovery
from ccore.floor.relations import Relations
from ccore.floor.sites import Sites
from ccore.floor.stamps import OURS, Stamps
from ccore.floor.timers import Timers
from ccore.floor.unseen import Unseen
from ccore.floor.view import view
from ccore.floor.voicemail import Voicemail
from ccore.floor.wrap_up import WrapUps
from ccore.model import (
    Answer,
    ArmFallback,
    Command,
    DisarmFallback,
    EndedBy,
    Event,
    Fact,
    Hangup,
    LegResult,
    News,
    Outcome,
)
from ccore.routing.acd import Acd
from ccore.routing.calendar import Calendar
from ccore.routing.decision import Decision
from ccore.routing.match import Book
from ccore.routing.split import Split
from ccore.routing.wait import Expected

__all__ = ["Floor"]

# A leg whose other side has gone ends within 20 ms or comes back to us; then we end it ourselves.
PARTING_S = 3
# Decisions that can be explained from memory: at 20 a second, the last eight minutes.
DECISIONS = 10_000


class Floor:
    """`new_id` makes the ids of legs, jobs and applications (UUIDs on a real switch)."""

    def __init__(
        self, config: Config, new_id: Callable[[], str], now_us: int, recording_dir: str = ""
    ) -> None:
        self.config = config
        self.new_id = new_id
        self.now_us = now_us  # the runner's clock: timers
        self.when_us = now_us  # the event's own stamp, on our clock: rows
        self.recording_dir = recording_dir or config.recording.dir
        self.nodes: dict[str, tuple[bool, int, str]] = {
            name: (False, now_us, "not connected yet") for name in config.switch
        }
        self.contacts: dict[str, Contact] = {}
        self.callers_on: Counter[str] = Counter()  # node to how many contacts
        self.contact_of: dict[int, Contact] = {}
        self.caller_key: Callable[[str], str] = str  # a hash where numbers do not outlive a call
        self.splits: dict[str, Split] = {}
        self.decisions: deque[Decision] = deque(maxlen=DECISIONS)  # the latest, for `explain`
        self.after_speech: dict[str, Callable[[], object]] = {}
        self.timers = Timers()
        self.acd = Acd(config)
        self.agents = Agents(self)
        self.queues = Queues(self)
        self.forecast = Forecast(self)
        self.relations = Relations(self)
        self.sites = Sites(self)
        self.matching = Matching(self)
        self.offers = Offers(self)
        self.wrap_ups = WrapUps(self)
        self.nails = Nails(self)
        self.ivr = Ivr(self)
        self.voicemail = Voicemail(self)
        self.entry = Entry(self)
        self.features = Features(self)
        self.others = Others(self)
        self.recordings = Recordings(self)
        self.recovery = Recovery(self)
        self.unseen = Unseen(self)
        self.reconciliation = Reconciliation(self)
        self.orders = Orders(self)
        self.stamps: defaultdict[str, Stamps] = defaultdict(Stamps)
        self.notes = Notes(self)
        self.seen: set[str] = set()  # switches that were up in this life of ours
        self._needy: set[str] = set()
        self._numbers = count()
        self._commands: list[tuple[str, Command]] = []
        self._facts: list[Fact] = []
        self.is_closing = False
        self._configure(None)

    # The five verbs.

    def handle(self, node: str, event: Event, now_us: int) -> None:
        self.now_us = now_us
        is_stamped = event.at_us and type(event) not in OURS
        self.when_us = self.stamps[node].ours(event.at_us, now_us) if is_stamped else now_us
        HANDLERS[type(event)](self, node, event)

    def next_deadline(self) -> int | None:
        return self.timers.next_us()

    def on_deadline(self, now_us: int) -> None:
        self.now_us = self.when_us = now_us
        while (act := self.timers.pop_due(now_us)) is not None:
            act()

    def take_commands(self) -> list[tuple[str, Command]]:
        self.notes.write()
        commands, self._commands = self._commands, []
        return commands

    def take_facts(self) -> list[Fact]:
        self.notes.write()
        facts, self._facts = self._facts, []
        return facts

    # For people.

    def order(self, request: Mapping[str, Any], now_us: int) -> dict[str, Any]:
        """What a person asks for. Raises BadRequest, UnknownName; then nothing has changed."""
        self.now_us = self.when_us = now_us
        return self.orders.do(request)

    def view(self, now_us: int) -> dict[str, Any]:
        return view(self, now_us)

    @property
    def is_waited_on(self) -> bool:
        """A caller or an agent waits on what the switch says next."""
        return bool(self._needy)

    # Life.

    def recall(self, notes: Mapping[str, Fields], died_us: int, now_us: int) -> None:
        """Before any switch is there: what the process before us noted, last alive at `died_us`."""
        self.now_us = self.when_us = now_us
        self.recovery.recall(notes, died_us)

    def _configure(self, expected: Expected | None) -> None:
        config = self.config
        self.book = Book(config)
        self.calendars = {
            name: Calendar(calendar, config.site.timezone, f"calendars.{name}")
            for name, calendar in config.calendars.items()
        }
        before, self.splits = self.splits, {}
        for name, settings in config.splits.items():
            split = Split([way.share for way in settings.ways])
            kept = before.get(name)  # the same shares go on where they were
            self.splits[name] = kept if kept and kept.shares == split.shares else split
        self.expected = Expected(config, expected)
        self.relations.configure()
        self.agents.take_on()

    def reload(self, config: Config, now_us: int) -> None:
        """A new configuration, already checked; calls stay where they are."""
        self.now_us = self.when_us = now_us
        self.config = config
        for name in config.switch:
            self.nodes.setdefault(name, (False, now_us, "not connected yet"))
        self.matching.is_paused = True
        self.agents.let_go()
        self.acd.configure(config, frozenset(self.sites.evacuated))
        self._configure(self.expected)
        self.queues.reconfigure()
        self.matching.is_paused = self.is_closing
        self.matching.for_everybody()

    def renew(self, now_us: int) -> None:
        """The router begins anew, and tells its listener everything from the beginning."""
        self.now_us = self.when_us = now_us
        self.acd.renew()
        self.matching.for_reserves()

    def close_down(self, now_us: int) -> None:
        """No new offers; phones stop ringing; waiting callers are left to the switch's fallback."""
        self.now_us = self.when_us = now_us
        self.is_closing = self.matching.is_paused = True
        for agent in self.agents.by_id.values():
            if agent.offer is not None and agent.offer.state is OfferState.RINGING:
                self.offers.take_back(agent.offer, stays=True)
            self.wrap_ups.end(agent)
        for contact in list(self.contacts.values()):
            if contact.fallback_timer is not None:
                contact.fallback_timer.cancel()
            if contact.needs_us and contact.state is not CallState.ENDING:
                self.command(contact.node, ArmFallback(contact.id, 1))
        self.agents.close_intervals()

    # What the nouns use.

    def command(self, node: str, command: Command) -> None:
        self._commands.append((node, command))

    def tell(self, fact: Fact) -> None:
        self._facts.append(fact)

    def follows(self, node: str, told_us: int) -> None:
        """This event comes of what we told the switch then: stamped earlier, its clock is behind.

        Else rows begun by our clock and ended by the switch's would overlap, or have no length.
        """
        if self.when_us < told_us:
            self.stamps[node].is_behind(told_us - self.when_us)
            self.when_us = told_us

    def next_number(self) -> int:
        return next(self._numbers)

    @property
    def home_node(self) -> str:
        """The switch on which agents' own legs live."""
        return next(iter(self.config.switch), "")

    def is_up(self, node: str) -> bool:
        return self.nodes.get(node, (False, 0, ""))[0]

    def dial_string(self, node: str, agent: Agent) -> str:
        domain = self.config.switch[node].agent_domain
        return agent.settings.contact or f"user/{agent.id}@{domain}"

    def answer(self, contact: Contact) -> None:
        if not contact.is_answered:
            contact.is_answered = True
            self.command(contact.node, Answer(contact.id))

    def arm(self, contact: Contact) -> None:
        """While we serve him the switch's own fallback is put off, again and again."""
        after_s = self.config.switch[contact.node].fallback_s
        if contact.is_over:
            return
        if not after_s:  # not wanted; but the dialplan has armed one of its own
            self.command(contact.node, DisarmFallback(contact.id))
            return
        self.command(contact.node, ArmFallback(contact.id, after_s))
        if contact.fallback_timer is not None:
            contact.fallback_timer.cancel()
        due_us = self.now_us + after_s * 500_000  # at half time
        contact.fallback_timer = self.timers.at(due_us, lambda: self.arm(contact))

    def disarm(self, contact: Contact) -> None:
        if contact.fallback_timer is not None:
            contact.fallback_timer.cancel()
            contact.fallback_timer = None
        self.command(contact.node, DisarmFallback(contact.id))

    def add(self, contact: Contact) -> None:
        contact.needy, contact.changed = self._needy, self.notes.calls
        self.notes.calls.add(contact.id)
        if contact.needs_us:
            self._needy.add(contact.id)
        self.contacts[contact.id] = contact
        self.callers_on[contact.node] += 1
        self.contact_of[contact.number] = contact
        self.tell(
            News(
                "arrived",
                self.now_us,
                {
                    "contact": contact.id,
                    "calling": contact.calling,
                    "calling_name": contact.calling_name,
                    "called": contact.called,
                },
            )
        )

    def agent_left(self, contact: Contact, by_phone: bool) -> None:
        """The agent's side is over; the caller's leg ends next, or comes back transferred."""
        if contact.is_over or not contact.is_talking:
            return
        contact.become(CallState.PARTING)
        if by_phone and contact.ended_by is EndedBy.UNKNOWN:
            contact.ended_by = EndedBy.AGENT
        due_us = self.now_us + PARTING_S * 1_000_000
        contact.parting_timer = self.timers.at(due_us, lambda: self._part_with(contact))

    def _part_with(self, contact: Contact) -> None:
        contact.parting_timer = None
        self.command(contact.node, Hangup(contact.id))

    def close(self, contact: Contact, cause: str) -> None:
        """The caller's leg is gone: settle everything and write the row."""
        if contact.is_over:
            return
        if contact.offer is not None:
            if contact.offer.state is OfferState.BRIDGED:
                self.offers.caller_left(contact.offer)
            else:
                self.offers.take_back(contact.offer)
        self.voicemail.close(contact)
        self.ivr.leave(contact, LegResult.DONE)
        is_promised = contact.outcome is Outcome.CALLBACK  # to hang up is no abandonment then
        self.queues.close_stay(contact, LegResult.LEFT if is_promised else LegResult.ABANDONED)
        self.recordings.close(contact)
        for timer in (contact.fallback_timer, contact.parting_timer):
            if timer is not None:
                timer.cancel()
        self.after_speech.pop(contact.last_words, None)
        del self.contacts[contact.id]
        self.callers_on[contact.node] -= 1
        del self.contact_of[contact.number]
        contact.become(CallState.ENDED)
        self.recovery.has_closed(contact)
        self.tell(contact.closed(self.when_us, cause))
        self.tell(
            News(
                "ended",
                self.now_us,
                {"contact": contact.id, "outcome": contact.final_outcome().name.lower()},
            )
        )
