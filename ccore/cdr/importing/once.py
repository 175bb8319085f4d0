"""Writing facts once: what is on record already is counted and not written again.

What makes a row the same: of a contact its id; of a leg its contact, kind, start and agent; of an
agent's interval agent, state and start. The journal itself is asked, a day at a time, so an
import that was broken off can simply be repeated.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from pathlib import Path

from ccore.cdr.importing.tally import Tally
from ccore.cdr.journal import JournalWriter
from ccore.cdr.layout import Row
from ccore.cdr.numbers import HASH
from ccore.cdr.records import load
from ccore.cdr.rows import RowFact, day_us, row_kind
from ccore.cdr.segment import day_of
from ccore.cdr.strings import MAX_TEXT, Strings, Text
from ccore.errors import BadRequest, CcoreError
from ccore.model import ContactClosed, LegClosed

__all__ = ["Once"]

Key = tuple[str, int, int, str]

MAX_DAYS = 92  # days whose keys are kept in memory: a quarter, in whatever order its rows come
LOOKED_AT = 100  # numbers that begin as a hash does; a SIP name may as well
FLUSH_EVERY = 50_000  # rows; a block for each of their days


class Once:
    """Takes facts for one directory of records. Close it to have all of them on the disk."""

    def __init__(
        self,
        directory: Path,
        tally: Tally,
        tell: Callable[[CcoreError], None],
        number_key: bytes | None = None,
    ) -> None:
        if number_key is None and _keeps_hashes(directory):
            raise BadRequest(
                what=f"{directory} keeps callers' numbers as hashes",
                expected="the key that they were made with: --hash-numbers KEYFILE",
            )
        self._writer = JournalWriter(directory, tell=tell, number_key=number_key)
        self._directory = directory
        self._tally = tally
        self._tell = tell
        self._days: OrderedDict[date, set[Key]] = OrderedDict()

    def __enter__(self) -> "Once":
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def add(self, fact: RowFact) -> None:
        key, kind = _key(fact), row_kind(fact)
        known = self._known(day_of(day_us(fact)))
        if key in known:
            self._tally.known[kind] += 1
            return
        known.add(key)
        self._writer.append(fact)
        self._tally.written[kind] += 1
        if self._writer.pending >= FLUSH_EVERY:
            self._writer.flush()

    def _known(self, day: date) -> set[Key]:
        found = self._days.get(day)
        if found is not None:
            self._days.move_to_end(day)
            return found
        if len(self._days) >= MAX_DAYS:
            self._writer.flush()  # its rows must be on the disk before they are forgotten
            self._days.popitem(last=False)
        records = load(self._directory, [day], tell=self._tell)
        found = {_key(fact) for kind in Row for fact in records.facts(kind)}
        records.strings.close()
        self._days[day] = found
        return found


def _keeps_hashes(directory: Path) -> bool:
    strings = Strings(directory)
    try:
        return any(map(HASH.fullmatch, strings.beginning(Text.NUMBER, "h", LOOKED_AT)))
    finally:
        strings.close()


def _key(fact: RowFact) -> Key:
    if isinstance(fact, ContactClosed):
        return fact.contact[:MAX_TEXT], 0, 0, ""
    if isinstance(fact, LegClosed):
        return fact.contact[:MAX_TEXT], int(fact.kind), fact.start_us, fact.agent
    return fact.agent, -1 - int(fact.state), fact.start_us, ""
