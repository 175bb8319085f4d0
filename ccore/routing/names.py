"""Names outside, integers inside: what a queue asks for and what an agent has, for the engine.

A queue's need is its own skills, the caller's language as a skill where `by_language`, the skill
of his territory where `by_territory` (level 1, unless the queue asks for more), and only the agents
who work for the queue, where some agents are bound to other queues.
"""

from collections.abc import Iterator

from ccore._router import Router
from ccore.config.schema import Agent, Config, Queue
from ccore.routing.plain import PlainRouter

__all__ = ["Desk", "unserved"]


class Desk:
    """`before` hands its numbers on when the configuration changes.

    The same name must mean the same number while the engine lives. Needs may be new after a change:
    ask again for every waiting call and tell the engine with `change_need`.
    """

    def __init__(
        self, config: Config, router: Router | PlainRouter, before: "Desk | None" = None
    ) -> None:
        self._config = config
        self._router = router
        self._agents: dict[str, int] = before._agents if before else {}
        self._names: list[str] = before._names if before else []
        self._skills: dict[str, int] = before._skills if before else {}
        self._needs: dict[tuple[str, str, str], int] = {}
        for name in config.agents:
            self.agent(name)

    def agent(self, name: str) -> int:
        """The agent's number; a new name gets the next one."""
        number = self._agents.setdefault(name, len(self._names))
        if number == len(self._names):
            self._names.append(name)
        return number

    def agent_name(self, number: int) -> str:
        return self._names[number]

    def skills_of(self, agent: str) -> dict[int, int]:
        return self._numbered(self._config.agents[agent].skills)

    def need(self, queue: str, language: str = "", territory_skill: str = "") -> int:
        """What a caller of this language and territory asks for in a queue."""
        settings = self._config.queues[queue]
        language = language if settings.by_language else ""
        territory_skill = territory_skill if settings.by_territory else ""
        key = queue, language, territory_skill
        if key not in self._needs:
            wanted = self._numbered(_wanted(settings, language, territory_skill))
            self._needs[key] = self._router.need(wanted, self._bound_to(queue))
        return self._needs[key]

    def need_of_agent(self, agent: str) -> int:
        """A call for one agent in person."""
        return self._router.need({}, [self.agent(agent)])

    def serves(self, agent: str, need: int) -> bool:
        """Would this agent, known to the engine, be given such calls?"""
        return self._router.agent_matches(self.agent(agent), need)

    def can_serve(self, agent: str, queue: str) -> bool:
        """Does he work for the queue, in whatever language and territory?"""
        one = self._config.agents.get(agent)
        if one is None or not _works_for(one, queue):
            return False
        needed = self._config.queues[queue].skills
        return all(one.skills.get(skill, 0) >= level for skill, level in needed.items())

    def _bound_to(self, queue: str) -> list[int] | None:
        agents = self._config.agents
        members = [name for name, agent in agents.items() if _works_for(agent, queue)]
        return None if len(members) == len(agents) else [self.agent(name) for name in members]

    def _numbered(self, skills: dict[str, int]) -> dict[int, int]:
        numbers = self._skills
        return {numbers.setdefault(name, len(numbers)): level for name, level in skills.items()}


def unserved(config: Config) -> list[str]:
    """Queues, and their languages and territories, whose callers no agent could ever serve."""
    router = Router()
    desk = Desk(config, router)
    for name in config.agents:
        router.set_agent(desk.agent(name), desk.skills_of(name))
    return [
        " / ".join(filter(None, kind))
        for kind in _kinds_of_callers(config)
        if not router.matching(desk.need(*kind))
    ]


def _kinds_of_callers(config: Config) -> Iterator[tuple[str, str, str]]:
    skills = list(dict.fromkeys(one.skill for one in config.territories if one.skill))
    for name, queue in config.queues.items():
        for language in config.site.languages if queue.by_language else ("",):
            for skill in (skills or [""]) if queue.by_territory else [""]:
                yield name, language, skill


def _wanted(queue: Queue, *extra: str) -> dict[str, int]:
    return {**{skill: 1 for skill in extra if skill}, **queue.skills}


def _works_for(agent: Agent, queue: str) -> bool:
    return not agent.queues or queue in agent.queues
