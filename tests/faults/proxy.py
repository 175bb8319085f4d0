"""A TCP proxy in gevent's loop: what the switch says first goes over bad lines."""

import gevent
from gevent import socket
from gevent.server import StreamServer

from tests.faults.line import Line

__all__ = ["Proxy"]

READ_BYTES = 64 * 1024
STALL_S = 0.2  # so long does a stalled line stay so


class Proxy:
    """The n-th connection gets the n-th line; those after them are good."""

    def __init__(self, port: int, lines: list[Line]) -> None:
        self.connections = 0
        self._upstream = ("127.0.0.1", port)
        self._lines = lines
        self._server = StreamServer(("127.0.0.1", 0), self._serve)

    def start(self) -> int:
        self._server.start()
        return int(self._server.server_port)

    def stop(self) -> None:
        self._server.stop(timeout=1)

    def _serve(self, client: socket.socket, address: object) -> None:
        line = self._lines[self.connections] if self.connections < len(self._lines) else Line()
        self.connections += 1
        switch = socket.create_connection(self._upstream)
        towards = gevent.spawn(_carry, client, switch)
        try:
            while data := switch.recv(READ_BYTES):
                client.sendall(line.carry(data))
                if line.is_stalled:
                    gevent.sleep(STALL_S)
                    client.sendall(line.release())
                if line.is_cut:
                    break
        except OSError:
            pass  # either side is gone, however it went
        finally:
            towards.kill()
            for sock in (client, switch):
                sock.close()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(READ_BYTES):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
