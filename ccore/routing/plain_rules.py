"""The rules themselves, as plainly as possible: who meets a need, and who goes before whom."""

import math
from dataclasses import dataclass, field

from ccore.engine.faults import MILLION
from ccore.engine.words import WHOLE, Person, Wanted

__all__ = [
    "Agent",
    "Call",
    "Need",
    "Queue",
    "agent_parted",
    "agent_rank",
    "call_parted",
    "call_rank",
    "meets",
    "place",
]

MOST_RANKED = 4095  # skills beyond so many make nobody less versatile


@dataclass(slots=True)
class Agent:
    number: int
    person: Person
    weight: int = MILLION
    position: int = 0
    state: str = "away"  # away, idle, reserved
    used: int = 0  # parts of WHOLE in use, while he is idle or reserved
    idle_us: int = 0
    ready_us: int = 0
    turn: int = 0  # when he was told to be ready
    offered: int = 0  # when he was last offered a call
    base: int = 0  # what was chosen when he drew
    occupancy: int = 0  # millionths
    calls: int = 0

    def leave(self) -> None:
        self.state, self.used = "away", 0


@dataclass(slots=True)
class Queue:
    weight: int = MILLION
    credit_us: int = 0
    without: frozenset[int] = field(default_factory=frozenset)  # groups that are not asked now


@dataclass(slots=True)
class Need:
    wanted: Wanted
    queue: Queue
    is_dropped: bool = False


@dataclass(slots=True)
class Call:
    number: int
    need: int
    entered_us: int
    credit_us: int
    weight: int  # millionths
    only: int | None
    prefer: int | None
    priority: int
    step: int
    turn: int  # when it was told of
    agent: int | None = None  # None: waiting
    due_us: int | None = None  # end of the lease

    def score(self, now_us: int) -> int:
        return self.credit_us * MILLION + self.weight * (now_us - self.entered_us)


def meets(agent: Agent, need: Need) -> bool:
    who, asked = agent.person, need.wanted
    skills = dict(who.skills)
    most = dict(who.capacity).get(asked.channel, 0)
    return (
        all(skills.get(skill, 0) >= least for skill, least in asked.skills)
        and not any(skill in skills for skill in asked.forbidden)
        and (asked.agents is None or agent.number in asked.agents)
        and (asked.sites is None or who.site in asked.sites)
        and (asked.teams is None or who.team in asked.teams)
        and (asked.groups is None or who.group in asked.groups)
        and who.group not in need.queue.without
        and turn_in_list(agent, need) is not None
        and most > 0
        and agent.used + WHOLE // most <= WHOLE
    )


def turn_in_list(agent: Agent, need: Need) -> int | None:
    """Of the need's queue in the agent's own list; None: not, or not yet, in it."""
    asked = need.wanted
    if agent.person.queues is None or asked.queue < 0:
        return 0
    for queue, turn, after_us in agent.person.queues:
        if queue == asked.queue and after_us <= asked.waited_us:
            return turn
    return None


# Ranks: the smallest goes first.


def agent_rank(agent: Agent, need: Need, seed: int) -> tuple[int, int, int, int]:
    asked, skills = need.wanted, dict(agent.person.skills)
    preferred = sum(weight * skills.get(skill, 0) for skill, weight in asked.preferred)
    by_order = {
        "longest-idle": agent.idle_us,
        "longest-ready": agent.ready_us,
        "least-occupied": agent.occupancy,
        "fewest-calls": agent.calls,
        "round-robin": agent.offered,
        "weighted": agent.calls * 1_000 * MILLION // agent.weight,
        "fixed-order": agent.position,
        "random": agent.base + drawn(seed, agent.turn),
        "most-skilled": -sum(skills[skill] for skill, _ in asked.skills),
        "least-versatile": min(len(skills), MOST_RANKED),
    }
    return -preferred, by_order[asked.order], agent.idle_us, agent.turn


def agent_parted(first: Agent, second: Agent, need: Need, seed: int) -> str:
    """What decided between two agents."""
    names = ("preferred-skills", need.wanted.order, "longest-idle", "first-ready")
    return _parted(names, agent_rank(first, need, seed), agent_rank(second, need, seed))


def call_rank(call: Call, need: Need, agent: Agent, now_us: int) -> tuple[int, ...]:
    return turn_in_list(agent, need) or 0, *place(call, need, now_us)


def call_parted(first: tuple[int, ...], second: tuple[int, ...]) -> str:
    """What decided between two calls of these ranks."""
    return _parted(("queue-turn", "priority", "score", "entered", "first-told"), first, second)


def place(call: Call, need: Need, now_us: int) -> tuple[int, int, int, int]:
    """Among all calls, whoever takes them."""
    score = need.queue.weight * call.score(now_us) + need.queue.credit_us * MILLION * MILLION
    return -call.priority, -score, call.entered_us, call.turn


def drawn(seed: int, turn: int) -> int:
    """A waiting time out of seed and turn, exponential: ccore/engine/_order.pxd has the reason."""
    mask = (1 << 64) - 1
    z = (seed + turn * 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    z = ((z ^ (z >> 31)) >> 11) + 1
    return int(-math.log(z * 2.0**-53) * (1 << 24))


def _parted(names: tuple[str, ...], first: tuple[int, ...], second: tuple[int, ...]) -> str:
    return next(n for n, a, b in zip(names, first, second, strict=True) if a != b)
