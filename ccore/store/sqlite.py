"""A store in one SQLite file, in WAL mode: a reader never waits for the daemon, nor it for one.

With a key, callers' numbers are kept as keyed hashes, and those that an earlier run kept plain are
hashed when the store is opened.
"""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from sqlite_utils import Database

from ccore.cdr.numbers import hash_number
from ccore.errors import DiskTrouble
from ccore.model import AgentState
from ccore.store.ledger import Ledger
from ccore.store.protocol import LastAgent, SavedAgent

__all__ = ["SqliteStore"]

FILE_NAME = "state.db"
TABLES = {
    "agents": ({"agent": str, "state": int, "reason": str, "since_us": int}, ("agent",)),
    "last_agents": (
        {"calling": str, "queue": str, "agent": str, "at_us": int},
        ("calling", "queue"),
    ),
}


class SqliteStore:
    def __init__(self, directory: Path, number_key: bytes | None = None) -> None:
        self.path = directory / FILE_NAME
        self._key = number_key
        self._agents: dict[str, SavedAgent] = {}  # not written yet, the newest of each
        self._last: dict[tuple[str, str], LastAgent] = {}
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o750)
            # One owner at a time, but it may hand `flush` to a thread.
            self._db = Database(sqlite3.connect(self.path, check_same_thread=False))
            self._db.conn.execute("pragma journal_mode = wal")
            self._db.conn.execute("pragma synchronous = normal")
            for name, (columns, key) in TABLES.items():
                if not self._db.table(name).exists():
                    self._db.table(name).create(columns, pk=key)
            self._hash_plain_numbers()
            self._db.conn.commit()
        except (OSError, sqlite3.Error) as error:
            raise DiskTrouble(path=self.path, why=str(error)) from error
        self._ledger = Ledger(directory)

    def save_agent(self, agent: str, state: AgentState, reason: str, since_us: int) -> None:
        self._agents[agent] = SavedAgent(agent, state, reason, since_us)

    def load_agents(self) -> list[SavedAgent]:
        self.flush()
        return [
            SavedAgent(agent, AgentState(state), reason, since_us)
            for agent, state, reason, since_us in self._query(
                "select agent, state, reason, since_us from agents order by agent"
            )
        ]

    def save_last_agent(self, calling: str, queue: str, agent: str, at_us: int) -> None:
        calling = self._hashed(calling)
        if not calling:  # withheld
            return
        self._last[calling, queue] = LastAgent(calling, queue, agent, at_us)

    def load_last_agents(self, since_us: int) -> list[LastAgent]:
        self.flush()
        self._query("delete from last_agents where at_us < ?", since_us)
        return [
            LastAgent(*row)
            for row in self._query(
                "select calling, queue, agent, at_us from last_agents"
                " order by at_us, calling, queue"
            )
        ]

    def note(self, key: str, fields: Mapping[str, str]) -> None:
        if self._key and fields:
            fields = {**fields, "calling": self._hashed(fields.get("calling", ""))}
            fields.pop("calling_name", None)
        self._ledger.note(key, fields)

    def load_notes(self) -> dict[str, Mapping[str, str]]:
        return self._ledger.load()

    def flush(self) -> None:
        self._ledger.flush()
        if not self._agents and not self._last:
            return
        agents, last = self._agents, self._last
        self._agents, self._last = {}, {}  # a save during the write, from elsewhere, is not lost
        try:
            with self._db.conn:
                self._db.conn.executemany(
                    "insert or replace into agents (agent, state, reason, since_us)"
                    " values (?, ?, ?, ?)",
                    [(a.agent, int(a.state), a.reason, a.since_us) for a in agents.values()],
                )
                self._db.conn.executemany(
                    "insert or replace into last_agents (calling, queue, agent, at_us)"
                    " values (?, ?, ?, ?)",
                    [(_text(k.calling), k.queue, k.agent, k.at_us) for k in last.values()],
                )
        except sqlite3.Error as error:
            for name, saved in agents.items():
                self._agents.setdefault(name, saved)
            for key, known in last.items():
                self._last.setdefault(key, known)
            raise DiskTrouble(path=self.path, why=str(error)) from error

    def close(self) -> None:
        try:
            self.flush()
        finally:
            self._db.conn.close()
            self._ledger.close()

    def _hashed(self, calling: str) -> str:
        return hash_number(calling, self._key) if self._key else calling

    def _hash_plain_numbers(self) -> None:
        if not self._key:
            return
        known = self._db.conn.execute("select distinct calling from last_agents").fetchall()
        for (calling,) in known:
            if (hashed := self._hashed(calling)) != calling:
                self._db.conn.execute(
                    "update or replace last_agents set calling = ? where calling = ?",
                    (hashed, calling),
                )

    def _query(self, sql: str, *values: int) -> list[tuple]:  # type: ignore[type-arg]
        try:
            with self._db.conn:
                return list(self._db.conn.execute(sql, values))
        except sqlite3.Error as error:
            raise DiskTrouble(path=self.path, why=str(error)) from error


def _text(calling: str) -> str:
    """A number comes from outside: what is no UTF-8 must not stop a write."""
    return calling.encode("utf-8", "backslashreplace").decode()
