"""What a reload changes, one line each."""

from collections.abc import Iterator
from typing import Any

import msgspec

from ccore.config.faults import show
from ccore.config.lines import Path, dotted
from ccore.config.schema import Config

__all__ = ["differences"]

# Lists of tables are compared by the field that names their members.
_NAMED_BY = {"entries": "number", "callers": "name", "territories": "prefix"}


def differences(old: Config, new: Config) -> list[str]:
    """Lines such as `queues.sales.ring_s: 15 -> 20`; passwords are not shown."""
    return list(_differ(_plain(old), _plain(new), ()))


def _plain(config: Config) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.to_builtins(config)
    for key, name in _NAMED_BY.items():
        data[key] = {one[name]: one for one in data[key]}
    return data


def _differ(old: Any, new: Any, path: Path) -> Iterator[str]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            place = dotted((*path, key))
            if key not in new:
                yield f"{place}: gone"
            elif key not in old:
                yield f"{place}: new"
            else:
                yield from _differ(old[key], new[key], (*path, key))
    elif path[-1] == "password":
        yield f"{dotted(path)}: changed"
    else:
        yield f"{dotted(path)}: {_words(old)} -> {_words(new)}"


def _words(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_words, value))}]"
    return "none" if value is None else show(value)
