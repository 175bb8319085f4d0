"""What a bystander sees: the switch's own events, heard by a connection that is not ccore's.

It nudges its connection every millisecond, so an event reaches it within about one, and notes its
own time beside the switch's stamp. Both are kept because each has its fault: the stamp is taken
from a clock that the switch moves on once per media frame, the time of arrival holds up to a
millisecond of waiting. It costs the switch CPU, so it does not listen while CPU is measured.
"""

import select
import threading
import time
from dataclasses import dataclass, field

from bench.figures import Latency, as_urgent_as_the_switch, latency
from tests.real.wire import Headers, Wire

__all__ = ["Bystander", "Heard"]

NUDGE_S = 0.001
EVENTS = "CHANNEL_PARK CHANNEL_CREATE CHANNEL_HANGUP_COMPLETE CUSTOM callcenter::info"


@dataclass(slots=True)
class Moments:
    """When something was, by the stamp and by arrival, in microseconds."""

    stamp_us: int
    arrival_us: int


@dataclass(frozen=True, slots=True)
class Heard:
    join_to_offer: Latency  # by arrival
    join_to_offer_stamped: Latency
    idle: Latency  # an agent between two calls, by arrival
    idle_stamped: Latency
    stamp_grain_us: int


@dataclass(slots=True)
class Bystander:
    """`with Bystander(port, password) as bystander: ...; bystander.heard()`."""

    port: int
    password: str
    joined: dict[str, Moments] = field(default_factory=dict)  # caller's leg
    offered: dict[str, Moments] = field(default_factory=dict)  # caller's leg: his first offer
    # agent: his legs made (with whom they are for) and gone
    turns: dict[str, list[tuple[str, str, Moments]]] = field(default_factory=dict)
    stamps: set[int] = field(default_factory=set)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "Bystander":
        wire = Wire(self.port, self.password, self._on_event)
        wire.call(f"event plain {EVENTS}")
        self._thread = threading.Thread(target=self._listen, args=(wire,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _listen(self, wire: Wire) -> None:
        as_urgent_as_the_switch(threading.get_native_id())
        while not self._over.is_set():
            if select.select([wire.sock], [], [], NUDGE_S)[0]:
                wire.read()
            wire.nudge()
        wire.close()

    def _on_event(self, event: Headers, _body: str) -> None:
        at = Moments(int(event["Event-Date-Timestamp"]), time.time_ns() // 1000)
        self.stamps.add(at.stamp_us)
        name, leg = event["Event-Name"], event.get("Unique-ID", "")
        agent = event.get("variable_ccore_agent") or event.get("variable_cc_agent", "")
        if name == "CHANNEL_PARK" and event.get("variable_ccore_way") == "inbound":
            self.joined.setdefault(leg, at)
        elif name == "CUSTOM" and event.get("CC-Action") == "member-queue-start":
            self.joined.setdefault(event["CC-Member-Session-UUID"], at)
        elif event.get("Call-Direction") == "outbound" and agent:
            caller = event.get("variable_ccore_contact") or event.get(
                "variable_cc_member_session_uuid", ""
            )
            if name == "CHANNEL_CREATE":
                self.offered.setdefault(caller, at)
            if name in ("CHANNEL_CREATE", "CHANNEL_HANGUP_COMPLETE"):
                self.turns.setdefault(agent, []).append((name, caller, at))

    def heard(self) -> Heard:
        pairs = [(at, self.offered[leg]) for leg, at in self.joined.items() if leg in self.offered]
        gaps = [
            (ended, begun)
            for turns in self.turns.values()
            for (was, _, ended), (then, caller, begun) in zip(turns, turns[1:], strict=False)
            if was == "CHANNEL_HANGUP_COMPLETE"
            and then == "CHANNEL_CREATE"
            # Without a caller who waits nobody is kept idle.
            and caller in self.joined
            and self.joined[caller].arrival_us < ended.arrival_us
        ]
        stamps = sorted(self.stamps)
        steps = [b - a for a, b in zip(stamps, stamps[1:], strict=False)]
        return Heard(
            latency([offer.arrival_us - join.arrival_us for join, offer in pairs]),
            latency([offer.stamp_us - join.stamp_us for join, offer in pairs]),
            latency([begun.arrival_us - ended.arrival_us for ended, begun in gaps]),
            latency([begun.stamp_us - ended.stamp_us for ended, begun in gaps]),
            min(steps, default=0),
        )
