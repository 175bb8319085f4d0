"""News of the daemon as sentences.

A kind without a sentence here, or one whose fields have changed, is printed field by field.
"""

from collections.abc import Mapping
from typing import Any

from ccore.cli.text import clock, safe

__all__ = ["sentence", "words"]

# kind of news: sentence, filled from the news' fields
_SENTENCES = {
    "offer": "{queue}: {calling} {calling_name} is offered to {agent}",
    "answered": "{agent} answers {contact}",
    "ended": "{contact} ends: {outcome}",
    "queued": "{contact} waits in {queue}",
    "put-aside": "{agent} is put aside: {reason}",
    "left": "{contact} leaves for {number}",
    "agent": "{agent} is {state} {reason}",
    "dropped": "we read too slowly and were let go: {why}",
    "bye": "{why}",
}
CONTACT_SHOWN = 8  # the beginning of a contact's id is enough for every command


def sentence(news: Mapping[str, Any]) -> str:
    """One line: when and what."""
    at_us = int(news.get("at_us", 0))
    return f"{clock(at_us) if at_us else '-':8}  {words(news)}"


def words(news: Mapping[str, Any]) -> str:
    kind = str(news.get("news", "?"))
    fields = {
        name: safe(str(value))
        for name, value in news.items()
        if name not in ("news", "at_us") and value not in ("", None)
    }
    if "contact" in fields:
        fields["contact"] = fields["contact"][:CONTACT_SHOWN]
    try:
        said = _SENTENCES[kind].format_map(_Optional(fields))
    except KeyError:
        said = " ".join(f"{name}={value}" for name, value in fields.items())
    return f"{safe(kind):<9} {' '.join(said.split())}"


class _Optional(dict[str, str]):
    """Fields that need not be there count as empty; without the others the sentence is not said."""

    def __missing__(self, name: str) -> str:
        if name in ("calling_name", "reason"):
            return ""
        raise KeyError(name)
