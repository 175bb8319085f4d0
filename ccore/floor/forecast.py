"""How long a caller is likely to wait: who goes before him, in whatever queue, and who is at work.

Agents are shared among queues, languages and steps. A call ahead that asks for something else holds
him up so far as it takes an agent whom he could have had: it counts as much as the share of its own
agents who would be given him too.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ccore.config.demand import ANYONE, Caller
from ccore.floor.agent import AT_WORK
from ccore.floor.contact import CallState, Contact
from ccore.routing.widening import FIRST, Reach

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["Forecast"]

# Kinds of agents that are looked at for a share: off by 0.05 at most in two of three cases.
SAMPLED = 100
# The number of agents at work counts at once; who shares whom changes with shifts.
SHARES_US = 60_000_000


class Forecast:
    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self._circle: tuple[object, ...] = ()  # configuration and reserves: who may be given what
        self._kinds: dict[int, frozenset[int]] = {}  # need: kinds of agents who would be given it
        self._staffing = -1
        self._at_work: Counter[int] = Counter()  # kind: how many agents
        self._staffed: dict[int, int] = {}  # need: agents at work who would be given it
        self._samples: dict[int, list[int]] = {}
        self._shares: dict[tuple[int, int], float] = {}
        self._shares_us = 0  # since when they are counted

    def staffed(self, need: int) -> int:
        """Agents at work who would be given such calls."""
        self._look()
        return self._staff(need)

    def ms(self, contact: Contact, *, grows: bool = True) -> int | None:
        """How much longer he is likely to wait; None when nobody is there to take him.

        The circle of those who may have him `grows` at known times, unless one asks what would be
        if it did not.
        """
        floor, stay = self.floor, contact.stay
        assert stay is not None
        if stay.is_personal:
            agent = floor.agents.by_id.get(stay.only)
            is_there = agent is not None and agent.state in AT_WORK
            return floor.expected.ms(stay.queue, self.place(contact), int(is_there))
        if contact.state is not CallState.WAITING:
            return 0
        self._look()
        calls = floor.acd.router.ahead(contact.number, floor.now_us)
        if not grows or not stay.is_there(floor.config):
            return self._ms(stay.queue, stay.need, calls)
        case = stay.case
        return self._grown_ms(
            stay.queue, case.caller, case.reach, floor.now_us - stay.entered_us, calls
        )

    def place(self, contact: Contact) -> int:
        """In his queue, from 1; 0 while a phone rings for him."""
        floor, stay = self.floor, contact.stay
        if stay is None or contact.state is not CallState.WAITING:
            return 0
        if stay.is_personal:  # the engine has no queues for these
            others = floor.queues.waiting_in(stay.queue).values()
            return 1 + sum(
                one.stay is not None and one.stay.entered_us < stay.entered_us for one in others
            )
        return floor.acd.router.position(contact.number, floor.now_us)

    def prospective_ms(self, queue: str) -> int | None:
        """How long the next caller is likely to wait who asks for nothing special."""
        router = self.floor.acd.router
        need = self.floor.acd.desk.need(queue, ANYONE)
        if router.idle(need):
            return 0
        self._look()
        return self._grown_ms(queue, ANYONE, FIRST, 0, router.waiting_by_need())

    def _grown_ms(
        self, queue: str, caller: Caller, reach: Reach, waited_us: int, calls: Mapping[int, int]
    ) -> int | None:
        """A stage that comes before his wait is over may shorten it."""
        desk = self.floor.acd.desk
        wait_ms = self._ms(queue, desk.need(queue, caller, reach), calls)
        for at_s, wider in desk.widening(queue, caller.language).to_come(reach, waited_us):
            until_ms = at_s * 1000 - waited_us // 1000
            if wait_ms is not None and wait_ms <= until_ms:
                break
            then_ms = self._ms(queue, desk.need(queue, caller, wider), calls)
            if then_ms is not None:
                later_ms = until_ms + then_ms
                wait_ms = later_ms if wait_ms is None else min(wait_ms, later_ms)
        return wait_ms

    def _ms(self, queue: str, need: int, calls: Mapping[int, int]) -> int | None:
        place = 1 + sum(count * self._share(other, need) for other, count in calls.items())
        return self.floor.expected.ms(queue, place, self._staff(need))

    def _share(self, other: int, need: int) -> float:
        """Of the agents at work who serve one need, those who serve another as well."""
        if other == need:
            return 1.0
        if (other, need) not in self._shares:
            theirs, ours, at_work = self._sample(other), self._kinds_with(need), self._at_work
            both = sum(at_work[kind] for kind in theirs if kind in ours)
            self._shares[other, need] = both / max(1, sum(at_work[kind] for kind in theirs))
        return self._shares[other, need]

    def _sample(self, need: int) -> list[int]:
        """Some of the kinds who serve it, evenly."""
        if need not in self._samples:
            kinds = sorted(self._kinds_with(need))
            self._samples[need] = kinds[:: len(kinds) // SAMPLED + 1]
        return self._samples[need]

    def _staff(self, need: int) -> int:
        if need not in self._staffed:
            self._staffed[need] = sum(self._at_work[kind] for kind in self._kinds_with(need))
        return self._staffed[need]

    def _kinds_with(self, need: int) -> frozenset[int]:
        if need not in self._kinds:
            self._kinds[need] = self.floor.acd.desk.kinds_with(need)
        return self._kinds[need]

    def _look(self) -> None:
        """Has anything changed that was counted?"""
        agents, acd, now_us = self.floor.agents, self.floor.acd, self.floor.now_us
        circle = acd.desk, frozenset(acd.reserves)
        is_new = self._circle != circle
        if is_new:
            self._circle, self._staffing = circle, -1
            self._kinds.clear()
            self._samples.clear()
        if self._staffing != agents.staffing:
            self._staffing = agents.staffing
            self._staffed.clear()
            kinds = acd.desk.kinds
            self._at_work = Counter(
                kinds[agent.id]
                for agent in agents.by_id.values()
                if agent.state in AT_WORK and agent.id in kinds
            )
        if is_new or not 0 <= now_us - self._shares_us < SHARES_US:
            self._shares_us = now_us
            self._shares.clear()
