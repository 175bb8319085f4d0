"""Who calls on a day: drawn from a scenario's streams, the same for the same seed.

Each stream has its own random numbers, so a variant that changes the staff or the rules has the
same callers, who talk as long and wait as long: differences are the change's and not chance's.
"""

from dataclasses import dataclass
from random import Random

from ccore.sizing.centre import number_of
from ccore.sizing.draws import NEVER_US, draw_us
from ccore.sizing.scenario import Callers, Named

__all__ = ["Caller", "callers_of"]


@dataclass(slots=True)
class Caller:
    at_us: int
    dials: str
    calling: str
    talk_us: int
    patience_us: int = NEVER_US
    digits: str = ""


def callers_of(named: Named, seed: int) -> list[Caller]:
    """In the order in which they call."""
    found: list[Caller] = []
    for name, stream in named.scenario.callers.items():
        dials = number_of(named.scenario, name)
        found += _stream(named, name, stream, dials, Random(f"{seed} {name}"))
    found.sort(key=lambda caller: caller.at_us)
    return found


def _stream(named: Named, name: str, stream: Callers, dials: str, rng: Random) -> list[Caller]:
    found: list[Caller] = []
    rates = stream.per_hour
    hours = rates if isinstance(rates, tuple) else None
    at_s, begin_us = 0.0, named.opens_us
    end_s = (named.closes_us - begin_us) / 1e6
    while at_s < end_s:
        # Within an hour the rate is constant; a gap that crosses its end begins anew there, which
        # the exponential allows.
        hour = int(at_s // 3600)
        rate = hours[min(hour, len(hours) - 1)] if hours else float(rates)  # type: ignore[arg-type]
        border_s = min(end_s, (hour + 1) * 3600.0) if hours else end_s
        if not rate:
            at_s = border_s
            continue
        at_s += rng.expovariate(rate / 3600)
        if at_s >= border_s:
            at_s = border_s
            continue
        found.append(
            Caller(
                at_us=begin_us + round(at_s * 1e6),
                dials=dials,
                calling=f"{stream.calling}{rng.randrange(10**7):07}",
                talk_us=draw_us(stream.talk, rng),
                patience_us=draw_us(stream.patience, rng),
                digits=stream.digits,
            )
        )
    return found
