"""How figures are wanted, and the partial result of some rows under it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property, partial
from typing import Any

import numpy as np

from ccore.cdr import Records, Rows, Text
from ccore.cdr.layout import NONE_MS
from ccore.errors import BadRequest
from ccore.kpi import fast, passes
from ccore.kpi.attribution import check_rule, moments, moments_of_legs
from ccore.kpi.experts import Experts
from ccore.kpi.formula import Kpi
from ccore.kpi.groups import NO_TEAMS, Groups, Ints, cut, cut_at_quarters, in_time, lengths, zone_of
from ccore.kpi.levels import EVENT_COUNTED, service_level
from ccore.kpi.partial import PLACE, Partial, merge, unique_rows
from ccore.kpi.sums import Part
from ccore.model import LegKind

__all__ = ["Plan"]

COUNTED_LEGS = (LegKind.WRAPUP, LegKind.TALK, LegKind.CALLBACK)


@dataclass(frozen=True, kw_only=True)
class Plan:
    by: tuple[str, ...] = ()
    threshold_s: int = 20
    thresholds_s: Mapping[str, int] = field(default_factory=dict)  # of queues with their own
    short_s: int = 5
    service_level: str = "negative"
    attribution: str = ""  # empty: what the service level asks for, else arrival
    timezone: str = "UTC"
    interval_s: int = 1800
    experts: Experts = Experts()
    percentiles: bool = True
    threads: int = 2
    compiled: bool = True  # by the compiled pass where it suits; sums are the same either way
    teams: Ints = field(default_factory=lambda: NO_TEAMS)  # team of each agent, by id

    def __post_init__(self) -> None:
        """Refused before any work is done."""
        is_event_counted = self.variant is EVENT_COUNTED
        rule = self.attribution or ("event" if is_event_counted else "arrival")
        check_rule(rule)
        if is_event_counted and rule != "event":
            raise BadRequest(
                what=f"service level {self.service_level} with attribution {rule}",
                expected="attribution event, which is what this service level is",
            )
        object.__setattr__(self, "attribution", rule)
        _ = self.groups

    def __reduce__(self) -> tuple[Any, ...]:
        """As its fields alone: it travels to other machines."""
        return partial(Plan, **{one.name: getattr(self, one.name) for one in fields(self)}), ()

    @cached_property
    def variant(self) -> Kpi:
        return service_level(self.service_level)

    @cached_property
    def groups(self) -> Groups:
        zone = zone_of(self.timezone)
        return Groups(self.by, interval_s=self.interval_s, zone=zone, teams=self.teams)

    def part(self, records: Records) -> Partial:
        """Sums of these rows. Legs are joined to contacts among the same rows."""
        contacts, legs = records.contacts, records.legs
        legs = legs[np.isin(legs["kind"], COUNTED_LEGS)]
        wrapups = legs[legs["kind"] == LegKind.WRAPUP]
        threshold_ms = self._thresholds_ms(records)
        at_us = moments(self.attribution, contacts, wrapups, threshold_ms)
        parts = [
            self._contacts(records, at_us, threshold_ms),
            self._legs(legs, contacts, at_us),
            self._agents(records.agents),
        ]
        if self.is_split:
            parts.append(self._split_talk(contacts))
        return merge(parts, len(self.by))

    @property
    def is_split(self) -> bool:
        return self.attribution == "split" and self.groups.has_time

    @property
    def limit(self) -> str:
        """T in words, in seconds: 20, or 20 (sales 10, service 30)."""
        own = ", ".join(f"{queue} {limit_s}" for queue, limit_s in self.thresholds_s.items())
        return f"{self.threshold_s} ({own})" if own else f"{self.threshold_s}"

    def _thresholds_ms(self, records: Records) -> int | Ints:
        """The common one, or of each contact that of its queue."""
        if not self.thresholds_s:
            return self.threshold_s * 1000
        of_queue = np.full(1 << 16, self.threshold_s * 1000, np.int64)
        queues = records.contacts["queue"]
        for ident in np.unique(queues).tolist():
            own_s = self.thresholds_s.get(records.strings.text(Text.QUEUE, ident))
            of_queue[ident] = of_queue[ident] if own_s is None else own_s * 1000
        thresholds: Ints = of_queue[queues]
        return thresholds

    def _contacts(self, records: Records, at_us: Ints, threshold_ms: int | Ints) -> Partial:
        rows = records.contacts
        short_ms = self.short_s * 1000
        if self.compiled and isinstance(threshold_ms, int) and fast.suits(self.by):
            counts_on_arrival = self.attribution in ("arrival", "split")
            sums = fast.contact_parts(
                rows,
                None if counts_on_arrival else at_us,
                self.groups,
                threshold_ms=threshold_ms,
                short_ms=short_ms,
                waits=self.percentiles,
                threads=self.threads,
            )
        else:
            keys = self.groups.of_contacts(rows, at_us)
            sums = passes.contact_part(
                rows, keys, threshold_ms=threshold_ms, short_ms=short_ms, waits=self.percentiles
            )
        if self.is_split:
            sums.sums[:, [PLACE["talk_ms"], PLACE["hold_ms"]]] = 0
        if self.experts == Experts():
            return sums
        moved = (passes.parts_of(rows) == Part.ANSWERED) & (rows["transfers"] > 0)
        chosen = np.flatnonzero(moved)
        chosen = chosen[self.experts.of(rows[chosen], records.strings)]
        keys, index = unique_rows(self.groups.of_contacts(rows[chosen], at_us[chosen]))
        expert = Partial.of(keys)
        expert.count("expert", index)
        return merge([sums, expert], len(self.by))

    def _legs(self, legs: Rows, contacts: Rows, at_us: Ints) -> Partial:
        length_us = lengths(legs)
        first = np.ones(len(legs), np.int64)
        when_us = moments_of_legs(self.attribution, legs, contacts, at_us)
        if self.is_split:
            owner, when_us, length_us, first = cut_at_quarters(in_time(when_us), length_us)
            legs = legs[owner]
        keys, index = unique_rows(self.groups.of_legs(legs, contacts, when_us))
        sums = Partial.of(keys)
        passes.add_legs(sums, legs, index, length_us, first)
        return sums

    def _agents(self, agents: Rows) -> Partial:
        owner, start_us, length_us = cut(agents, quarters=self.groups.has_time)
        rows = agents[owner]
        if not self.groups.has_agent_time:
            sums = Partial.empty(len(self.by))
            sums.rest = passes.rest_of(rows, length_us)
            return sums
        keys, index = unique_rows(self.groups.of_agents(rows, start_us))
        sums = Partial.of(keys)
        passes.add_agents(sums, rows, length_us, index)
        return sums

    def _split_talk(self, contacts: Rows) -> Partial:
        """Talk and then hold, laid end to end from the answer on and cut at the borders."""
        rows = contacts[passes.parts_of(contacts) == Part.ANSWERED]
        answered = rows["answered_ms"].astype(np.int64)
        offset = np.where(answered != NONE_MS, answered, 0)
        begin_us = in_time(rows["arrived_us"].astype(np.int64)) + offset * 1000
        parts = []
        for name in ("talk_ms", "hold_ms"):
            length_us = rows[name].astype(np.int64) * 1000
            owner, start_us, piece_us, _ = cut_at_quarters(begin_us, length_us)
            # Borders fall between milliseconds: each piece ends where the next one begins.
            ends_ms = (start_us + piece_us - begin_us[owner]) // 1000
            starts_ms = (start_us - begin_us[owner]) // 1000
            keys, index = unique_rows(self.groups.of_contacts(rows[owner], start_us))
            part = Partial.of(keys)
            part.add(name, index, ends_ms - starts_ms)
            parts.append(part)
            begin_us = begin_us + length_us
        return merge(parts, len(self.by))
