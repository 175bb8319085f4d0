"""When the circle grows: by time, by the expected wait, and never back."""

from hypothesis import given
from hypothesis import strategies as st

from ccore.config.demand import Rung
from ccore.config.schema import Config, Profile, Queue, Turn
from ccore.config.schema import Widening as Step
from ccore.routing.widening import CHECK_S, FIRST, Reach, Widening, delays_of

S = 1_000_000
RUNGS = (Rung(0, ("yue",), ("south",)), Rung(15, ("yue",), ()), Rung(20, ("yue", "zh"), ()))
STEPS = (
    Step(after_s=10, drop=("a",)),
    Step(wait_over_s=60, drop=("b",)),
    Step(after_s=40, wait_over_s=90, drop=("c",)),
)


def test_time_takes_steps_rungs_and_delays() -> None:
    widening = Widening(STEPS[:1], RUNGS, (0, 30))
    reached = [widening.grown(FIRST, at * S, 0) for at in (0, 10, 15, 20, 30)]
    assert reached == [
        Reach(0, 0, 0),
        Reach(1, 0, 0),
        Reach(1, 1, 0),
        Reach(1, 2, 0),
        Reach(1, 2, 1),
    ]
    assert [one.widened for one in reached] == [0, 1, 2, 3, 3]
    assert widening.next_s(FIRST, 0) == 10
    assert widening.next_s(Reach(1, 0, 0), 10 * S) == 15
    assert widening.next_s(Reach(1, 2, 1), 30 * S) is None


def test_a_long_expected_wait_takes_a_step_and_so_does_nobody_being_there() -> None:
    widening = Widening(STEPS, RUNGS[:1], (0,))
    one = Reach(step=1)
    assert widening.grown(one, 12 * S, 60_000) == one
    assert widening.grown(one, 12 * S, 60_001) == Reach(step=2)
    assert widening.grown(one, 12 * S, 90_001) == Reach(step=3)
    assert widening.grown(one, 12 * S, None) == Reach(step=3)
    assert widening.next_s(one, 12 * S) == 12 + CHECK_S


def test_steps_are_taken_in_their_order() -> None:
    """The third is due by time; the second waits for its bound, and the third behind it."""
    widening = Widening(STEPS, RUNGS[:1], (0,))
    assert widening.grown(FIRST, 50 * S, 0) == Reach(step=1)


@given(
    times=st.lists(st.integers(0, 60 * S), min_size=1, max_size=12).map(sorted),
    expected=st.lists(st.none() | st.integers(0, 200_000), min_size=12, max_size=12),
)
def test_it_never_shrinks_and_the_next_time_is_never_in_the_past(
    times: list[int], expected: list[int | None]
) -> None:
    widening = Widening(STEPS, RUNGS, (0, 5, 30))
    reach = FIRST
    for at, wait in zip(times, expected, strict=False):
        later = widening.grown(reach, at, wait)
        assert all(new >= old for new, old in zip(later, reach, strict=True))
        reach = later
        next_s = widening.next_s(reach, at)
        assert next_s is None or next_s * S > at


def test_delays_are_those_of_the_profiles_that_have_the_queue() -> None:
    config = Config(
        queues={"a": Queue(), "b": Queue()},
        profiles={
            "one": Profile(turns=(Turn(queue="a", delay_s=30), Turn(queue="b"))),
            "two": Profile(turns=(Turn(queue="a", delay_s=10),)),
        },
    )
    assert delays_of(config) == {"a": (0, 10, 30), "b": (0,)}
