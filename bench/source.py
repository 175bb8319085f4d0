"""What a switch sends for one call, by what is asked of it: events and bytes on a real FreeSWITCH.

The same calls are heard by three listeners at once: one that asks for everything, one for the names
that the floor has words for, and one that asks as ccore does, with filters. Counts, not times: a
busy machine changes nothing.
"""

import json
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.figures import machine
from bench.ground import daemon, ground
from ccore.errors import CcoreError
from ccore.esl import SUBSCRIPTION, Frame
from ccore.talk.line import Line

__all__ = ["Asked", "SourceRun", "run", "save", "show"]

RESULTS = Path(__file__).parent / "results" / "source.json"
CALLS, RATE_PER_S, AGENTS = 40, 4.0, 40
TIMEOUT_S = 30.0
# Within this the switch has sent what it had queued: it looks every 20 ms.
SETTLE_S = 1.0

OF_NO_CALL = ("API", "COMMAND", "CUSTOM", "HEARTBEAT", "RE_SCHEDULE")

# Without filters, and with the two events that ccore does without.
_EVENT = SUBSCRIPTION.rpartition("\n\n")[2]
BY_NAME = _EVENT.replace("CHANNEL_BRIDGE", "CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_UNBRIDGE")

ASKS = {"everything": "event plain ALL", "by name": BY_NAME, "as ccore does": SUBSCRIPTION}


@dataclass(frozen=True, slots=True)
class Asked:
    how: str
    events_per_call: float
    bytes_per_call: float
    by_name: dict[str, int]  # events of all calls


@dataclass(frozen=True, slots=True)
class SourceRun:
    switch: str
    calls: int
    asked: list[Asked]


class Listener:
    """Counts, and beats for nobody: events wait up to 20 ms, which changes no count."""

    def __init__(self, port: int, password: str, subscription: str) -> None:
        self.names: Counter[str] = Counter()
        self.bytes = 0
        self.trouble: CcoreError | None = None
        self._counting = threading.Event()
        self._line = Line(("127.0.0.1", port), password, TIMEOUT_S, self._take, self._end)
        self._line.send(subscription)

    def count(self) -> None:
        self._counting.set()

    def close(self) -> None:
        self._counting.clear()
        self._line.close()

    def _take(self, frame: Frame) -> None:
        if frame.content_type == b"text/event-plain" and self._counting.is_set():
            name = frame.event().get(b"Event-Name")
            if name not in OF_NO_CALL:
                self.names[name] += 1
                head = b"Content-Length: %d\nContent-Type: text/event-plain\n\n" % len(frame.body)
                self.bytes += len(head) + len(frame.body)

    def _end(self, why: CcoreError) -> None:
        self.trouble = why


def run(root: Path, calls: int = CALLS) -> SourceRun:
    with ground(root, AGENTS) as real, daemon(root / "ccore", real, AGENTS):
        version = real.switch.api("version")[0].strip()
        listeners = {
            how: Listener(real.switch.port, real.switch.password, ask) for how, ask in ASKS.items()
        }
        time.sleep(SETTLE_S)
        for listener in listeners.values():
            listener.count()
        real.place(calls, RATE_PER_S)
        real.await_quiet()
        time.sleep(SETTLE_S)
        for listener in listeners.values():
            if listener.trouble is not None:
                raise listener.trouble
            listener.close()
    asked = [
        Asked(
            how,
            round(one.names.total() / calls, 1),
            round(one.bytes / calls),
            dict(one.names.most_common()),
        )
        for how, one in listeners.items()
    ]
    _check(asked, calls)
    return SourceRun(version, calls, asked)


def _check(asked: list[Asked], calls: int) -> None:
    """Every listener heard the same calls: both legs' ends, and as many bridges."""
    for name, least in (("CHANNEL_HANGUP_COMPLETE", 2 * calls), ("CHANNEL_BRIDGE", calls)):
        heard = {one.by_name.get(name, 0) for one in asked}
        if len(heard) != 1 or heard.pop() < least:
            raise AssertionError(f"{name} was not heard alike: {asked}")


def show(found: SourceRun, console: Console) -> None:
    table = Table(
        title=f"What the switch sends for a call, {found.calls} calls, {found.switch}",
        title_justify="left",
    )
    for name in ("asked for", "events", "bytes", "of all events", "of all bytes"):
        table.add_column(name, justify="left" if name == "asked for" else "right")
    whole = found.asked[0]
    for one in found.asked:
        table.add_row(
            one.how,
            f"{one.events_per_call:.1f}",
            f"{one.bytes_per_call:,.0f}",
            f"{one.events_per_call / whole.events_per_call:.1%}",
            f"{one.bytes_per_call / whole.bytes_per_call:.1%}",
        )
    console.print(table)


def save(found: SourceRun) -> Path:
    kept: dict[str, Any] = {"machine": machine(), **asdict(found)}
    RESULTS.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
    return RESULTS
