"""Records: fixed-size rows in an append-only journal, texts and recordings indexed beside them."""

from ccore.cdr.journal import JournalWriter
from ccore.cdr.layout import AGENT, CONTACT, DTYPES, LEG, Row, Rows
from ccore.cdr.numbers import hash_number, load_key
from ccore.cdr.recordings import Recording, RecordingIndex
from ccore.cdr.records import Records, load, read, segments
from ccore.cdr.rows import RowFact, facts
from ccore.cdr.strings import Strings, Text

__all__ = [
    "AGENT",
    "CONTACT",
    "DTYPES",
    "LEG",
    "JournalWriter",
    "Recording",
    "RecordingIndex",
    "Records",
    "Row",
    "RowFact",
    "Rows",
    "Strings",
    "Text",
    "facts",
    "hash_number",
    "load",
    "load_key",
    "read",
    "segments",
]
