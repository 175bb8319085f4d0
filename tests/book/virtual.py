"""The simulated world: floor, link and switch joined by their bytes, in virtual time."""

import random
import uuid
from collections.abc import Mapping
from typing import Any

from ccore.config import Config
from ccore.errors import CcoreError
from ccore.esl import FrameDecoder, Link
from ccore.floor import Floor
from ccore.model import Event, Fact, News
from ccore.sim.switch import SimSwitch
from tests.book.play import Callers, Ending, Happening
from tests.book.scenario import Scenario

__all__ = ["VirtualWorld"]

START_US = 1_795_300_000_000_000  # a Saturday in November 2026, 22:26 UTC
EVENTS, COMMANDS = 1, 2  # the two connections
NODE = "main"
PASSWORD = "pear"


class VirtualWorld:
    def __init__(self, scenario: Scenario, config: Config, seed: int = 7) -> None:
        rng = random.Random(f"floor {seed}")
        self._now_us = START_US
        self.switch = SimSwitch(password=PASSWORD, now_us=START_US, seed=seed)
        self.link = Link(NODE)
        self.floor = Floor(
            config,
            lambda: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            START_US,
            "/recordings",
        )
        self.facts: list[Fact] = []
        self.happenings: list[Happening] = []
        self.contacts: dict[str, str] = {}  # contact id -> phone
        self.recordings: dict[str, int] = {}
        self.callers = Callers(scenario)
        for phone in scenario.phones:
            if phone.is_registered:
                self.switch.act(f"agent:{phone.id}", "register", self._now_us)
        self._log_in()
        self._settle()

    def _log_in(self) -> None:
        for connection in (EVENTS, COMMANDS):
            self.switch.connect(connection, self._now_us)
        for connection in (EVENTS, COMMANDS):
            self.switch.receive(connection, f"auth {PASSWORD}\n\n".encode(), self._now_us)
        greeting: dict[int, FrameDecoder] = {EVENTS: FrameDecoder(), COMMANDS: FrameDecoder()}
        replies = [
            frame.reply
            for connection, data in self.switch.take_output()
            for frame in greeting[connection].feed(data)
            if frame.content_type == b"command/reply"
        ]
        assert replies == ["+OK accepted", "+OK accepted"]
        self.link.opened(self._now_us)

    # Bytes back and forth until nobody has anything to say at this instant.

    def _settle(self) -> None:
        while True:
            moved = False
            for node, command in self.floor.take_commands():
                assert node == NODE
                self.link.send(command)
            for connection, data in (
                (EVENTS, self.link.take_event_bytes()),
                (COMMANDS, self.link.take_command_bytes()),
            ):
                if data:
                    moved = True
                    self.switch.receive(connection, data, self._now_us)
            for connection, data in self.switch.take_output():
                moved = True
                self._handle(self._read(connection, data))
            self._handle(self.link.take_events())
            self._take()
            if not moved:
                return

    def _read(self, connection: int, data: bytes) -> list[Event]:
        if connection == EVENTS:
            return self.link.receive_events(data, self._now_us)
        return self.link.receive_replies(data, self._now_us)

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            self.floor.handle(NODE, event, self._now_us)

    def _take(self) -> None:
        for fact in self.floor.take_facts():
            self.facts.append(fact)
            if isinstance(fact, News):
                self._news(fact)
        for _, phone, what, _detail in self.switch.take_happenings():
            self.happenings.append(Happening(phone, "over" if what == "hungup" else what))
        for path, ms, _kind in self.switch.take_files():
            self.recordings[path] = ms

    def _news(self, news: News) -> None:
        fields = news.fields
        contact = str(fields.get("contact", ""))
        if news.kind == "arrived":
            phone = self.callers.arrived(str(fields["calling"]))
            if phone:
                self.contacts[contact] = phone
        what = {"step": f"step {fields.get('step')}", "answered": "talking", "offer": "offered"}
        said = what.get(news.kind, news.kind)
        if contact in self.contacts:
            self.happenings.append(Happening(self.contacts[contact], said))
        if "agent" in fields:
            said = f"state {fields['state']}" if news.kind == "agent" else said
            self.happenings.append(Happening(f"agent:{fields['agent']}", said))

    # The world.

    def now_us(self) -> int:
        return self._now_us

    def act(self, phone: str, action: str, **args: str) -> None:
        self.switch.act(phone, action, self._now_us, **args)
        self._settle()

    def order(self, request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            reply = {"ok": True, **self.floor.order(request, self._now_us)}
        except CcoreError as error:
            reply = {"ok": False, "error": str(error), "code": error.exit_code}
        self._settle()
        return reply

    def wait(self, until_us: int) -> list[Happening]:
        while not self.happenings and self._now_us < until_us:
            dues = (self.switch.next_deadline(), self.floor.next_deadline(), until_us)
            self._now_us = max(self._now_us, min(due for due in dues if due is not None))
            self.switch.on_deadline(self._now_us)
            due_us = self.floor.next_deadline()
            if due_us is not None and due_us <= self._now_us:
                self.floor.on_deadline(self._now_us)
            self._settle()
        happenings, self.happenings = self.happenings, []
        return happenings

    def contact_of(self, phone: str) -> str:
        return next((id_ for id_, name in self.contacts.items() if name == phone), "")

    def is_quiet(self) -> bool:
        return not self.floor.contacts

    def end(self) -> Ending:
        view = self.floor.view(self._now_us)
        self.floor.agents.close_intervals()
        self._take()
        return Ending(self.facts, view, self.recordings)
