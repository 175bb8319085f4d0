"""The text of a text/event-json frame to the headers and body that a plain one would give."""

import json

from ccore.errors import ProtocolError

__all__ = ["ARRAY", "BETWEEN", "read_json"]

# How the switch writes a header of several values in a plain event.
ARRAY, BETWEEN = "ARRAY::", "|:"


def _first_wins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return dict(reversed(pairs))


def read_json(raw: bytes) -> tuple[dict[str, str], str]:
    """Headers and body. What is neither text, number nor a list of such is left out."""
    try:
        told = json.loads(
            raw.decode("utf-8", "surrogateescape"),
            object_pairs_hook=_first_wins,
            parse_int=str,
            parse_float=str,
            parse_constant=str,
        )
    except (ValueError, RecursionError) as error:
        raise ProtocolError(what=f"an event that is no JSON ({type(error).__name__})") from None
    if not isinstance(told, dict):
        raise ProtocolError(what="a JSON event that is no object")
    headers: dict[str, str] = {}
    for name, value in reversed(told.items()):
        if isinstance(value, str):
            headers[name] = value
        elif isinstance(value, list) and all(isinstance(one, str) for one in value):
            headers[name] = ARRAY + BETWEEN.join(value)
    return headers, headers.pop("_body", "")
