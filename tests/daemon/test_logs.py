"""What a reader of the log sees, and that a reader who stops reading holds up nobody."""

import json
import logging
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccore.daemon.logs import JsonFormatter, PlainFormatter, StderrHandler


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.getLogger("ccore.test").makeRecord(
        "ccore.test", logging.INFO, __file__, 1, message, (), None, None, extra
    )
    return made


@given(st.text(), st.text())
def test_a_line_stays_a_line_whatever_a_caller_is_named(message: str, name: str) -> None:
    plain = PlainFormatter().format(record(message, caller=name))
    assert plain.isprintable()
    line = JsonFormatter().format(record(message, caller=name))
    assert line.isprintable()
    fields = json.loads(line)
    assert fields["message"] == message or fields["cut"]


def test_fields_stand_beside_the_message() -> None:
    assert (
        PlainFormatter()
        .format(record("link up", node="one"))
        .endswith(" info    ccore.test: link up node=one")
    )
    fields = json.loads(JsonFormatter().format(record("link up", node="one")))
    assert (fields["level"], fields["message"], fields["node"]) == ("info", "link up", "one")


def test_a_huge_line_is_cut_and_still_json() -> None:
    fields = json.loads(JsonFormatter().format(record("long", headers="\x1b" * 100_000)))
    assert fields["cut"] is True


@pytest.mark.parametrize("formatter", [PlainFormatter(), JsonFormatter()], ids=["plain", "json"])
def test_a_reader_who_stops_costs_lines_and_no_time(formatter: logging.Formatter) -> None:
    reading, writing = os.pipe()
    try:
        handler = StderrHandler(writing)
        handler.setFormatter(formatter)
        for number in range(2_000):  # far more than a pipe holds; would block for ever
            handler.emit(record(f"line {number} " + "x" * 100))
        lost = handler.lost
        assert lost > 0
        os.read(reading, 1 << 20)
        handler.emit(record("read again"))
        after = os.read(reading, 1 << 20).decode()
        assert f"{lost} log lines were lost" in after
        assert "read again" in after
        assert handler.lost == 0
    finally:
        os.close(reading)
        os.close(writing)
