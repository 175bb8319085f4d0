"""The tables of states are closed, and no event in any order brings the floor down."""

from collections.abc import Mapping
from contextlib import suppress
from enum import Enum
from random import Random
from zlib import crc32

import pytest
from msgspec.structs import replace

from ccore.config import Config
from ccore.config.schema import Switch
from ccore.errors import CcoreError
from ccore.floor import Floor
from ccore.floor.agent import AGENT
from ccore.floor.contact import CALL, CallState
from ccore.floor.offer import OFFER, OfferState
from ccore.model import (
    AgentRegistered,
    AgentState,
    AgentUnregistered,
    AppDone,
    DigitPressed,
    Event,
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
    LinkDown,
    LinkUp,
    PhoneFound,
    RecordingStarted,
    RecordingStopped,
    SwitchLeg,
)
from tests.floor.random_centre import AGENTS, random_config

TABLES: list[tuple[Mapping[Enum, frozenset[Enum]], Enum, set[Enum]]] = [
    (CALL, CallState.ARRIVING, {CallState.ENDED}),
    (OFFER, OfferState.RINGING, {OfferState.OVER}),
    (AGENT, AgentState.SIGNED_OUT, set()),
]


@pytest.mark.parametrize(("table", "first", "last"), TABLES)
def test_every_state_can_be_reached_and_left(
    table: Mapping[Enum, frozenset[Enum]], first: Enum, last: set[Enum]
) -> None:
    assert set(table) == set(type(first))
    assert all(after <= table.keys() for after in table.values())
    reached, new = {first}, {first}
    while new:
        new = {after for state in new for after in table[state]} - reached
        reached |= new
    assert reached >= set(type(first))
    assert {state for state, after in table.items() if not after} == last


