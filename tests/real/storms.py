"""More events than anybody expects: none is lost that has a place to wait, and nobody else waits.

`python -m tests.real.storms PORT PASSWORD EVENTS BYTES` has the switch fire so many events, each
with so much text, as fast as it takes the orders; every hundredth is one of the most important.
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event as Flag

from ccore.config.schema import Switch
from ccore.daemon.clock import Clock
from ccore.daemon.links import NodeLink
from ccore.errors import CcoreError
from ccore.model import DigitPressed, Event, LegHungUp, LinkUp
from tests.real.case import PATIENCE_S, Case, Stage
from tests.real.switch import RealSwitch
from tests.real.wire import Wire

__all__ = ["CASES"]

EVERY = 100  # so many unimportant ones to an important one
AT_ONCE = 500  # orders written before their replies are read


def fire(port: str, password: str, events: str, size: str) -> None:
    wire = Wire(int(port), password)
    text, left = b"x" * int(size), 0

    def replied(*_: Any) -> None:
        nonlocal left
        left -= 1

    for number in range(int(events)):
        name = "DTMF" if number % EVERY else "CHANNEL_HANGUP_COMPLETE"
        # As a body: of the lines before it the switch reads one byte at a time.
        order = f"sendevent {name}\nUnique-ID: {number}\nContent-Length: {len(text)}"
        wire.send(order, replied)
        wire.sock.sendall(text)
        left += 1
        while left >= AT_ONCE:
            wire.read()
    while left:
        wire.read()
    wire.close()


def _storm(switch: RealSwitch, events: int, size: int) -> "subprocess.Popen[bytes]":
    words = (switch.port, switch.password, events, size)
    return subprocess.Popen([sys.executable, "-m", "tests.real.storms", *map(str, words)])


def ten_thousand_events_at_once_and_none_is_lost(stage: Stage) -> None:
    """They wait on the switch while the daemon's process is stopped, and come in one go."""

    def link() -> dict[str, Any]:
        links: dict[str, Any] = stage.world.order({"do": "status"})["daemon"]["links"]["main"]
        return links

    events = 10_000
    before = link()
    pid = stage.world.daemon_pid
    os.kill(pid, signal.SIGSTOP)
    try:
        assert _storm(stage.switch, events, 500).wait(PATIENCE_S) == 0
    finally:
        os.kill(pid, signal.SIGCONT)
    heard = before["received_events"] + events
    stage.so(lambda: link()["received_events"] >= heard, f"{events} events heard")
    after = link()
    assert after["shed"] == 0
    assert after["connects"] == before["connects"]
    stage.world.act(stage.talk(1), "hangup")
    stage.until("caller:1", "over")


class _Held:
    """The daemon's link, and a loop that somebody holds."""

    def __init__(self, switch: RealSwitch) -> None:
        self.pictures: list[LinkUp] = []
        self.digits = 0
        self.hung_up: list[int] = []
        self._news = Flag()
        where = Switch(host="127.0.0.1", port=switch.port, password=switch.password)
        self.node = NodeLink("main", where, Clock(), self._deliver, "", self._refuse)
        self.node.start()

    def _deliver(self, node: str, events: list[Event], came_us: int) -> None:
        for event in events:
            if isinstance(event, LinkUp):
                self.pictures.append(event)
            elif isinstance(event, DigitPressed):
                self.digits += 1
            elif isinstance(event, LegHungUp) and event.leg.isdigit():
                self.hung_up.append(int(event.leg))
        self._news.set()

    def _refuse(self, error: CcoreError) -> None:
        raise AssertionError(error)

    def until(self, is_so: Callable[[], object]) -> None:
        with gevent.Timeout(PATIENCE_S):
            while not is_so():
                self._news.wait(1.0)
                self._news.clear()


def a_flood_is_shed_by_importance_and_the_picture_mended(stage: Stage) -> None:
    """The loop is held until the switch has said more than may wait; a caller waits meanwhile."""
    stage.world.order({"do": "agent.sign_out", "agent": "1001"})
    phone = stage.call(1)
    stage.until(phone, "waiting")
    (waiting,) = stage.calls()
    held = _Held(stage.switch)
    try:
        held.until(lambda: held.pictures)
        size, events = 20_000, 4_500
        storm = _storm(stage.switch, events, size)
        while held.node.figures()["late_bytes"] < events * size:
            select.select([], [], [], 0.01)  # no other greenlet runs, so the loop reads nothing
            assert storm.poll() in (None, 0)
        assert storm.wait(PATIENCE_S) == 0
        assert stage.switch.api("version")[0].startswith("FreeSWITCH"), "nobody else is held up"
        figures = held.node.figures()
        assert figures["backlog_bytes"] <= 64 * 1024 * 1024, figures
        held.until(lambda: len(held.pictures) == 2)
        assert waiting["contact"] in {leg.leg for leg in held.pictures[1].legs}
        figures = held.node.figures()
        shed = figures["shed_kinds"]["DTMF"]
        assert held.digits + shed == events - events // EVERY, figures
        assert held.hung_up == list(range(0, events, EVERY)), "the most important ones stay"
        assert figures["backlog_bytes"] == 0
        assert figures["connects"] == 1
        # It is well again by itself.
        assert _storm(stage.switch, 200, 10).wait(PATIENCE_S) == 0
        held.until(lambda: held.hung_up[-2:] == [0, EVERY])
        assert held.node.figures()["shed"] == figures["shed"]
    finally:
        held.node.stop()
    stage.world.act(phone, "hangup")
    stage.until(phone, "over")


CASES: tuple[Case, ...] = (
    ten_thousand_events_at_once_and_none_is_lost,
    a_flood_is_shed_by_importance_and_the_picture_mended,
)

if __name__ == "__main__":
    fire(*sys.argv[1:])
