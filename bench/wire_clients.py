"""The clients of the wire's bench: each reads ten headers of every event.

Run as a process of its own: `python -m bench.wire_clients NAME PORT EVENTS BYTES LINKS` prints
what it saw and used, as JSON. What is compared of the events is kept while the clock runs (the
last KEPT tuples of headers), and put together after it has stopped.
"""

import json
import os
import resource
import socket
import sys
import time
import zlib
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["CLIENTS", "KEPT", "TEN", "checksum"]

TEN = (
    "Event-Name",
    "Unique-ID",
    "Event-Date-Timestamp",
    "Event-Sequence",
    "Channel-State",
    "Answer-State",
    "Caller-Caller-ID-Name",
    "Caller-Destination-Number",
    "Hangup-Cause",
    "variable_sip_call_id",
)
KEPT = 500
READ_BYTES = 256 * 1024
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024  # as the daemon asks for

Ten = tuple[str, ...]


def checksum(seen: list[Ten]) -> int:
    """Of the headers' values, in whatever order the events were handled."""
    return zlib.crc32("\n".join("|".join(ten) for ten in sorted(seen)).encode())


class Stand:
    """Counts what a handler gets and stops the clock at the last."""

    def __init__(self, port: int, events: int, size: int, links: int) -> None:
        self.port, self.events, self.size, self.links = port, events, size, links
        self.seen: deque[Ten] = deque(maxlen=KEPT)
        self.count = 0
        self.waiting_mb = 0.0

    def begin(self) -> None:
        self._cpu = _cpu_us()
        self._resident = _resident_mb()

    def waiting(self) -> None:
        """All events are there and none is handled yet."""
        self.waiting_mb = round(_resident_mb() - self._resident, 1)

    def over(self) -> None:
        ended_ns, cpu_us = time.monotonic_ns(), _cpu_us() - self._cpu
        found = {
            "events": self.count,
            "ended_ns": ended_ns,
            "cpu_us": cpu_us,
            "checksum": checksum(list(self.seen)),
            "waiting_mb": self.waiting_mb,
        }
        print(json.dumps(found), flush=True)

    def connect(self) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        sock.sendall(b"auth x\n\nevent plain ALL\n\n")
        said = b""
        while said.count(b"\n\n") < 3:  # its question and two replies
            data = sock.recv(1)
            if not data:
                raise SystemExit("the sender went away")
            said += data
        return sock


def _cpu_us() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return round((used.ru_utime + used.ru_stime) * 1e6)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def drain(stand: Stand) -> None:
    """Nothing but taking the bytes: what no client can beat."""
    stand.begin()
    sock, room, left = stand.connect(), bytearray(READ_BYTES), stand.size
    while left > 0:
        left -= sock.recv_into(room)
    stand.count = stand.events
    stand.over()


def ccore(stand: Stand, hold: bool = False) -> None:
    """The daemon's own wire under gevent; a greenlet handles each event."""
    import gevent

    from ccore.daemon.wire import Wire
    from ccore.esl import EventView, Frame
    from ccore.esl.words import IMPORTANCE

    hub = gevent.get_hub()
    box: deque[EventView] = deque()
    is_idle = False
    names = tuple(name.encode() for name in TEN)

    def handle(event: EventView) -> None:
        stand.seen.append(event.values(names))
        stand.count += 1
        if stand.count == stand.events:
            stand.over()
            done.set()

    def handler() -> None:
        nonlocal is_idle
        while True:
            while box:
                handle(box.popleft())
            is_idle = True
            hub.switch()

    def take(frames: list[Frame], size: int) -> None:
        nonlocal is_idle
        box.extend([frame.event() for frame in frames if frame.content_type == b"text/event-plain"])
        if hold and len(box) < stand.events:
            return
        if hold:
            stand.waiting()
        if box and is_idle:
            is_idle = False
            hub.loop.run_callback(greenlet.switch)

    done = gevent.event.Event()
    greenlet = gevent.spawn(handler)
    gevent.sleep(0)
    stand.begin()
    wires = [Wire(stand.connect(), IMPORTANCE) for _ in range(stand.links)]
    for wire in wires:
        wire.start(take, lambda why: None)
    done.wait()


def ccore_waiting(stand: Stand) -> None:
    ccore(stand, hold=True)


def greenswitch(stand: Stand, hold: bool = False) -> None:
    """As its documentation shows, with a handler of all events."""
    import gevent
    from gevent.event import Event
    from greenswitch import InboundESL

    done, gate = Event(), Event()

    def handle(event: Any) -> None:
        if hold:
            gate.wait()
        get = event.headers.get
        stand.seen.append(tuple([get(name, "") for name in TEN]))
        stand.count += 1
        if stand.count == stand.events:
            stand.over()
            done.set()

    client = InboundESL("127.0.0.1", stand.port, "x")
    client.connect()
    client.register_handle("*", handle)
    stand.begin()
    client.send("event plain ALL")
    if hold:
        while client._esl_event_queue.qsize() < stand.events - 1:  # the handler holds one
            gevent.sleep(0.05)
        stand.waiting()
        gate.set()
    done.wait()


def greenswitch_waiting(stand: Stand) -> None:
    greenswitch(stand, hold=True)


def genesis(stand: Stand) -> None:
    """Its protocol with a handler of all events, as its consumer uses it."""
    import asyncio

    from genesis.inbound import Inbound

    async def run() -> None:
        done = asyncio.Event()

        async def handle(event: Any) -> None:
            found = [event.get(name, "") for name in TEN]
            stand.seen.append(tuple([v[0] if isinstance(v, list) else str(v) for v in found]))
            stand.count += 1
            if stand.count == stand.events:
                stand.over()
                done.set()

        async with Inbound("127.0.0.1", stand.port, "x") as protocol:
            protocol.on("*", handle)
            stand.begin()
            await protocol.send("event plain ALL")
            await done.wait()
            sys.stdout.flush()
            os._exit(0)  # its good-bye waits for a switch that is none

    asyncio.run(run())


CLIENTS: dict[str, Callable[[Stand], None]] = {
    "drain": drain,
    "ccore": ccore,
    "greenswitch": greenswitch,
    "genesis": genesis,
    "ccore-waiting": ccore_waiting,
    "greenswitch-waiting": greenswitch_waiting,
}


if __name__ == "__main__":
    CLIENTS[sys.argv[1]](Stand(*map(int, sys.argv[2:])))
