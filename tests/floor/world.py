"""A virtual world that can lose its link, and the laws that must hold in it at every instant."""

from collections import Counter

from ccore.config import Config
from ccore.esl import job_of
from ccore.floor.contact import CallState, Contact
from ccore.floor.stamps import LATE_US
from ccore.model import (
    AgentInterval,
    AgentState,
    ContactClosed,
    EndedBy,
    JobDone,
    LegClosed,
    LegKind,
    LinkDown,
    Outcome,
)
from ccore.routing.replay import encode, read, replay
from ccore.routing.shadow import Shadow
from tests.book.virtual import COMMANDS, EVENTS, NODE, START_US, VirtualWorld
from tests.floor.random_centre import nobody

__all__ = ["Centre"]

_WITH_OFFER = {
    CallState.RINGING: {"ringing", "answered"},
    CallState.BRIDGING: {"answered"},
    CallState.TALKING: {"bridged"},
    CallState.HELD: {"bridged"},
}
_QUEUED = (CallState.WAITING, CallState.RINGING, CallState.BRIDGING)


class Centre(VirtualWorld):
    def __init__(self, config: Config, seed: int) -> None:
        self.is_cut = False
        self.log: list[bytes] = []  # what the router was told, since it was last made anew
        super().__init__(nobody(), config, seed)
        self.renew()

    def renew(self) -> None:
        """A new segment of the decision log begins."""
        self.log.clear()
        self.floor.acd.hear = lambda said: self.log.append(encode(said))
        self.floor.renew(self._now_us)
        self._settle()

    # A link that breaks.

    def cut(self) -> None:
        self.is_cut = True
        for connection in (EVENTS, COMMANDS):
            self.switch.disconnect(connection, self._now_us)
        self.link.closed()
        self.floor.handle(NODE, LinkDown(self._now_us, "cut"), self._now_us)
        self._settle()

    def mend(self) -> None:
        self.is_cut = False
        self._log_in()
        self._settle()

    def reload(self, config: Config) -> None:
        self.floor.reload(config, self._now_us)
        self._settle()

    def _settle(self) -> None:
        rounds = 0
        while True:
            moved = False
            for _, command in self.floor.take_commands():
                job = job_of(command)
                if self.link.is_up:
                    self.link.send(command, self._now_us)
                elif job:
                    moved = True
                    event = JobDone(job, self._now_us, False, "LINK_DOWN")
                    self.floor.handle(NODE, event, self._now_us)
            if not self.is_cut:
                moved |= self._exchange()
            self._take()
            self.check()
            rounds += 1
            assert rounds < 1_000, "the floor and the switch talk without end at one instant"
            if not moved:
                return

    def _exchange(self) -> bool:
        moved = False
        for connection, data in (
            (EVENTS, self.link.take_event_bytes()),
            (COMMANDS, self.link.take_command_bytes()),
        ):
            if data:
                moved = True
                self.switch.receive(connection, data, self._now_us)
        for connection, data in self.switch.take_output():
            moved = True
            self._handle(self._read(connection, data))
        self._handle(self.link.take_events())
        return moved

    # What must hold at every instant.

    def check(self) -> None:
        floor = self.floor
        calls = list(floor.contacts.values())
        assert {c.number: c for c in calls} == floor.contact_of
        for contact in calls:
            self._check_contact(contact)
        if calls:
            floor.view(self._now_us)
        for agent in floor.agents.by_id.values():
            busy = agent.state in (
                AgentState.RESERVED,
                AgentState.RINGING,
                AgentState.TALKING,
                AgentState.HOLDING,
            )
            assert busy == (agent.offer is not None), f"{agent.id} {agent.state} {agent.offer}"
            assert (agent.state is AgentState.WRAPUP) == (agent.id in floor.wrap_ups.contact_of)
            assert agent.offer is None or agent.offer.agent is agent
        ready = [a for a in floor.agents.by_id.values() if a.state is AgentState.READY]
        assert floor.acd.router.idle() == len(ready), "idle in the router, ready on the floor"
        waiting = [c for c in calls if c.state is CallState.WAITING]
        assert floor.acd.router.waiting() == len(waiting), "waiting in the router and on the floor"
        if floor.is_up(NODE):
            for contact in waiting:
                stay = contact.stay
                for agent in ready:
                    fits = stay.only in ("", agent.id) and floor.acd.desk.serves(
                        agent.id, stay.need
                    )
                    assert not fits, f"{contact.id[:8]} waits while {agent.id} is ready"

    def _check_contact(self, contact: Contact) -> None:
        offer, state = contact.offer, contact.state
        expected = _WITH_OFFER.get(state, set())
        assert (offer is not None) == bool(expected), f"{contact.id[:8]} {state} {offer}"
        if offer is not None:
            assert offer.state.value in expected
            assert offer.contact is contact
            assert offer.agent.offer is offer
        assert (contact.stay is not None) == (state in _QUEUED)
        if contact.stay is not None:
            assert self.floor.queues.members[contact.stay.queue][contact.id] is contact
        assert (contact.visit is not None) >= (state is CallState.IVR)
        assert (contact.id in self.floor.voicemail.messages) == (state is CallState.VOICEMAIL)

    # What must hold when everybody has gone.

    def check_empty(self) -> None:
        floor = self.floor
        assert not floor.contacts, f"left: {[c.state for c in floor.contacts.values()]}"
        for name, left in {
            "after_speech": floor.after_speech,
            "offers.by_leg": floor.offers.by_leg,
            "offers.by_job": floor.offers.by_job,
            "wrap_ups.contact_of": floor.wrap_ups.contact_of,
            "messages": floor.voicemail.messages,
            "features.by_leg": floor.features.by_leg,
            "others.by_leg": floor.others.by_leg,
            "nails.by_leg": floor.nails.by_leg,
            "nails.by_job": floor.nails.by_job,
        }.items():
            assert not left, f"left in {name}: {list(left)}"
        assert not any(floor.queues.members.values())
        assert floor.next_deadline() is None
        assert not self.switch.core.legs, [
            (leg.phone, leg.state) for leg in self.switch.core.legs.values()
        ]
        self._check_facts()
        for plain in (False, True):
            outcome = replay(read(self.log), plain=plain)
            assert outcome.is_same, outcome
            assert outcome.recorded == outcome.replayed
        shadow = Shadow(self.floor.config)
        shadow.follow(read(self.log))
        assert shadow.said == len(self.log)

    def _check_facts(self) -> None:
        closed = [f for f in self.facts if isinstance(f, ContactClosed)]
        twice = [id_ for id_, n in Counter(f.contact for f in closed).items() if n > 1]
        assert not twice, f"more than one record of {twice}"
        known = {f.contact: f for f in closed}
        legs: dict[str, list[LegClosed]] = {f.contact: [] for f in closed}
        for fact in self.facts:
            if isinstance(fact, LegClosed):
                assert fact.contact in known
                assert START_US - LATE_US <= fact.start_us <= fact.end_us <= self._now_us, fact
                legs[fact.contact].append(fact)
        for contact in closed:
            _check_row(contact, legs[contact.contact])
        intervals: dict[str, list[AgentInterval]] = {}
        for fact in self.facts:
            if isinstance(fact, AgentInterval):
                intervals.setdefault(fact.agent, []).append(fact)
        for mine in intervals.values():
            for before, after in zip(mine, mine[1:], strict=False):
                assert before.end_us <= after.start_us, f"{before} {after}"
            assert all(i.start_us < i.end_us for i in mine)
        self._check_times_of_agents(intervals, legs)

    def _check_times_of_agents(
        self, intervals: dict[str, list[AgentInterval]], legs: dict[str, list[LegClosed]]
    ) -> None:
        """No agent talks to two callers at a time."""
        talks: dict[str, list[LegClosed]] = {}
        for rows in legs.values():
            for leg in rows:
                if leg.kind is LegKind.TALK:
                    talks.setdefault(leg.agent, []).append(leg)
        for mine in talks.values():
            mine.sort(key=lambda leg: (leg.start_us, leg.end_us))
            for before, after in zip(mine, mine[1:], strict=False):
                assert before.end_us <= after.start_us, f"{before}\n{after}"


