"""What a caller is told of place and wait where queues, languages and steps share agents."""

from itertools import count

from ccore.config import Config
from ccore.config.schema import (
    Agent,
    Entry,
    Fallback,
    Language,
    Queue,
    Reserve,
    Switch,
    Widening,
)
from ccore.floor import Floor
from ccore.model import LegParked, LinkUp

NOON = 1_767_225_600_000_000
HANDLE_MS = 180_000  # what a call is taken to last while nothing has been measured


class Centre:
    """Callers wait although agents are at work: nothing is offered until that is wanted."""

    def __init__(self, *, offers: bool = False, **parts: object) -> None:
        queues = parts["queues"]
        assert isinstance(queues, dict)
        ids = (f"id-{number}" for number in count())
        switch = {"main": Switch(host="10.0.0.1")}
        entries = tuple(
            Entry(number=f"{name}{language}", to=f"queue:{name}", language=language)
            for name in queues
            for language in ("", "en", "zh", "yue", "nan")
        )
        config = Config(switch=switch, entries=entries, **parts)  # type: ignore[arg-type]
        self.floor = Floor(config, lambda: next(ids), NOON)
        self.floor.matching.is_paused = not offers
        self.now_us = NOON
        self.hear(LinkUp(NOON, "core", []))
        for agent in config.agents:
            self.floor.order({"do": "agent.sign_in", "agent": agent}, self.now_us)
        self.legs = count()

    def hear(self, event: LegParked | LinkUp) -> None:
        self.floor.handle("main", event, self.now_us)

    def call(self, queue: str, language: str = "") -> str:
        leg = f"leg-{next(self.legs)}"
        self.now_us += 1_000
        called = f"{queue}{language}"
        self.hear(LegParked(leg, self.now_us, called, "138", "", "ccore-inbound", False))
        return leg

    def pass_s(self, seconds: int) -> None:
        end_us = self.now_us + seconds * 1_000_000
        while True:
            due_us = self.floor.next_deadline()
            if due_us is None or due_us > end_us:
                break
            self.now_us = max(self.now_us, due_us)
            self.floor.on_deadline(self.now_us)
        self.now_us = end_us

    def place(self, leg: str) -> int:
        return self.floor.forecast.place(self.floor.contacts[leg])

    def calls(self, leg: str, staff: int) -> float | None:
        """How many calls' lengths of so many agents he is told to wait."""
        ms = self.floor.forecast.ms(self.floor.contacts[leg])
        return None if ms is None else round(ms * staff / HANDLE_MS, 2)


def agents(number: int, **more: object) -> dict[str, Agent]:
    name = "-".join(map(str, more.values())).replace("{", "").replace("}", "")
    return {f"{name}-{i}": Agent(**more) for i in range(number)}  # type: ignore[arg-type]


def test_who_was_let_further_still_stands_before_who_comes_after_him() -> None:
    steps = (Widening(after_s=20, sites=("south",)),)
    staff = agents(2, site="north") | agents(2, site="south")
    centre = Centre(queues={"q": Queue(sites=("north",), steps=steps)}, agents=staff)
    old = [centre.call("q") for _ in range(4)]
    centre.pass_s(20)
    assert centre.floor.contacts[old[0]].step == 1
    new = centre.call("q")
    assert [centre.place(leg) for leg in (*old, new)] == [1, 2, 3, 4, 5]
    assert centre.calls(old[3], staff=4) == 4
    # Every second of those ahead takes one of the north, until he may have all four as well.
    contact = centre.floor.contacts[new]
    assert centre.floor.forecast.ms(contact, grows=False) == 3 * HANDLE_MS // 2
    assert centre.floor.forecast.ms(contact) == 20_000 + 5 * HANDLE_MS // 4


def test_languages_with_agents_of_their_own_do_not_wait_for_one_another() -> None:
    staff = agents(2, skills={"en": 1}) | agents(2, skills={"zh": 1})
    centre = Centre(queues={"q": Queue(by_language=True)}, agents=staff)
    for _ in range(6):
        centre.call("q", "en")
    chinese = centre.call("q", "zh")
    assert centre.place(chinese) == 7
    assert centre.calls(chinese, staff=2) == 1
    assert centre.calls(centre.call("q", "en"), staff=2) == 7


