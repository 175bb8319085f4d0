"""Queues have agents, and callers who cannot be served go somewhere."""

from collections.abc import Mapping

from ccore.config.destination import split
from ccore.config.faults import Fault, nearest, show
from ccore.config.flows import find_circle
from ccore.config.places import Doubts
from ccore.config.schema import Agent, Config, Queue

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
        graph["queue", name] = [(kind, to) for kind, to in map(split, ways) if kind == "queue"]
    if circle := find_circle(graph):
        way = " -> ".join(name for _, name in circle)
        expected = "an overflow that ends outside these queues"
        raise Fault(("queues", circle[0][1]), f"queues in a circle: {way}", expected)
    yield from ()


def check_skills(config: Config) -> Doubts:
    """For every queue, and for each of its languages and territories, there is an agent."""
    for name, queue in config.queues.items():
        _served(config, name, queue.skills, "")
        languages = config.site.languages if queue.by_language else ()
        skills = [one.skill for one in config.territories if one.skill]
        territories = list(dict.fromkeys(skills)) if queue.by_territory else []
        for language in languages:
            _served(config, name, _with(queue, language), f" for callers in {language}")
        for skill in territories:
            _served(config, name, _with(queue, skill), f" for the territory of {skill}")
        for language in languages:
            for skill in territories:
                if not _anyone(config, name, _with(queue, language, skill)):
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
            _may(agent, queue) and not _lacks(one.skills, agent)
            for queue, one in config.queues.items()
        ):
            yield path, "serves no queue"


def _served(config: Config, name: str, needed: Mapping[str, int], who: str) -> None:
    if _anyone(config, name, needed):
        return
    lacks = [
        (agent, _lacks(needed, one)) for agent, one in config.agents.items() if _may(one, name)
    ]
    wanted = ", ".join(f"{skill} {level}" for skill, level in needed.items())
    expected = f"an agent with {wanted}" if wanted else "an agent"
    if not lacks:
        raise Fault(("queues", name), f"no agents{who}", expected)
    lacks.sort(key=lambda item: len(item[1]))  # who comes closest first
    shown = [f"{agent} lacks {' and '.join(lack)}" for agent, lack in lacks[:_LISTED]]
    if len(lacks) > _LISTED:
        shown.append(f"{len(lacks) - _LISTED} more")
    raise Fault(("queues", name), f"no agent{who} ({'; '.join(shown)})", expected)


def _anyone(config: Config, queue: str, needed: Mapping[str, int]) -> bool:
    return any(_may(one, queue) and not _lacks(needed, one) for one in config.agents.values())


def _may(agent: Agent, queue: str) -> bool:
    return not agent.queues or queue in agent.queues


def _lacks(needed: Mapping[str, int], agent: Agent) -> list[str]:
    return [
        f"{skill} {level}" for skill, level in needed.items() if agent.skills.get(skill, 0) < level
    ]


def _with(queue: Queue, *skills: str) -> dict[str, int]:
    return {**dict.fromkeys(skills, 1), **queue.skills}
