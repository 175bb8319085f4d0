"""A site is evacuated and taken back, by order and over a restart."""

from itertools import count
from typing import Any

import pytest

from ccore.config import Config
from ccore.config.schema import Agent, Queue
from ccore.errors import BadRequest, UnknownName
from ccore.floor import Floor
from ccore.floor.agent import state_name
from ccore.model import News, Noted

NOON = 1_767_225_600_000_000
CONFIG = Config(
    queues={"south-only": Queue(skills={"south": 1}), "all": Queue(sites=("south",))},
    agents={
        "ann": Agent(site="south", skills={"south": 1}, start="ready"),
        "bo": Agent(site="north", start="ready"),
        "cai": Agent(site="south", start="signed-out"),
    },
)


def floor() -> Floor:
    ids = (f"id-{number}" for number in count())
    return Floor(CONFIG, lambda: next(ids), NOON)


def order(centre: Floor, do: str, **more: str) -> dict[str, Any]:
    return centre.order({"do": do, **more}, NOON + 1)


def states(centre: Floor) -> dict[str, str]:
    agents = centre.agents.by_id.values()
    return {one.id: f"{state_name(one.state)} {one.reason}".strip() for one in agents}


def test_its_agents_are_out_and_queues_that_nobody_else_serves_are_named() -> None:
    centre = floor()
    reply = order(centre, "site.evacuate", site="south")
    assert reply == {"site": "south", "agents": 2, "moved": 0, "unserved": ["south-only"]}
    assert states(centre) == {"ann": "not-ready evacuated", "bo": "ready", "cai": "signed-out"}
    south, north = centre.view(NOON + 2)["sites"]
    assert (south["name"], south["evacuated_us"] > 0, south["ready"]) == ("south", True, 0)
    assert (north["name"], north["evacuated_us"], north["ready"]) == ("north", 0, 1)


def test_nobody_signs_in_there_until_it_is_taken_back() -> None:
    centre = floor()
    order(centre, "site.evacuate", site="south")
    for do, agent in (("agent.sign_in", "cai"), ("agent.ready", "ann")):
        with pytest.raises(BadRequest, match="is evacuated"):
            order(centre, do, agent=agent)
    assert order(centre, "site.restore", site="south") == {"site": "south", "agents": 1}
    assert states(centre)["ann"] == "ready"
    order(centre, "agent.sign_in", agent="cai")
    assert states(centre)["cai"] == "ready"


def test_what_is_no_site_or_was_done_already_is_told() -> None:
    centre = floor()
    with pytest.raises(UnknownName, match="Known: south, north"):
        order(centre, "site.evacuate", site="west")
    with pytest.raises(BadRequest, match="not evacuated"):
        order(centre, "site.restore", site="south")
    order(centre, "site.evacuate", site="south")
    with pytest.raises(BadRequest, match="already"):
        order(centre, "site.evacuate", site="south")


def test_it_stays_evacuated_when_the_daemon_starts_again() -> None:
    centre = floor()
    order(centre, "site.evacuate", site="south")
    noted = {fact.key: fact.fields for fact in centre.take_facts() if isinstance(fact, Noted)}
    later = floor()
    later.recall(noted, NOON + 2, NOON + 3)
    assert states(later)["ann"] == "not-ready evacuated"
    assert list(later.sites.evacuated) == ["south"]
    order(later, "site.restore", site="south")
    assert states(later)["ann"] == "ready"
    facts = later.take_facts()
    assert Noted("site:south") in facts  # forgotten
    assert [f.fields["state"] for f in facts if isinstance(f, News) and f.kind == "site"] == [
        "restored"
    ]
