"""What a day came to: the figures of docs/kpi.md by queue, and the course of the day.

Contacts count in the interval in which they arrived, agents' time and queue lengths in the one in
which they passed. Sums are those of `ccore.kpi`, so a simulated day and a real one are measured by
the same definitions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ccore.config import Config
from ccore.kpi import Counters, Sums, find, service_level
from ccore.kpi.live import STATE_FIELDS
from ccore.model import AgentInterval, ContactClosed, Fact, LegClosed, LegKind

__all__ = ["FIGURES", "Forecast", "Moment", "Outcome", "Tally"]

# Figures of a queue; occupancy stands in the total alone.
FIGURES = ("offered", "answered", "abandoned", "service_level", "abn1", "asa", "wait", "p_wait")
_LEVEL = service_level("negative")  # answered in time / (answered + abandoned)
_ABN, _ASA, _OCCUPANCY = find("abn1"), find("asa"), find("occupancy")


@dataclass(slots=True)
class Moment:
    """One interval of the day."""

    start_us: int
    offered: int
    answered: int
    abandoned: int
    service_level: float | None
    queue: float  # callers who wait, on average
    staffed: float  # agents signed in, on average
    occupancy: float | None


@dataclass(slots=True)
class Forecast:
    """How far the expected wait, as told on entering, was from the wait that followed."""

    told: int = 0  # answered callers who had to wait and had been told something
    waited_ms: int = 0  # sums over them
    error_ms: int = 0  # told - waited
    absolute_ms: int = 0

    def add(self, told_ms: int, waited_ms: int) -> None:
        self.told += 1
        self.waited_ms += waited_ms
        self.error_ms += told_ms - waited_ms
        self.absolute_ms += abs(told_ms - waited_ms)

    def figures(self) -> dict[str, float | None]:
        n = self.told
        return {
            "told": n,
            "waited_s": self.waited_ms / n / 1000 if n else None,
            "bias_s": self.error_ms / n / 1000 if n else None,
            "error_s": self.absolute_ms / n / 1000 if n else None,
        }


@dataclass(slots=True)
class Outcome:
    variant: str
    seed: int
    figures: dict[str, dict[str, float | None]]  # queue, "" for all -> figure -> value
    streams: dict[str, dict[str, float | None]]  # stream of callers -> figure -> value
    course: list[Moment]
    forecast: Forecast
    refused: list[str] = field(default_factory=list)  # orders that were not obeyed


class Tally:
    """Fed fact by fact; what lies before `from_us` is not counted, agents' time after `to_us`."""

    def __init__(self, config: Config, from_us: int, to_us: int, interval_s: int) -> None:
        self._config = config
        self._from_us, self._to_us = from_us, to_us
        self._step_us = interval_s * 1_000_000
        slots = max(1, -(-(to_us - from_us) // self._step_us))
        self._slots: list[dict[str, Counters]] = [{} for _ in range(slots)]
        self._agents = [Sums() for _ in range(slots)]
        self._waiting_us = [0] * slots
        self._longest_slot = slots - 1
        self._streams: dict[str, Counters] = {}  # by the entry
        self._waited: dict[str, int] = {}  # queue -> those who did not get an agent at once
        self._wait_ms: dict[str, int] = {}  # queue -> waits of everybody
        self._told_ms: dict[str, int] = {}
        self.forecast = Forecast()
        self._take: Mapping[type, Callable[..., None]] = {
            ContactClosed: self._contact,
            LegClosed: self._leg,
            AgentInterval: self._agent,
        }

    def add(self, fact: Fact) -> None:
        take = self._take.get(type(fact))
        if take is not None:
            take(fact)

    def told(self, contact: str, expected_ms: int | None) -> None:
        """A caller who has to wait would hear this."""
        if expected_ms is not None:
            self._told_ms[contact] = expected_ms

    def _contact(self, fact: ContactClosed) -> None:
        told_ms = self._told_ms.pop(fact.contact, None)
        if fact.arrived_us < self._from_us:
            return
        self._counters(self._slot(fact.arrived_us), fact.queue).add(fact)
        stream = self._streams.get(fact.entry)
        if stream is None:
            stream = self._streams[fact.entry] = self._new(fact.queue)
        stream.add(fact)
        if fact.queued_us:
            self._wait_ms[fact.queue] = self._wait_ms.get(fact.queue, 0) + fact.wait_ms
            if not fact.answered_us or fact.answered_us > fact.queued_us:
                self._waited[fact.queue] = self._waited.get(fact.queue, 0) + 1
        if told_ms is not None and fact.answered_us:
            self.forecast.add(told_ms, fact.wait_ms)

    def _leg(self, fact: LegClosed) -> None:
        if fact.kind is LegKind.QUEUE:
            for slot, length_us in self._pieces(fact.start_us, fact.end_us):
                self._waiting_us[slot] += length_us
        elif fact.contact_us >= self._from_us:
            self._counters(self._slot(fact.contact_us), fact.queue).add(fact)

    def _agent(self, fact: AgentInterval) -> None:
        name = STATE_FIELDS.get(fact.state)
        if name is not None:
            for slot, length_us in self._pieces(fact.start_us, fact.end_us):
                sums = self._agents[slot]
                setattr(sums, name, getattr(sums, name) + length_us)

    def _slot(self, at_us: int) -> int:
        """The last one holds what came late."""
        return min((at_us - self._from_us) // self._step_us, self._longest_slot)

    def _pieces(self, start_us: int, end_us: int) -> list[tuple[int, int]]:
        """(interval, microseconds in it)"""
        start_us, end_us = max(start_us, self._from_us), min(end_us, self._to_us)
        pieces = []
        while start_us < end_us:
            slot = (start_us - self._from_us) // self._step_us
            border_us = min(end_us, self._from_us + (slot + 1) * self._step_us)
            pieces.append((slot, border_us - start_us))
            start_us = border_us
        return pieces

    def _counters(self, slot: int, queue: str) -> Counters:
        counters = self._slots[slot].get(queue)
        if counters is None:
            counters = self._slots[slot][queue] = self._new(queue)
        return counters

    def _new(self, queue: str) -> Counters:
        settings = self._config.queues.get(queue)
        within_s = settings.service_level.within_s if settings else 20
        return Counters(within_s, self._config.kpi.short_s)

    # At the end of the day.

    def figures(self) -> dict[str, dict[str, float | None]]:
        by_queue: dict[str, Sums] = {}
        for slot in self._slots:
            for queue, counters in slot.items():
                by_queue.setdefault(queue, Sums()).add(counters.sums)
        total = Sums()
        for sums in [*by_queue.values(), *self._agents]:
            total.add(sums)
        found = {"": self._figures("", total)}
        found[""]["occupancy"] = _OCCUPANCY.value(total)
        found |= {q: self._figures(q, by_queue[q]) for q in sorted(by_queue) if q}
        return found

    def stream_figures(self, names: Mapping[str, str]) -> dict[str, dict[str, float | None]]:
        """By stream of callers; a caller counts by the time of the queue he was first sent to."""
        found: dict[str, Sums] = {}
        for entry, counters in self._streams.items():
            found.setdefault(names.get(entry, entry), Sums()).add(counters.sums)
        return {name: _counted(found[name]) for name in sorted(found)}

    def _figures(self, queue: str, sums: Sums) -> dict[str, float | None]:
        def of(counts: dict[str, int]) -> int:
            return counts.get(queue, 0) if queue else sum(counts.values())

        offered = sums.offered
        return _counted(sums) | {
            "wait": of(self._wait_ms) / offered / 1000 if offered else None,
            "p_wait": of(self._waited) / offered if offered else None,
        }

    def course(self) -> list[Moment]:
        return [self._moment(place) for place in range(len(self._slots))]

    def _moment(self, place: int) -> Moment:
        sums = Sums()
        for counters in self._slots[place].values():
            sums.add(counters.sums)
        agents = self._agents[place]
        start_us = self._from_us + place * self._step_us
        length_us = min(self._step_us, self._to_us - start_us)
        return Moment(
            start_us=start_us,
            offered=sums.offered,
            answered=sums.answered,
            abandoned=sums.abandoned,
            service_level=_LEVEL.value(sums),
            queue=self._waiting_us[place] / length_us,
            staffed=agents.signed_in_us / length_us,
            occupancy=_OCCUPANCY.value(agents),
        )


def _counted(sums: Sums) -> dict[str, float | None]:
    return {
        "offered": sums.offered,
        "answered": sums.answered,
        "abandoned": sums.abandoned,
        "blocked": sums.blocked,
        "flowout": sums.flowout,
        "service_level": _LEVEL.value(sums),
        "abn1": _ABN.value(sums),
        "asa": _ASA.value(sums),
        "longest": sums.longest_ms / 1000,
    }
