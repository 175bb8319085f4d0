"""The keys of routing make sense: languages, splits, steps, reserves, profiles, capacities."""

from collections.abc import Collection, Iterable, Mapping

from ccore.config.faults import Fault, nearest, show
from ccore.config.lines import Path
from ccore.config.places import Doubts, once
from ccore.config.schema import Collect, Config, Queue, Want, Widening

__all__ = ["check_languages", "check_profiles", "check_queue_rules", "check_splits", "check_wants"]

MOST_WANTED = 200  # by a caller; with a queue's own hundred the engine, which takes 400, has room
PLACES = ("sites", "teams", "groups")  # of agents; the field of an agent is the singular


def check_languages(config: Config) -> Doubts:
    known = config.site.languages
    for name, rule in config.languages.items():
        path: Path = ("languages", name)
        if name not in known:
            raise Fault(path, show(name), nearest(name, known, "a language of site.languages"))
        once((one.language for one in rule.then), (*path, "then"), "language")
        for index, one in enumerate(rule.then):
            place = (*path, "then", index)
            if one.language not in known:
                expected = nearest(one.language, known, "a language of site.languages")
                raise Fault((*place, "language"), show(one.language), expected)
            if one.language == name:
                raise Fault((*place, "language"), "the language itself", "another one")
        _in_order((one.after_s for one in rule.then), (*path, "then"))
        _known(rule.sites, _of_agents(config, "site"), (*path, "sites"), "site")
        if rule.sites_s and not rule.sites:
            yield (*path, "sites_s"), "is never used, there are no sites"
        if not any(queue.by_language for queue in config.queues.values()):
            yield path, "no queue asks by_language"


def check_splits(config: Config) -> Doubts:
    for name, split in config.splits.items():
        if not split.ways:
            raise Fault(("splits", name, "ways"), "no way", "at least one destination")
        if len(split.ways) == 1:
            yield ("splits", name), "has one way: nothing is shared out"


def check_wants(config: Config) -> Doubts:
    """What callers ask for by themselves does not contradict itself."""
    skills = {skill for agent in config.agents.values() for skill in agent.skills}
    steps = [step for flow in config.flows.values() for step in flow.values()]
    wanting = [*config.entries, *(step for step in steps if isinstance(step, Want))]
    for kind in ("skills", "prefer"):
        named = {name for one in wanting for name in getattr(one, kind)}
        if len(named) > MOST_WANTED:
            found = f"{len(named)} different {kind} in entries and steps `want`"
            expected = f"at most {MOST_WANTED}: a caller may come to want all"
            raise Fault(("entries",), found, expected)
    for index, entry in enumerate(config.entries):
        _consistent(entry.skills, entry.forbid, ("entries", index))
        for skill in entry.skills.keys() - skills:
            yield ("entries", index, "skills"), f"no agent has {skill}"
    for flow, of_flow in config.flows.items():
        for name, step in of_flow.items():
            if isinstance(step, Want):
                path = ("flows", flow, name)
                _consistent(step.skills, step.forbid, path)
                for skill in step.skills.keys() - skills:
                    yield (*path, "skills"), f"no agent has {skill}"


def check_queue_rules(config: Config) -> Doubts:
    collected = {
        step.into
        for steps in config.flows.values()
        for step in steps.values()
        if isinstance(step, Collect)
    }
    for name, queue in config.queues.items():
        path: Path = ("queues", name)
        _consistent(queue.skills, queue.forbid, path)
        for kind in PLACES:
            known = _of_agents(config, kind[:-1])
            _known(getattr(queue, kind), known, (*path, kind), kind[:-1])
        yield from _check_steps(config, queue, path)
        if (reserve := queue.reserve) is not None:
            place = (*path, "reserve")
            if not reserve.groups:
                raise Fault((*place, "groups"), "no group", "the groups of the reserve")
            _known(reserve.groups, _of_agents(config, "group"), (*place, "groups"), "group")
            if reserve.leave_at >= reserve.join_at:
                found = f"{reserve.leave_at}, not below join_at {reserve.join_at}"
                raise Fault((*place, "leave_at"), found, "less than join_at")
        if queue.channel != "voice":
            yield (*path, "channel"), "calls are voice: none that comes here is given to an agent"
        by = queue.last_agent_by
        if by != "calling" and by not in collected:
            expected = nearest(by, {*collected, "calling"}, "a value collected")
            raise Fault((*path, "last_agent_by"), show(by), expected)


