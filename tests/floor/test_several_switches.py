"""One centre on several switches: what is out of reach holds up nobody else."""

from itertools import count
from random import Random

import msgspec
import pytest

from ccore.config import Config
from ccore.config.schema import Agent, Entry, Queue, Switch, Widening
from ccore.floor import Floor
from ccore.floor.contact import CallState
from ccore.floor.offer import OfferState
from ccore.model import (
    AgentState,
    Event,
    LegHungUp,
    LegParked,
    LegsBridged,
    LinkBusy,
    LinkDown,
    LinkFree,
    LinkUp,
    SwitchLeg,
)
from ccore.routing.replay import encode, read, replay
from ccore.routing.shadow import Shadow

NOON = 1_767_225_600_000_000
SECOND = 1_000_000
CONFIG = Config(
    switch={"east": Switch(host="10.0.0.1"), "west": Switch(host="10.0.0.2")},
    entries=(Entry(number="4001", to="queue:all"),),
    queues={"all": Queue(ring_s=30)},
    agents={"ann": Agent(), "bo": Agent(), "cy": Agent()},
)
GOES: list[tuple[Event, Event]] = [
    (LinkDown(NOON, "cut"), LinkUp(NOON, "core", [])),
    (LinkBusy(NOON), LinkFree(NOON)),
]


class Centre:
    def __init__(self, config: Config = CONFIG) -> None:
        ids = (f"id-{number}" for number in count())
        self.now_us = NOON
        self.log: list[bytes] = []
        self.floor = Floor(config, lambda: next(ids), NOON)
        self.floor.acd.hear = lambda said: self.log.append(encode(said))
        self.floor.renew(NOON)
        for node in CONFIG.switch:
            self.hear(node, LinkUp(NOON, node, []))

    def hear(self, node: str, event: Event) -> None:
        self.now_us += SECOND
        self.floor.handle(node, event, self.now_us)

    def call(self, node: str, leg: str) -> None:
        self.hear(node, LegParked(leg, self.now_us, "4001", "138", "", "ccore-inbound", False))

    def ready(self, agent: str) -> None:
        self.now_us += SECOND
        do = "agent.sign_in"
        self.floor.order({"do": do, "agent": agent}, self.now_us)

    def pass_s(self, seconds: int) -> None:
        end_us = self.now_us + seconds * SECOND
        while (due_us := self.floor.next_deadline()) is not None and due_us <= end_us:
            self.now_us = max(self.now_us, due_us)
            self.floor.on_deadline(self.now_us)
        self.now_us = end_us

    def back(self, node: str, event: Event) -> None:
        if isinstance(event, LinkUp):
            legs = [
                SwitchLeg(
                    one.id, one.arrived_us, "138", "4001", "ccore-inbound", one.is_answered, ""
                )
                for one in self.floor.contacts.values()
                if one.node == node
            ]
            event = LinkUp(self.now_us, node, legs)
        self.hear(node, event)

    def states(self) -> dict[str, CallState]:
        return {one.id: one.state for one in self.floor.contacts.values()}

    def check_log(self) -> None:
        """What was decided is decided again, by the engine and by its twin."""
        for plain in (False, True):
            assert replay(read(self.log), plain=plain).is_same
        shadow = Shadow(CONFIG)
        shadow.follow(read(self.log))
        assert all(verdict.different == 0 for verdict in shadow.verdicts.values())


RINGING, WAITING = CallState.RINGING, CallState.WAITING


@pytest.mark.parametrize(("gone", "back"), GOES)
def test_who_waits_on_a_switch_out_of_reach_keeps_his_place_and_holds_up_nobody(
    gone: Event, back: Event
) -> None:
    centre = Centre()
    for leg in ("east-1", "east-2"):
        centre.call("east", leg)
    centre.call("west", "west-1")
    centre.hear("east", gone)
    centre.ready("ann")
    assert centre.states() == {"east-1": WAITING, "east-2": WAITING, "west-1": RINGING}
    centre.ready("bo")
    assert centre.states() == {"east-1": WAITING, "east-2": WAITING, "west-1": RINGING}
    centre.call("west", "west-2")  # an agent is free for him, though others have waited longer
    assert centre.states()["west-2"] is RINGING
    centre.back("east", back)
    assert centre.states() == {
        "east-1": WAITING, "east-2": WAITING, "west-1": RINGING, "west-2": RINGING
    }  # fmt: skip
    centre.call("west", "west-3")
    centre.ready("cy")
    assert centre.states()["east-1"] is RINGING  # first come, first served again
    assert centre.states()["west-3"] is WAITING
    centre.check_log()


