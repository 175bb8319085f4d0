"""Scenarios that say a thing once: `{site}` is every site in turn, `{sites}` all of them in a
list, and a variant is what it changes."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["for_every_site", "merged"]

SITE, ALL_SITES = "{site}", "{sites}"


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `change` laid over it: tables are merged, everything else is replaced.

    An empty table takes the whole of what it stands for away.
    """
    result = dict(base)
    for key, value in change.items():
        old = result.get(key)
        if isinstance(value, dict) and not value:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(old, dict):
            result[key] = merged(old, value)
        else:
            result[key] = value
    return result


def for_every_site(value: Any, sites: Sequence[str]) -> Any:
    """A table whose name has `{site}`, and an element of a list with `{site}` in it, are repeated
    for every site. A table with the name of one site is laid over what that site got before."""
    if isinstance(value, dict):
        result: dict[str, Any] = {}
        for key, inner in value.items():
            for site in sites if SITE in key else [""]:
                named = for_every_site(_fill(inner, site) if site else inner, sites)
                name = key.replace(SITE, site)
                old = result.get(name)
                if isinstance(old, dict) and isinstance(named, dict):
                    named = merged(old, named)
                result[name] = named
        return result
    if isinstance(value, list):
        items: list[Any] = []
        for inner in value:
            if inner == ALL_SITES:
                items += sites
                continue
            chosen = sites if _mentions(inner) else [""]
            items += [for_every_site(_fill(inner, s) if s else inner, sites) for s in chosen]
        return items
    return value


def _mentions(value: Any) -> bool:
    if isinstance(value, str):
        return SITE in value
    if isinstance(value, dict):
        return any(SITE in key or _mentions(inner) for key, inner in value.items())
    return isinstance(value, list) and any(_mentions(inner) for inner in value)


def _fill(value: Any, site: str) -> Any:
    if isinstance(value, str):
        return value.replace(SITE, site)
    if isinstance(value, dict):
        return {key.replace(SITE, site): _fill(inner, site) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fill(inner, site) for inner in value]
    return value