def _check_steps(config: Config, queue: Queue, path: Path) -> Doubts:
    wanted = dict(queue.skills)
    _in_order((step.after_s for step in queue.steps if step.after_s), (*path, "steps"))
    for index, step in enumerate(queue.steps):
        place = (*path, "steps", index)
        if not step.after_s and not step.wait_over_s:
            raise Fault(place, "no time", "after_s, wait_over_s or both: when it is taken")
        if step == Widening(after_s=step.after_s, wait_over_s=step.wait_over_s):
            raise Fault(place, "nothing", "what it widens, such as drop or lower")
        for skill, level in step.lower.items():
            if skill in step.drop:
                raise Fault((*place, "lower"), f"{skill}, which drop has too", "one of the two")
            if level >= wanted.get(skill, 11):
                found = f"{skill} {level}, but {wanted[skill]} is asked for"
                raise Fault((*place, "lower", skill), found, "a lower level: steps only widen")
            if skill in wanted:
                wanted[skill] = level
        for skill in step.drop:
            wanted.pop(skill, None)
        for kind in PLACES:
            names = getattr(step, kind)
            _known(names, _of_agents(config, kind[:-1]), (*place, kind), kind[:-1])
            if names and not getattr(queue, kind):
                yield (*place, kind), f"the queue asks for no {kind}: there are none to add"
        if step.any_language and not queue.by_language:
            yield (*place, "any_language"), "is never used, the queue does not ask by_language"
        if step.any_territory and not queue.by_territory:
            yield (*place, "any_territory"), "is never used, the queue does not ask by_territory"


def check_profiles(config: Config) -> Doubts:
    for name, profile in config.profiles.items():
        path: Path = ("profiles", name)
        once((turn.queue for turn in profile.turns), (*path, "turns"), "queue")
        for index, turn in enumerate(profile.turns):
            if turn.queue not in config.queues:
                expected = nearest(turn.queue, config.queues, "a queue")
                raise Fault((*path, "turns", index, "queue"), show(turn.queue), expected)
        if not any(agent.profile == name for agent in config.agents.values()):
            yield path, "no agent has this profile"
    for name, agent in config.agents.items():
        path = ("agents", name)
        if agent.profile and agent.profile not in config.profiles:
            expected = nearest(agent.profile, config.profiles, "a profile")
            raise Fault((*path, "profile"), show(agent.profile), expected)
        if agent.profile and agent.queues:
            raise Fault((*path, "queues"), "queues beside a profile", "one of the two")
        if agent.capacity.get("voice", 1) > 1:
            found = str(agent.capacity["voice"])
            raise Fault((*path, "capacity", "voice"), found, "1 or 0: he has one pair of ears")


def _of_agents(config: Config, field: str) -> set[str]:
    return {getattr(agent, field) for agent in config.agents.values()} - {""}


def _known(names: Iterable[str], known: Collection[str], path: Path, what: str) -> None:
    for index, name in enumerate(names):
        if name not in known:
            raise Fault((*path, index), show(name), nearest(name, known, f"an agent's {what}"))


def _consistent(skills: Mapping[str, int], forbid: Iterable[str], path: Path) -> None:
    for index, name in enumerate(forbid):
        if name in skills:
            raise Fault((*path, "forbid", index), f"{name}, which skills has too", "one of the two")


def _in_order(times: Iterable[int], path: Path) -> None:
    before = 0
    for time in times:
        if time < before:
            raise Fault(path, f"{time} s after {before} s", "times in order, the earliest first")
        before = time