def test_callers_on_a_switch_that_is_away_fill_no_queue() -> None:
    small = {"all": Queue(max_waiting=3)}
    centre = Centre(msgspec.structs.replace(CONFIG, queues=small))
    for leg in ("east-1", "east-2", "east-3"):
        centre.call("east", leg)
    centre.call("west", "west-1")
    assert centre.states()["west-1"] is not WAITING  # full: three wait
    centre.hear("east", LinkDown(centre.now_us, "cut"))
    for leg in ("west-2", "west-3", "west-4", "west-5"):
        centre.call("west", leg)
    waits = [leg for leg, state in centre.states().items() if state is WAITING]
    assert waits == ["east-1", "east-2", "east-3", "west-2", "west-3", "west-4"]


@pytest.mark.parametrize(("gone", "back"), GOES)
def test_it_is_so_over_a_reload_a_new_log_and_a_hang_up(gone: Event, back: Event) -> None:
    centre = Centre()
    centre.call("east", "east-1")
    centre.call("east", "east-2")
    centre.hear("east", gone)
    centre.ready("ann")
    centre.floor.reload(CONFIG, centre.now_us)
    centre.log.clear()
    centre.floor.renew(centre.now_us)
    assert centre.states() == {"east-1": WAITING, "east-2": WAITING}
    centre.hear("east", LegHungUp("east-1", centre.now_us, "ORIGINATOR_CANCEL", by_phone=True))
    centre.call("west", "west-1")
    assert centre.states() == {"east-2": WAITING, "west-1": RINGING}
    centre.call("east", "east-3")  # its events are still heard while it is behind with ours
    centre.ready("bo")
    assert WAITING is centre.states()["east-2"]
    centre.back("east", back)
    assert centre.states() == {"east-2": RINGING, "east-3": WAITING, "west-1": RINGING}
    centre.check_log()


def test_who_answered_as_the_switch_went_away_is_found_talking_when_it_is_back() -> None:
    centre = Centre()
    centre.ready("ann")
    centre.call("east", "east-1")
    (phone,) = centre.floor.offers.by_leg
    told = {"contact": "east-1", "agent": "ann"}
    at_us = centre.now_us
    centre.hear("east", LegParked(phone, at_us, "", "", "", "ccore-agents", True, told))
    centre.hear("east", LinkDown(centre.now_us, "cut"))  # the bridge came about; nobody told us
    centre.pass_s(30)
    centre.call("west", "west-1")
    assert centre.states() == {"east-1": CallState.BRIDGING, "west-1": WAITING}
    legs = [
        SwitchLeg("east-1", at_us, "138", "4001", "ccore-inbound", True, phone),
        SwitchLeg(phone, at_us, "", "", "ccore-agents", True, "east-1", told),
    ]
    centre.hear("east", LinkUp(centre.now_us, "east", legs))
    assert centre.states() == {"east-1": CallState.TALKING, "west-1": WAITING}
    centre.check_log()


def test_whose_phone_rang_as_the_switch_went_away_is_free_for_others_and_not_to_blame() -> None:
    centre = Centre()
    centre.ready("ann")
    centre.call("east", "east-1")
    centre.hear("east", LinkDown(centre.now_us, "cut"))
    centre.pass_s(40)
    assert centre.states() == {"east-1": WAITING}
    agent = centre.floor.agents.by_id["ann"]
    assert (agent.state, agent.failures) == (AgentState.READY, {})
    centre.call("west", "west-1")
    assert centre.states() == {"east-1": WAITING, "west-1": RINGING}
    centre.check_log()


