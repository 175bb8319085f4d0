"""The same figures while the day runs: counters fed fact by fact."""

from collections.abc import Mapping
from types import MappingProxyType

from ccore.kpi.definitions import find
from ccore.kpi.experts import Experts
from ccore.kpi.formula import Value
from ccore.kpi.histogram import bucket
from ccore.kpi.levels import service_level as variant
from ccore.kpi.sums import COUNT_OF, LONGEST_US, TOP_MARK, Part, Sums, part
from ccore.model import (
    AgentInterval,
    AgentState,
    ContactClosed,
    Fact,
    LegClosed,
    LegKind,
    LegResult,
    Outcome,
)

__all__ = ["STATE_FIELDS", "Counters"]

STATE_FIELDS = {
    AgentState.READY: "ready_us",
    AgentState.NOT_READY: "not_ready_us",
    AgentState.RESERVED: "reserved_us",
    AgentState.RINGING: "ringing_us",
    AgentState.TALKING: "talking_us",
    AgentState.WRAPUP: "wrapup_us",
    AgentState.HOLDING: "holding_us",
    AgentState.BUSY_OTHER: "other_us",
}


class Counters:
    """Running sums; `value("asa")` and the like read any KPI from them."""

    def __init__(
        self,
        threshold_s: int,
        short_s: int,
        service_level: str = "negative",
        experts: Experts = Experts(),  # noqa: B008  (immutable)
        thresholds_s: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """`thresholds_s` are those of queues that have their own."""
        self._experts = experts
        self._own_ms = {queue: limit_s * 1000 for queue, limit_s in thresholds_s.items()}
        self.sums = Sums()
        self._threshold_ms = threshold_s * 1000
        self._short_ms = short_s * 1000
        self._variant = variant(service_level)

    def add(self, fact: Fact) -> None:
        if isinstance(fact, ContactClosed):
            self._add_contact(fact)
        elif isinstance(fact, LegClosed):
            if fact.kind is LegKind.WRAPUP:
                self.sums.acw_us += _length_us(fact)
            elif fact.kind is LegKind.TALK:
                self.sums.talks += 1
                self.sums.talk_legs_us += _length_us(fact)
            elif fact.kind is LegKind.CALLBACK:
                self._add_callback(fact)
        elif isinstance(fact, AgentInterval):
            field = STATE_FIELDS.get(fact.state)
            if field:
                setattr(self.sums, field, getattr(self.sums, field) + _length_us(fact))

    def value(self, name: str) -> Value:
        return find(name).value(self.sums)

    @property
    def service_level(self) -> Value:
        return self._variant.value(self.sums)

    @property
    def answered(self) -> int:
        return self.sums.answered

    @property
    def abandoned(self) -> int:
        return self.sums.abandoned

    @property
    def offered(self) -> int:
        return self.sums.offered

    def _add_callback(self, fact: LegClosed) -> None:
        self.sums.callback_tries += 1
        if fact.result is LegResult.ANSWERED:
            self.sums.callback_reached += 1
            self.sums.callback_time_us += fact.start_us - fact.contact_us

    def _add_contact(self, fact: ContactClosed) -> None:
        sums = self.sums
        kind = part(fact.outcome, bool(fact.queued_us))
        wait_ms = fact.wait_ms
        threshold_ms = self._own_ms.get(fact.queue, self._threshold_ms)
        sums.attempts += 1
        setattr(sums, COUNT_OF[kind], getattr(sums, COUNT_OF[kind]) + 1)
        sums.entered_ivr += fact.ivr_ms > 0 or fact.outcome is Outcome.IVR
        sums.last_agent_hits += fact.last_agent_hit
        sums.recovered += fact.recovered
        sums.callback_offered += fact.callback_offered
        sums.survey_asked += fact.survey_asked
        sums.relaxed += fact.step > 0
        sums.surveyed += fact.survey > 0
        sums.survey_top += fact.survey >= TOP_MARK
        sums.survey_points += fact.survey
        if kind is Part.ANSWERED:
            sums.answered_in += wait_ms <= threshold_ms
            sums.held += fact.hold_ms > 0
            if fact.transfers:
                sums.transferred += 1
                sums.expert += self._experts.has(fact.queue, fact.agent)
            place = bucket(wait_ms)
            sums.waits[place] = sums.waits.get(place, 0) + 1
            sums.wait_answered_ms += wait_ms
            sums.ring_ms += fact.ring_ms
            sums.talk_ms += fact.talk_ms
            sums.hold_ms += fact.hold_ms
            sums.longest_answered_ms = max(sums.longest_answered_ms, wait_ms)
        elif kind is Part.ABANDONED:
            sums.abandoned_in += wait_ms <= threshold_ms
            sums.wait_abandoned_ms += wait_ms
            if wait_ms <= self._short_ms:
                sums.abandoned_short += 1
                sums.wait_short_ms += wait_ms
        elif kind is Part.FLOWOUT:
            sums.wait_flowout_ms += wait_ms
            if fact.outcome is Outcome.CALLBACK:
                sums.callbacks += 1
                sums.callbacks_in += wait_ms <= threshold_ms
        if kind in (Part.ANSWERED, Part.ABANDONED, Part.FLOWOUT):
            sums.longest_ms = max(sums.longest_ms, wait_ms)


def _length_us(fact: LegClosed | AgentInterval) -> int:
    return min(max(0, fact.end_us - fact.start_us), LONGEST_US)
