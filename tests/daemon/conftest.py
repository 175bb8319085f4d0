import itertools
from collections.abc import Iterator

import pytest
from gevent.server import StreamServer

from tests.daemon.scripted import Script, Serve


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a scripted switch; its port."""
    servers: list[StreamServer] = []

    def start(script: Script) -> int:
        numbers = itertools.count()
        server = StreamServer(("127.0.0.1", 0), lambda sock, _: script(sock, next(numbers)))
        server.start()
        servers.append(server)
        return int(server.server_port)

    yield start
    for server in servers:
        server.stop(timeout=1)
