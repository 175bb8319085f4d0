"""Our own lag, seen by the events' time; clocks that differ, drift or are set are no lag."""

import random

from ccore.esl.lag import BEHIND_US, Lag

SECOND_US = 1_000_000
START_US = 1_795_300_000_000_000


def calm(
    lag: Lag, now_us: int, seconds: int, offset_us: int = 0, rng: random.Random | None = None
) -> int:
    """Ten events a second that take 1 to 20 ms; the switch's clock differs by `offset_us`."""
    rng = rng or random.Random(1)
    for _ in range(seconds * 10):
        now_us += SECOND_US // 10
        lag.heard(now_us + offset_us - rng.randrange(1_000, 20_000), now_us)
    return now_us


def test_on_a_calm_link_there_is_none() -> None:
    for offset_us in (0, 3_600 * SECOND_US, -7 * SECOND_US):
        lag = Lag()
        calm(lag, START_US, 300, offset_us)
        assert lag.take_worst() < 20_000
        assert not lag.is_behind


def test_five_seconds_without_reading_are_seen_and_go_away() -> None:
    lag = Lag()
    now_us = calm(lag, START_US, 100)
    stopped_us, now_us = now_us, now_us + 5 * SECOND_US
    lag.heard(stopped_us + 10_000, now_us)  # the oldest of what waited
    assert 4_900_000 < lag.lag_us < 5_000_000
    assert lag.is_behind
    lag.heard(now_us - 5_000, now_us)  # the newest
    assert lag.lag_us < 20_000
    assert not lag.is_behind
    assert lag.take_worst() > 4_900_000
    assert lag.take_worst() < 20_000


def test_lag_that_grows_slowly_is_seen() -> None:
    lag = Lag()
    now_us = calm(lag, START_US, 60)
    for number in range(100):
        now_us += SECOND_US // 10
        lag.heard(now_us - number * 30_000, now_us)
    assert lag.is_behind
    assert lag.lag_us > BEHIND_US


def test_a_clock_that_is_set_is_no_lag() -> None:
    for step_us in (-3_600 * SECOND_US, -5 * SECOND_US, 5 * SECOND_US, 3_600 * SECOND_US):
        lag = Lag()
        now_us = calm(lag, START_US, 100)
        calm(lag, now_us, 100, step_us)
        assert not lag.is_behind
        assert lag.lag_us < 20_000
        assert lag.take_worst() < BEHIND_US


def test_a_clock_that_drifts_is_no_lag() -> None:
    lag, now_us = Lag(), START_US
    for minute in range(600):  # ten hours at 50 ppm: the clocks end 1.8 s apart
        now_us = calm(lag, now_us, 60, -minute * 3_000)
    assert lag.take_worst() < 50_000


def test_events_of_different_channels_may_be_out_of_order() -> None:
    lag, rng = Lag(), random.Random(2)
    now_us = calm(lag, START_US, 10)
    for _ in range(1000):
        now_us += 1_000
        lag.heard(now_us - rng.randrange(0, 170_000), now_us)
    assert not lag.is_behind


def test_an_event_without_a_time_says_nothing() -> None:
    lag = Lag()
    lag.heard(0, START_US)
    assert (lag.lag_us, lag.worst_us) == (0, 0)
