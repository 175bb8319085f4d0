"""The simulated switch behind a TCP port, in real time. The only file of `ccore.sim` with I/O.

Recordings become small valid WAV files of silence, below one directory only, so that they can be
indexed and hashed like real ones.
"""

import logging
import time
import wave
from pathlib import Path

import gevent
from gevent.event import Event
from gevent.queue import Queue
from gevent.server import StreamServer
from gevent.socket import socket

from ccore.sim.population import Action, Population
from ccore.sim.switch import SimSwitch

__all__ = ["SimServer", "now_us", "write_wav"]

LOG = logging.getLogger("ccore.sim")

# Stereo, 8 kHz, 16 bit: what a switch records with RECORD_STEREO.
RATE_HZ = 8000
READ_BYTES = 64 * 1024


def now_us() -> int:
    return time.time_ns() // 1000


class SimServer:
    """`files_under` None: recordings are not written. `longest_file_s` bounds each file's size."""

    def __init__(
        self,
        switch: SimSwitch,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        population: Population | None = None,
        files_under: Path | None = None,
        longest_file_s: float = 10.0,
    ) -> None:
        self.switch = switch
        self.population = population
        self.files_under = files_under.resolve() if files_under is not None else None
        self.longest_file_s = longest_file_s
        self._server = StreamServer((host, port), self._serve)
        self._writers: dict[int, Queue[bytes | None]] = {}
        self._wake = Event()
        self._connections = 0
        self._ticker: gevent.Greenlet | None = None

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    def start(self) -> int:
        """Listen; the answer is the port."""
        self._server.start()
        self._ticker = gevent.spawn(self._tick)
        return self.port

    def stop(self) -> None:
        self.switch.shut_down(now_us())
        self._pump()
        self._server.stop(timeout=1)
        if self._ticker is not None:
            self._ticker.kill()

    def act(self, phone: str, action: str, **args: object) -> None:
        self.switch.act(phone, action, now_us(), **args)
        self._pump()

    def _serve(self, sock: socket, address: object) -> None:
        self._connections += 1
        conn = self._connections
        outbox: Queue[bytes | None] = Queue()
        self._writers[conn] = outbox
        writer = gevent.spawn(self._write, sock, outbox)
        self.switch.connect(conn, now_us())
        self._pump()
        try:
            while data := sock.recv(READ_BYTES):
                self.switch.receive(conn, data, now_us())
                self._pump()
        except OSError:
            pass  # the client is gone, however it went
        finally:
            self.switch.disconnect(conn, now_us())
            del self._writers[conn]
            outbox.put(None)
            writer.join()
            sock.close()

    def _write(self, sock: socket, outbox: "Queue[bytes | None]") -> None:
        try:
            while (data := outbox.get()) is not None:
                sock.sendall(data)
            sock.shutdown(2)
        except OSError:
            pass

    def _tick(self) -> None:
        while True:
            deadline = self._deadline()
            wait_s = None if deadline is None else max(deadline - now_us(), 0) / 1_000_000
            self._wake.wait(wait_s)
            self._wake.clear()
            now = now_us()
            self.switch.on_deadline(now)
            if self.population is not None:
                self._do(self.population.on_deadline(now), now)
            self._pump(wake=False)

    def _deadline(self) -> int | None:
        times = [self.switch.next_deadline()]
        if self.population is not None:
            times.append(self.population.next_deadline())
        return min((each for each in times if each is not None), default=None)

    def _pump(self, wake: bool = True) -> None:
        """Hand on everything that the switch has to say."""
        happenings = self.switch.take_happenings()
        if self.population is not None:
            while happenings:
                self._do(self.population.react(happenings), now_us())
                happenings = self.switch.take_happenings()
        for conn, data in self.switch.take_output():
            if conn in self._writers:
                self._writers[conn].put(data)
        for conn in self.switch.closed():
            if conn in self._writers:
                self._writers[conn].put(None)
        for path, length_ms, kind in self.switch.take_files():
            self._keep(Path(path), length_ms, kind)
        if wake:
            self._wake.set()

    def _do(self, actions: list[Action], now: int) -> None:
        for action in actions:
            self.switch.act(action.phone, action.name, now, **action.args)

    def _keep(self, path: Path, length_ms: int, kind: str) -> None:
        if self.files_under is None:
            return
        if not path.resolve().is_relative_to(self.files_under):
            LOG.warning("recording %s is not below %s: not written", path, self.files_under)
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            channels = 2 if kind == "call" else 1
            write_wav(path, min(length_ms, int(self.longest_file_s * 1000)), channels)
        except OSError as error:
            LOG.warning("recording %s could not be written: %s", path, error)


def write_wav(path: Path, length_ms: int, channels: int = 2) -> None:
    """Silence of that length."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(bytes(length_ms * RATE_HZ // 1000 * 2 * channels))
