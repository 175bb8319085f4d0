"""When the circle of those who may have a call grows: by time in the queue, or by expected wait.

Three things grow by themselves: the queue's steps, the rungs of the caller's language, and the
delays after which a queue joins the lists of agents with a profile. Each only ever goes forward.
"""

from collections.abc import Iterator
from typing import NamedTuple

from ccore.config.demand import Rung, rungs
from ccore.config.schema import Config
from ccore.config.schema import Widening as Step

__all__ = ["CHECK_S", "FIRST", "Reach", "Widening", "delays_of"]

# A step that waits for the expected wait to grow is looked at so often: the figure follows agents
# and callers at once, and a caller notices five seconds as little as we do the work.
CHECK_S = 5


class Reach(NamedTuple):
    """How far it has grown."""

    step: int = 0  # steps of the queue taken
    rung: int = 0  # rungs of the language taken
    delay: int = 0  # delays of profiles that have passed

    @property
    def widened(self) -> int:
        """What is shown and recorded: how often more agents than the queue's own were let in."""
        return self.step + self.rung


FIRST = Reach()


class Widening:
    """The schedule of callers of one language in one queue."""

    def __init__(self, steps: tuple[Step, ...], rungs: tuple[Rung, ...], delays: tuple[int, ...]):
        self.steps = steps
        self.rungs = rungs
        self.delays = delays  # in seconds, the first is 0

    @classmethod
    def of(cls, config: Config, queue: str, language: str, delays: tuple[int, ...]) -> "Widening":
        return cls(config.queues[queue].steps, rungs(config, queue, language), delays)

    def grown(self, reach: Reach, waited_us: int, expected_ms: int | None) -> Reach:
        """How far it reaches after so long; `expected_ms` is None when nobody could come."""
        waited_s = waited_us // 1_000_000
        step, rung, delay = reach
        while rung + 1 < len(self.rungs) and waited_s >= self.rungs[rung + 1].after_s:
            rung += 1
        while delay + 1 < len(self.delays) and waited_s >= self.delays[delay + 1]:
            delay += 1
        while step < len(self.steps) and _is_due(self.steps[step], waited_s, expected_ms):
            step += 1
        return Reach(step, rung, delay)

    def to_come(self, reach: Reach, waited_us: int) -> Iterator[tuple[int, Reach]]:
        """When it will grow, in seconds in the queue, and how far, by time alone."""
        times = {rung.after_s for rung in self.rungs} | {*self.delays}
        times |= {step.after_s for step in self.steps}
        for at_s in sorted(times):
            if at_s * 1_000_000 > waited_us:
                grown = self.grown(reach, at_s * 1_000_000, expected_ms=0)
                if grown != reach:
                    yield at_s, grown
                reach = grown

    def next_s(self, reach: Reach, waited_us: int) -> float | None:
        """The time in the queue at which to look again, in seconds; None: it has grown up."""
        times: list[float] = []
        if reach.rung + 1 < len(self.rungs):
            times.append(self.rungs[reach.rung + 1].after_s)
        if reach.delay + 1 < len(self.delays):
            times.append(self.delays[reach.delay + 1])
        if reach.step < len(self.steps):
            step = self.steps[reach.step]
            if step.after_s:
                times.append(step.after_s)
            if step.wait_over_s:
                times.append(waited_us / 1e6 + CHECK_S)
        return min(times, default=None)


def delays_of(config: Config) -> dict[str, tuple[int, ...]]:
    """Queue to the delays, in seconds from 0, with which agents' lists take it in."""
    found: dict[str, set[int]] = {queue: {0} for queue in config.queues}
    for profile in config.profiles.values():
        for turn in profile.turns:
            found[turn.queue].add(turn.delay_s)
    return {queue: tuple(sorted(delays)) for queue, delays in found.items()}


def _is_due(step: Step, waited_s: int, expected_ms: int | None) -> bool:
    if step.after_s and waited_s >= step.after_s:
        return True
    is_long = expected_ms is None or expected_ms > step.wait_over_s * 1000
    return bool(step.wait_over_s) and is_long
