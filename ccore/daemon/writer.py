"""Facts to disk, off the way of calls: rows, the recordings' index, what outlives the process.

Everything that a turn of the floor tells is handed to the kernel at once, by a thread: it outlives
this process from then on, and a power cut from the next `SYNC_S` on. Nobody is told that a call has
ended before its row is written.

A disk that refuses or takes its time costs no call: rows stay in memory up to the journal's bound,
are written when the disk takes them again, and the trouble is told once each time it changes.
"""

import logging
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import gevent
import gevent.subprocess
from gevent.event import Event as Flag
from gevent.threadpool import ThreadPool

from ccore.cdr.journal import JournalWriter
from ccore.cdr.recordings import RecordingIndex
from ccore.errors import CcoreError, DiskTrouble
from ccore.model import AgentState, ContactClosed, Fact, News, Noted, RecordingClosed
from ccore.store import Store

__all__ = ["Writer", "alive_us"]

log = logging.getLogger(__name__)

SYNC_S = 1.0  # a power cut costs at most the rows of so long
RETRY_S = 1.0  # how soon a disk that refused is asked again
ALIVE_US = 1_000_000  # an outage is on record to this exactness
ALIVE = "daemon"  # key of the note that says when we were last alive
SLOW_S = 2.0  # a write that takes longer is trouble to be told
PACK_EVERY_S = 3600.0

T = TypeVar("T")


