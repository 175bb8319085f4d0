"""Queues have agents, and callers who cannot be served go somewhere."""

from ccore.config.demand import (
    ANYONE,
    Caller,
    Demand,
    Stage,
    demand,
    meets,
    rungs,
    turn_of,
)
from ccore.config.destination import split
from ccore.config.faults import Fault, nearest, show
from ccore.config.flows import find_circle
from ccore.config.places import Doubts
from ccore.config.schema import Agent, Config

__all__ = ["check_agents", "check_circles", "check_queues", "check_skills"]

_LISTED = 6  # agents named in one line


def check_queues(config: Config) -> Doubts:
    for name, queue in config.queues.items():
        path = ("queues", name)
        if queue.leave and queue.leave.to == f"queue:{name}":
            raise Fault((*path, "leave", "to"), "the queue itself", "another destination")
        if not queue.music:
            raise Fault((*path, "music"), "nothing", "what waiting callers hear")
        says = bool(queue.announce or queue.announce_position or queue.announce_wait)
        if says and not queue.announce_every_s:
            yield path, "has an announcement, but announce_every_s is 0: it is never said"
        if queue.announce_every_s and not says:
            yield (*path, "announce_every_s"), "there is nothing to announce"
        if queue.overflow != "hangup" and not queue.max_wait_s:
            yield (*path, "overflow"), "is never used, max_wait_s is 0"
        if queue.full != "hangup" and not queue.max_waiting:
            yield (*path, "full"), "is never used, max_waiting is 0"
        if queue.full_prompt and not queue.max_waiting:
            yield (*path, "full_prompt"), "is never said, max_waiting is 0"
        if queue.by_territory and not any(one.skill for one in config.territories):
            yield (*path, "by_territory"), "no territory has a skill"


def check_circles(config: Config) -> Doubts:
    """No caller is passed from queue to queue without end."""
    graph: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for name, queue in config.queues.items():
        ways = [queue.overflow] if queue.max_wait_s else []
        ways += [queue.full] if queue.max_waiting else []
        graph["queue", name] = list(map(split, ways))
    for name, one in config.splits.items():
        graph["split", name] = [split(way.to) for way in one.ways]
    if circle := find_circle(graph):
        way = " -> ".join(name for _, name in circle)
        expected = "an overflow that ends outside these queues"
        kind, first = circle[0]
        raise Fault((f"{kind}s", first), f"{kind}s in a circle: {way}", expected)
    yield from ()


def check_skills(config: Config) -> Doubts:
    """For every queue, and for each of its languages and territories, there is an agent."""
    for name, queue in config.queues.items():
        languages = config.site.languages if queue.by_language else ()
        skills = [one.skill for one in config.territories if one.skill]
        territories = list(dict.fromkeys(skills)) if queue.by_territory else []
        yield from _served(config, name, ANYONE, "")
        for language in languages:
            yield from _served(config, name, Caller(language), f" for callers in {language}")
        for skill in territories:
            yield from _served(config, name, Caller("", skill), f" for the territory of {skill}")
        for language in languages:
            for skill in territories:
                if not _anyone(config, _widest(config, name, Caller(language, skill))):
                    yield ("queues", name), f"no agent has both {skill} and {language}"


def check_agents(config: Config) -> Doubts:
    phones: dict[str, str] = {}
    for name, agent in config.agents.items():
        path = ("agents", name)
        for index, queue in enumerate(agent.queues):
            if queue not in config.queues:
                expected = nearest(queue, config.queues, "a queue")
                raise Fault((*path, "queues", index), show(queue), expected)
        if any(c.isspace() or c in ",|&" for c in agent.contact):
            expected = "one dial string, such as user/1001@agents"
            raise Fault((*path, "contact"), show(agent.contact), expected)
        if agent.contact and (other := phones.setdefault(agent.contact, name)) != name:
            raise Fault((*path, "contact"), f"the phone of agent {other}", "one phone an agent")
        if config.queues and not any(
            meets(config, agent, _widest(config, queue, ANYONE)) for queue in config.queues
        ):
            yield path, "serves no queue"


def _served(config: Config, name: str, caller: Caller, who: str) -> Doubts:
    if _anyone(config, demand(config, name, caller)):
        return
    wanted = _widest(config, name, caller)
    if _anyone(config, wanted):
        yield ("queues", name), f"no agent{who} until a step, a fallback or the reserve widens it"
        return
    asked = [*(f"{skill} {level}" for skill, level in wanted.skills)]
    asked += [" or ".join(f"{name} 1" for name in wanted.languages)] if wanted.languages else []
    expected = f"an agent with {', '.join(asked)}" if asked else "an agent"
    lacks = [
        (id_, _lacks(wanted, agent))
        for id_, agent in config.agents.items()
        if turn_of(config, agent, name) is not None
    ]
    if not lacks:
        raise Fault(("queues", name), f"no agents{who}", expected)
    lacks.sort(key=lambda item: len(item[1]))  # who comes closest first
    shown = [f"{agent} lacks {' and '.join(lack)}" for agent, lack in lacks[:_LISTED]]
    if len(lacks) > _LISTED:
        shown.append(f"{len(lacks) - _LISTED} more")
    raise Fault(("queues", name), f"no agent{who} ({'; '.join(shown)})", expected)


def _widest(config: Config, queue: str, caller: Caller) -> Demand:
    """What is asked for when everything that widens has been done."""
    last = len(rungs(config, queue, caller.language)) - 1
    stage = Stage(len(config.queues[queue].steps), last, reserve=True)
    return demand(config, queue, caller, stage)


def _anyone(config: Config, wanted: Demand) -> bool:
    return any(meets(config, agent, wanted) for agent in config.agents.values())


def _lacks(wanted: Demand, agent: Agent) -> list[str]:
    """What keeps him from such a call, in words."""
    has = agent.skills
    lacks = [f"{skill} {level}" for skill, level in wanted.skills if has.get(skill, 0) < level]
    if wanted.languages and not any(name in has for name in wanted.languages):
        lacks.append(" or ".join(f"{name} 1" for name in wanted.languages))
    if not all(agent.site in one for one in wanted.site_lists):
        lacks.append("the site")
    if wanted.teams is not None and agent.team not in wanted.teams:
        lacks.append("the team")
    if wanted.groups is not None and agent.group not in wanted.groups:
        lacks.append("the group")
    return lacks or ["nothing, but has what is forbidden"]
