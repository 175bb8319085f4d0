"""Facts to disk, off the way of calls: rows, the recordings' index, what outlives the process.

A disk that refuses costs no call: rows stay in memory up to the journal's bound, are written when
the disk takes them again, and the trouble is told once each time it changes.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

import gevent

from ccore.cdr.journal import JournalWriter
from ccore.cdr.recordings import RecordingIndex
from ccore.errors import CcoreError, DiskTrouble
from ccore.model import (
    AgentState,
    ContactClosed,
    Fact,
    News,
    RecordingClosed,
)
from ccore.store import Store

__all__ = ["Writer"]

log = logging.getLogger(__name__)

# Rows are grouped so long: a power cut costs at most this, a write serves many calls.
EVERY_S = 0.1


class Writer:
    """`publish` gets the news. `recording_dir` is where we see what the switch records."""

    def __init__(
        self,
        journal: JournalWriter,
        recordings: RecordingIndex,
        store: Store,
        publish: Callable[[News], None],
    ) -> None:
        self.trouble = ""  # what the disk says now; "" when it is well
        self.unrecorded = 0  # recordings of which there is no file
        self._journal = journal
        self._recordings = recordings
        self._store = store
        self._publish = publish
        self._finished: deque[RecordingClosed] = deque()
        self._greenlet: gevent.Greenlet | None = None

    @property
    def pending(self) -> int:
        """Rows that wait for the disk."""
        return self._journal.pending

    @property
    def lost(self) -> int:
        return self._journal.lost

    def start(self) -> None:
        self._greenlet = gevent.spawn(self._run)

    def take(self, facts: Iterable[Fact]) -> None:
        """From the runner; never touches the disk."""
        for fact in facts:
            if isinstance(fact, News):
                self._publish(fact)
                if fact.kind == "agent":
                    self._remember_agent(fact)
            elif isinstance(fact, RecordingClosed):
                self._finished.append(fact)
            else:
                self._journal.append(fact)
                self._remember(fact)

    def _remember(self, fact: Fact) -> None:
        if isinstance(fact, ContactClosed) and fact.agent and fact.calling:
            self._store.save_last_agent(fact.calling, fact.queue, fact.agent, fact.ended_us)

    def _remember_agent(self, news: News) -> None:
        state = AgentState[str(news.fields["state"]).upper().replace("-", "_")]
        reason = str(news.fields["reason"])
        self._store.save_agent(str(news.fields["agent"]), state, reason, news.at_us)

    def _run(self) -> None:
        while True:
            gevent.sleep(EVERY_S)
            self.flush()

    def flush(self) -> None:
        """What waits goes to disk; what the disk says of it is told."""
        try:
            self._journal.flush()
            self._store.flush()
            self._index()
        except DiskTrouble as trouble:
            self._say(str(trouble))
        else:
            self._say("")

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            if trouble:
                log.error("%s", trouble)
            else:
                log.info("the disk takes records again")

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
        if self._greenlet is not None:
            self._greenlet.kill()
        self.flush()
        for closing in (self._journal.close, self._store.close, self._recordings.close):
            try:
                closing()
            except CcoreError as error:
                log.error("%s", error)