class Chaos:
    """Two switches that say anything at all, of legs that they have, had, or never had."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.now_us = 1_795_300_000_000_000
        self.ids = 0
        self.floor = Floor(self.config(), self.new_id, self.now_us, "/recordings")
        self.legs = [f"caller-{i}" for i in range(4)] + ["nobody"]
        for node in self.floor.nodes:
            self.floor.handle(node, LinkUp(self.now_us, "core", []), self.now_us)

    def config(self) -> Config:
        made = random_config(self.rng)
        return replace(made, switch={**made.switch, "second": Switch(host="10.0.0.2")})

    def node_of(self, leg: str) -> str:
        """No leg is on two switches."""
        floor = self.floor
        if leg in floor.contacts:
            return floor.contacts[leg].node
        if leg in floor.offers.by_leg:
            return floor.offers.by_leg[leg].contact.node
        if leg in floor.nails.by_leg or crc32(leg.encode()) % 2:
            return floor.home_node
        return "second"

    def new_id(self) -> str:
        self.ids += 1
        return f"id-{self.ids}"

    def any_id(self) -> str:
        """One of the latest: legs, jobs and applications alike."""
        return f"id-{max(1, self.ids - self.rng.randrange(12))}"

    def any_leg(self) -> str:
        return self.rng.choice([*self.legs, self.any_id(), *list(self.floor.offers.by_leg)[:3]])

    def variables(self) -> dict[str, str]:
        rng = self.rng
        some = {
            "entry": rng.choice(["4001", "4010", "x"]),
            "way": rng.choice(["transfer", "inbound", "bridge-failed", "outbound"]),
            "transfer": rng.choice(["4002", "1001", "", "9999"]),
            "state": rng.choice(["", "ivr", "waiting", "talking", "leaving", "voicemail", "?"]),
            "queue": rng.choice(["sales", "gone", "agent-1001", ""]),
            "flow": rng.choice(["main", "gone"]),
            "agent": rng.choice([*AGENTS, "gone"]),
            "contact": "caller-1",
            "feature": rng.choice(["sign_in", "sign_out", "ready", "not_ready", "wrap_up_done"]),
            "user": rng.choice([*AGENTS, ""]),
            "reason": rng.choice(["", "1", "99", "\u00b2"]),
            "queued_us": rng.choice(["", "x", "1795300000000000"]),
        }
        return {name: value for name, value in some.items() if rng.random() < 0.25}

    def event(self) -> Event:
        rng, leg = self.rng, self.any_leg()
        at_us = self.now_us - rng.choice([0, 0, 10_000, 20_000, 5_000_000])
        match rng.randrange(21) if rng.random() < 0.3 else rng.randrange(16):
            case 0 | 1 | 2:
                context = rng.choice(["ccore-inbound", "default"])
                called = rng.choice(["4001", "4002", "4003", "4010"])
                return LegParked(
                    leg, at_us, called, "138", "x", context, rng.random() < 0.5, self.variables()
                )
            case 3:
                if rng.random() < 0.5:
                    return LegDialled(leg, at_us, self.variables())
                return LegAnswered(leg, at_us)
            case 4 | 5:
                offers = list(self.floor.offers.by_leg.values())
                if offers and rng.random() < 0.8:
                    offer = rng.choice(offers)
                    return LegsBridged(offer.contact.id, at_us, offer.leg)
                return LegsBridged(leg, at_us, self.any_leg())
            case 6:
                return LegsUnbridged(leg, at_us)
            case 7 | 8:
                cause = rng.choice(["NORMAL_CLEARING", "USER_BUSY", "NO_ANSWER", "MEDIA_TIMEOUT"])
                return LegHungUp(leg, at_us, cause, rng.random() < 0.5)
            case 9:
                return DigitPressed(leg, at_us, rng.choice("123459#*"))
            case 10 | 11:
                return AppDone(leg, at_us, self.any_id(), "FILE PLAYED")
            case 12:
                return JobDone(self.any_id(), at_us, rng.random() < 0.3, "USER_BUSY")
            case 13:
                return rng.choice([LegHeld, LegUnheld])(leg, at_us)
            case 14:
                tapes = [c.tape.path for c in self.floor.contacts.values() if c.tape]
                path = rng.choice([*tapes, "/elsewhere.wav"])
                return rng.choice([RecordingStarted, RecordingStopped])(leg, at_us, path)
            case 15:
                return rng.choice([AgentRegistered, AgentUnregistered])(rng.choice(AGENTS), at_us)
            case 16:
                return LinkDown(at_us, "gone")
            case 17:
                found = rng.choice([None, self.switch_leg()])
                asked_us = self.now_us - rng.choice([0, 1_000_000, 5_000_000])
                return LegSeen(found.leg if found else leg, at_us, asked_us, found)
            case 18:
                legs = frozenset(self.any_leg() for _ in range(rng.randrange(6)))
                return LegsListed(at_us, at_us, legs)
            case 19:
                return PhoneFound(rng.choice(AGENTS), at_us, rng.random() < 0.5)
            case _:
                return LinkUp(at_us, "core", [self.switch_leg() for _ in range(rng.randrange(9))])

    def switch_leg(self) -> SwitchLeg:
        rng = self.rng
        return SwitchLeg(
            self.any_leg(),
            self.now_us,
            "138",
            "4001",
            rng.choice(["ccore-inbound", "ccore-fallback"]),
            rng.random() < 0.5,
            rng.choice(["", self.any_leg()]),
            self.variables(),
        )

    def order(self) -> None:
        rng, floor = self.rng, self.floor
        request = {
            "do": rng.choice(list(floor.orders.verbs)),
            "agent": rng.choice([*AGENTS, ""]),
            "contact": rng.choice(self.legs),
            "to": rng.choice(["queue:sales", "ivr:main", "agent:1001", "voicemail:general", "?"]),
            "end": rng.random() < 0.5,
            "extend_s": rng.choice([1, 0, "x"]),
            "reason": rng.choice(["", "lunch", "x"]),
        }
        with suppress(CcoreError):
            floor.order(request, self.now_us)

    def say(self, event: Event) -> None:
        node = self.rng.choice(list(self.floor.nodes))
        if isinstance(event, LinkUp):
            event.legs = [leg for leg in event.legs if self.node_of(leg.leg) == node]
        elif hasattr(event, "leg"):
            node = self.node_of(event.leg)
        self.floor.handle(node, event, self.now_us)

    def step(self) -> None:
        rng, floor = self.rng, self.floor
        self.now_us += rng.choice([0, 0, 1_000, 20_000, 400_000, 3_000_000])
        choice = rng.random()
        if choice < 0.75:
            self.say(self.event())
        elif choice < 0.9:
            self.order()
        elif choice < 0.91:
            floor.reload(self.config(), self.now_us)
        else:
            floor.on_deadline(self.now_us)
        floor.view(self.now_us)
        floor.take_commands()
        floor.take_facts()


@pytest.mark.parametrize("seed", range(20))
def test_a_switch_may_say_anything(seed: int) -> None:
    chaos = Chaos(seed)
    for _ in range(400):
        chaos.step()
    chaos.floor.close_down(chaos.now_us)
    for _ in range(30):
        chaos.step()
