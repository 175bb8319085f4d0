"""Erlang B, its extension for callers who try again, and Erlang C, in forms that stay exact.

Loads are erlangs (calls a second times seconds a call), probabilities parts of 1. The recursion of
Erlang B adds positive numbers only, so ten thousand servers cost no digits; Erlang C follows from
it. A. K. Erlang, Solution of some problems in the theory of probabilities of significance in
automatic telephone exchanges, 1917; the recursion as in R. B. Cooper, Introduction to Queueing
Theory, 1981, 3.
"""

from collections.abc import Callable
from itertools import count

from ccore.errors import BadRequest

__all__ = [
    "MOST_SERVERS",
    "blocking",
    "blocking_with_recall",
    "least",
    "most_load",
    "servers_for_blocking",
    "waiting",
]

# No centre and no exchange is larger; a search that gets here asks for what cannot be had.
MOST_SERVERS = 1_000_000
_HALVINGS = 200  # far below the last bit of a double


def blocking(servers: int, load: float) -> float:
    """Erlang B: the share of calls that find all servers busy, where nobody waits.

    B(0) = 1, B(k) = a B(k-1) / (k + a B(k-1))
    """
    _check(servers, load)
    lost = 1.0
    for k in range(1, servers + 1):
        lost = load * lost / (k + load * lost)
    return lost


def blocking_with_recall(servers: int, load: float, recall: float) -> tuple[float, float]:
    """Extended Erlang B: (blocking, load that is really offered) if a share of the blocked dials
    again: a' = a + r a' B(n, a'). Raises BadRequest where the repeated calls have no end.

    R. F. Jewett, J. Shrago, R. Yomtov, Designing Optimal Voice Networks, 1980.
    """
    if not 0 <= recall <= 1:
        raise BadRequest(what=f"A share of {recall:g} dials again", expected="0 to 1")
    if recall == 1 and load >= servers:
        what = f"{load:g} erlangs whose blocked callers never give up, on {servers} lines"
        raise BadRequest(what=what, expected=f"more lines than {load:g}")

    def is_too_much(total: float) -> bool:
        return total * (1 - recall * blocking(servers, total)) > load

    total = _border(is_too_much, at_least=load)
    return blocking(servers, total), total


def waiting(servers: int, load: float) -> float:
    """Erlang C: the share of calls that wait, where everybody waits as long as it takes.

    C = n B / (n - a (1 - B)). Raises BadRequest where the queue grows without end (a >= n).
    """
    if load >= servers:
        what = f"{servers} agents for {load:g} erlangs: the queue grows without end"
        expected = f"at least {int(load) + 1} agents, or a patience (Erlang A)"
        raise BadRequest(what=what, expected=expected)
    lost = blocking(servers, load)
    return servers * lost / (servers - load * (1 - lost))


def servers_for_blocking(load: float, target: float, recall: float = 0.0) -> int:
    """The least number of lines that lose no more than `target` of the calls: Erlang B, and
    extended where a share of the blocked dials again."""
    _check(0, load)
    if not 0 < target <= 1:
        raise BadRequest(what=f"A blocking of {target:g}", expected="above 0, at most 1")
    if recall:
        fewest = max(1, int(load) + 1)  # with fewer, some repeat without end
        found = least(lambda n: blocking_with_recall(n, load, recall)[0] <= target, fewest)
        assert found is not None  # blocking goes to nothing
        return found
    lost = 1.0
    for servers in count():
        if lost <= target:
            return servers
        lost = load * lost / (servers + 1 + load * lost)
    raise AssertionError


def most_load(servers: int, target: float) -> float:
    """The load at which so many lines lose `target` of the calls (Erlang B)."""
    if not 0 < target < 1 or servers < 1:
        what = f"{servers} lines with a blocking of {target:g}"
        raise BadRequest(what=what, expected="at least 1 line, a blocking between 0 and 1")
    return _border(lambda load: blocking(servers, load) > target)


def least(is_enough: Callable[[int], bool], at_least: int = 1) -> int | None:
    """The least number from `at_least` on that is enough, where more never is worse; or None."""
    top = max(1, at_least)
    if is_enough(top):
        return top
    step = 1
    while not is_enough(top + step):
        top, step = top + step, step * 2
        if top > MOST_SERVERS:
            return None
    too_few, enough = top, top + step
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if is_enough(middle):
            enough = middle
        else:
            too_few = middle
    return enough


def _border(is_beyond: Callable[[float], bool], at_least: float = 0.0) -> float:
    """Where a condition begins to hold, to the last bit."""
    low, high = at_least, max(1.0, at_least * 2)
    while not is_beyond(high):
        low, high = high, high * 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if is_beyond(middle):
            high = middle
        else:
            low = middle
    return (low + high) / 2


def _check(servers: int, load: float) -> None:
    if servers < 0 or not 0 <= load <= MOST_SERVERS:
        what = f"{servers} servers for {load:g} erlangs"
        raise BadRequest(what=what, expected=f"numbers from 0 to {MOST_SERVERS:,}")
