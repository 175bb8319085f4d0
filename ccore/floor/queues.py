"""Waiting: music, announcements, the way out by digit, the longest wait, the full queue.

A caller stays in the router from entering to bridge or leaving, offers in between do not move him.
He is never asked to press a key to be kept.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccore.config.schema import Queue
from ccore.floor.agents import Agent
from ccore.floor.contact import CallState, Contact
from ccore.floor.timers import Timer
from ccore.model import AgentState, LegKind, LegResult, News, Outcome, Play, PlayMusic, StopPlaying
from ccore.prompts.phrases import files, position, wait

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["AGENT_QUEUE", "Counts", "Queues", "Stay"]

AGENT_QUEUE = "agent:"  # prefix of the queue that a call for one agent waits in
# A call for one agent waits this long while he is busy, then hangs up: a ring or two of talk.
FOR_ONE_AGENT = Queue(max_wait_s=60, ring_s=20)

_WORTH_WAITING = frozenset(
    {
        AgentState.READY,
        AgentState.RESERVED,
        AgentState.RINGING,
        AgentState.TALKING,
        AgentState.HOLDING,
        AgentState.WRAPUP,
    }
)


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
    need: int
    entered_us: int
    only: str = ""  # the agent he waits for, and no other
    is_overdue: bool = False  # the longest wait ended while a phone rang
    speech: str = ""  # app id of the announcement being said
    announce: Timer | None = None
    limit: Timer | None = None
    widen: Timer | None = None

    def cancel(self) -> None:
        for timer in (self.announce, self.limit, self.widen):
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
        is_full = settings.max_waiting and len(self.waiting_in(queue)) >= settings.max_waiting
        if is_full and not entered_us:  # nobody who was in loses his place
            contact.outcome = Outcome.BLOCKED
            self._turn_away(contact, settings)
            return
        if queue.startswith(AGENT_QUEUE):
            need = floor.desk.need_of_agent(queue.removeprefix(AGENT_QUEUE))
        else:
            need = floor.desk.need(queue, contact.language, contact.territory_skill)
        entered_us = entered_us or floor.when_us
        stay = Stay(queue, settings, need, entered_us)
        contact.stay, contact.queue, contact.outcome = stay, queue, None
        contact.become(CallState.WAITING)
        contact.queued_us = contact.queued_us or entered_us
        self.count(queue).offered += 1
        self.waiting_in(queue)[contact.id] = contact
        floor.tell(News("waiting", floor.now_us, {"contact": contact.id, "queue": queue}))
        preferred = self._preferred(contact, stay)
        floor.router.call_waiting(
            contact.number,
            need,
            contact.queued_us if not contact.answered_us else entered_us,
            credit_us=(contact.priority + settings.credit_s) * 1_000_000,
            weight=settings.ageing,
            only=preferred.number if preferred else -1,
        )
        # Answered and with music first: a nailed-up agent is bridged to him in the same breath.
        floor.answer(contact)
        floor.command(contact.node, PlayMusic(contact.id, settings.music))
        self._set_timers(contact, stay)
        floor.offers.for_call(contact)

    def _turn_away(self, contact: Contact, settings: Queue) -> None:
        floor = self.floor
        if settings.full == "hangup":
            prompt = settings.full_prompt or "queue_full"
            floor.entry.say_and_hang_up(contact, prompt)
        else:
            floor.entry.go(contact, settings.full)

    def _set_timers(self, contact: Contact, stay: Stay) -> None:
        timers, now_us, settings = self.floor.timers, self.floor.now_us, stay.settings
        if settings.max_wait_s:
            due_us = stay.entered_us + settings.max_wait_s * 1_000_000
            stay.limit = timers.at(due_us, lambda: self._waited_longest(contact, stay))
        if settings.announce_every_s:
            due_us = now_us + settings.announce_every_s * 1_000_000
            stay.announce = timers.at(due_us, lambda: self._announce(contact, stay))
        if stay.only:
            due_us = now_us + settings.last_agent_s * 1_000_000
            stay.widen = timers.at(due_us, lambda: self._widen(contact, stay))

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
                if stay is None or stay.queue.startswith(AGENT_QUEUE):
                    continue
                if stay.queue not in floor.config.queues:
                    if contact.state is CallState.WAITING:  # its queue is gone
                        self.redirect(contact, "hangup")
                    continue
                stay.cancel()
                stay.settings = floor.config.queues[stay.queue]
                stay.need = floor.desk.need(stay.queue, contact.language, contact.territory_skill)
                floor.router.change_need(contact.number, stay.need)
                if stay.only and not self._is_worth_waiting(stay):
                    stay.only = ""
                    floor.router.widen(contact.number)
                self._set_timers(contact, stay)

    # The agent of the last call.

    def _preferred(self, contact: Contact, stay: Stay) -> Agent | None:
        """The agent he talked to last, if that one can be waited for; he becomes the only one."""
        floor, settings = self.floor, stay.settings
        if not settings.last_agent_s or not contact.calling:
            return None
        known = floor.last_agents.get((floor.caller_key(contact.calling), stay.queue))
        if known is None or floor.now_us - known[1] > settings.last_agent_memory_s * 1_000_000:
            return None
        stay.only = known[0]
        if not self._is_worth_waiting(stay):
            stay.only = ""
            return None
        return floor.agents.by_id[stay.only]

    def _is_worth_waiting(self, stay: Stay) -> bool:
        """He who is waited for is at work, and would be given the call."""
        agent = self.floor.agents.by_id.get(stay.only)
        return (
            agent is not None
            and agent.state in _WORTH_WAITING
            and agent.wish is None
            and self.floor.desk.serves(agent.id, stay.need)
        )

    def _widen(self, contact: Contact, stay: Stay) -> None:
        """Not that agent any more: anyone who can."""
        if contact.stay is not stay or not stay.only:
            return
        stay.only = ""
        self.floor.router.widen(contact.number)
        if contact.state is CallState.WAITING:
            self.floor.offers.for_call(contact)

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
            place = floor.router.position(contact.number, floor.now_us)
            said += position(floor.config, place, contact.language)
        if settings.announce_wait:
            expected_ms = self.expected_ms(contact)
            if expected_ms is not None:
                minutes = max(1, -(-expected_ms // 60_000))
                said += wait(floor.config, minutes, contact.language)
        if said and contact.state in (CallState.WAITING, CallState.RINGING):
            stay.speech = floor.new_id()
            floor.command(contact.node, Play(contact.id, tuple(said), stay.speech))
        due_us = floor.now_us + settings.announce_every_s * 1_000_000
        stay.announce = floor.timers.at(due_us, lambda: self._announce(contact, stay))

    def expected_ms(self, contact: Contact) -> int | None:
        """How much longer he is likely to wait; None when nobody is there to take him."""
        stay = contact.stay
        assert stay is not None
        place = self.floor.router.position(contact.number, self.floor.now_us)
        return self.floor.expected.ms(stay.queue, place, self._staffed(stay.need))

    def _staffed(self, need: int) -> int:
        return sum(
            1
            for agent in self.floor.agents.by_id.values()
            if agent.state in _WORTH_WAITING and self.floor.desk.serves(agent.id, need)
        )

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
        if stay.is_overdue:
            self._waited_longest(contact, stay)
        elif contact.state is CallState.WAITING:
            self.floor.offers.for_call(contact)

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
            floor.router.call_gone(contact.number)
        counts = self.count(stay.queue)
        waited_us = floor.when_us - stay.entered_us
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
