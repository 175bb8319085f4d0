"""The real ground: FreeSWITCH with a centre's agents, a second one that is all the phones, calls.

The phones act by themselves (their switch's dialplan): an agent lets it ring a moment, talks,
hangs up. So a run sends one command a call and the measuring disturbs what it measures little.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.centre import NUMBER, RING_S, TALK_S, centre
from bench.figures import as_urgent_as_the_switch
from ccore.cli.client import Client
from ccore.errors import NotRunning
from tests.real.switch import PhonesSwitch, Ports, RealSwitch
from tests.real.wire import Wire

__all__ = ["Daemon", "Ground", "daemon", "ground"]

PORTS = Ports.at(33_000)
LIMIT_S = 60.0
LOOK_S = 0.1
# What a talking phone sends, so that the switch carries media as in earnest.
CALLER_TONE = "tone_stream://%(1000,0,400);loops=-1"
AGENT_TONE = f"tone_stream://%({round(TALK_S * 1000)},0,600)"
AGENT_RINGS = (
    ("ring_ready", ""),
    ("sleep", str(round(RING_S * 1000))),
    ("answer", ""),
    ("playback", AGENT_TONE),
    ("hangup", ""),
)


class Ground:
    """Both switches, running, with every agent's phone registered."""

    def __init__(self, switch: RealSwitch, phones: PhonesSwitch) -> None:
        self.switch = switch
        self._wire = Wire(phones.port, phones.password)
        self._agents = len(phones.agents)
        self._placed = 0
        self._await(self._registered, "every phone registered")

    def _registered(self) -> bool:
        return self._wire.api("sofia status").count("REGED") == self._agents

    def is_quiet(self) -> bool:
        return self.switch.api("show channels count")[0].split()[:1] == ["0"]

    def await_quiet(self) -> None:
        self._await(self.is_quiet, "every call over")

    @staticmethod
    def _await(look: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + LIMIT_S
        while not look():
            if time.monotonic() > end:
                raise RuntimeError(f"within {LIMIT_S:.0f} s not: {what}")
            time.sleep(LOOK_S)

    def place(self, calls: int, rate_per_s: float) -> None:
        """Callers at an even pace, each with a number of his own."""
        begin = time.monotonic()
        to = f"sofia/phones/{NUMBER}@127.0.0.1:{self.switch.ports.trunk}"
        for place in range(calls):
            time.sleep(max(0.0, begin + place / rate_per_s - time.monotonic()))
            self._placed += 1
            inside = (
                "originate_timeout=600,ignore_early_media=true,"
                f"origination_caller_id_number=138{self._placed:08d}"
            )
            self._wire.call(f"bgapi originate {{{inside}}}{to} &endless_playback({CALLER_TONE})")

    def close(self) -> None:
        self._wire.api("hupall")
        self._wire.close()


@contextmanager
def ground(
    root: Path, agents: int, prepare: Callable[[RealSwitch], None] = lambda switch: None
) -> Iterator[Ground]:
    """`prepare` may change the switch's configuration before it starts."""
    switch = RealSwitch(root / "switch", PORTS, agents=agents, ccore_rtp_timeout_ms="60000")
    prepare(switch)
    with switch, PhonesSwitch(root / "phones", switch, AGENT_RINGS) as phones:
        ground = Ground(switch, phones)
        try:
            yield ground
        finally:
            ground.close()


class Daemon:
    """A ccore of its own for one run."""

    def __init__(self, directory: Path, ground: Ground, agents: int) -> None:
        directory.mkdir()
        self.directory = directory
        config = directory / "ccore.toml"
        text = centre(agents, port=ground.switch.port, password=ground.switch.password)
        config.write_text(text, "utf-8")
        config.chmod(0o600)
        self._log = (directory / "log").open("wb")
        command = [sys.executable, "-m", "ccore", "run", "--config", str(config)]
        self._process = subprocess.Popen(command, stderr=self._log, start_new_session=True)
        self.is_realtime = as_urgent_as_the_switch(self._process.pid)

    @property
    def pid(self) -> int:
        return self._process.pid

    def status(self) -> dict[str, Any]:
        with Client(self.directory / "var" / "ccore.sock") as client:
            return client.ask("status")

    def await_link(self) -> None:
        end = time.monotonic() + LIMIT_S
        while True:
            try:
                if all(node["up"] for node in self.status()["nodes"]):
                    return
            except NotRunning:
                pass
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError(f"no daemon:\n{(self.directory / 'log').read_text('utf-8')}")
            time.sleep(LOOK_S)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


@contextmanager
def daemon(directory: Path, ground: Ground, agents: int) -> Iterator[Daemon]:
    running = Daemon(directory, ground, agents)
    try:
        running.await_link()
        yield running
    finally:
        running.stop()
