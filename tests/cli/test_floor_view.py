"""The live view at the sizes people have, with what callers and configurations may contain."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from ccore.cli.floor_view import FloorView, plain_line
from ccore.cli.text import as_json, safe, span
from tests.cli.conftest import HOSTILE, NOW_US, floor_view


def drawn(view: FloorView, width: int, height: int) -> list[str]:
    screen = io.StringIO()
    Console(file=screen, width=width, height=height, force_terminal=True, no_color=True).print(view)
    import re

    # no_color leaves attributes such as bold; drop them to see the characters.
    return re.sub(r"\x1b\[[\d;]*m", "", screen.getvalue()).splitlines()


def crowded(queues: int, agents: int) -> dict[str, object]:
    view = floor_view()
    known_queues, known_agents = view["queues"], view["agents"]
    assert isinstance(known_queues, list)
    assert isinstance(known_agents, list)
    view["queues"] = [{**known_queues[i % 2], "name": f"queue-{i}"} for i in range(queues)]
    view["agents"] = [{**known_agents[i % 4], "id": f"{1000 + i}"} for i in range(agents)]
    return view


@pytest.mark.parametrize("agents", [0, 4, 30, 400])
@pytest.mark.parametrize("queues", [0, 2, 5, 60])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (132, 43), (200, 60)])
def test_it_fills_the_terminal_and_never_more(
    width: int, height: int, queues: int, agents: int
) -> None:
    view = FloorView("ccore")
    view.feed(crowded(queues, agents))
    for _ in range(40):
        view.tell({"news": "offer", "at_us": NOW_US, "calling_name": HOSTILE * 20})
    lines = drawn(view, width, height)
    assert len(lines) <= height
    assert max(cell_len(line) for line in lines) <= width


def test_who_waits_and_who_talks_can_be_read() -> None:
    view = FloorView("ccore")
    view.feed(floor_view())
    text = "\n".join(drawn(view, 80, 24))
    for expected in ("sales", "国语服务", "1:15", "91 %", "李娜", "talking 1:05", "lunch"):
        assert expected in text


def test_a_callers_name_is_text() -> None:
    view = FloorView("ccore")
    view.feed(floor_view())
    view.tell({"news": "offer", "at_us": NOW_US, "queue": "sales", "agent": "1001",
               "calling": "139", "calling_name": HOSTILE})  # fmt: skip
    line = next(line for line in drawn(view, 120, 30) if "offer" in line)
    assert "[red]张三\\x1b[2J\\u202e" in line


def test_before_the_first_view_it_says_what_it_waits_for() -> None:
    assert "waiting for the daemon" in drawn(FloorView("ccore"), 80, 24)[0]


def test_a_switch_that_is_down_is_told_in_a_plain_line() -> None:
    view = floor_view(nodes=[{"name": "two", "up": False, "since_us": NOW_US, "why": "reset"}])
    assert "switch two DOWN" in plain_line(view)


@given(st.text())
def test_safe_text_is_one_printable_line(text: str) -> None:
    shown = safe(text)
    assert not any(c in shown for c in "\n\r\x1b\u202e\u2066\u200f\ufeff\x9b")
    assert len(shown.splitlines()) <= 1


@given(st.dictionaries(st.text(), st.text(), max_size=3))
def test_json_means_what_was_meant(value: dict[str, str]) -> None:
    import json

    text = as_json([value])
    assert json.loads(text) == [value]
    assert all(safe(line) == line for line in text.split("\n"))


def test_spans() -> None:
    assert [span(ms) for ms in (None, 0, 7_999, 754_000, 3_723_000, -5)] == [
        "-", "0:00", "0:07", "12:34", "1:02:03", "0:00",
    ]  # fmt: skip


def test_who_does_not_take_a_call_is_named() -> None:
    view = FloorView("ccore")
    view.feed(floor_view())
    view.tell({"news": "agent", "at_us": NOW_US, "agent": "1001", "reason": "rest-no-answer"})
    text = "\n".join(drawn(view, 100, 30))
    assert "李娜 Li Na did not take it: no-answer" in text


@pytest.mark.parametrize("width", range(40, 130, 3))
def test_a_queue_has_its_name_and_who_waits_at_any_width(width: int) -> None:
    view = FloorView("ccore")
    view.feed(floor_view())
    row = next(line for line in drawn(view, width, 24) if "sal" in line)
    assert "sales" in row
    assert "…" not in row
    assert re.search(r"\b3\b", row)
    assert "91 %" in row
