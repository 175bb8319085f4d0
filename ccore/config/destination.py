"""Where a call can be sent, such as `queue:sales`; all forms stand in the error below."""

import re
from typing import NamedTuple

__all__ = ["KINDS", "Destination", "split"]

KINDS = ("ivr", "queue", "agent", "voicemail", "number", "split", "busy", "hangup")
_NAMELESS = ("busy", "hangup")

_NUMBER = re.compile(r"\+?[0-9*#]{1,32}", re.ASCII)


class Destination(NamedTuple):
    kind: str  # one of KINDS
    name: str  # "" for busy and hangup


def split(text: str) -> Destination:
    """The two halves of a destination; ValueError says what one looks like."""
    kind, colon, name = text.partition(":")
    if kind in _NAMELESS and not colon:
        return Destination(kind, "")
    if kind in KINDS and kind not in _NAMELESS and name:
        if kind == "number" and not _NUMBER.fullmatch(name):
            raise ValueError("number: and digits, such as number:4008001234")
        return Destination(kind, name)
    raise ValueError(
        "a destination: ivr:FLOW, queue:NAME, agent:ID, voicemail:BOX, number:NUMBER, split:NAME, "
        "busy or hangup"
    )
