"""What a scenario may say, what it means, and what is told of one that is wrong."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from ccore.errors import BadConfig, UnknownName
from ccore.sizing.arrivals import callers_of
from ccore.sizing.draws import NEVER_US, Span, draw_us
from ccore.sizing.expand import for_every_site, merged
from ccore.sizing.reading import read, scenario_of
from tests.examples import SCENARIOS

SMALL: dict[str, Any] = {
    "opens": "09:00",
    "closes": "11:00",
    "callers": {"all": {"to": "queue:q", "per_hour": 60.0}},
    "staff": {"team": {"count": 3}},
    "centre": {"queues": {"q": {}}},
}
WITH_SITES: dict[str, Any] = {
    "sites": ["north", "south"],
    "callers": {"{site}": {"to": "queue:{site}", "per_hour": 30.0}},
    "staff": {"{site}": {"count": 2, "site": "{site}", "skills": {"{site}": 5}}},
    "centre": {"queues": {"{site}": {"skills": {"{site}": 1}}}},
}


def test_every_site_gets_what_is_said_once() -> None:
    named = scenario_of(WITH_SITES)
    assert set(named.config.queues) == {"north", "south"}
    assert set(named.config.agents) == {"north-1", "north-2", "south-1", "south-2"}
    assert named.config.agents["south-2"].skills == {"south": 5}
    assert {entry.to for entry in named.config.entries} == {"queue:north", "queue:south"}


def test_one_site_may_differ() -> None:
    staff = {"{site}": {"count": 2, "skills": {"zh": 1}}, "south": {"skills": {"yue": 9}}}
    assert for_every_site(staff, ["north", "south"]) == {
        "north": {"count": 2, "skills": {"zh": 1}},
        "south": {"count": 2, "skills": {"zh": 1, "yue": 9}},
    }


def test_lists_over_sites() -> None:
    value = {"ways": [{"to": "queue:{site}"}, "hq"], "all": ["{sites}"]}
    assert for_every_site(value, ["a", "b"]) == {
        "ways": [{"to": "queue:a"}, {"to": "queue:b"}, "hq"],
        "all": ["a", "b"],
    }


def test_a_variant_is_what_it_changes() -> None:
    data = {**SMALL, "variants": {"more": {"staff": {"team": {"count": 9}}}}}
    assert len(scenario_of(data).config.agents) == 3
    assert len(scenario_of(data, "more").config.agents) == 9
    assert merged({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}) == {"a": {"b": 3, "c": 2}}
    assert merged({"a": {"b": 1}, "d": 1}, {"a": {}}) == {"d": 1}
    with pytest.raises(UnknownName, match="more"):
        scenario_of(data, "less")


def test_the_same_callers_come_to_every_variant() -> None:
    data = {**SMALL, "variants": {"more": {"staff": {"team": {"count": 9}}}}}
    plain, more = scenario_of(data), scenario_of(data, "more")
    assert callers_of(plain, 4) == callers_of(more, 4)
    assert callers_of(plain, 4) != callers_of(plain, 5)


def test_rates_follow_the_hours() -> None:
    data = {**SMALL, "callers": {"all": {"to": "queue:q", "per_hour": [0.0, 1000.0]}}}
    named = scenario_of(data)
    came = [caller.at_us for caller in callers_of(named, 1)]
    assert 850 < len(came) < 1150
    assert named.at_us("10:00") <= min(came) <= max(came) < named.at_us("11:00")


def test_lengths_have_the_mean_that_was_asked_for() -> None:
    rng = Random(1)
    for span in (
        Span(mean_s=180),
        Span(mean_s=180, cv=1.2),
        Span(fixed_s=180),
        Span(values_s=(60, 300)),
    ):
        mean_s = sum(draw_us(span, rng) for _ in range(20_000)) / 20_000 / 1e6
        assert mean_s == pytest.approx(span.average_s, rel=0.05)
    assert draw_us(None, rng) == NEVER_US


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"callers": {"all": {"per_hour": 1.0}}}, "callers.all: found both or neither"),
        ({"callers": {"all": {"to": "queue:q"}}}, "nobody who calls"),
        ({"callers": {}}, "nobody who calls"),
        (
            {"callers": {"all": {"to": "queue:q", "per_hour": [1.0, 2.0, 3.0]}}},
            "found 3 rates, expected 2",
        ),
        (
            {"callers": {"all": {"to": "queue:q", "per_hour": 1.0, "talk": {}}}},
            "callers.all.talk: found no single length",
        ),
        (
            {"callers": {"all": {"to": "queue:nowhere", "per_hour": 1.0}}},
            'callers.all.to: found "queue:nowhere"',
        ),
        ({"closes": "08:00"}, "later than 09:00"),
        ({"closes": "25h"}, "closes: found"),
        ({"day": "2026-13-01"}, "a day such as"),
        ({"staff": {"team": {"count": 1, "shifts": ["9-17"]}}}, "staff.team.shifts"),
        ({"staff": {"team": {"count": 1, "shift": []}}}, "staff.team.shift"),
        ({"staff": {"team": {"count": -1}}}, "staff.team.count"),
        ({"centre": {"queues": {"q": {"ring_s": "long"}}}}, "centre.queues.q.ring_s"),
        ({"centre": {"queue": {}}}, "centre.queue: found"),
        ({"seeds": 0}, "seeds: found 0"),
        ({"sites": "all"}, "sites: found"),
        ({"variants": [1]}, "variants: found"),
        ({"centre": {"site": {"timezone": "Moon/Tycho"}, "queues": {"q": {}}}}, "timezone"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadConfig) as told:
        scenario_of({**SMALL, **change}, "", "day.toml")
    assert words in str(told.value)
    assert str(told.value).startswith("day.toml: ")
    assert "\n" not in str(told.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="no such file"):
        read(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadConfig, match=r"bad\.toml"):
        read(tmp_path / "bad.toml")


def test_a_centre_may_be_a_ccore_toml_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "ccore.toml").write_text('[queues.q]\n[agents.1001]\nname = "Li"\n')
    file = tmp_path / "scenario.toml"
    file.write_text('centre = "ccore.toml"\n[callers.all]\nto = "queue:q"\nper_hour = 5\n')
    named = scenario_of(read(file))
    assert list(named.config.agents) == ["1001"]


@pytest.mark.parametrize(
    "path", [path for path in SCENARIOS if "bank" not in path.name], ids=lambda path: path.stem
)
def test_the_examples_are_scenarios(path: Path) -> None:
    data = read(path)
    for variant in ["", *data.get("variants", {})]:
        assert scenario_of(data, variant, path.name).scenario.title
