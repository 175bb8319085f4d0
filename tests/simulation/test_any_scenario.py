"""Whatever a file says: it is a scenario, or one line says why it is none."""

from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.errors import CcoreError
from ccore.sizing.reading import read, scenario_of
from tests.examples import FOLDER

GOOD = [read(FOLDER / f"simulate-{name}.toml") for name in ("day", "sites", "night", "skills")]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**9),
    st.floats(),
    st.sampled_from(["", "{site}", "{sites}", "queue:service", "25:99", "09:00-10:00", "🦉"]),
    st.lists(st.sampled_from(["{site}", 1, {}]), max_size=2),
    st.dictionaries(st.sampled_from(["{site}", "to", "mean_s"]), st.integers(), max_size=2),
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (table or list, key) in it."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[Any, Any]] = []
    for key, inner in items:
        found.append((value, key))
        if isinstance(inner, dict | list):
            found += places(inner)
    return found


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_scenario_with_anything_in_any_place(data: Any) -> None:
    scenario = deepcopy(data.draw(st.sampled_from(GOOD)))
    variant = data.draw(st.sampled_from(["", *scenario.get("variants", {})]))
    for _ in range(data.draw(st.integers(1, 2))):
        table, key = data.draw(st.sampled_from(places(scenario)))
        table[key] = data.draw(VALUES)
    told = ""
    try:
        scenario_of(scenario, variant, "any.toml")
    except CcoreError as error:
        told = str(error)
    assert "\n" not in told
