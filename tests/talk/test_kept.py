"""What `wait` chooses from."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.esl import EventView
from ccore.talk.kept import Kept

MOST = 4


def event(name: str) -> EventView:
    return EventView(b"Event-Name: %b\n\n" % name.encode())


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 12)), max_size=20))
def test_the_oldest_that_fits_is_taken_once(steps: list[tuple[str, bool, int]]) -> None:
    kept, plain, came, lost = Kept(MOST), list[tuple[int, str]](), 0, 0
    for name, is_taking, since in steps:
        if is_taking:
            fitting = [one for one in plain if one[1] == name and one[0] >= since]
            taken = kept.take(lambda e, name=name: e.get(b"Event-Name") == name, since)  # type: ignore[misc]
            assert (taken and taken.get(b"Event-Name")) == (name if fitting else None)
            if fitting:
                plain.remove(fitting[0])
        else:
            kept.add(event(name))
            plain.append((came, name))
            came += 1
            lost += max(0, len(plain) - MOST)
            del plain[:-MOST]
    assert (kept.came, kept.lost) == (came, lost)
    left = [kept.take(lambda e: True) for _ in plain]
    assert [one and one.get(b"Event-Name") for one in left] == [name for _, name in plain]
    assert kept.take(lambda e: True) is None
