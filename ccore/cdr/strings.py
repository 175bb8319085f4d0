"""Text beside the rows: each kind of text has its own ids, from 1; 0 is the empty string.

New texts are given ids in memory and written by `flush`, which the journal calls before it writes
the rows that use them. Kinds that are small (queues, agents) are held in memory whole; kinds that
grow with every caller are looked up in the file and remembered up to a bound.
"""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from sqlite_utils import Database

from ccore.errors import DiskTrouble, RecordsDamaged

__all__ = ["OTHER", "Strings", "Text"]

FILE_NAME = "strings.db"
OLD_TABLE = "strings"  # of version 1: all kinds in one, three times as large
OTHER = "(other)"  # stands for every text that came after a kind was full
MAX_TEXT = 1024  # characters of one text; the longest that a phone shows is about a tenth
CACHED = 65_536  # texts remembered per growing kind, about 10 MB


# What reading a garbled table may raise: its own words of the fault may be no UTF-8 either.
_DAMAGE = (sqlite3.Error, UnicodeDecodeError)


class Text(StrEnum):
    NODE = "node"
    LANGUAGE = "language"
    QUEUE = "queue"
    AGENT = "agent"
    SITE = "site"
    ENTRY = "entry"
    REASON = "reason"
    TEAM = "team"
    CAUSE = "cause"
    NUMBER = "number"
    NAME = "name"
    FILE = "file"
    DETAIL = "detail"
    CONTACT = "contact"
    TENANT = "tenant"


# Largest id that fits the field of the rows.
LIMITS = (
    {Text.CAUSE: 0x7FFF}
    | dict.fromkeys((Text.NODE, Text.LANGUAGE, Text.SITE, Text.TENANT), 0xFF)
    | dict.fromkeys((Text.QUEUE, Text.AGENT, Text.ENTRY, Text.REASON, Text.TEAM), 0xFFFF)
)
GROWING = frozenset({Text.NUMBER, Text.NAME, Text.FILE, Text.DETAIL, Text.CONTACT})
# Texts of one call, which nobody names again when it is over: those of the calls under way, 1 MB.
OF_ONE_CALL = dict.fromkeys((Text.FILE, Text.DETAIL, Text.CONTACT), 4_096)