class Writer:
    """`publish` gets the news. Days older than `pack_after_days` are packed; 0: none."""

    def __init__(
        self,
        journal: JournalWriter,
        recordings: RecordingIndex,
        store: Store,
        publish: Callable[[News], None],
        pack_after_days: int = 0,
    ) -> None:
        self.unrecorded = 0  # recordings of which there is no file
        self._said = ""
        self._unpacked = ""  # what the last packing complained of
        self._alive_us = 0
        self._journal = journal
        self._recordings = recordings
        self._store = store
        self._publish = publish
        self._pack_after_days = pack_after_days
        self._saved: dict[str, tuple[AgentState, str]] = {}  # of each agent, in the store
        self._finished: deque[RecordingClosed] = deque()
        self._ended: deque[News] = deque()  # told when their rows are written
        self._coming = Flag()
        self._recorded = Flag()
        self._begun_s = 0.0  # of the write that is under way, by the monotonic clock; 0: none
        self._greenlets: list[gevent.Greenlet] = []
        # One thread writes; another waits for the disk, which may take seconds.
        self._writing: ThreadPool | None = None
        self._syncing: ThreadPool | None = None

    @property
    def pending(self) -> int:
        """Rows that wait for the disk."""
        return self._journal.pending

    @property
    def lost(self) -> int:
        return self._journal.lost

    @property
    def trouble(self) -> str:
        """What the disk says now; "" when it is well."""
        if self._is_stuck:
            return f"{self._journal.directory} takes {self._taking_s:.0f} s for a write so far"
        return self._said

    def start(self) -> None:
        self._writing, self._syncing = ThreadPool(1), ThreadPool(1)
        work = [self._run, self._sync, self._index_all]
        if self._pack_after_days:
            work.append(self._pack_days)
        self._greenlets = [gevent.spawn(one) for one in work]

    def take(self, facts: Iterable[Fact]) -> None:
        """From the runner; never touches the disk."""
        for fact in facts:
            if isinstance(fact, News):
                self._tell(fact)
            elif isinstance(fact, RecordingClosed):
                self._finished.append(fact)
                self._recorded.set()
            elif isinstance(fact, Noted):
                self._store.note(fact.key, fact.fields)
            else:
                self._journal.append(fact)
                self._remember(fact)
        self._coming.set()

    def alive(self, now_us: int) -> None:
        """Cheap enough for every turn of a loop: notes it only when it is time."""
        if now_us >= self._alive_us + ALIVE_US:
            self._alive_us = now_us
            self._store.note(ALIVE, {"alive_us": str(now_us)})
            self._coming.set()

    def _tell(self, news: News) -> None:
        if news.kind == "ended" and not self.trouble:
            self._ended.append(news)
            return
        self._publish(news)
        if news.kind in ("recovered", "repaired"):
            log.warning("%s: %s", news.kind, ", ".join(f"{k} {v}" for k, v in news.fields.items()))
        if news.kind == "agent":
            self._remember_agent(news)

    def _remember(self, fact: Fact) -> None:
        if isinstance(fact, ContactClosed) and fact.agent and fact.calling:
            self._store.save_last_agent(fact.calling, fact.queue, fact.agent, fact.ended_us)

    def _remember_agent(self, news: News) -> None:
        """Whether he is at work, and if not, why. What he does there changes several times a call,
        and stands in his note."""
        agent, reason = str(news.fields["agent"]), str(news.fields["reason"])
        state = AgentState[str(news.fields["state"]).upper().replace("-", "_")]
        if state not in (AgentState.SIGNED_OUT, AgentState.NOT_READY):
            state, reason = AgentState.READY, ""
        if self._saved.get(agent) != (state, reason):
            self._saved[agent] = (state, reason)
            self._store.save_agent(agent, state, reason, news.at_us)

    def _run(self) -> None:
        while True:
            self._coming.wait()
            self._coming.clear()
            self.flush()
            if self._said:
                gevent.sleep(RETRY_S)
                self._coming.set()

    def flush(self) -> None:
        """What waits goes to disk; what the disk says of it is told."""
        told = len(self._ended)
        self._begun_s = time.monotonic()
        try:
            _apply(self._writing, self._write)
        except DiskTrouble as trouble:
            self._say(str(trouble))
        else:
            self._say("")
        finally:
            self._begun_s = 0.0
        for _ in range(told):
            self._publish(self._ended.popleft())

    def _write(self) -> None:
        self._journal.flush()
        self._store.flush()

    def _sync(self) -> None:
        while True:
            gevent.sleep(SYNC_S)
            if self._is_stuck and not self._said:
                self._say(self.trouble)
            try:
                _apply(self._syncing, self._journal.sync)
            except DiskTrouble as trouble:
                self._say(str(trouble))

    def _pack_days(self) -> None:
        """Finished days, by a process of its own: packing computes longer than a call may wait."""
        while True:
            today = datetime.now(UTC).date()
            before = today - timedelta(self._pack_after_days)
            try:
                waiting = _apply(self._writing, partial(self._journal.close_days, before))
            except DiskTrouble as trouble:
                self._say(str(trouble))
                waiting = []
            if waiting:
                self._pack()
            gevent.sleep(PACK_EVERY_S)

    def _pack(self) -> None:
        command = [sys.executable, "-m", "ccore", "cdr", "pack", "--gently"]
        command += ["--cdr", str(self._journal.directory)]
        process = gevent.subprocess.Popen(
            command, stdout=gevent.subprocess.DEVNULL, stderr=gevent.subprocess.PIPE, text=True
        )
        _, said = process.communicate()
        if process.returncode and said != self._unpacked:  # a damaged day stays so: told once
            log.warning("finished days were not all packed: %s", said.strip() or "no reason given")
        self._unpacked = said

    @property
    def _taking_s(self) -> float:
        return time.monotonic() - self._begun_s if self._begun_s else 0.0

    @property
    def _is_stuck(self) -> bool:
        return self._taking_s > SLOW_S

    def _say(self, trouble: str) -> None:
        if trouble != self._said:
            self._said = trouble
            if trouble:
                log.error("%s", trouble)
            else:
                log.info("the disk takes records again")

    def _index_all(self) -> None:
        while True:
            self._recorded.wait()
            self._recorded.clear()
            try:
                self._index()
            except DiskTrouble as trouble:
                self._say(str(trouble))
                gevent.sleep(RETRY_S)
                self._recorded.set()

    def _index(self) -> None:
        """Hashing a long recording takes a while: in a thread, one at a time."""
        while self._finished:
            fact = self._finished[0]
            pool = gevent.get_hub().threadpool
            recording = pool.apply(self._recordings.index, (fact, Path(fact.path)))
            self._finished.popleft()
            if recording.bytes is None:
                self.unrecorded += 1
                log.error("no recording %s: the switch could not write it, or not here", fact.path)

    def close(self) -> None:
        """Everything to disk, then let go."""
        gevent.killall(self._greenlets)
        for pool in (self._writing, self._syncing):
            if pool is not None:
                pool.join()
                pool.kill()
        self._writing = self._syncing = None
        self.flush()
        try:
            self._index()
        except DiskTrouble as trouble:
            self._say(str(trouble))
        for closing in (self._journal.close, self._store.close, self._recordings.close):
            try:
                closing()
            except CcoreError as error:
                log.error("%s", error)


def alive_us(notes: Mapping[str, Mapping[str, str]]) -> int:
    """When the process that left these notes was last alive; 0: not known."""
    text = notes.get(ALIVE, {}).get("alive_us", "")
    return int(text) if text.isascii() and text.isdigit() else 0


def _apply(pool: ThreadPool | None, work: Callable[[], T]) -> T:
    """In a thread once there is one, while other greenlets go on."""
    if pool is None:
        return work()
    done: T = pool.apply(work)
    return done
