"""Names outside, integers inside: what a queue asks for and what an agent is, for the engine.

The engine knows skills that an agent needs all of. Where one of several languages will do, that
itself is a skill, which every agent has who speaks one of them.
"""

from collections.abc import Collection, Mapping
from functools import cached_property

from ccore._router import Router
from ccore.config.demand import ANYONE, Caller, Demand, Stage, demand, meets, rungs, turn_of
from ccore.config.schema import Agent, Config
from ccore.routing.plain import PlainRouter
from ccore.routing.widening import FIRST, Reach, Widening, delays_of

__all__ = ["CHANNELS", "Desk"]

CHANNELS: Mapping[str, int] = {"voice": 0, "chat": 1}
NOWHERE = -1  # the engine's word for: no site, no team, no group


class _Numbers:
    """Names of one kind, numbered as they come."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._of: dict[str, int] = {}

    def of(self, name: str) -> int:
        number = self._of.setdefault(name, len(self.names))
        if number == len(self.names):
            self.names.append(name)
        return number

    def of_all(self, names: Collection[str] | None) -> list[int] | None:
        return None if names is None else [self.of(name) for name in sorted(names)]


class Desk:
    """`before` hands its numbers on when the configuration changes.

    The same name must mean the same number while the engine lives. Needs may be new after a change:
    ask again for every waiting call, tell the engine with `change_need`, then `retire(before)`.
    """

    def __init__(
        self,
        config: Config,
        router: Router | PlainRouter,
        before: "Desk | None" = None,
        evacuated: frozenset[str] = frozenset(),
    ) -> None:
        self.evacuated = evacuated
        self._config = config
        self._router = router
        self._kinds: dict[str, _Numbers] = before._kinds if before else {}
        self._needs: dict[tuple[str, Caller, Reach], int] = {}
        self._delays = delays_of(config)
        self._widenings: dict[tuple[str, str], Widening] = {}
        self._kinds_for: dict[str, frozenset[int]] = {}
        # Languages of which one will do: every agent has to know them before the first such need.
        self._choices = {
            rung.languages
            for queue in config.queues
            for language in config.languages
            for rung in rungs(config, queue, language)
            if len(rung.languages) > 1
        }
        self._places = {name: place for place, name in enumerate(config.agents)}
        self._told_places: dict[str, int] = before._told_places if before else {}
        for name in config.agents:
            self.agent(name)

    # Names and numbers.

    def agent(self, name: str) -> int:
        """The agent's number; a new name gets the next one."""
        return self._kind("agent").of(name)

    def agent_name(self, number: int) -> str:
        return self._kind("agent").names[number]

    def queue(self, name: str) -> int:
        return self._kind("queue").of(name)

    def group(self, name: str) -> int:
        return self._kind("group").of(name)

    def _kind(self, kind: str) -> _Numbers:
        numbers = self._kinds.get(kind)
        if numbers is None:
            numbers = self._kinds[kind] = _Numbers()
        return numbers

    # Agents.

    def tell_agents(self, before: "Desk | None") -> None:
        """The engine learns what everybody is now, in whatever state; only what has changed."""
        config = self._config
        was = Config() if before is None else before._config
        everybody = before is None or before._choices != self._choices
        lists = was.profiles != config.profiles or was.queues.keys() != config.queues.keys()
        in_order = any(queue.strategy == "fixed-order" for queue in config.queues.values())
        for name, agent in config.agents.items():
            if (
                everybody
                or was.agents.get(name) != agent
                or (lists and (agent.profile or agent.queues))
                or (in_order and self._told_places.get(name) != self._places[name])
            ):
                self.tell_agent(name)

    def tell_agent(self, name: str) -> None:
        agent = self._config.agents[name]
        capacity = {CHANNELS[channel]: most for channel, most in agent.capacity.items()}
        self._told_places[name] = self._places[name]
        self._router.set_agent(
            self.agent(name),
            self.skills_of(name),
            site=self._of("site", agent.site),
            team=self._of("team", agent.team),
            group=self._of("group", agent.group),
            weight=agent.weight,
            position=self._places[name],
            capacity=capacity or None,
            queues=self._turns(agent) if agent.profile or agent.queues else None,
        )

    def _turns(self, agent: Agent) -> dict[int, tuple[int, int]]:
        """The queues of his list: their order, and when they join it, in microseconds."""
        return {
            self.queue(queue): (turn[0], turn[1] * 1_000_000)
            for queue in self._config.queues
            if (turn := turn_of(self._config, agent, queue)) is not None
        }

    def skills_of(self, agent: str) -> dict[int, int]:
        skills = self._config.agents[agent].skills
        of = self._kind("skill").of
        return {of(name): level for name, level in skills.items()} | {
            of(_either(languages)): 1
            for languages in self._choices
            if any(name in skills for name in languages)
        }

    def _of(self, kind: str, name: str) -> int:
        return self._kind(kind).of(name) if name else NOWHERE

    # Needs.

    def need(self, queue: str, caller: Caller, reach: Reach = FIRST) -> int:
        """What such a caller asks for in a queue when the circle has grown so far."""
        settings = self._config.queues[queue]
        caller = Caller(
            caller.language if settings.by_language else "",
            caller.territory if settings.by_territory else "",
            caller.wants,
        )
        key = queue, caller, reach
        if key not in self._needs:
            self._needs[key] = self._made(queue, caller, reach)
        return self._needs[key]

    def _made(self, queue: str, caller: Caller, reach: Reach) -> int:
        # The reserve is let in and kept out by the queue as a whole, not call by call.
        stage = Stage(reach.step, reach.rung, reserve=True)
        wanted = demand(self._config, queue, caller, stage, self.evacuated)
        settings = self._config.queues[queue]
        skill = self._kind("skill").of
        skills = {skill(name): level for name, level in wanted.skills}
        if wanted.languages:
            one = wanted.languages[0] if len(wanted.languages) == 1 else _either(wanted.languages)
            skills.setdefault(skill(one), 1)
        return self._router.need(
            skills,
            preferred={skill(name): weight for name, weight in wanted.prefer},
            forbidden=[skill(name) for name in sorted(wanted.forbid)],
            sites=self._kind("site").of_all(_common(wanted)),
            teams=self._kind("team").of_all(wanted.teams),
            groups=self._kind("group").of_all(wanted.groups),
            queue=self.queue(queue),
            waited_us=self._delays[queue][reach.delay] * 1_000_000,
            channel=CHANNELS[settings.channel],
            order=settings.strategy,
        )

    def need_of_anybody(self) -> int:
        """A call for one agent in person asks for nothing else; it waits for him `only`."""
        return self._router.need({})

    def need_of_nobody(self) -> int:
        """A call whose switch cannot be reached keeps its place, and no agent waits for it."""
        return self._router.need({}, agents=())

    def retire(self, before: "Desk") -> None:
        """What only the old configuration asked for is not asked for any more."""
        kept = {*self._needs.values(), self.need_of_anybody(), self.need_of_nobody()}
        for need in {*before._needs.values()} - kept:
            self._router.drop_need(need)

    def widening(self, queue: str, language: str) -> Widening:
        """When the circle grows for callers of a language."""
        if not self._config.queues[queue].by_language:
            language = ""
        key = queue, language
        if key not in self._widenings:
            delays = self._delays[queue]
            self._widenings[key] = Widening.of(self._config, queue, language, delays)
        return self._widenings[key]

    def serves(self, agent: str, need: int) -> bool:
        """Would this agent be given such calls?"""
        is_here = agent in self._config.agents
        return is_here and self._router.agent_matches(self.agent(agent), need)

    def can_serve(self, agent: str, queue: str) -> bool:
        """Does he work for the queue, in whatever language and territory?"""
        return self.kinds.get(agent) in self.kinds_for(queue)

    @cached_property
    def kinds(self) -> dict[str, int]:
        """Agent to the number of his kind: agents of a kind differ in nothing that routing sees.

        There are few kinds where there are many agents, so it pays to look at kinds.
        """
        numbers: dict[tuple[object, ...], int] = {}
        found = {}
        for name, one in self._config.agents.items():
            skills = frozenset(one.skills.items())
            able = frozenset(one.capacity.items())
            kind = skills, one.site, one.team, one.group, one.queues, one.profile, able
            found[name] = numbers.setdefault(kind, len(numbers))
        return found

    def kinds_for(self, queue: str) -> frozenset[int]:
        """Kinds of agents who work for the queue, in whatever language and territory."""
        if queue not in self._kinds_for:
            wanted = demand(self._config, queue, ANYONE, Stage(reserve=True), self.evacuated)
            skilled = (self._with_skill.get(name, {}) for name, _ in wanted.skills)
            few = min(skilled, key=len, default=self._one_of)
            self._kinds_for[queue] = frozenset(
                kind for kind, one in few.items() if meets(self._config, one, wanted)
            )
        return self._kinds_for[queue]

    def kinds_with(self, need: int) -> frozenset[int]:
        """Kinds of agents who would be given such calls, in whatever state they are."""
        meets = self._router.agent_matches
        return frozenset(kind for kind, number in self._numbered if meets(number, need))

    @cached_property
    def _numbered(self) -> list[tuple[int, int]]:
        return [(kind, self.agent(name)) for kind, name in self._name_of.items()]

    @cached_property
    def _name_of(self) -> dict[int, str]:
        return {kind: name for name, kind in self.kinds.items()}

    @cached_property
    def _one_of(self) -> dict[int, Agent]:
        return {kind: self._config.agents[name] for kind, name in self._name_of.items()}

    @cached_property
    def _with_skill(self) -> dict[str, dict[int, Agent]]:
        found: dict[str, dict[int, Agent]] = {}
        for kind, one in self._one_of.items():
            for skill in one.skills:
                found.setdefault(skill, {})[kind] = one
        return found


def _common(wanted: Demand) -> frozenset[str] | None:
    """The sites that are in all lists; None: anywhere."""
    lists = wanted.site_lists
    return frozenset.intersection(*lists) if lists else None


def _either(languages: tuple[str, ...]) -> str:
    return "|".join(languages)
