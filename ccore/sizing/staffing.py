"""How good a number of agents is for a load, and how many a target takes."""

from dataclasses import dataclass
from functools import partial
from math import exp

from ccore.errors import BadRequest
from ccore.sizing.erlang import MOST_SERVERS, least, waiting
from ccore.sizing.patience import impatient

__all__ = ["Demand", "Service", "Target", "agents_for", "serve"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Calls for agents, at random and at a steady rate. `patience_s` 0: nobody ever gives up."""

    calls_per_s: float
    handle_s: float
    patience_s: float = 0

    @property
    def erlangs(self) -> float:
        return self.calls_per_s * self.handle_s

    @property
    def model(self) -> str:
        return "Erlang A" if self.patience_s else "Erlang C"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What must hold at once; None: does not matter. `within_s` belongs to the service level."""

    service_level: float | None = None
    within_s: float = 20
    wait_s: float | None = None  # mean wait
    abandoned: float | None = None
    occupancy: float | None = None  # at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What callers and agents get. Shares are of all calls."""

    agents: int
    p_wait: float
    service_level: float
    wait_s: float  # mean, of all callers
    abandoned: float
    occupancy: float
    queue: float  # callers who wait, on average


def serve(demand: Demand, agents: int, within_s: float) -> Service:
    """Raises BadRequest where nobody gives up and the queue grows without end."""
    if agents < 1 or min(demand.calls_per_s, demand.handle_s) <= 0:
        what = f"{agents} agents, {demand.calls_per_s:g} calls a second of {demand.handle_s:g} s"
        raise BadRequest(what=what, expected="numbers above 0")
    if demand.patience_s:
        got = impatient(agents, demand.calls_per_s, demand.handle_s, demand.patience_s, within_s)
        return Service(
            agents=agents,
            p_wait=got.p_wait,
            service_level=got.service_level,
            wait_s=got.wait_s,
            abandoned=got.abandoned,
            occupancy=got.occupancy,
            queue=got.queue,
        )
    p_wait = waiting(agents, demand.erlangs)
    spare = agents - demand.erlangs  # agents free on average
    wait_s = p_wait * demand.handle_s / spare
    return Service(
        agents=agents,
        p_wait=p_wait,
        service_level=1 - p_wait * exp(-spare * within_s / demand.handle_s),
        wait_s=wait_s,
        abandoned=0.0,
        occupancy=demand.erlangs / agents,
        queue=demand.calls_per_s * wait_s,
    )


def agents_for(demand: Demand, target: Target) -> int:
    """The least number of agents that meets every part of the target."""
    _check(target)
    if demand.erlangs >= MOST_SERVERS:
        what = f"{demand.erlangs:{',.0f' if demand.erlangs < 1e12 else '.3g'}} erlangs"
        raise BadRequest(what=what, expected=f"fewer than {MOST_SERVERS:,}")
    fewest = 1 if demand.patience_s else int(demand.erlangs) + 1
    found = least(partial(_is_met, demand, target), fewest)
    if found is None:
        raise BadRequest(what="No number of agents meets the target", expected="a lower one")
    return found


def _is_met(demand: Demand, target: Target, agents: int) -> bool:
    got = serve(demand, agents, target.within_s)
    return (
        (target.service_level is None or got.service_level >= target.service_level)
        and (target.wait_s is None or got.wait_s <= target.wait_s)
        and (target.abandoned is None or got.abandoned <= target.abandoned)
        and (target.occupancy is None or got.occupancy <= target.occupancy)
    )


def _check(target: Target) -> None:
    """Targets that only ever more agents come near to, and never meet."""
    shares = {
        "service level": None if target.service_level is None else 1 - target.service_level,
        "abandoned": target.abandoned,
        "occupancy": target.occupancy,
    }
    for name, left in shares.items():
        if left is not None and not 0 < left <= 1:
            value = 1 - left if name == "service level" else left
            what = f"A target of {value:.0%} for {name}, which no number of agents meets"
            expected = "below 100 %" if name == "service level" else "above 0, at most 100 %"
            raise BadRequest(what=what, expected=expected)
    if target.wait_s is not None and target.wait_s <= 0:
        what = f"A mean wait of {target.wait_s:g} s, which no number of agents meets"
        raise BadRequest(what=what, expected="above 0 s")
    if target.within_s < 0:
        raise BadRequest(what=f"Answered within {target.within_s:g} s", expected="0 s or more")
