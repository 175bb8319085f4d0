"""The daemon's link over TCP and a bad line: in the end it comes up, with all channels."""

from collections.abc import Iterator

import gevent
import pytest
from gevent.event import Event as Flag

from ccore.config.schema import Switch
from ccore.daemon.clock import Clock
from ccore.daemon.links import NodeLink
from ccore.errors import CcoreError
from ccore.model import Event, LinkUp
from ccore.sim.server import SimServer, now_us
from ccore.sim.switch import SimSwitch
from tests.faults.line import Fault, Kind, Line
from tests.faults.proxy import Proxy

PATIENCE_S = 120

# Where on a connection: in the greeting, in the answer to the password, in what the switch says
# afterwards (answers to the subscription, or to the questions about its channels).
PLACES = (5, 60, 300)


@pytest.fixture
def switch() -> Iterator[SimServer]:
    server = SimServer(SimSwitch(password="pear", now_us=now_us()))
    server.start()
    server.act("caller:1", "call", called="4001", calling="13800000001", name="Li")
    yield server
    server.stop()


class Heard:
    def __init__(self) -> None:
        self.up: LinkUp | None = None
        self.refused: CcoreError | None = None
        self.news = Flag()

    def deliver(self, node: str, events: list[Event], came_us: int) -> None:
        for event in events:
            if isinstance(event, LinkUp):
                self.up = event
                self.news.set()

    def refuse(self, error: CcoreError) -> None:
        self.refused = error
        self.news.set()


@pytest.mark.parametrize("number", [0, 1], ids=["listening", "speaking"])
@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize("kind", [Kind.CUT, Kind.STALLED])
def test_the_link_comes_up_over_a_line_that_was_bad_once(
    switch: SimServer, kind: Kind, at: int, number: int
) -> None:
    lines = [Line(), Line()]
    lines[number] = Line(Fault(kind, at))
    proxy = Proxy(switch.port, lines)
    heard = Heard()
    node = NodeLink(
        "main",
        Switch(host="127.0.0.1", port=proxy.start(), password="pear"),
        Clock(),
        heard.deliver,
        "",
        heard.refuse,
    )
    node.start()
    with gevent.Timeout(PATIENCE_S):
        heard.news.wait()
    node.stop()
    proxy.stop()
    assert lines[number].has_struck
    assert heard.refused is None
    assert heard.up is not None
    assert [leg.calling for leg in heard.up.legs] == ["13800000001"]
    assert (proxy.connections > 2) == (kind is Kind.CUT)
