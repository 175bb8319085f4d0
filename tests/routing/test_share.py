"""Shares come out exact, whenever one stops counting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccore.routing.share import Share


@given(millionths=st.integers(0, 1_000_000), calls=st.integers(1, 300))
def test_after_any_number_of_calls_the_share_is_exact(millionths: int, calls: int) -> None:
    share = Share(millionths / 1_000_000)
    chosen = 0
    for number in range(1, calls + 1):
        chosen += share.take()
        assert chosen == (2 * millionths * number + 1_000_000) // 2_000_000  # a half is rounded up


@pytest.mark.parametrize(("share", "chosen"), [(0.0, 0), (1.0, 30), (2 / 3, 20), (0.2, 6)])
def test_of_thirty_calls(share: float, chosen: int) -> None:
    one = Share(share)
    assert sum(one.take() for _ in range(30)) == chosen


def test_the_chosen_ones_are_spread_evenly() -> None:
    fifth = Share(0.2)
    taken = [number for number in range(100) if fifth.take()]
    assert {later - earlier for earlier, later in zip(taken, taken[1:], strict=False)} == {5}
