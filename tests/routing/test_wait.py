"""The expected wait: from place, staff and measured handling time."""

from random import Random

import pytest

from ccore.config.schema import Config, Queue
from ccore.routing.wait import Expected

CONFIG = Config(queues={"support": Queue(handle_s=180)})


def test_it_is_place_times_handling_time_over_staff() -> None:
    expected = Expected(CONFIG)
    assert expected.ms("support", 1, 6) == 30_000
    assert expected.ms("support", 4, 6) == 120_000
    assert expected.ms("support", 0, 6) == 0


def test_it_follows_staffing_at_once_and_is_silent_when_nobody_is_there() -> None:
    expected = Expected(CONFIG)
    assert [expected.ms("support", 2, staffed) for staffed in (1, 2, 0)] == [360_000, 180_000, None]


def test_measured_calls_take_the_place_of_the_assumption() -> None:
    expected = Expected(CONFIG)
    for _ in range(200):
        expected.handled("support", 60_000)
    assert expected.ms("support", 1, 1) == pytest.approx(60_000, rel=0.01)
    reloaded = Expected(Config(queues={"support": Queue(handle_s=999)}), expected)
    assert reloaded.ms("support", 1, 1) == expected.ms("support", 1, 1)


def test_who_is_ahead_may_give_up_and_then_the_wait_is_shorter() -> None:
    expected = Expected(CONFIG)
    for _ in range(400):  # one in three gives up after a minute: one in three minutes of waiting
        for gave_up in (True, False, False):
            expected.waited("support", 60_000, gave_up=gave_up)
    gives_up = expected.impatience("support")
    assert gives_up == pytest.approx(1 / 180_000, rel=0.01)
    for place in (1, 2, 40, 500):
        exact_ms = sum(1 / (6 / 180_000 + ahead * gives_up) for ahead in range(place))
        assert expected.ms("support", place, 6) == pytest.approx(exact_ms, rel=1e-4)
    assert expected.ms("support", 1, 6) == 30_000


def test_a_little_waiting_says_nothing_of_patience() -> None:
    expected = Expected(CONFIG)
    expected.waited("support", 5_000, gave_up=True)
    assert expected.impatience("support") == 0
    assert expected.ms("support", 4, 6) == 120_000


def test_a_queue_that_is_not_declared_has_the_usual_handling_time() -> None:
    assert Expected(CONFIG).ms("agent:1001", 1, 1) == 180_000


def test_it_is_right_on_average_for_exponential_handling_times() -> None:
    """Caller at place 3 of a full floor of 5 agents: the mean of many such waits."""
    random = Random(11)
    waits_ms = []
    for _ in range(20_000):
        ends = sorted(random.expovariate(1 / 180_000) for _ in range(5))
        now = 0.0
        for _ in range(3):  # an agent ends, takes the next, and is busy anew
            now = ends.pop(0)
            ends.append(now + random.expovariate(1 / 180_000))
            ends.sort()
        waits_ms.append(now)
    assert Expected(CONFIG).ms("support", 3, 5) == pytest.approx(
        sum(waits_ms) / len(waits_ms), rel=0.02
    )
