"""Simulated people behave as their habits say, the same way each time."""

from collections import Counter

from ccore.sim.population import Habits, Population
from tests.sim.client import Client

AGENTS = ("1001", "1002")


def live(habits: Habits, seconds: float, seed: int = 7) -> tuple[Client, Population]:
    """A switch with people, and a controller that only answers, plays a menu and nothing else."""
    client = Client()
    people = Population(habits, AGENTS, seed=seed, now_us=client.now_us)
    end_us = client.now_us + round(seconds * 1_000_000)
    seen = heard = 0
    while client.now_us < end_us:
        dues = (client.switch.next_deadline(), people.next_deadline(), end_us)
        client.wait((min(due for due in dues if due is not None) - client.now_us) / 1_000_000)
        for action in people.on_deadline(client.now_us):
            client.act(action.phone, action.name, **action.args)
        while seen < len(client.happenings):
            new, seen = client.happenings[seen:], len(client.happenings)
            for action in people.react(new):
                client.act(action.phone, action.name, **action.args)
        while heard < len(client.events):
            event, heard = client.events[heard], heard + 1
            if event["variable_ccore_feature"]:
                client.send(f"api uuid_kill {event['Unique-ID']}")
            elif event.name == "CHANNEL_PARK":
                client.send(f"api sched_del {event['Unique-ID']}")
                client.run_app(event["Unique-ID"], "answer")
                client.run_app(event["Unique-ID"], "playback", "zh/menu-language.wav", loops=-1)
    return client, people


HABITS = Habits(
    rate_per_s=1.0,
    menus={"menu-language": {"zh": "1", "yue": "2", "en": "3"}},
    patience_s=10.0,
    press_after_s=(0.1, 1.0),
    wrong_digit=0.0,
)


def test_callers_come_press_and_lose_patience() -> None:
    client, people = live(HABITS, 300)
    assert 240 < people.arrived < 360
    first = {each["Unique-ID"]: each["DTMF-Digit"] for each in reversed(client.heard("DTMF"))}
    pressed = Counter(first.values())
    assert pressed["1"] > pressed["2"] > pressed["3"] > 0
    gone = client.heard("CHANNEL_HANGUP_COMPLETE")
    assert len(gone) > 200
    assert people.callers < 40


def test_agents_sign_in_in_the_morning() -> None:
    client, _ = live(Habits(rate_per_s=0.0), 5)
    codes = [each["variable_ccore_feature"] for each in client.heard("CHANNEL_PARK")]
    assert sorted(codes) == ["ready", "ready", "sign_in", "sign_in"]


def test_no_more_callers_than_wanted() -> None:
    _, people = live(Habits(rate_per_s=10.0, callers=5, codes_at_start=()), 20)
    assert people.arrived == 5


def test_same_seed_same_day() -> None:
    first, _ = live(HABITS, 30)
    second, _ = live(HABITS, 30)
    other, _ = live(HABITS, 30, seed=8)
    assert first.happenings == second.happenings != other.happenings
