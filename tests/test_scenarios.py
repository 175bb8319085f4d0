"""The scenario book on the simulated switch, in virtual time."""

import pytest

from tests.book.center import config_of
from tests.book.check import faults
from tests.book.play import play
from tests.book.scenario import names, read
from tests.book.virtual import VirtualWorld


@pytest.mark.parametrize("name", names())
def test_scenario(name: str) -> None:
    scenario = read(name)
    ending = play(scenario, VirtualWorld(scenario, config_of(scenario)))
    assert faults(scenario, ending) == []
