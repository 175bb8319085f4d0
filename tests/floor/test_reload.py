"""A reload takes a queue away while it is busy: nothing breaks, and who was in it goes home."""

from itertools import count

import pytest

from ccore.config import Config, parse
from ccore.floor import Floor
from ccore.floor.contact import CallState, Contact
from ccore.model import Hangup, LegHungUp, LegParked, LinkUp

START_US = 1_795_300_000_000_000
SECOND_US = 1_000_000
BASE = """
site = {{name = "test", languages = ["en"]}}
switch.main = {{fallback_s = 30}}
agents.1001 = {{start = "ready", skills = {{sales = 5}}}}
agents.1002 = {{start = "ready", group = "help", skills = {{sales = 5}}}}
entries = [{{number = "4001", to = "queue:{first}"}}]
queues.service = {{}}
"""
SALES = """
[queues.sales]
skills = {sales = 1}
ring_s = 20
announce_every_s = 5
announce_position = true
announce_wait = true
"""


def centre(*, has_sales: bool, more: str = "") -> Config:
    first = "sales" if has_sales else "service"
    return parse(BASE.format(first=first) + (SALES + more if has_sales else ""), "reload.toml")


@pytest.fixture
def floor() -> Floor:
    numbers = count()
    floor = Floor(centre(has_sales=True), lambda: f"id-{next(numbers)}", START_US, "/recordings")
    floor.handle("main", LinkUp(START_US, "core", []), START_US)
    return floor


def call(floor: Floor, leg: str, now_us: int) -> Contact:
    variables = {"entry": "4001"}
    parked = LegParked(leg, now_us, "4001", "138", "", "ccore-inbound", False, variables)
    floor.handle("main", parked, now_us)
    return floor.contacts[leg]


@pytest.mark.parametrize("is_renewed", [False, True])
def test_its_announcements_end_and_the_offer_does_not(floor: Floor, is_renewed: bool) -> None:
    contact = call(floor, "caller", START_US)
    assert contact.state is CallState.RINGING
    offer = contact.offer
    assert offer is not None
    floor.reload(centre(has_sales=False), START_US + SECOND_US)
    if is_renewed:  # the router begins anew with every decision log
        floor.renew(START_US + SECOND_US)
    floor.reload(centre(has_sales=False), START_US + 2 * SECOND_US)
    floor.on_deadline(START_US + 6 * SECOND_US)
    told = floor.order({"do": "route.explain", "contact": "caller"}, START_US + 6 * SECOND_US)
    assert told["waits"]["matching"] == 0, "nobody is asked for a queue that is not there"
    floor.take_commands()
    floor.handle("main", LegHungUp(offer.leg, 0, "USER_BUSY", True), START_US + 7 * SECOND_US)
    floor.on_deadline(START_US + 60 * SECOND_US)
    assert contact.state is CallState.ENDING


def test_its_reserve_is_not_asked_for(floor: Floor) -> None:
    reserve = '[queues.sales.reserve]\ngroups = ["help"]\njoin_at = 1\nleave_at = 0\n'
    call(floor, "first", START_US)
    call(floor, "second", START_US)
    floor.reload(centre(has_sales=True, more=reserve), START_US + SECOND_US)
    floor.reload(centre(has_sales=False), START_US + 2 * SECOND_US)
    third = call(floor, "third", START_US + 3 * SECOND_US)
    assert third.queue == "service"
    assert Hangup not in {type(command) for _, command in floor.take_commands()}
