"""Each end of a job or application is told once: when it comes, or when it is overdue."""

from hypothesis import given
from hypothesis import strategies as st

from ccore.esl.promises import Promises


def test_an_end_is_for_who_waits_and_once() -> None:
    promises = Promises()
    promises.expect("job-1", due_us=10)
    assert not promises.kept("somebody else's")
    assert promises.kept("job-1")
    assert not promises.kept("job-1")
    assert promises.overdue(100) == []


def test_what_is_overdue_is_told_in_its_order_and_once() -> None:
    promises = Promises()
    for name, due_us in (("b", 20), ("a", 10), ("c", 30)):
        promises.expect(name, due_us, leg="leg-1")
    assert promises.next_deadline() == 10
    assert promises.overdue(25) == [("a", "leg-1"), ("b", "leg-1")]
    assert not promises.kept("a")
    assert promises.next_deadline() == 30


def test_with_a_leg_its_applications_are_over() -> None:
    promises = Promises()
    promises.expect("a", 10, leg="leg-1")
    promises.expect("b", 10, leg="leg-2")
    promises.leg_ended("leg-1")
    assert not promises.kept("a")
    assert promises.overdue(10) == [("b", "leg-2")]


@given(
    st.lists(
        st.tuples(st.sampled_from(["expect", "kept", "leg", "late"]), st.integers(0, 9)),
        max_size=300,
    )
)
def test_it_is_a_table_with_deadlines(steps: list[tuple[str, int]]) -> None:
    """Beside a plain dictionary."""
    promises, plain, now_us = Promises(), dict[str, tuple[int, str]](), 0
    for what, number in steps:
        id_, leg = str(number), f"leg-{number % 3}"
        match what:
            case "expect":
                if id_ not in plain:
                    plain[id_] = (now_us + 7 * number, leg)
                    promises.expect(id_, now_us + 7 * number, leg)
            case "kept":
                assert promises.kept(id_) == (plain.pop(id_, None) is not None)
            case "leg":
                promises.leg_ended(leg)
                plain = {key: value for key, value in plain.items() if value[1] != leg}
            case "late":
                now_us += number
                late = {key: value for key, value in plain.items() if value[0] <= now_us}
                assert sorted(promises.overdue(now_us)) == sorted(
                    (key, value[1]) for key, value in late.items()
                )
                plain = {key: value for key, value in plain.items() if key not in late}
        assert len(promises) == len(plain)
        assert promises.next_deadline() == min((due for due, _ in plain.values()), default=None)