class Story:
    """Random traffic on both switches; what is out of reach, and when, is random too."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        steps = (Widening(after_s=20, drop=("gold",)),)
        gold = Queue(skills={"gold": 1}, steps=steps, ring_s=20, last_agent_s=10)
        queues = {"all": Queue(ring_s=20), "gold": gold}
        entries = tuple(Entry(number=name, to=f"queue:{name}") for name in queues)
        agents = {"ann": Agent(), "bo": Agent(skills={"gold": 3}), "cy": Agent()}
        self.centre = Centre(
            msgspec.structs.replace(CONFIG, queues=queues, entries=entries, agents=agents)
        )
        self.legs = count()
        for agent in agents:
            self.centre.ready(agent)

    def step(self) -> None:
        centre, rng = self.centre, self.rng
        floor, node = centre.floor, rng.choice(list(CONFIG.switch))
        is_up, at_us = floor.is_up(node), centre.now_us
        here = [one for one in floor.contacts.values() if one.node == node]
        offers = [one for one in floor.offers.by_leg.values() if one.contact.node == node]
        match rng.randrange(9):
            case 0 | 1 | 2 if is_up and len(here) < 6:
                leg = f"{node}-{next(self.legs)}"
                called = rng.choice(["all", "gold"])
                centre.hear(node, LegParked(leg, at_us, called, "138", "", "ccore-inbound", False))
            case 3 if is_up and here:
                caller = rng.choice(here)
                centre.hear(node, LegHungUp(caller.id, at_us, "ORIGINATOR_CANCEL", True))
            case 4 | 5 if is_up and offers:
                offer = rng.choice(offers)
                told = {"contact": offer.contact.id, "agent": offer.agent.id}
                if offer.state is OfferState.RINGING:
                    parked = LegParked(offer.leg, at_us, "", "", "", "ccore-agents", True, told)
                    centre.hear(node, parked)
                elif offer.state is OfferState.ANSWERED:
                    centre.hear(node, LegsBridged(offer.contact.id, at_us, offer.leg))
                else:
                    centre.hear(node, LegHungUp(offer.leg, at_us, "NORMAL_CLEARING", True))
            case 6 if is_up:
                events = (LinkDown(at_us, "cut"), LinkBusy(at_us), LinkFree(at_us))
                centre.hear(node, rng.choice(events))
            case 6:
                centre.hear(node, LinkUp(at_us, node, self.channels(node)))
            case 7:
                centre.pass_s(rng.choice([1, 5, 25]))
            case 8 if rng.random() < 0.2:
                centre.log.clear()
                floor.renew(centre.now_us)
        self.check()

    def channels(self, node: str) -> list[SwitchLeg]:
        found = []
        for one in self.centre.floor.contacts.values():
            if one.node == node:
                offer = one.offer
                is_bridged = offer is not None and offer.state is OfferState.BRIDGED
                other = offer.leg if offer is not None and is_bridged else ""
                in_ = "ccore-inbound"
                found.append(SwitchLeg(one.id, one.arrived_us, "138", "all", in_, True, other))
                if offer is not None and offer.state is not OfferState.RINGING:
                    told = {"contact": one.id, "agent": offer.agent.id}
                    back = one.id if is_bridged else ""
                    found.append(
                        SwitchLeg(
                            offer.leg, one.arrived_us, "", "", "ccore-agents", True, back, told
                        )
                    )
        return found

    def check(self) -> None:
        """Nobody in reach waits while somebody is free who would be given him."""
        floor = self.centre.floor
        floor.view(self.centre.now_us)
        ready = [one.id for one in floor.agents.by_id.values() if one.state is AgentState.READY]
        for one in floor.contacts.values():
            is_in_reach = floor.is_up(one.node) and one.node not in floor.matching.busy_nodes
            if one.state is WAITING and is_in_reach and one.stay is not None:
                assert not one.stay.case.is_aside
                for agent in ready:
                    fits = one.stay.only in ("", agent)
                    assert not (fits and floor.acd.desk.serves(agent, one.stay.need))


@pytest.mark.parametrize("seed", range(40))
def test_nobody_in_reach_waits_beside_an_agent_who_is_free_for_him(seed: int) -> None:
    story = Story(seed)
    for _ in range(120):
        story.step()
    for plain in (False, True):
        assert replay(read(story.centre.log), plain=plain).is_same