def _check_row(row: ContactClosed, legs: list[LegClosed]) -> None:
    def sum_ms(kind: LegKind) -> int:
        return sum((leg.end_us - leg.start_us) // 1000 for leg in legs if leg.kind is kind)

    assert (row.outcome is Outcome.ANSWERED) == bool(row.answered_us), row
    assert row.ended_by is not EndedBy.UNKNOWN, row
    assert row.ivr_ms == sum_ms(LegKind.IVR), row
    assert row.wait_ms == sum_ms(LegKind.QUEUE), row
    assert row.ring_ms == sum_ms(LegKind.RING), row
    assert row.hold_ms == sum_ms(LegKind.HOLD), row
    assert row.talk_ms == max(0, sum_ms(LegKind.TALK) - row.hold_ms), row
    assert row.talk_ms + row.hold_ms - sum_ms(LegKind.TALK) in (0, 1), row
    assert row.ring_ms <= row.wait_ms, row
    length_ms = (row.ended_us - row.arrived_us) // 1000
    assert row.ivr_ms + row.wait_ms + row.talk_ms + row.hold_ms <= length_ms, (length_ms, row)
    assert row.offers == sum(leg.kind is LegKind.RING for leg in legs), row
    if row.outcome is Outcome.ABANDONED:
        assert row.queued_us, row
    if row.ended_by is EndedBy.AGENT:
        assert row.answered_us, row
