"""The fewest agents with which every queue meets its target, by simulation.

All groups grow together, each keeping its share (largest remainder), and the total is halved in on.
The callers are the same for every trial, so that more agents are not fewer by chance.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from ccore.errors import BadRequest
from ccore.sizing.confidence import mean_of
from ccore.sizing.erlang import least
from ccore.sizing.expand import merged
from ccore.sizing.outcome import Outcome
from ccore.sizing.reading import scenario_of
from ccore.sizing.scenario import Named
from ccore.sizing.simulate import simulate

__all__ = ["Found", "least_staff", "shared"]

MOST_TIMES = 8  # as many agents as the file has, at most


@dataclass(frozen=True, slots=True)
class Found:
    agents: int
    groups: dict[str, int]
    levels: dict[str, float | None]  # queue -> service level, mean of the days


def least_staff(
    data: Mapping[str, Any],
    variant: str,
    file: str,
    seeds: Sequence[int],
    jobs: int = 1,
    advance: Callable[[int], None] = lambda trials: None,
) -> Found:
    """Raises BadRequest where no number of agents up to eight times the file's is enough."""
    given = scenario_of(data, variant, file)
    weights = {name: staff.count for name, staff in given.scenario.staff.items()}
    if not sum(weights.values()):
        raise BadRequest(what=f"{file} has no staff to search", expected="[staff.NAME] tables")
    tried: dict[int, tuple[bool, Found]] = {}

    def is_enough(agents: int) -> bool:
        if agents > MOST_TIMES * sum(weights.values()):
            what = f"{agents} agents do not meet every target"
            raise BadRequest(what=what, expected="targets within reach, or more patience")
        groups = shared(agents, weights)
        changed = merged(data, {"staff": {name: {"count": n} for name, n in groups.items()}})
        changed = _for_variant(changed, variant, groups)
        named = scenario_of(changed, variant, file)
        tried[agents] = _trial(named, groups, seeds, jobs)
        advance(1)
        return tried[agents][0]

    # With fewer than half the day's load in agents half of all callers would give up.
    found = least(is_enough, at_least=max(len(weights), int(_load(given) / 2)))
    assert found is not None  # is_enough has an end
    return tried[found][1]


def _load(named: Named) -> float:
    """Erlangs, on average over the day."""
    length_s = (named.closes_us - named.opens_us) / 1e6
    hours, streams = length_s / 3600, named.scenario.callers.values()
    return sum(one.per_day(hours) * one.talk.average_s for one in streams) / length_s


def shared(agents: int, weights: Mapping[str, int]) -> dict[str, int]:
    """So many, in these proportions, to the nearest whole: the largest remainders get the rest."""
    whole = sum(weights.values())
    groups = {name: agents * weight // whole for name, weight in weights.items()}
    rest = agents - sum(groups.values())
    by_remainder = sorted(weights, key=lambda name: (-(agents * weights[name] % whole), name))
    for name in by_remainder[:rest]:
        groups[name] += 1
    return groups


def _for_variant(data: dict[str, Any], variant: str, groups: Mapping[str, int]) -> dict[str, Any]:
    """A variant's own count would win over ours."""
    if not variant:
        return data
    counts = {name: {"count": number} for name, number in groups.items()}
    return merged(data, {"variants": {variant: {"staff": counts}}})


def _trial(
    named: Named, groups: dict[str, int], seeds: Sequence[int], jobs: int
) -> tuple[bool, Found]:
    outcomes: list[Outcome]
    if jobs > 1 and len(seeds) > 1:
        with ProcessPoolExecutor(min(jobs, len(seeds))) as pool:
            outcomes = list(pool.map(simulate, [named] * len(seeds), seeds))
    else:
        outcomes = [simulate(named, seed) for seed in seeds]
    levels: dict[str, float | None] = {}
    met = True
    for queue, settings in named.config.queues.items():
        mean = mean_of([one.figures.get(queue, {}).get("service_level") for one in outcomes])
        levels[queue] = mean.value if mean else None
        met = met and (mean is None or mean.value >= settings.service_level.target)
    return met, Found(sum(groups.values()), groups, levels)
