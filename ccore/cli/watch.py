"""Look at a running daemon for a while: the live view in a terminal, a line now and then elsewhere.

One conversation asks for the status, a second one brings the news; waiting for news is what paces
the asking, so nothing sleeps beside it.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from ccore.cli.client import Client
from ccore.cli.floor_view import FloorView, View, plain_line
from ccore.errors import NotRunning

__all__ = ["Course", "for_seconds", "watch"]

# Often enough that a bar seems to move, seldom enough to cost the daemon nothing.
VIEW_EVERY_S = 0.5
LINE_EVERY_S = 5.0

# What to say at the foot of this view; None: it was the last.
Course = Callable[[View], str | None]


def for_seconds(seconds: float | None, note: str = "Ctrl-C leaves") -> Course:
    """Look for so long after the first view, which is always shown; None: until somebody leaves."""
    ends: float | None = None

    def course(view: View) -> str | None:
        nonlocal ends
        now = time.monotonic()
        if ends is None:
            ends = float("inf") if seconds is None else now + seconds
            return note
        return note if now < ends else None

    return course


def watch(
    socket: Path, course: Course, *, title: str = "ccore", every_s: float | None = None
) -> bool:
    """Show as long as `course` wants (True) or the daemon lives (False). Ctrl-C is the caller's."""
    terminal = sys.stdout.isatty()
    every_s = every_s or (VIEW_EVERY_S if terminal else LINE_EVERY_S)
    with contextlib.ExitStack() as stack:
        asking = stack.enter_context(Client(socket))
        listening = stack.enter_context(Client(socket))
        listening.ask("follow")
        screen = stack.enter_context(_live(title)) if terminal else _Lines()
        next_s = time.monotonic()
        try:
            while (note := course(view := asking.ask("status"))) is not None:
                if time.monotonic() >= next_s:
                    screen.show(view, note)
                    next_s += every_s
                for news in _news_for(listening, min(every_s, VIEW_EVERY_S)):
                    screen.tell(news)
        except (EOFError, NotRunning):
            return False
    return True


def _news_for(listening: Client, seconds: float) -> Iterator[Mapping[str, Any]]:
    until = time.monotonic() + seconds
    while (wait_s := until - time.monotonic()) > 0:
        if (news := listening.news_within(wait_s)) is not None:
            yield news


class _Screen(Protocol):
    def show(self, view: View, note: str) -> None: ...
    def tell(self, news: Mapping[str, Any]) -> None: ...


class _Lines:
    """Where there is no terminal; news are for `ccore follow`."""

    def show(self, view: View, note: str) -> None:
        print(plain_line(view), flush=True)

    def tell(self, news: Mapping[str, Any]) -> None:
        pass


@contextlib.contextmanager
def _live(title: str) -> Iterator[_Screen]:
    from rich.console import Console
    from rich.live import Live

    floor = FloorView(title)
    with Live(floor, console=Console(), screen=True, auto_refresh=False) as live:

        class Screen:
            def show(self, view: View, note: str) -> None:
                floor.note = note
                floor.feed(view)
                live.refresh()

            def tell(self, news: Mapping[str, Any]) -> None:
                floor.tell(news)

        yield Screen()
