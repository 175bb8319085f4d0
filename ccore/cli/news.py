"""News of the daemon as sentences.

A kind without a sentence here, or one whose fields have changed, is printed field by field.
"""

from collections.abc import Mapping
from typing import Any

from ccore.cli.text import clock, safe

__all__ = ["KINDS", "sentence", "words"]

# All that there are; docs/control-socket.md says when each comes.
KINDS = (
    *("arrived", "step", "waiting", "widened", "offer", "answered", "callback", "left", "ended"),
    *("agent", "put-aside", "site", "link", "recovered", "repaired", "dropped", "bye"),
)

# kind of news: sentence, filled from the news' fields
_SENTENCES = {
    "arrived": "{calling} {calling_name} calls {called} ({contact})",
    "step": "{contact} in {flow}: {step}",
    "waiting": "{contact} waits in {queue}",
    "offer": "{queue}: {calling} {calling_name} {language} is offered to {agent}",
    "answered": "{agent} answers {contact}",
    "callback": "{contact} is to be called back: {calling}",
    "left": "{contact} leaves for {number}",
    "ended": "{contact} ends: {outcome}",
    "agent": "{agent} is {state} {reason}",
    "missed": "{agent} did not take it: {reason}",  # made of the agent's rest by those who show it
    "put-aside": "{agent} is put aside: {reason}",
    "recovered": "after a gap: {found} calls found again, {lost} lost",
    "dropped": "we read too slowly and were let go: {why}",
    "bye": "{why}",
}
_OPTIONAL = frozenset({"calling_name", "language", "reason"})
CONTACT_SHOWN = 8  # the beginning of a contact's id is enough for every command


def sentence(news: Mapping[str, Any]) -> str:
    """One line: when and what."""
    at_us = int(news.get("at_us", 0))
    return f"{clock(at_us) if at_us else '-':8}  {words(news)}"


def words(news: Mapping[str, Any], names: Mapping[str, str] | None = None) -> str:
    """What; `names` are what to call agents and contacts instead of by their ids."""
    kind = str(news.get("news", "?"))
    fields = {
        name: safe(str(value))
        for name, value in news.items()
        if name not in ("news", "at_us") and value not in ("", None)
    }
    if "contact" in fields:
        fields["contact"] = fields["contact"][:CONTACT_SHOWN]
    if "language" in fields:
        fields["language"] = f"({fields['language']})"
    for name in ("agent", "contact"):
        if name in fields and names and (known := names.get(str(news[name]))):
            fields[name] = safe(known)
    try:
        said = _SENTENCES[kind].format_map(_Fields(fields))
    except KeyError:
        said = " ".join(f"{name}={value}" for name, value in fields.items())
    return f"{safe(kind):<9} {' '.join(said.split())}"


class _Fields(dict[str, str]):
    """Some need not be there; without the others the sentence is not said."""

    def __missing__(self, name: str) -> str:
        if name in _OPTIONAL:
            return ""
        raise KeyError(name)
