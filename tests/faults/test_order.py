"""A switch keeps order per channel only: events of different channels may come in any order."""

import pytest

from tests.book.center import config_of
from tests.book.check import faults
from tests.book.play import play
from tests.book.scenario import names, read
from tests.faults.world import ShuffledWorld

SEED = 20_261_122
# Of these the moment itself is what they are about; late events are another moment.
ABOUT_MOMENTS = {
    "caller-hangs-up-between-answer-and-bridge",
    "three-hundred-callers-for-ten-agents",
}


@pytest.mark.parametrize("name", [name for name in names() if name not in ABOUT_MOMENTS])
def test_every_scenario_ends_as_written_whatever_the_order_across_channels(name: str) -> None:
    scenario = read(name)
    world = ShuffledWorld(scenario, config_of(scenario), SEED)
    assert faults(scenario, play(scenario, world)) == [], f"seed {SEED}"
