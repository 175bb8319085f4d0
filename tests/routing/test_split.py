"""Shares of calls come out exact, whenever one stops counting."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccore.routing.split import Split


@given(shares=st.lists(st.integers(1, 12), min_size=1, max_size=6), calls=st.integers(1, 150))
def test_nobody_is_ever_a_whole_call_away_from_his_share(shares: list[int], calls: int) -> None:
    split = Split(shares)
    counts = [0] * len(shares)
    for number in range(1, calls + 1):
        counts[split.take()] += 1
        for share, count in zip(shares, counts, strict=True):
            assert abs(Fraction(share * number, sum(shares)) - count) < 1
        if number % sum(shares) == 0:
            assert counts == [share * number // sum(shares) for share in shares]


def test_of_a_night_two_thirds_go_to_headquarters_and_one_third_stays() -> None:
    night = Split([2, 1])
    turns = [night.take() for _ in range(300)]
    assert (turns.count(0), turns.count(1)) == (200, 100)
    assert turns[:6] == [0, 1, 0, 0, 1, 0]  # spread, not in a row


def test_a_split_with_one_target_gives_all_to_it() -> None:
    assert [Split([3]).take() for _ in range(5)] == [0] * 5


@pytest.mark.parametrize("shares", [[], [0], [2, -1]])
def test_shares_that_are_none_are_refused(shares: list[int]) -> None:
    with pytest.raises(ValueError, match="whole numbers from 1"):
        Split(shares)
