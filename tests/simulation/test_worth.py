"""What pooling, consolidation and the better rule are worth: the examples, on a smaller scale."""

from typing import Any

import pytest

from ccore.model import ContactClosed, Fact
from ccore.sizing.outcome import Outcome
from ccore.sizing.reading import read, scenario_of
from ccore.sizing.scenario import Named
from ccore.sizing.simulate import simulate
from ccore.sizing.staff_search import least_staff, shared
from tests.examples import FOLDER

SITES = ["beijing", "xiamen", "guangzhou", "guangxi", "hubei", "hunan"]


def sites() -> dict[str, Any]:
    """Six of the 33, from ten to two."""
    data = read(FOLDER / "simulate-sites.toml")
    data |= {"sites": SITES, "opens": "10:00", "closes": "14:00"}
    rates = {"{site}": 62.0, "cantonese": 16.0, "minnan": 6.0}
    for name, per_hour in rates.items():
        data["callers"][name]["per_hour"] = per_hour
    return data


def day(data: dict[str, Any], variant: str, seed: int = 1) -> tuple[Named, Outcome, list[Fact]]:
    named, facts = scenario_of(data, variant), list[Fact]()
    outcome = simulate(named, seed, keep=facts.append)
    assert outcome.refused == []
    return named, outcome, facts


def level(outcome: Outcome, queue: str = "") -> float:
    value = outcome.figures[queue]["service_level"]
    assert value is not None
    return value


def test_the_same_seats_serve_better_as_one_pool() -> None:
    _, alone, _ = day(sites(), "alone")
    _, pool, _ = day(sites(), "pool")
    assert alone.figures[""]["offered"] == pool.figures[""]["offered"]
    assert level(pool) > level(alone) + 0.1
    assert pool.figures[""]["abandoned"] < alone.figures[""]["abandoned"] / 2


def test_a_dialect_is_answered_at_home_and_in_mandarin_rather_than_not() -> None:
    _, _, facts = day(sites(), "pool")
    rows = [f for f in facts if isinstance(f, ContactClosed) and f.queue == "national" and f.agent]
    homes = {"yue": ("guangzhou", "guangxi"), "nan": ("xiamen",)}
    assert {row.language for row in rows} == set(homes)
    at_home = [row for row in rows if row.agent.startswith(homes[row.language])]
    elsewhere = [row for row in rows if row not in at_home]
    assert len(at_home) > len(elsewhere)
    assert all(row.wait_ms >= 20_000 for row in elsewhere)


def test_when_a_site_is_left_the_pool_takes_its_callers() -> None:
    named, pool, facts = day(sites(), "pool-evacuated")
    _, alone, _ = day(sites(), "alone-left")
    noon_us = named.at_us("12:00")
    rows = [fact for fact in facts if isinstance(fact, ContactClosed)]
    after = [row for row in rows if row.queue == "beijing" and row.arrived_us >= noon_us]
    assert not [row for row in rows if row.answered_us > noon_us and row.agent[:7] == "beijing"]
    assert sum(bool(row.answered_us) for row in after) > 0.9 * len(after) > 50
    assert level(pool, "beijing") > level(alone, "beijing") + 0.2


def test_two_thirds_of_a_night_are_two_thirds_to_the_call() -> None:
    data = read(FOLDER / "simulate-night.toml")
    _, _, facts = day(data, "two-thirds")
    queues = [fact.queue for fact in facts if isinstance(fact, ContactClosed)]
    assert len(queues) > 1_000
    assert abs(queues.count("headquarters") - 2 * len(queues) / 3) <= 1
    assert set(queues) == {"headquarters", "regions"}


def test_a_night_needs_fewer_agents_together() -> None:
    data = read(FOLDER / "simulate-night.toml")
    each, each_day, _ = day(data, "each-site")
    few, few_day, _ = day(data, "two-thirds")
    assert (len(each.config.agents), len(few.config.agents)) == (33, 18)
    assert level(few_day) > level(each_day)
    assert few_day.figures[""]["abandoned"] < each_day.figures[""]["abandoned"]


def skills() -> dict[str, Any]:
    """Two hours of the multi-skill day."""
    data = read(FOLDER / "simulate-skills.toml")
    data |= {"opens": "10:00", "closes": "12:00"}
    for stream in data["callers"].values():
        stream["per_hour"] = float(stream["per_hour"][2]) / 2
    for staff in data["staff"].values():
        staff["count"] //= 2
    return data


def test_targets_are_met_with_fewer_agents_by_the_rule_that_knows_them() -> None:
    first = least_staff(skills(), "first-come", "skills", [1])
    target = least_staff(skills(), "service-target", "skills", [1])
    assert target.agents < first.agents
    for found in (first, target):
        assert sum(found.groups.values()) == found.agents
        assert min(found.levels.values()) >= 0.8  # type: ignore[type-var]


@pytest.mark.parametrize("agents", [3, 7, 52, 100])
def test_groups_keep_their_shares(agents: int) -> None:
    weights = {"all": 40, "front": 6, "back": 6}
    groups = shared(agents, weights)
    assert sum(groups.values()) == agents
    assert all(abs(groups[name] - agents * weights[name] / 52) < 1 for name in weights)
