"""Which numbers outside may be called: a list of what is allowed, a list of what is not.

A pattern is a number, or its beginning if it ends in `*`. The whole number decides before any
beginning, the longer beginning before the shorter; where nothing matches, the call is refused.
"""

import re

from ccore.config.table import Pattern, Table

__all__ = ["Outbound", "number_in", "refusal"]

_NUMBER = re.compile(r"\+?[0-9*#]{1,32}", re.ASCII)
# A phone that is reached through a carrier: sofia/gateway/NAME/NUMBER, with a profile or without.
_THROUGH_GATEWAY = re.compile(r"sofia/gateway/[^/]+/([^/@]*)")


class Outbound(Table):
    # numbers that may be called outside, or beginnings that end in *; none: nobody is called there
    allow: tuple[Pattern, ...] = ()
    refuse: tuple[Pattern, ...] = ()  # exceptions from allow; the longest match decides


def refusal(outbound: Outbound, number: str) -> str:
    """Why this number may not be called; "" if it may."""
    if not _NUMBER.fullmatch(number):
        return "it is no telephone number"
    allowed = max((_weight(one, number) for one in outbound.allow), default=0)
    refused = max(((_weight(one, number), one) for one in outbound.refuse), default=(0, ""))
    if refused[0] > allowed:
        return f"outbound.refuse has {refused[1]}"
    return "" if allowed else "nothing in outbound.allow matches it"


def _weight(pattern: str, number: str) -> int:
    """How closely a pattern fits; 0: not at all."""
    if pattern == number:
        return 2 * len(number) + 2
    if pattern.endswith("*") and number.startswith(pattern[:-1]):
        return 2 * len(pattern) - 1
    return 0


def number_in(contact: str) -> str:
    """The number outside that an agent's dial string calls; "" if it stays inside."""
    found = _THROUGH_GATEWAY.search(contact)
    return found[1] if found else ""
