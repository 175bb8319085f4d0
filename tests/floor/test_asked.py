"""What a program beside us asks a caller, or promises him, is in his record and in the figures."""

from itertools import count
from typing import Any

import pytest

from ccore.config import parse
from ccore.errors import BadRequest
from ccore.floor import Floor
from ccore.floor.contact import Contact
from ccore.floor.notes import revived
from ccore.kpi import Counters
from ccore.model import ContactClosed, LegClosed, LegHungUp, LegParked, LinkUp, News, Noted

START_US = 1_795_300_000_000_000
SECOND_US = 1_000_000
CONFIG = """
site = {name = "test", languages = ["en"]}
switch.main = {}
entries = [{number = "4001", to = "queue:sales"}]
agents.1001 = {skills = {sales = 5}}
queues.sales = {skills = {sales = 1}}
"""


@pytest.fixture
def floor() -> Floor:
    numbers = count()
    floor = Floor(parse(CONFIG, "asked.toml"), lambda: f"id-{next(numbers)}", START_US)
    floor.handle("main", LinkUp(START_US, "core", []), START_US)
    return floor


def call(floor: Floor, leg: str, calling: str = "138") -> Contact:
    parked = LegParked(
        leg, START_US, "4001", calling, "", "ccore-inbound", False, {"entry": "4001"}
    )
    floor.handle("main", parked, START_US)
    return floor.contacts[leg]


def ask(floor: Floor, do: str, after_s: int = 10, **fields: Any) -> dict[str, Any]:
    return floor.order({"do": do, **fields}, START_US + after_s * SECOND_US)


def test_a_promised_callback_is_followed_to_its_success(floor: Floor) -> None:
    call(floor, "patient")
    call(floor, "other")
    ask(floor, "call.callback", contact="patient")
    ask(floor, "call.callback", contact="other", accepted=False)
    for leg in ("patient", "other"):
        end_us = START_US + 30 * SECOND_US
        floor.handle("main", LegHungUp(leg, end_us, "NORMAL_CLEARING", True), end_us)
    (sales,) = floor.view(START_US)["queues"]
    assert (sales["abandoned"], sales["overflowed"]) == (1, 1)
    facts = floor.take_facts()
    (wish,) = [one.fields for one in facts if isinstance(one, News) and one.kind == "callback"]
    named = {name: wish[name] for name in ("contact", "arrived_us", "queue")}
    ask(floor, "callback.tried", 300, reached=False, **named)
    ask(floor, "callback.tried", 600, reached=True, agent="1001", **named)
    counters = Counters(20, 5)
    for fact in (*facts, *floor.take_facts()):
        if isinstance(fact, ContactClosed | LegClosed):
            counters.add(fact)
    figures = {"callback_offered": 2, "callbacks": 1, "abandoned": 1, "callback_tries": 2}
    figures |= {"callback_success": 1.0, "callback_wait": 600.0}
    assert {name: counters.value(name) for name in figures} == figures


def test_what_was_asked_outlives_a_restart(floor: Floor) -> None:
    call(floor, "caller")
    ask(floor, "call.survey", contact="caller", mark=4)
    ask(floor, "call.callback", contact="caller")
    noted = [one for one in floor.take_facts() if isinstance(one, Noted)]
    again = revived(floor, "main", None, "caller", noted[-1].fields)
    row = again.closed(START_US + 60 * SECOND_US, "NORMAL_CLEARING")
    assert (row.survey, row.survey_asked, row.callback_offered) == (4, True, True)
    assert row.outcome.name == "CALLBACK"


def test_who_withholds_his_number_is_no_customer_of_anybody(floor: Floor) -> None:
    known, hidden = call(floor, "a"), call(floor, "b", "anonymous")
    for contact in (known, hidden):
        floor.relations.talked(contact, "sales", "1001")
    assert list(floor.relations.last) == [("138", "sales")]


@pytest.mark.parametrize(
    "request_",
    [
        {"do": "call.survey", "mark": 6},
        {"do": "call.survey", "mark": "5"},
        {"do": "call.survey", "mark": True},
        {"do": "call.callback", "accepted": "no"},
        {"do": "callback.tried", "arrived_us": START_US},
        {"do": "callback.tried", "arrived_us": START_US * 2, "reached": True},
        {"do": "callback.tried", "arrived_us": "now", "reached": True},
        {"do": "callback.tried", "contact": "", "arrived_us": START_US, "reached": True},
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    floor: Floor, request_: dict[str, Any]
) -> None:
    before = call(floor, "caller").closed(START_US, "")
    floor.take_facts()
    with pytest.raises(BadRequest):
        floor.order({"contact": "caller"} | request_, START_US + SECOND_US)
    assert floor.contacts["caller"].closed(START_US, "") == before
    assert not [one for one in floor.take_facts() if isinstance(one, LegClosed)]
