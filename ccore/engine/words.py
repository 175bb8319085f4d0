"""What is said of an agent and of a need, checked and in one form, so that the same is the same.

`packed()` is that form as 64-bit integers: the engine compares them where they lie (`_matching`).
"""

from array import array
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import index

from ccore.engine.faults import (
    HIGHEST_LEVEL,
    MOST_CONTACTS,
    RouterError,
    millionths,
    number,
)

__all__ = ["NOBODY", "ORDERS", "WHOLE", "Person", "Wanted", "person", "share_in_hand", "wanted"]

# How agents are ordered among those who meet a need; docs/routing.md has what each is for.
ORDERS = (
    "longest-idle",
    "longest-ready",
    "least-occupied",
    "fewest-calls",
    "round-robin",
    "weighted",
    "fixed-order",
    "random",
    "most-skilled",
    "least-versatile",
)
# An agent, in parts: each of 1 to 10 contacts at once takes a whole number of them.
WHOLE = 2520
NOBODY = -1
# Levels and preferences are added up in 64 bits.
MOST_SKILLS = 400
MOST_AFTER_US = 1 << 53

channel_number = partial(number, "channel")


@dataclass(frozen=True, slots=True)
class Person:
    """What decides which needs an agent meets."""

    skills: tuple[tuple[int, int], ...]  # skill, level; by skill
    site: int = NOBODY
    team: int = NOBODY
    group: int = NOBODY
    capacity: tuple[tuple[int, int], ...] = ((0, 1),)  # channel, contacts at once
    # queue, its turn in his list, when it joins the list; None: every queue
    queues: tuple[tuple[int, int, int], ...] | None = None

    def packed(self) -> bytes:
        words = [self.site, self.team, self.group]
        words += [len(self.skills), len(self.capacity)]
        words += [NOBODY if self.queues is None else len(self.queues)]
        words += [skill << 8 | level for skill, level in self.skills]
        words += [channel << 8 | contacts for channel, contacts in self.capacity]
        for turn in self.queues or ():
            words += turn
        return array("q", words).tobytes()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a call asks for, and how those who have it are ordered."""

    skills: tuple[tuple[int, int], ...]  # skill, least level; by skill
    agents: frozenset[int] | None = None  # None: everybody; so below
    preferred: tuple[tuple[int, int], ...] = ()  # skill, weight in millionths
    forbidden: tuple[int, ...] = ()
    sites: tuple[int, ...] | None = None
    teams: tuple[int, ...] | None = None
    groups: tuple[int, ...] | None = None
    queue: int = NOBODY
    waited_us: int = 0
    channel: int = 0
    order: str = "longest-idle"

    def packed(self) -> bytes:
        """All but `agents`."""
        lists = (self.forbidden, self.sites, self.teams, self.groups)
        words = [self.queue, self.waited_us, self.channel, ORDERS.index(self.order)]
        words += [len(self.skills), len(self.preferred)]
        words += [NOBODY if one is None else len(one) for one in lists]
        words += [skill << 8 | level for skill, level in self.skills]
        for preferred in self.preferred:
            words += preferred
        for one in lists:
            words += one or ()
        return array("q", words).tobytes()


def person(
    agent: int,
    skills: Mapping[int, int],
    site: int = NOBODY,
    team: int = NOBODY,
    group: int = NOBODY,
    capacity: Mapping[int, int] | None = None,
    queues: Mapping[int, tuple[int, int]] | None = None,
) -> Person:
    at = f"agent {agent}"
    return Person(
        _levels(skills),
        number(f"{at}, site", index(site), NOBODY),
        number(f"{at}, team", index(team), NOBODY),
        number(f"{at}, group", index(group), NOBODY),
        ((0, 1),) if capacity is None else _contacts(capacity, MOST_CONTACTS),
        None if queues is None else tuple(sorted(_turns(at, queues))),
    )


def wanted(
    skills: Mapping[int, int],
    agents: Collection[int] | None = None,
    preferred: Mapping[int, float] | None = None,
    forbidden: Collection[int] = (),
    sites: Collection[int] | None = None,
    teams: Collection[int] | None = None,
    groups: Collection[int] | None = None,
    queue: int = NOBODY,
    waited_us: int = 0,
    channel: int = 0,
    order: str = "longest-idle",
) -> Wanted:
    if order not in ORDERS:
        raise RouterError(f"order {order!r}: expected one of {', '.join(ORDERS)}")
    weights = preferred or {}
    for what, count in (("skills", len(skills)), ("preferred skills", len(weights))):
        number(f"need, {what}", count, 0, MOST_SKILLS)
    return Wanted(
        _levels(skills),
        None if agents is None else frozenset(map(index, agents)),
        tuple(
            (number("preferred skill", index(skill)), millionths(f"skill {skill}", weights[skill]))
            for skill in sorted(weights)
        ),
        _numbers("forbidden skill", forbidden),
        None if sites is None else _numbers("site", sites),
        None if teams is None else _numbers("team", teams),
        None if groups is None else _numbers("group", groups),
        number("queue", index(queue), NOBODY),
        number("waited_us", index(waited_us), 0, MOST_AFTER_US),
        channel_number(index(channel)),
        order,
    )


def share_in_hand(capacity: Mapping[int, int], holding: Mapping[int, int]) -> int:
    """Parts of WHOLE that an agent of this capacity has in use; more than all is all."""
    used = 0
    for channel, contacts in _contacts(holding, WHOLE):
        most = capacity.get(channel, 0)
        used += contacts * (WHOLE // most) if most else WHOLE * (contacts > 0)
    return min(used, WHOLE)


def _levels(skills: Mapping[int, int]) -> tuple[tuple[int, int], ...]:
    for skill, level in skills.items():
        number("skill", index(skill))
        if not 1 <= index(level) <= HIGHEST_LEVEL:
            raise RouterError(f"skill {skill}: level {level}, expected 1 to {HIGHEST_LEVEL}")
    return tuple(sorted((index(skill), index(level)) for skill, level in skills.items()))


def _contacts(contacts: Mapping[int, int], most: int) -> tuple[tuple[int, int], ...]:
    return tuple(
        (channel_number(index(channel)), number(f"channel {channel}", index(count), 0, most))
        for channel, count in sorted(contacts.items())
    )


def _turns(at: str, queues: Mapping[int, tuple[int, int]]) -> Iterable[tuple[int, int, int]]:
    for queue, (turn, after_us) in queues.items():
        yield (
            number(f"{at}, queue", index(queue)),
            number(f"{at}, queue {queue}, turn", index(turn), 0, 30_000),
            number(f"{at}, queue {queue}, after_us", index(after_us), 0, MOST_AFTER_US),
        )


def _numbers(what: str, numbers: Collection[int]) -> tuple[int, ...]:
    return tuple(sorted({number(what, index(one)) for one in numbers}))
