"""A daemon behind a bad line, under traffic: what a fault is put to, and what is counted of it."""

import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccore.cdr.layout import Row
from ccore.cdr.records import load
from ccore.cli.client import Client
from ccore.errors import CcoreError
from ccore.model import ContactClosed
from tests.book.center import toml_of
from tests.book.scenario import BASE
from tests.real.proxy import Proxy
from tests.real.switch import RealSwitch
from tests.real.traffic import Call, Traffic

__all__ = ["Controller", "Picture", "centre", "channels"]

START_S = 60.0
QUIET_S = 20.0
NODE = "main"


@dataclass(slots=True)
class Picture:
    """What was so at one moment, by phones and by ccore."""

    up: list[Call]
    states: dict[str, int]  # of calls, by ccore
    waiting: list[str]  # callers' numbers in the order of their places
    entered: dict[str, int]  # their first clock, microseconds
    recorded: int


class Controller:
    """`ccore run` in a directory of its own, on a switch that it reaches through `proxy`."""

    def __init__(
        self, directory: Path, center: dict[str, Any], switch: RealSwitch, proxy: Proxy
    ) -> None:
        directory.mkdir(parents=True)
        self.directory = directory
        self.config = directory / "ccore.toml"
        link = {"port": proxy.port, "password": switch.password}
        nodes = {NODE: {**center["switch"][NODE], **link}}
        self.config.write_text(toml_of({**center, "switch": nodes}), "utf-8")
        self.config.chmod(0o600)
        self._log = (directory / "daemon.log").open("ab")
        self._daemon: subprocess.Popen[bytes] | None = None

    def start(self, meanwhile: Callable[[], None]) -> None:
        """Until it serves the switch; `meanwhile` is called again and again."""
        self._daemon = subprocess.Popen(
            [sys.executable, "-m", "ccore", "run", "--config", str(self.config)],
            stderr=self._log,
            start_new_session=True,
        )
        self.await_link(meanwhile)

    def await_link(self, meanwhile: Callable[[], None], is_up: bool = True) -> None:
        end_s = time.monotonic() + START_S
        while self.is_linked() is not is_up:
            meanwhile()
            if time.monotonic() > end_s or (self._daemon and self._daemon.poll() is not None):
                raise RuntimeError(f"the link did not become up={is_up}:\n{self.log()[-2000:]}")

    def is_linked(self) -> bool:
        try:
            return all(node["up"] for node in self.ask("status")["nodes"])
        except (CcoreError, OSError, EOFError):
            return False

    def connects(self) -> int:
        """How often it has connected to the switch in its life."""
        try:
            links = self.ask("status")["daemon"]["links"]
        except (CcoreError, OSError, EOFError):
            return 0
        return int(links[NODE]["connects"])

    def await_quiet(self, switch: RealSwitch) -> list[str]:
        """Calls still on the switch, or that ccore believes in, when all should be over."""
        end_s = time.monotonic() + QUIET_S
        while True:
            left = channels(switch) + [f"ccore: {call}" for call in self.ask("calls")["calls"]]
            if not left or time.monotonic() > end_s:
                return left
            time.sleep(0.1)

    def kill(self) -> None:
        """kill -9."""
        assert self._daemon is not None
        self._daemon.kill()
        self._daemon.wait()

    def stop(self) -> None:
        if self._daemon is not None and self._daemon.poll() is None:
            self._daemon.terminate()
            try:
                self._daemon.wait(START_S)
            except subprocess.TimeoutExpired:
                self._daemon.kill()
                self._daemon.wait()
        self._log.close()

    def ask(self, do: str) -> dict[str, Any]:
        with Client(self.directory / "var" / "ccore.sock", timeout_s=10.0) as client:
            return client.ask(do)

    def picture(self, traffic: Traffic) -> Picture:
        told = self.ask("calls")["calls"]
        states: dict[str, int] = {}
        for call in told:
            states[call["state"]] = states.get(call["state"], 0) + 1
        waiting = sorted((c for c in told if c["state"] == "waiting"), key=_place)
        return Picture(
            up=traffic.up,
            states=states,
            waiting=[call["calling"] for call in waiting],
            entered={call["calling"]: call["since_us"] for call in waiting},
            recorded=sum(bool(call["recording"]) for call in told),
        )

    @property
    def rss_kb(self) -> int:
        assert self._daemon is not None
        status = Path(f"/proc/{self._daemon.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    @property
    def open_files(self) -> int:
        assert self._daemon is not None
        return len(os.listdir(f"/proc/{self._daemon.pid}/fd"))

    def rows(self) -> list[ContactClosed]:
        found = load(self.directory / "var" / "cdr").facts(Row.CONTACT)
        return [row for row in found if isinstance(row, ContactClosed)]

    def log(self) -> str:
        return (self.directory / "daemon.log").read_text("utf-8", "replace")


def _place(call: dict[str, Any]) -> tuple[int, int]:
    return int(call["position"]), int(call["since_us"])


def centre(agents: int, max_waiting: int = 0) -> dict[str, Any]:
    """One queue, a menu before it, everything recorded, a second of wrap-up."""
    center = tomllib.loads(BASE.read_text())
    center["switch"][NODE]["fallback_s"] = 30
    center["recording"]["pattern"] = "{queue}/{contact}.wav"
    center["queues"] = {
        "sales": {
            "skills": {"sales": 1},
            "music": "silence_stream://-1",
            "ring_s": 10,
            "wrap_up_s": 1,
            "record": 1.0,
            "handle_s": 4,
            "max_waiting": max_waiting,
            "full": "busy" if max_waiting else "hangup",
        }
    }
    center["flows"]["main"] = {
        "start": {
            "do": "menu",
            "prompt": "menu",
            "options": {"1": "sales"},
            "timeout_s": 10,
            "default": "sales",
        },
        "sales": {"do": "go", "to": "queue:sales"},
    }
    center["entries"] = [
        {"number": "4001", "to": "queue:sales"},
        {"number": "4010", "to": "ivr:main"},
    ]
    center["agents"] = {
        str(1001 + i): {"skills": {"sales": 5}, "start": "ready"} for i in range(agents)
    }
    return center


def channels(switch: RealSwitch) -> list[str]:
    rows = json.loads(switch.api("show channels as json")[0]).get("rows", [])
    return [f"{row['name']} {row['callstate']}" for row in rows]
