"""The daemon put together: floor, links, writer, control socket; start, reload, ordered end."""

import logging
import os
import socket
import uuid
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event as Flag
from msgspec.structs import replace

from ccore.cdr.journal import JournalWriter
from ccore.cdr.numbers import hash_number, load_key
from ccore.cdr.recordings import RecordingIndex
from ccore.config import Config, load
from ccore.config.schema import Switch
from ccore.daemon.clock import Clock
from ccore.daemon.control import ControlServer
from ccore.daemon.decisions import DIRECTORY, DecisionLog
from ccore.daemon.links import NodeLink
from ccore.daemon.notify import Notifier
from ccore.daemon.runner import Runner
from ccore.daemon.today import Today
from ccore.daemon.writer import Writer, alive_us
from ccore.errors import BadRequest, CcoreError, DiskTrouble, reason
from ccore.floor import Floor
from ccore.kpi import own_thresholds
from ccore.kpi.names import check_figures
from ccore.model import Fact
from ccore.prompts.speak import silent
from ccore.store import SqliteStore

__all__ = ["Service"]

log = logging.getLogger(__name__)

# After the last offer has ended the switch gets this long to take our last commands.
FAREWELL_S = 0.3


class Service:
    """Everything of one daemon; `run` serves until `stop`.

    Raises AlreadyRunning, DiskTrouble, SwitchRefused, SwitchOutdated when it cannot start; nothing
    is left behind then. A switch that is not there yet is waited for.
    """

    def __init__(self, config: Config, config_path: Path, notifier: Notifier | None = None) -> None:
        self._config_path = config_path
        self._notifier = notifier or Notifier()
        self._clock = Clock()
        self._over = Flag()
        self._directory = config_path.resolve().parent / config.daemon.dir
        place = self._directory / config.daemon.socket
        self._control = ControlServer(place, self._serve, group=config.daemon.group)
        self._daemon = config.daemon
        # What another daemon on our switch tells its operator.
        self._id = f"{os.getpid()}@{socket.gethostname()}-{uuid.uuid4().hex[:8]}"
        self._refusal: CcoreError | None = None
        self.config = config

    def run(self) -> None:
        _make(self._directory)
        self._control.start()  # first: it refuses a second daemon on this directory
        try:
            self._build()
            self._begin()
            self._over.wait()
            self._end()
        finally:
            self._control.close()
        if self._refusal is not None:
            raise self._refusal

    def _refuse(self, error: CcoreError) -> None:
        """A switch will not have us: better no daemon than one that looks as if it served."""
        self._refusal = error
        self._over.set()

    def stop(self) -> None:
        self._over.set()

    # Beginning.

    def _build(self) -> None:
        config, now_us = self.config, self._clock.now_us()
        records = self._directory / config.records.dir
        recording_dir = self._directory / config.recording.dir
        _make(recording_dir)
        key = load_key(self._directory / "numbers.key") if config.records.hash_numbers else None
        store = SqliteStore(self._directory, key)
        journal = JournalWriter(records, number_key=key, tell=lambda t: log.warning("%s", t))
        index = RecordingIndex(records)
        found = index.rescan(recording_dir, pattern=config.recording.pattern)
        if found:
            log.warning(
                "%d recordings of an earlier run were not indexed; they are now", len(found)
            )
        pack_after_days = config.records.pack_after_days
        self._writer = Writer(journal, index, store, self._control.publish, pack_after_days)
        floor = Floor(config, lambda: str(uuid.uuid4()), now_us, str(recording_dir))
        for saved in store.load_agents():
            floor.agents.restore(saved.agent, saved.state, saved.reason)
        notes = store.load_notes()
        floor.recall(notes, alive_us(notes), now_us)
        since_us = now_us - 1_000_000 * max(
            (queue.last_agent_memory_s for queue in config.queues.values()), default=0
        )
        if key:
            floor.caller_key = partial(hash_number, key=key)
        for last in store.load_last_agents(since_us):
            floor.relations.last[last.calling, last.queue] = (last.agent, last.at_us)
        limits_s = own_thresholds(config)
        self._today = Today(config.kpi, config.site.timezone, now_us, limits_s)
        self._today.recall(records, lambda t: log.warning("%s", t))
        self._runner = Runner(floor, self._clock, self._take, self._alive)
        self._decisions = DecisionLog(
            self._directory / DIRECTORY,
            config.routing.decisions_mb * 1_000_000,
            lambda: self._runner.ask(floor.renew),
        )
        self._listen_through(config)

    def _take(self, facts: Iterable[Fact]) -> None:
        self._writer.take(facts)
        self._today.add(facts, self._clock.now_us())

    def _alive(self, now_us: int) -> None:
        self._notifier.alive(now_us)
        self._writer.alive(now_us)
        if (apart_us := self._clock.set_by_us()) is not None:
            log.warning(
                "this machine's clock was set and is %+.0f s from ours now; calls do not notice, "
                "records and opening hours go by it when ccore is started again",
                apart_us / 1e6,
            )

    def _listen_through(self, config: Config) -> None:
        missing = silent(config, self._config_path.resolve().parent)
        if missing:
            log.warning(
                "prompts: %s; callers hear nothing there. Try: ccore prompts build", missing
            )

    def _begin(self) -> None:
        self._writer.start()
        self._runner.start()
        if self.config.routing.decisions:
            self._runner.floor.acd.hear = self._decisions.hear
            self._decisions.start()
        self._link_up(self.config)
        self._notifier.ready(f"serving {len(self.config.switch)} switches")
        log.info("serving %s", ", ".join(self.config.switch) or "no switch")

    def _link_up(self, config: Config) -> None:
        for node, switch in config.switch.items():
            if node not in self._runner.links:
                link = NodeLink(
                    node, switch, self._clock, self._runner.deliver, self._id, self._refuse
                )
                self._runner.links[node] = link
                link.start()

    # Ending.

    def _end(self) -> None:
        self._notifier.stopping()
        self._runner.ask(self._runner.floor.close_down)
        gevent.sleep(FAREWELL_S)
        for link in self._runner.links.values():
            link.stop()
        self._runner.stop()
        self._take(self._runner.floor.take_facts())
        self._writer.close()
        self._decisions.close()
        log.info("ended in order")

    # What people ask.

    def _serve(self, request: dict[str, Any]) -> dict[str, Any]:
        floor = self._runner.floor
        match request.get("do"):
            case "status":
                view = self._runner.ask(floor.view)
                today = self._today.figures(self._clock.now_us())
                return {"ok": True, **view, "today": today, "daemon": self._health()}
            case "calls" | "queues" | "agents" | "sites" as part:
                view = self._runner.ask(floor.view)
                return {"ok": True, "at_us": view["at_us"], part: view[part]}
            case "reload":
                return {"ok": True, **self.reload()}
            case "stop":
                gevent.spawn_later(0.05, self.stop)  # the answer goes out first
                return {"ok": True}
            case _:
                answer = self._runner.ask(lambda now_us: floor.order(request, now_us))
                return {"ok": True, **answer}

    def _health(self) -> dict[str, Any]:
        lag_us, self._runner.lag_us = self._runner.lag_us, 0
        return {
            "pid": os.getpid(),
            "dir": str(self._directory),
            "lag_us": lag_us,
            "latency_us": self._runner.reactions.figures(),
            "faults": self._runner.faults,
            "rows_pending": self._writer.pending,
            "rows_lost": self._writer.lost,
            "disk": self._writer.trouble,
            "decisions": self._decisions.trouble,
            "unrecorded": self._writer.unrecorded,
            "links": {node: link.figures() for node, link in self._runner.links.items()},
        }

    def reload(self) -> dict[str, Any]:
        """A new configuration without losing a call; a faulty one changes nothing and says why."""
        try:
            config = load(self._config_path, log.warning)
            check_figures(config, self._config_path)
        except CcoreError as error:
            log.error("not reloaded: %s", error)
            raise
        # Where this daemon writes cannot change under it.
        config = replace(config, daemon=self._daemon)
        changed = {
            node
            for node, link in self._runner.links.items()
            if node not in config.switch or _is_another(link.switch, config.switch[node])
        }
        if changed:
            raise BadRequest(
                what=f"switch {', '.join(sorted(changed))} differs in the new configuration",
                expected="a restart for another switch; only max_calls and fallback_s may change",
            )
        floor = self._runner.floor
        if next(iter(config.switch), "") != floor.home_node:
            raise BadRequest(
                what=f"switch {floor.home_node} is not the first any more",
                expected="other switches behind it, for nailed-up legs live on it; or a restart",
            )
        self._runner.ask(lambda now_us: floor.reload(config, now_us))
        self._today.from_tomorrow(config.kpi, config.site.timezone, own_thresholds(config))
        self.config = config
        self._link_up(config)
        self._listen_through(config)
        log.info("reloaded %s", self._config_path)
        return {"queues": len(config.queues), "agents": len(config.agents)}


def _is_another(before: Switch, after: Switch) -> bool:
    """Reached elsewhere or by another name; how much it takes and how long it waits may change."""
    limits = {"max_calls": 0, "fallback_s": 0}
    return replace(before, **limits) != replace(after, **limits)


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o750)
    except OSError as error:
        raise DiskTrouble(path=directory, why=reason(error)) from error
