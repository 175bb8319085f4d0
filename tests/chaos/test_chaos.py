"""A bounded part of `make chaos`: kills, cuts, stalls, lost events, set clocks and full disks."""

import pytest

from tests.chaos.story import tell

# A seed is half a second of a quiet core; those that once broke something stand behind the range.
SEEDS = [*range(10), 38, 788, 1067, 1190, 1865, 2081, 10206, 90233, 90440, 200024]


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_whatever_dies(seed: int) -> None:
    tell(seed)


def test_a_seed_replays_exactly() -> None:
    assert tell(3) == tell(3)
