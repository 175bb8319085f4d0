"""What a number says: its entry, its territory, its list of callers. The longest match counts.

A table is a dict from number to value; a key that ends in `*` is the beginning of numbers. Looking
up costs as many dict look-ups as the number has digits, however long the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from ccore.config.schema import Config, Entry, Territory

__all__ = ["STRANGER", "Book", "Known", "longest"]

T = TypeVar("T")

LONGEST = 32  # digits of a configured number, at most


def longest(table: Mapping[str, T], number: str) -> T | None:
    """The value of exactly this key, else of the longest `beginning*`."""
    if number in table and not number.endswith("*"):
        return table[number]
    for length in range(min(len(number), LONGEST), -1, -1):
        beginning = number[:length] + "*"
        if beginning in table:
            return table[beginning]
    return None


@dataclass(slots=True, frozen=True)
class Known:
    """What is said of a caller; priority is seconds of credit."""

    name: str = ""
    priority: int = 0
    blocked: bool = False


STRANGER = Known()


class Book:
    """The configuration's numbers, made ready to look up."""

    def __init__(self, config: Config) -> None:
        self._entries: dict[str, Entry] = {entry.number: entry for entry in config.entries}
        self._territories: dict[str, Territory] = {
            one.prefix.removesuffix("*") + "*": one for one in config.territories
        }
        self._numbers: dict[str, Known] = {}
        self._beginnings: dict[str, Known] = {}
        for one in config.callers:
            known = Known(one.name, one.priority, one.blocked)
            self._numbers.update((number, known) for number in one.numbers)
            self._beginnings.update(
                (prefix.removesuffix("*") + "*", known) for prefix in one.prefixes
            )

    def entry(self, called: str) -> Entry | None:
        return longest(self._entries, called)

    def territory(self, calling: str) -> Territory | None:
        return longest(self._territories, calling)

    def caller(self, calling: str) -> Known:
        """A whole number in a list counts before any beginning."""
        return self._numbers.get(calling) or longest(self._beginnings, calling) or STRANGER