def test_callers_of_other_queues_count_so_far_as_they_take_his_agents() -> None:
    staff = agents(3, skills={"a": 1, "b": 1}) | agents(1, skills={"b": 1})
    queues = {"a": Queue(skills={"a": 1}), "b": Queue(skills={"b": 1})}
    centre = Centre(queues=queues, agents=staff)
    for _ in range(4):
        centre.call("b")
    leg = centre.call("a")
    assert centre.place(leg) == 1
    assert centre.calls(leg, staff=3) == 4  # three of four who serve b serve a as well


def test_a_queue_that_is_served_first_does_not_wait_for_the_others() -> None:
    queues = {"slow": Queue(weight=0.1), "fast": Queue(credit_s=3_600)}
    centre = Centre(queues=queues, agents=agents(2))
    slow = [centre.call("slow") for _ in range(5)]
    fast = centre.call("fast")
    assert centre.calls(fast, staff=2) == 1
    assert centre.calls(slow[4], staff=2) == 6


def test_a_step_to_come_shortens_what_is_told_but_not_what_calls_for_it() -> None:
    steps = (Widening(after_s=30, sites=("south",)),)
    staff = agents(1, site="north") | agents(9, site="south")
    centre = Centre(queues={"q": Queue(sites=("north",), steps=steps)}, agents=staff)
    legs = [centre.call("q") for _ in range(5)]
    contact = centre.floor.contacts[legs[4]]
    # After 30 s ten agents may take those five: 5 x 180 s / 10.
    assert centre.floor.forecast.ms(contact) == 30_000 + 5 * HANDLE_MS // 10
    assert centre.floor.forecast.ms(contact, grows=False) == 5 * HANDLE_MS


def test_who_cannot_be_served_yet_is_told_when_he_can() -> None:
    rule = Language(then=(Fallback(language="zh", after_s=20),))
    queues = {"q": Queue(by_language=True)}
    centre = Centre(queues=queues, agents=agents(2, skills={"zh": 1}), languages={"yue": rule})
    leg = centre.call("q", "yue")
    assert centre.floor.forecast.ms(centre.floor.contacts[leg]) == 20_000 + HANDLE_MS // 2
    stranger = centre.call("q", "nan")
    assert centre.floor.forecast.ms(centre.floor.contacts[stranger]) is None


def test_the_reserve_counts_from_when_it_joins_until_it_goes() -> None:
    reserve = Reserve(groups=("back",), join_at=3, leave_at=1)
    staff = agents(1) | agents(2, group="back")
    centre = Centre(queues={"q": Queue(reserve=reserve)}, agents=staff)
    first = centre.call("q")
    centre.call("q")
    assert centre.calls(first, staff=1) == 1
    centre.call("q")
    assert centre.calls(first, staff=3) == 1


def test_the_next_caller_is_told_of_all_who_wait_and_of_nothing_while_somebody_is_free() -> None:
    queues = {"a": Queue(skills={"a": 1}), "b": Queue(skills={"b": 1})}
    staff = agents(2, skills={"a": 1, "b": 1})
    centre = Centre(offers=True, queues=queues, agents=staff)
    forecast = centre.floor.forecast
    centre.call("a")
    assert forecast.prospective_ms("b") == 0
    for queue in ("a", "b", "a"):
        centre.call(queue)
    assert [forecast.prospective_ms(queue) for queue in queues] == [3 * HANDLE_MS // 2] * 2


def test_a_call_for_one_agent_waits_for_him_and_for_nobody_else() -> None:
    centre = Centre(queues={"q": Queue()}, agents=agents(5))
    for _ in range(3):
        centre.call("q")
    first, other = "-0", "-1"
    mine = [centre.call("q") for _ in range(3)]
    for leg, agent in zip(mine, (first, other, first), strict=True):
        centre.now_us += 1_000
        centre.floor.now_us = centre.floor.when_us = centre.now_us
        contact = centre.floor.contacts[leg]
        centre.floor.queues.redirect(contact, f"agent:{agent}")
    assert [centre.place(leg) for leg in mine] == [1, 1, 2]
    assert [centre.calls(leg, staff=1) for leg in mine] == [1, 1, 2]
    centre.floor.order({"do": "agent.not_ready", "agent": other}, centre.now_us)
    assert centre.calls(mine[1], staff=1) is None
