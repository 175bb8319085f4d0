"""How words, times and shares are written, and that text chosen by callers stays text."""

import json
import re
import time
from collections.abc import Mapping
from typing import Any

__all__ = ["as_json", "clock", "csv_cell", "one_line_json", "percent", "safe", "span"]

# What a terminal might obey, or a reader not see: controls (C0, DEL, C1), lone surrogates, marks
# and overrides of direction, zero-width characters, line separators, byte-order marks, tags.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


# What a cell begins with that a spreadsheet runs, also as a Chinese keyboard writes it.
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe(text: str) -> str:
    """One printable line: what is dangerous is written as an escape."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def csv_cell(value: Any) -> Any:
    """A caller may call himself `=cmd(...)`: a spreadsheet must not run it."""
    if isinstance(value, str):
        formula = value[:1] in FORMULA and not value[1:].isdigit()
        return ("'" + safe(value)) if formula else safe(value)
    return int(value) if isinstance(value, bool) else value


def as_json(value: object) -> str:
    """JSON to read: Chinese as Chinese, but nothing that a terminal would obey."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    # Line breaks of the layout stay; every other match can only stand inside a string.
    return _UNSAFE.sub(lambda found: found[0] if found[0] == "\n" else _unit(found[0]), text)


def one_line_json(value: Mapping[str, object]) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return _UNSAFE.sub(lambda found: _unit(found[0]), text)


def span(ms: int | None) -> str:
    """0:07, 12:30, 1:02:03; nothing for nothing."""
    if ms is None:
        return "-"
    minutes, seconds = divmod(max(0, ms) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def clock(at_us: int) -> str:
    """The time of day where the reader sits."""
    return time.strftime("%H:%M:%S", time.localtime(at_us // 1_000_000))


def _unit(character: str) -> str:
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"
