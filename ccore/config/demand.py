"""What a call asks of an agent: queue, caller and stage of the wait, laid together.

The stage counts what has been taken so far: steps of the queue's `steps`, and rungs of the caller's
language (its sites, its fallbacks). Both only ever let more agents have the call: each step drops
or lowers what is required, or adds to a list of which an agent needs one.
"""

from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from ccore.config.schema import Agent, Config, Entry, Want
from ccore.config.table import Level, Name, Weight

__all__ = [
    "ANYONE",
    "AT_FIRST",
    "NO_WANTS",
    "Caller",
    "Demand",
    "Rung",
    "Stage",
    "Wants",
    "demand",
    "meets",
    "rungs",
    "turn_of",
]


@dataclass(slots=True, frozen=True)
class Wants:
    """What an entry, or the caller's own choice, adds to what the queue asks for."""

    skills: tuple[tuple[str, int], ...] = ()
    prefer: tuple[tuple[str, float], ...] = ()
    forbid: tuple[str, ...] = ()

    def also(self, more: "Entry | Want") -> "Wants":
        """Both: of one skill the higher level, of one preference the later weight."""
        skills = dict(self.skills)
        for name, level in more.skills.items():
            skills[name] = max(level, skills.get(name, 0))
        return Wants(
            skills=tuple(sorted(skills.items())),
            prefer=tuple(sorted((dict(self.prefer) | more.prefer).items())),
            forbid=tuple(sorted({*self.forbid, *more.forbid})),
        )

    def as_text(self) -> str:
        """For a channel variable: `cards:8,gold:3/vip:2.5/trainee`; "" when nothing is wanted."""
        parts = (
            ",".join(f"{name}:{level}" for name, level in self.skills),
            ",".join(f"{name}:{weight}" for name, weight in self.prefer),
            ",".join(self.forbid),
        )
        return "/".join(parts) if any(parts) else ""

    @classmethod
    def from_text(cls, text: str) -> "Wants":
        """What `as_text` wrote; anything else wants nothing."""
        try:
            skills, prefer, forbid = (_pairs(part) for part in text.split("/"))
            levels = {name: int(level) for name, level in skills}
            weights = {name: float(weight) for name, weight in prefer}
            msgspec.convert((levels, weights), tuple[dict[Name, Level], dict[Name, Weight]])
        except ValueError:
            return NO_WANTS
        return cls((*levels.items(),), (*weights.items(),), tuple(name for name, _ in forbid))


NO_WANTS = Wants()


class Caller(NamedTuple):
    """What routing knows of a caller."""

    language: str = ""
    territory: str = ""  # the skill of his territory
    wants: Wants = NO_WANTS


ANYONE = Caller()


class Stage(NamedTuple):
    """How far the circle of those who may be asked has been widened."""

    step: int = 0  # steps of the queue taken
    rung: int = 0  # rungs of the language taken
    reserve: bool = False  # the queue's reserve has joined


AT_FIRST = Stage()


class Rung(NamedTuple):
    """Who serves a caller of some language, from so many seconds in the queue on."""

    after_s: int
    languages: tuple[str, ...]  # one of these
    sites: tuple[str, ...]  # at one of these; empty: anywhere


@dataclass(slots=True, frozen=True)
class Demand:
    """What an agent must be to have a call. Lists of which he needs one are None: no matter."""

    queue: str
    skills: tuple[tuple[str, int], ...] = ()  # all of these, at least so well
    languages: tuple[str, ...] = ()  # one of these; empty: no matter
    prefer: tuple[tuple[str, float], ...] = ()
    forbid: frozenset[str] = frozenset()
    site_lists: tuple[frozenset[str], ...] = ()  # one of each list
    teams: frozenset[str] | None = None
    groups: frozenset[str] | None = None
    without: frozenset[str] = frozenset()  # not of these groups: the reserve that has not joined


