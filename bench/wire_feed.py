"""The switch's side of the wire's bench: real events, sent as fast as they are taken.

Run as a process of its own: `python -m bench.wire_feed FEED LAPS LINKS SIZE` prints its port, then
when its first event went (ns of the monotonic clock).
"""

import gzip
import itertools
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from ccore.esl.plain import PlainDecoder

__all__ = ["BULK", "SWITCH", "frames", "host", "sized", "source"]

ROOT = Path(__file__).parent.parent
BURST = ROOT.parent / "shared" / "esl-captures" / "burst_of_50_calls.s2c"
FILES = ROOT / "tests" / "data" / "esl"

BULK = "bulk"  # as much as the kernel takes at a time
SWITCH = "switch"  # as mod_event_socket: head and body of every event sent by themselves, no delay
PIECE_BYTES = 1024 * 1024
PLAIN = b"text/event-plain"


def source() -> str:
    return BURST.name if BURST.exists() else "the captures of tests/data/esl"


def _captured() -> Iterator[bytes]:
    """Bodies of a real switch's events."""
    if BURST.exists():
        streams = [BURST.read_bytes()]
    else:
        streams = [gzip.decompress(path.read_bytes()) for path in sorted(FILES.glob("*.s2c.gz"))]
    for stream in streams:
        for frame in PlainDecoder().feed(stream):
            if frame.content_type == PLAIN:
                yield frame.body


def sized(body: bytes, size: int) -> bytes:
    """The event with fewer headers, or with more, to be about so many bytes. 0: as it is."""
    head, _, inner = body.partition(b"\n\n")
    if not size or inner:
        return body
    if len(head) > size:
        return head[: head.rindex(b"\n", 0, size)] + b"\n\n"
    lines, much = [head], len(head)
    for number in itertools.count():
        if much >= size:
            return b"\n".join(lines) + b"\n\n"
        value = quote(f"<sip:{number}@192.0.2.2;transport=udp>", safe="")
        lines.append(f"variable_bench_{number}: {value}".encode())
        much += len(lines[-1]) + 1
    raise AssertionError


def frames(size: int = 0) -> list[tuple[bytes, bytes]]:
    """One lap: outer head and body of every event."""
    bodies = [sized(body, size) for body in _captured()]
    return [
        (b"Content-Length: %d\nContent-Type: %s\n\n" % (len(body), PLAIN), body) for body in bodies
    ]


def host(listening: socket.socket, links: int) -> list[socket.socket]:
    """As many clients, each logged in and subscribed."""
    clients = []
    for _ in range(links):
        client = listening.accept()[0]
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(b"Content-Type: auth/request\n\n")
        while b"plain ALL" not in _command(client):
            client.sendall(b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n")
        client.sendall(b"Content-Type: command/reply\nReply-Text: +OK event listener enabled\n\n")
        clients.append(client)
    return clients


def _command(client: socket.socket) -> bytes:
    said = b""
    while not said.endswith(b"\n\n"):
        data = client.recv(1)
        if not data:
            raise SystemExit("the client went away")
        said += data
    return said


def feed(clients: list[socket.socket], lap: list[tuple[bytes, bytes]], laps: int, how: str) -> None:
    pieces = [piece for frame in lap for piece in frame]
    whole = memoryview(b"".join(pieces))
    print(time.monotonic_ns(), flush=True)
    for _ in range(laps):
        if how == SWITCH:
            for client in clients:
                send = client.sendall
                for piece in pieces:
                    send(piece)
        else:
            for at in range(0, len(whole), PIECE_BYTES):
                for client in clients:
                    client.sendall(whole[at : at + PIECE_BYTES])


def main(how: str, laps: str, links: str, size: str) -> None:
    lap = frames(int(size))
    listening = socket.create_server(("127.0.0.1", 0), backlog=100)
    print(listening.getsockname()[1], flush=True)
    clients = host(listening, int(links))
    try:
        feed(clients, lap, int(laps), how)
        for client in clients:
            client.recv(1)  # until it has read all
    except ConnectionError:
        pass  # it went as soon as it had all


if __name__ == "__main__":
    main(*sys.argv[1:])
