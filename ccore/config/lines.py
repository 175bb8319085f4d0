"""On which line of a TOML text a key stands, for errors that say where.

tomllib keeps no positions. This reads headers and keys only, skips over strings and brackets, and
answers for a path with the line of its longest known beginning: good enough to point a finger.
"""

import re
from collections.abc import Sequence

__all__ = ["Path", "dotted", "find_lines", "line_of"]

Path = tuple[str | int, ...]

_KEY = r"""[A-Za-z0-9_\-]+|"(?:[^"\\]|\\.)*"|'[^']*'"""
_KEYS = rf"(?:{_KEY})(?:\s*\.\s*(?:{_KEY}))*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_KEYS})\s*\]\]?")
_ASSIGN = re.compile(rf"\s*({_KEYS})\s*=")
_PART = re.compile(_KEY)
_BARE = re.compile(r"[A-Za-z0-9_\-]+")

# What a value is made of, as far as it matters for knowing where it ends.
_TOKEN = re.compile(
    r"""\"{3}|'{3}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\#[^\n]*|[\[\]{}]|[^"'\#\[\]{}]+|."""
)


def dotted(path: Sequence[str | int]) -> str:
    """`queues.sales.ring_s`, with quotes where TOML needs them and [n] for the n-th of a list."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            part = part if _BARE.fullmatch(part) else '"' + part.replace("\n", " ") + '"'
            text += f".{part}" if text else part
    return text or "the file"


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def find_lines(text: str) -> dict[Path, int]:
    lines: dict[Path, int] = {}
    table: Path = ()
    counts: dict[Path, int] = {}  # tables so far in an array of tables
    depth, quotes = 0, ""  # open brackets, and the quotes of an open multi-line string
    for number, line in enumerate(text.splitlines(), 1):
        rest = line
        if not depth and not quotes:
            if header := _HEADER.match(line):
                table = _inside(_parts(header[2]), counts)
                if header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, counts[table])
                for end in range(1, len(table) + 1):
                    lines.setdefault(table[:end], number)
                continue
            if assign := _ASSIGN.match(line):
                path = table + _parts(assign[1])
                for end in range(len(table) + 1, len(path) + 1):
                    lines.setdefault(path[:end], number)
                rest = line[assign.end() :]
        for token in _TOKEN.findall(rest):
            if quotes:
                quotes = "" if token == quotes else quotes
            elif token in ('"""', "'''"):
                quotes = token
            elif token in "[{":
                depth += 1
            elif token in "]}":
                depth = max(0, depth - 1)
    return lines


def _parts(keys: str) -> Path:
    return tuple(part if part[0] not in "\"'" else part[1:-1] for part in _PART.findall(keys))


def _inside(path: Path, counts: dict[Path, int]) -> Path:
    """A header below an array of tables means the last of them."""
    place: Path = ()
    for part in path[:-1]:
        place = (*place, part)
        if place in counts:
            place = (*place, counts[place])
    return (*place, path[-1])
