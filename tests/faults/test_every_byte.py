"""A fault anywhere in a session: one error, or what was not hit is told as it is."""

import pytest

from tests.faults.line import Fault, Kind, Line
from tests.faults.session import COMMANDS, EVENTS, Session, record, replay
from tests.faults.sweep import SEED, sweep, trouble

STEP = 47  # of bytes; `python -m tests.faults` takes every one


@pytest.fixture(scope="module")
def session() -> Session:
    return record()


def test_a_good_line_changes_nothing(session: Session) -> None:
    found = replay(session, {EVENTS: Line(), COMMANDS: Line()})
    assert found.heard == session.heard
    assert found.error is None


def test_a_fault_at_any_byte_is_one_error_or_spoils_what_it_hits(session: Session) -> None:
    wrong = [(conn, fault, said) for conn, fault, said in sweep(session, STEP) if said]
    assert wrong == [], f"seed {SEED}"


@pytest.mark.parametrize("kind", [Kind.GARBLED, Kind.LOST, Kind.DOUBLED])
def test_a_fault_at_any_byte_of_a_frames_head(session: Session, kind: Kind) -> None:
    """Where structure is: heads of the first frames, byte by byte."""
    for connection in (EVENTS, COMMANDS):
        for at in range(700):
            assert trouble(session, connection, Fault(kind, at, flip=3)) == ""


def test_a_line_does_what_it_says() -> None:
    for fault, out in (
        (Fault(Kind.CUT, 2), b"ab"),
        (Fault(Kind.STALLED, 2), b"abcdef"),
        (Fault(Kind.DOUBLED, 2, size=2), b"abcdcdef"),
        (Fault(Kind.LOST, 2, size=2), b"abef"),
        (Fault(Kind.GARBLED, 2, flip=1), b"abbdef"),
    ):
        line = Line(fault)
        assert line.carry(b"abcdef") + line.release() == out
