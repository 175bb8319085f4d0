"""The real world: a daemon of its own for each scenario, on a FreeSWITCH with real SIP phones."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from ccore.cdr.layout import Row
from ccore.cdr.recordings import RecordingIndex
from ccore.cdr.records import load
from ccore.cli.client import Client
from ccore.errors import CcoreError, NotRunning
from ccore.model import Fact, RecordingClosed
from tests.book.center import toml_of
from tests.book.play import Callers, Ending, Happening
from tests.book.scenario import Scenario
from tests.real.phones import RealPhones
from tests.real.switch import RealSwitch

__all__ = ["RealWorld"]

START_S = 45.0  # a daemon is up within a second; a starved machine takes long
LOOK_S = 0.01  # how often two sources of happenings are looked at in turn


class RealWorld:
    """Use as a context manager; `end` closes the daemon and reads what it wrote."""

    def __init__(
        self, scenario: Scenario, directory: Path, switch: RealSwitch, phones: RealPhones
    ) -> None:
        self.scenario = scenario
        self.switch = switch
        self.phones = phones
        self.directory = directory
        self.callers = Callers(scenario)
        self.contacts: dict[str, str] = {}  # contact id -> phone
        self._news: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._vanishes = {
            f"caller:{c.id}"
            for c in scenario.callers
            if any(line.action == "vanish" for line in c.script)
        }
        directory.mkdir(parents=True)
        self._config = directory / "ccore.toml"
        self._config.write_text(toml_of(self._center()), "utf-8")
        self._config.chmod(0o600)
        for phone in scenario.phones:
            if not phone.is_registered:
                phones.act(f"agent:{phone.id}", "unregister")
                self._await_gone(phone.id)
        self._log = (directory / "daemon.log").open("wb")
        self.start()

    def start(self) -> None:
        """A daemon, linked to the switch, whose news we follow."""
        self._daemon = self.launch()
        self._await_link()
        follower = Client(self.directory / "var" / "ccore.sock", timeout_s=START_S)
        follower.ask("follow")
        threading.Thread(target=self._follow, args=(follower,), daemon=True).start()

    def launch(self, *words: str) -> subprocess.Popen[bytes]:
        """`ccore run` with this scenario's configuration."""
        return subprocess.Popen(
            [sys.executable, "-m", "ccore", "run", "--config", str(self._config), *words],
            stderr=self._log,
            start_new_session=True,
        )

    @property
    def daemon_pid(self) -> int:
        return self._daemon.pid

    def kill(self) -> None:
        """kill -9 the daemon."""
        self._daemon.kill()
        self._daemon.wait()

    def stop(self) -> int:
        """End the daemon in order; its exit code."""
        self._daemon.send_signal(signal.SIGTERM)
        return self._daemon.wait(START_S)

    def _center(self) -> dict[str, Any]:
        center = dict(self.scenario.center)
        center["switch"] = {
            "main": {
                **center["switch"]["main"],
                "port": self.switch.port,
                "password": self.switch.password,
            }
        }
        return center

    def _await_link(self) -> None:
        end = time.monotonic() + START_S
        while True:
            try:
                if all(node["up"] for node in self._ask("status")["nodes"]):
                    return
            except NotRunning:
                pass
            if time.monotonic() > end or self._daemon.poll() is not None:
                self._stop()
                raise RuntimeError(f"the daemon did not come up:\n{self.log()}")
            time.sleep(LOOK_S)

    def _await_gone(self, agent: str) -> None:
        end = time.monotonic() + START_S
        while "error" not in self.switch.api(f"sofia_contact agents/{agent}@agents")[0]:
            if time.monotonic() > end:
                raise RuntimeError(f"agent {agent} is still registered")
            time.sleep(LOOK_S)

    def _ask(self, do: str, **fields: object) -> dict[str, Any]:
        with Client(self.directory / "var" / "ccore.sock") as client:
            return client.ask(do, **fields)

    def _follow(self, follower: Client) -> None:
        while True:
            try:
                news = follower.news_within(1.0)
            except (EOFError, OSError, json.JSONDecodeError):
                return
            if news is not None:
                self._news.put(news)

    # The world.

    def now_us(self) -> int:
        return time.monotonic_ns() // 1000

    def act(self, phone: str, action: str, **args: str) -> None:
        match action:
            case "digits":
                self.phones.act(phone, "digits", digits=args["text"])
            case "refer":
                self.phones.act(phone, "refer", to=args["number"])
            case "dial":
                self.phones.act(phone, "call", called=args["number"])
            case "call":
                self.phones.act(phone, "call", **args, raw=phone in self._vanishes)
            case _:
                self.phones.act(phone, action, **args)

    def order(self, request: Mapping[str, Any]) -> dict[str, Any]:
        fields = dict(request)
        try:
            return {"ok": True, **self._ask(fields.pop("do"), **fields)}
        except CcoreError as error:
            return {"ok": False, "error": str(error), "code": error.exit_code}

    def wait(self, until_us: int) -> list[Happening]:
        happenings: list[Happening] = []
        while not happenings and self.now_us() < until_us:
            left_s = max(0.0, min(LOOK_S, (until_us - self.now_us()) / 1e6))
            for seen in self.phones.take_happenings(wait_s=left_s):
                happenings.append(Happening(seen.phone, _WORDS.get(seen.what, seen.what)))
            while True:
                try:
                    happenings += self._heard(self._news.get_nowait())
                except Empty:
                    break
        return happenings

    def _heard(self, news: dict[str, Any]) -> list[Happening]:
        kind, contact = news["news"], str(news.get("contact", ""))
        if kind == "arrived":
            phone = self.callers.arrived(str(news["calling"]))
            if phone:
                self.contacts[contact] = phone
        said = {"step": f"step {news.get('step')}", "answered": "talking", "offer": "offered"}
        what = said.get(kind, kind)
        heard = []
        if contact in self.contacts:
            heard.append(Happening(self.contacts[contact], what))
        if "agent" in news:
            what = f"state {news['state']}" if kind == "agent" else what
            heard.append(Happening(f"agent:{news['agent']}", what))
        return heard

    def contact_of(self, phone: str) -> str:
        return next((id_ for id_, name in self.contacts.items() if name == phone), "")

    def is_quiet(self) -> bool:
        return not self._ask("calls")["calls"]

    def end(self) -> Ending:
        view = self._ask("status")
        leftovers = self._legs_left()
        self._stop()
        facts, recordings = self._written()
        return Ending(facts, view, recordings, leftovers=leftovers)

    def _legs_left(self) -> list[str]:
        """Legs on the switch when all is over; a hang-up takes a moment to be through."""
        for _ in range(100):
            rows = json.loads(self.switch.api("show channels as json")[0]).get("rows", [])
            if not rows:
                return []
            time.sleep(LOOK_S)
        return [f"{row['name']} {row['callstate']}" for row in rows]

    def _written(self) -> tuple[list[Fact], dict[str, int]]:
        records = load(self.directory / "var" / "cdr")
        facts: list[Fact] = [fact for kind in Row for fact in records.facts(kind)]
        recordings: dict[str, int] = {}
        index = RecordingIndex(self.directory / "var" / "cdr")
        for contact in self.contacts:
            for one in index.of_contact(contact):
                recordings[one.file] = one.length_ms if one.sha256 else 0
                end_us = one.start_us + one.length_ms * 1000
                facts.append(RecordingClosed(contact, one.file, one.start_us, end_us))
        index.close()
        return facts, recordings

    def _stop(self) -> None:
        if self._daemon.poll() is None:
            self._daemon.send_signal(signal.SIGTERM)
            try:
                self._daemon.wait(START_S)
            except subprocess.TimeoutExpired:
                os.killpg(self._daemon.pid, signal.SIGKILL)
                self._daemon.wait()

    def log(self) -> str:
        return (self.directory / "daemon.log").read_text("utf-8", "replace")

    def __enter__(self) -> "RealWorld":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        self._log.close()
        for phone in self.scenario.phones:
            if not phone.is_registered:
                self.phones.act(f"agent:{phone.id}", "register")
        self.switch.api("hupall")
        self.phones.reset()


_WORDS = {"hungup": "over"}