def rungs(config: Config, queue: str, language: str) -> tuple[Rung, ...]:
    """The first holds from the beginning. Where the language does not matter there is one."""
    if not language or not config.queues[queue].by_language:
        return (Rung(0, (), ()),)
    rule = config.languages.get(language)
    if rule is None:
        return (Rung(0, (language,), ()),)
    times = sorted({0, *(one.after_s for one in rule.then), rule.sites_s})
    return tuple(
        Rung(
            after_s,
            (language, *(one.language for one in rule.then if one.after_s <= after_s)),
            () if rule.sites_s and rule.sites_s <= after_s else rule.sites,
        )
        for after_s in times
    )


def demand(
    config: Config,
    queue: str,
    caller: Caller = ANYONE,
    stage: Stage = AT_FIRST,
    evacuated: frozenset[str] = frozenset(),
) -> Demand:
    """What a call in `queue` asks for. A list of sites that are all evacuated asks for nothing."""
    settings = config.queues[queue]
    wants = caller.wants
    steps = settings.steps[: stage.step]
    skills = dict(settings.skills)
    if settings.by_territory and caller.territory:
        is_asked_for = not any(step.any_territory for step in steps)
        if is_asked_for and _is_anywhere(config, caller.territory, evacuated):
            skills.setdefault(caller.territory, 1)
    for name, level in wants.skills:
        skills[name] = max(level, skills.get(name, 0))
    for step in steps:
        for name in step.drop:
            skills.pop(name, None)
        for name, level in step.lower.items():
            if name in skills:
                skills[name] = min(level, skills[name])
    rung = rungs(config, queue, caller.language)[stage.rung]
    any_language = any(step.any_language for step in steps)
    sites = [*settings.sites, *(name for step in steps for name in step.sites)]
    # A list that begins evacuated is none: what a step adds to it must not make it one.
    site_lists = [frozenset(sites)] if not evacuated.issuperset(settings.sites) else []
    if not evacuated.issuperset(rung.sites) and not any_language:
        site_lists.append(frozenset(rung.sites))
    reserve = settings.reserve
    return Demand(
        queue=queue,
        skills=tuple(skills.items()),
        languages=() if any_language else rung.languages,
        prefer=tuple(sorted((settings.prefer | dict(wants.prefer)).items())),
        forbid=frozenset((*settings.forbid, *wants.forbid)),
        site_lists=tuple(site_lists),
        teams=_widened(settings.teams, [step.teams for step in steps]),
        groups=_widened(settings.groups, [step.groups for step in steps]),
        without=frozenset(reserve.groups) if reserve and not stage.reserve else frozenset(),
    )


def meets(config: Config, agent: Agent, wanted: Demand) -> bool:
    """Would this agent be given such a call?"""
    has = agent.skills
    return (
        (not wanted.queue or turn_of(config, agent, wanted.queue) is not None)
        and all(has.get(name, 0) >= level for name, level in wanted.skills)
        and (not wanted.languages or any(name in has for name in wanted.languages))
        and not any(name in has for name in wanted.forbid)
        and all(agent.site in one for one in wanted.site_lists)
        and (wanted.teams is None or agent.team in wanted.teams)
        and (wanted.groups is None or agent.group in wanted.groups)
        and agent.group not in wanted.without
    )


def turn_of(config: Config, agent: Agent, queue: str) -> tuple[int, int] | None:
    """The order and the delay in seconds with which he takes calls of a queue; None: he does not.

    Who has no list at all works for every queue.
    """
    if agent.profile:
        for turn in config.profiles[agent.profile].turns:
            if turn.queue == queue:
                return turn.order, turn.delay_s
        return None
    return (1, 0) if not agent.queues or queue in agent.queues else None


def _pairs(text: str) -> list[tuple[str, str]]:
    parts = (one.partition(":") for one in text.split(",") if one)
    return [(name, value) for name, _, value in parts]


def _widened(first: tuple[str, ...], more: list[tuple[str, ...]]) -> frozenset[str] | None:
    return frozenset((*first, *(name for names in more for name in names))) if first else None


def _is_anywhere(config: Config, skill: str, evacuated: frozenset[str]) -> bool:
    """Does anybody outside the evacuated sites have it? Nobody at all is another fault."""
    if not evacuated:
        return True
    sites = {agent.site for agent in config.agents.values() if skill in agent.skills}
    return not sites or not sites <= evacuated