class Strings:
    """The string table of one directory of records."""

    def __init__(
        self,
        directory: Path,
        *,
        write: bool = False,
        tell: Callable[[RecordsDamaged], None] | None = None,
    ) -> None:
        """With `tell`, a table that cannot be read is told, and texts read as `?ID`."""
        self.path = directory / FILE_NAME
        self._write = write
        self._pending: dict[Text, list[tuple[int, str]]] = {}
        self._ids: dict[Text, dict[str, int]] = {kind: {"": 0} for kind in Text}
        self._texts: dict[Text, dict[int, str]] = {kind: {0: ""} for kind in Text}
        self._last = dict.fromkeys(Text, 0)  # greatest id given
        try:
            self._open()
        except (*_DAMAGE, OSError) as error:
            if write:
                raise DiskTrouble(path=self.path, why=str(error)) from error
            trouble = RecordsDamaged(file=self.path, what=str(error), offset=0)
            if tell is None:
                raise trouble from error
            tell(trouble)
            self._db = Database(memory=True)

    def _open(self) -> None:
        connection = _connect(self.path, write=self._write)
        try:
            self._db = Database(connection)
            if self._write:
                self._db.conn.execute("pragma journal_mode = wal")
                self._db.conn.execute("pragma synchronous = normal")
                self._make_tables()
            elif self._db.table(OLD_TABLE).exists():
                for kind in Text:
                    sql = f"select id, text from {OLD_TABLE} where kind = '{kind}'"
                    self._db.conn.execute(f'create temp view "{kind}" as {sql}')
            self._load()
        except _DAMAGE:
            connection.close()
            raise

    def _make_tables(self) -> None:
        """A table for each kind; what version 1 kept in one is moved."""
        with self._db.conn as connection:
            for kind in Text:
                connection.execute(
                    f'create table if not exists "{kind}"'
                    " (id integer primary key, text text not null unique)"
                )
            if self._db.table(OLD_TABLE).exists():
                for kind in Text:
                    connection.execute(
                        f'insert or ignore into "{kind}" (id, text)'
                        f" select id, text from {OLD_TABLE} where kind = '{kind}'"
                    )
                connection.execute(f"drop table {OLD_TABLE}")

    def check(self) -> str:
        """What is wrong with the table; "" where nothing is."""
        try:
            found = self._db.conn.execute("pragma quick_check(1)").fetchone()[0]
        except _DAMAGE as error:
            found = str(error)
        return "" if found == "ok" else " ".join(str(found).split())

    def _load(self) -> None:
        there = {*self._db.table_names(), *self._db.view_names()}
        temporary = self._db.execute("select name from sqlite_temp_master")
        there |= {name for (name,) in temporary}
        for kind in Text:
            if kind not in there:
                continue
            (last,) = self._db.conn.execute(f'select max(id) from "{kind}"').fetchone()
            self._last[kind] = last or 0
            if kind not in GROWING:
                for number, text in self._db.conn.execute(f'select id, text from "{kind}"'):
                    self._remember(kind, number, text)

    def intern(self, kind: Text, text: str) -> int:
        """The id of `text`, a new one if it was never seen."""
        if not text:
            return 0
        found = self._ids[kind].get(text)
        if found is not None:
            return found
        # A name may come in any encoding; what is no UTF-8 is kept readable, not refused.
        clean = text[:MAX_TEXT].encode("utf-8", "backslashreplace").decode()
        number = self._ids[kind].get(clean)
        if number is None and kind in GROWING:
            number = self._find(kind, clean)
        if number is None:
            limit = LIMITS.get(kind, 0xFFFF_FFFE)
            if self._last[kind] >= limit:
                return limit
            number = self._last[kind] = self._last[kind] + 1
            if number == limit:
                clean = OTHER
            self._pending.setdefault(kind, []).append((number, clean))
        self._remember(kind, number, clean)
        return number

    def reserve(self, kind: Text, last: int) -> None:
        """Give no id up to `last`: rows use it, though its text was lost in a power cut."""
        self._last[kind] = max(self._last[kind], last)

    def text(self, kind: Text, number: int) -> str:
        """The text of an id; an id whose text was lost reads as `?ID`."""
        found = self._texts[kind].get(number)
        if found is None:
            row = self._query(f'select text from "{kind}" where id = ?', number)
            found = f"?{number}" if row is None else str(row)
            self._remember(kind, number, found)
        return found

    def beginning(self, kind: Text, letter: str, most: int) -> list[str]:
        """Some of the texts that begin with a letter."""
        if kind not in self._db.table_names():
            return []
        sql = f'select text from "{kind}" where text >= ? and text < ? limit ?'
        found = self._db.conn.execute(sql, (letter, chr(ord(letter) + 1), most))
        return [str(text) for (text,) in found]

    def flush(self) -> None:
        """Write what is new. On trouble it stays pending."""
        if self._pending and not self.path.exists():
            self._begin_anew()
        if self._pending:
            try:
                with self._db.conn as connection:
                    for kind, new in self._pending.items():
                        connection.executemany(
                            f'insert or ignore into "{kind}" (id, text) values (?, ?)', new
                        )
            except sqlite3.Error as error:
                raise DiskTrouble(path=self.path, why=str(error)) from error
            self._pending.clear()
        for kind in GROWING:
            if len(self._ids[kind]) > OF_ONE_CALL.get(kind, CACHED):
                self._ids[kind] = {"": 0}
                self._texts[kind] = {0: ""}

    def close(self) -> None:
        self._db.conn.close()

    def _begin_anew(self) -> None:
        """The file was deleted under us: what we remember goes into a new one, under its ids."""
        last = self._last.copy()
        for kind, texts in self._texts.items():
            known = [(number, text) for number, text in texts.items() if number]
            if known:
                self._pending[kind] = known
        with suppress(sqlite3.Error):
            self._db.conn.close()
        try:
            self._open()
        except (*_DAMAGE, OSError) as error:
            raise DiskTrouble(path=self.path, why=str(error)) from error
        for kind, number in last.items():
            self.reserve(kind, number)

    def _find(self, kind: Text, text: str) -> int | None:
        row = self._query(f'select id from "{kind}" where text = ?', text)
        return None if row is None else int(str(row))

    def _query(self, sql: str, value: str | int) -> object | None:
        try:
            row = self._db.conn.execute(sql, (value,)).fetchone()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):  # rows without their string table
                return None
            raise DiskTrouble(path=self.path, why=str(error)) from error
        except _DAMAGE as error:
            if self._write:
                raise DiskTrouble(path=self.path, why=str(error)) from error
            return None  # a damaged page: `cdr verify` tells
        return None if row is None else row[0]

    def _remember(self, kind: Text, number: int, text: str) -> None:
        self._ids[kind][text] = number
        self._texts[kind][number] = text
        if kind in GROWING and len(self._texts[kind]) > 4 * CACHED:
            self._texts[kind] = {0: ""}  # a long read; ids that wait for flush are kept


def _connect(path: Path, *, write: bool) -> sqlite3.Connection:
    # One owner at a time, but it may hand the work to a thread so that the event loop goes on.
    if write or not path.exists():
        return sqlite3.connect(path if write else ":memory:", check_same_thread=False)
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        connection.execute("select 1 from sqlite_master").fetchone()
    except _DAMAGE as error:
        connection.close()
        if not isinstance(error, sqlite3.OperationalError):
            raise
        # A read-only medium has no place for the shared memory file.
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)
    # A garbled text is shown as it is, as `intern` would keep it.
    connection.text_factory = lambda data: data.decode("utf-8", "backslashreplace")
    return connection
