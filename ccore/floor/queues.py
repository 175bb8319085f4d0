"""Waiting: music, announcements, the way out by digit, the longest wait, the full queue.

A caller stays in the router from entering to bridge or leaving, offers in between do not move him.
He is never asked to press a key to be kept.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccore.config import Config
from ccore.config.demand import Caller
from ccore.config.schema import Queue
from ccore.floor.agent import Agent
from ccore.floor.contact import CallState, Contact
from ccore.floor.timers import Timer
from ccore.model import LegKind, LegResult, News, Outcome, Play, PlayMusic, StopPlaying
from ccore.prompts.phrases import files, position, wait
from ccore.routing.case import Case
from ccore.routing.widening import Widening

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["AGENT_QUEUE", "Counts", "Queues", "Stay"]

AGENT_QUEUE = "agent:"  # prefix of the queue that a call for one agent waits in
# A call for one agent waits this long while he is busy, then hangs up: a ring or two of talk.
FOR_ONE_AGENT = Queue(max_wait_s=60, ring_s=20)


@dataclass(slots=True)
class Counts:
    """What happened in a queue since the daemon started."""

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    overflowed: int = 0
    within: int = 0  # answered within the service level's time


@dataclass(slots=True)
class Stay:
    """One caller in one queue."""

    queue: str
    settings: Queue
    case: Case  # what the router knows of him
    entered_us: int
    is_overdue: bool = False  # the longest wait ended while a phone rang
    speech: str = ""  # app id of the announcement being said
    announce: Timer | None = None
    limit: Timer | None = None
    widen: Timer | None = None  # ends the wait for his last agent
    grow: Timer | None = None  # the next step of those who may be asked

    @property
    def need(self) -> int:
        return self.case.need

    @property
    def only(self) -> str:
        return self.case.only

    @property
    def is_personal(self) -> bool:
        """A call for one agent in person: nobody else will do."""
        return self.queue.startswith(AGENT_QUEUE)

    def is_there(self, config: Config) -> bool:
        """A reload may have taken it away."""
        if self.is_personal:
            return self.queue.removeprefix(AGENT_QUEUE) in config.agents
        return self.queue in config.queues

    def cancel(self) -> None:
        for timer in (self.announce, self.limit, self.widen, self.grow):
            if timer is not None:
                timer.cancel()


class Queues:
    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.counts: dict[str, Counts] = {}
        self.members: dict[str, dict[str, Contact]] = {}  # queue -> contact id -> contact

    def settings(self, queue: str) -> Queue:
        if queue.startswith(AGENT_QUEUE):
            return FOR_ONE_AGENT
        return self.floor.config.queues[queue]

    def count(self, queue: str) -> Counts:
        return self.counts.setdefault(queue, Counts())

    def waiting_in(self, queue: str) -> dict[str, Contact]:
        return self.members.setdefault(queue, {})

    # Coming.

    def join(self, contact: Contact, queue: str, *, entered_us: int = 0) -> None:
        """Put the caller at his place in a queue, or where a full queue sends him."""
        floor = self.floor
        settings = self.settings(queue)
        if not entered_us and self._is_full(queue, settings):  # nobody who was in loses his place
            contact.outcome = Outcome.BLOCKED
            self._turn_away(contact, settings)
            return
        entered_us = entered_us or floor.when_us
        contact.queued_us = contact.queued_us or entered_us
        personal = queue.removeprefix(AGENT_QUEUE) if queue.startswith(AGENT_QUEUE) else ""
        case = Case(
            contact=contact.id,
            queue="" if personal else queue,
            caller=Caller(contact.language, contact.territory_skill, contact.wants),
            entered_us=contact.queued_us if not contact.answered_us else entered_us,
            joined_us=entered_us,
            credit_s=contact.priority,
            only=personal,
        )
        stay = Stay(queue, settings, case, entered_us)
        contact.stay, contact.queue, contact.outcome = stay, queue, None
        contact.step = 0
        contact.become(CallState.WAITING)
        self.count(queue).offered += 1
        self.waiting_in(queue)[contact.id] = contact
        floor.tell(News("waiting", floor.now_us, {"contact": contact.id, "queue": queue}))
        if not personal:
            case.need = floor.acd.desk.need(queue, case.caller)
            case.only = floor.relations.preferred(contact, stay)
        floor.acd.enter(contact.number, case)
        # Answered and with music first: a nailed-up agent is bridged to him in the same breath.
        floor.answer(contact)
        floor.command(contact.node, PlayMusic(contact.id, settings.music))
        self._set_timers(contact, stay)
        floor.matching.for_call(contact)
        floor.matching.for_reserves()

    def _is_full(self, queue: str, settings: Queue) -> bool:
        """Callers on a switch that is away take no places."""
        members = self.waiting_in(queue).values()
        if not 0 < settings.max_waiting <= len(members):
            return False
        return sum(self.floor.is_up(one.node) for one in members) >= settings.max_waiting

    def _turn_away(self, contact: Contact, settings: Queue) -> None:
        prompt = settings.full_prompt or "queue_full"
        self.floor.entry.go(contact, settings.full, prompt)

    def _set_timers(self, contact: Contact, stay: Stay) -> None:
        timers, now_us, settings = self.floor.timers, self.floor.now_us, stay.settings
        if settings.max_wait_s:
            due_us = stay.entered_us + settings.max_wait_s * 1_000_000
            stay.limit = timers.at(due_us, lambda: self._waited_longest(contact, stay))
        if settings.announce_every_s:
            due_us = now_us + settings.announce_every_s * 1_000_000
            stay.announce = timers.at(due_us, lambda: self._announce(contact, stay))
        if stay.only and not stay.is_personal:
            due_us = now_us + settings.last_agent_s * 1_000_000
            stay.widen = timers.at(due_us, lambda: self._widen(contact, stay))
        if not stay.is_personal:
            self._grow(contact, stay)

    def parked_again(self, contact: Contact) -> None:
        """A bridge that failed left him in silence."""
        stay = contact.stay
        if stay is not None:
            self.floor.arm(contact)
            self.floor.command(contact.node, PlayMusic(contact.id, stay.settings.music))

    def reconfigure(self) -> None:
        """A new configuration: who waits follows it at once, keeping his place and clock.

        First everybody's needs change, then offers are made: nobody is judged by an old need.
        """
        floor = self.floor
        for members in self.members.values():
            for contact in list(members.values()):
                stay = contact.stay
                if stay is None or (stay.is_personal and stay.is_there(floor.config)):
                    continue
                if not stay.is_there(floor.config):
                    if contact.state is CallState.WAITING:  # its queue is gone
                        self.redirect(contact, "hangup")
                    continue
                stay.cancel()
                stay.settings = floor.config.queues[stay.queue]
                if stay.only and not floor.relations.is_worth_waiting(stay.only, stay.need):
                    floor.acd.widen(contact.number)
                self._set_timers(contact, stay)

    # Who may have him.

    def _grow(self, contact: Contact, stay: Stay) -> bool:
        """Let in whom the time he has waited lets in; has that changed anything?"""
        floor, case = self.floor, stay.case
        if not stay.is_there(floor.config):  # gone in a reload, while a phone rings
            return False
        widening = floor.acd.desk.widening(stay.queue, case.caller.language)
        waited_us = floor.now_us - stay.entered_us
        reach = widening.grown(case.reach, waited_us, self._awaited_ms(contact, stay, widening))
        has_grown = reach != case.reach
        if has_grown:
            is_wider = reach.widened > case.reach.widened
            floor.acd.grow(contact.number, reach)
            contact.step = reach.widened
            if is_wider:
                self._tell_widened(contact, stay)
        next_s = widening.next_s(reach, waited_us)
        if next_s is not None:
            due_us = stay.entered_us + round(next_s * 1_000_000)
            stay.grow = floor.timers.at(
                max(due_us, floor.now_us), lambda: self._grown(contact, stay)
            )
        return has_grown

    def _awaited_ms(self, contact: Contact, stay: Stay, widening: Widening) -> int | None:
        """His expected wait if nobody is let in, where the next step looks at it."""
        at = stay.case.reach.step
        if at < len(widening.steps) and widening.steps[at].wait_over_s:
            return self.floor.forecast.ms(contact, grows=False)
        return 0

    def _grown(self, contact: Contact, stay: Stay) -> None:
        is_his = contact.stay is stay
        if is_his and self._grow(contact, stay) and contact.state is CallState.WAITING:
            self.floor.matching.for_call(contact)

    def _tell_widened(self, contact: Contact, stay: Stay) -> None:
        reach, now_us = stay.case.reach, self.floor.now_us
        fields: dict[str, str | int] = {
            "contact": contact.id,
            "queue": stay.queue,
            "step": reach.step,
            "language_step": reach.rung,
        }
        self.floor.tell(News("widened", now_us, fields))

    def _widen(self, contact: Contact, stay: Stay) -> None:
        """Not that agent any more: anyone who can."""
        if contact.stay is not stay or not stay.only or stay.is_personal:
            return
        self.floor.acd.widen(contact.number)
        if contact.state is CallState.WAITING:
            self.floor.matching.for_call(contact)

    def agent_went_away(self, agent: Agent) -> None:
        """Nobody waits for an agent who is gone."""
        for members in self.members.values():
            for contact in [c for c in members.values() if c.stay and c.stay.only == agent.id]:
                assert contact.stay is not None
                self._widen(contact, contact.stay)

    # While he waits.

    def _announce(self, contact: Contact, stay: Stay) -> None:
        floor, settings = self.floor, stay.settings
        if contact.stay is not stay or not settings.announce_every_s:
            return
        said: list[str] = []
        if settings.announce:
            said += files(floor.config, settings.announce, contact.language)
        if settings.announce_position and contact.state is CallState.WAITING:
            said += position(floor.config, floor.forecast.place(contact), contact.language)
        if settings.announce_wait:
            expected_ms = floor.forecast.ms(contact)
            if expected_ms is not None:
                minutes = max(1, -(-expected_ms // 60_000))
                said += wait(floor.config, minutes, contact.language)
        if said and contact.state in (CallState.WAITING, CallState.RINGING):
            stay.speech = floor.new_id()
            floor.command(contact.node, Play(contact.id, tuple(said), stay.speech))
        due_us = floor.now_us + settings.announce_every_s * 1_000_000
        stay.announce = floor.timers.at(due_us, lambda: self._announce(contact, stay))

    def digit(self, contact: Contact, digit: str) -> None:
        """A digit leaves the queue only where the queue says so."""
        stay = contact.stay
        if stay is None or contact.state not in (CallState.WAITING, CallState.RINGING):
            return
        leave = stay.settings.leave
        if leave is not None and leave.digit == digit:
            self.leave(contact, LegResult.LEFT)
            contact.outcome = Outcome.LEFT
            self.floor.entry.go(contact, leave.to)

    def _waited_longest(self, contact: Contact, stay: Stay) -> None:
        if contact.stay is not stay:
            return
        if contact.state is not CallState.WAITING:
            stay.is_overdue = True  # a phone rings for him: let it; he leaves if nobody answers
            return
        self.leave(contact, LegResult.TIMED_OUT)
        contact.outcome = Outcome.OVERFLOWED
        self.floor.entry.go(contact, stay.settings.overflow)

    def redirect(self, contact: Contact, to: str) -> None:
        """A supervisor sends him elsewhere."""
        self.leave(contact, LegResult.OVERFLOWED)
        self.floor.entry.go(contact, to)

    def offer_failed(self, contact: Contact) -> None:
        """He is back at his place; the router has put him there already."""
        stay = contact.stay
        assert stay is not None
        if stay.only:
            self._widen(contact, stay)  # that agent did not take him
        if not stay.is_there(self.floor.config):
            self.redirect(contact, "hangup")  # gone in a reload, while the phone rang
        elif stay.is_overdue:
            self._waited_longest(contact, stay)
        elif contact.state is CallState.WAITING:
            self.floor.matching.for_call(contact)

    # Going.

    def leave(self, contact: Contact, result: LegResult) -> None:
        """Out of the queue for another way; the caller stays on the line, in silence."""
        if contact.offer is not None:
            self.floor.offers.take_back(contact.offer)
        self.close_stay(contact, result)
        contact.become(CallState.ARRIVING)
        self.floor.command(contact.node, StopPlaying(contact.id))

    def close_stay(self, contact: Contact, result: LegResult, agent: str = "") -> None:
        """The stretch in this queue is over, by whatever way."""
        stay = contact.stay
        if stay is None:
            return
        floor = self.floor
        contact.stay = None
        stay.cancel()
        self.waiting_in(stay.queue).pop(contact.id, None)
        if result is not LegResult.ANSWERED:
            floor.acd.leave(contact.number)
        counts = self.count(stay.queue)
        waited_us = floor.when_us - stay.entered_us
        gave_up = result is LegResult.ABANDONED
        floor.expected.waited(stay.queue, waited_us // 1000, gave_up=gave_up)
        if result is LegResult.ANSWERED:
            counts.answered += 1
            if waited_us <= stay.settings.service_level.within_s * 1_000_000:
                counts.within += 1
        elif result is LegResult.ABANDONED:
            counts.abandoned += 1
        else:
            counts.overflowed += 1
        floor.tell(
            contact.leg_closed(
                LegKind.QUEUE,
                result,
                stay.entered_us,
                floor.when_us,
                queue=stay.queue,
                agent=agent,
            )
        )
