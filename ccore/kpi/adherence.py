"""Adherence and conformance: what agents did, held against the schedule.

Adherence asks for the right thing at the right time: seconds in the scheduled state at the
scheduled time / scheduled seconds. On the phone is ready, reserved, ringing, talking, on hold and
wrap-up; every other activity is not ready, whatever the reason. Conformance (实际工作率) asks only
how much: seconds on the phone / seconds scheduled for it, and may pass 100 %. Attendance (出勤率)
asks who came at all: agents present on a day of theirs / agents scheduled.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from ccore.cdr import Records, Rows, Text
from ccore.kpi.formula import ratio
from ccore.kpi.groups import Ints
from ccore.kpi.shifts import PHONE, Shift
from ccore.model import AgentState

__all__ = ["Adherence", "adherence", "adherence_of", "adherence_part"]

ON_PHONE = (
    AgentState.READY,
    AgentState.RESERVED,
    AgentState.RINGING,
    AgentState.TALKING,
    AgentState.WRAPUP,
    AgentState.HOLDING,
)
HANDLING = (AgentState.TALKING, AgentState.HOLDING, AgentState.WRAPUP)


@dataclass(slots=True)
class Adherence:
    """Microseconds of one agent, of a team, or of all: they add up, also those of single days."""

    scheduled_us: int = 0
    phone_scheduled_us: int = 0
    adherent_us: int = 0
    phone_us: int = 0  # on the phone, whenever
    phone_capped_us: int = 0  # the same, of each agent at most what was scheduled
    handle_us: int = 0
    present_us: int = 0  # signed in while scheduled for anything
    off_phone_us: dict[str, int] = field(default_factory=dict)  # by reason, while due on the phone
    on_phone_us: int = 0  # on the phone while due elsewhere; no fault of theirs as a rule
    wrong_code_us: int = 0  # away as scheduled, under another reason; adherent all the same
    heads: set[tuple[str, str]] = field(default_factory=set)  # agent and local day, scheduled
    present: set[tuple[str, str]] = field(default_factory=set)  # those who came at all

    @property
    def absent_us(self) -> int:
        """Signed out or unseen while scheduled for anything."""
        return self.scheduled_us - self.present_us

    @property
    def adherence(self) -> float | None:
        return ratio(self.adherent_us, self.scheduled_us)

    @property
    def conformance(self) -> float | None:
        return ratio(self.phone_us, self.phone_scheduled_us)

    @property
    def conformance_capped(self) -> float | None:
        return ratio(self.phone_capped_us, self.phone_scheduled_us)

    @property
    def utilisation_paid(self) -> float | None:
        return ratio(self.handle_us, self.scheduled_us)

    @property
    def attendance(self) -> float | None:
        return ratio(len(self.present), len(self.heads))

    @property
    def absenteeism(self) -> float | None:
        return ratio(len(self.heads) - len(self.present), len(self.heads))

    def add(self, other: "Adherence") -> None:
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for reason, us in other.off_phone_us.items():
            self.off_phone_us[reason] = self.off_phone_us.get(reason, 0) + us
        self.heads |= other.heads
        self.present |= other.present


SUMS = [one.name for one in fields(Adherence) if one.type is int]
Part = dict[str, Adherence]  # by agent


def adherence(records: Records, shifts: Sequence[Shift]) -> Part:
    """Each scheduled agent by id."""
    return adherence_of([adherence_part(records, shifts)], shifts)


def adherence_part(records: Records, shifts: Sequence[Shift]) -> Part:
    """What these rows say of the scheduled agents; `adherence_of` adds the schedule."""
    rows, strings = records.agents, records.strings
    ids = {strings.text(Text.AGENT, int(i)): int(i) for i in np.unique(rows["agent"])}
    return {
        agent: _of(rows[rows["agent"] == ids[agent]], its, records)
        for agent, its in _by_agent(shifts).items()
        if agent in ids
    }


def adherence_of(parts: Iterable[Part], shifts: Sequence[Shift]) -> Part:
    """The parts of some days, in any order, against their schedule."""
    by_agent = _by_agent(shifts)
    whole = {agent: Adherence() for agent in by_agent}
    for part in parts:
        for agent, found in part.items():
            whole[agent].add(found)
    for agent, found in whole.items():
        for shift in by_agent[agent]:
            length_us = shift.end_us - shift.start_us
            found.scheduled_us += length_us
            found.phone_scheduled_us += length_us if shift.activity == PHONE else 0
            found.heads.add((agent, shift.day))
        found.phone_capped_us = min(found.phone_us, found.phone_scheduled_us)
    return whole


def _by_agent(shifts: Sequence[Shift]) -> dict[str, list[Shift]]:
    found: dict[str, list[Shift]] = {}
    for shift in shifts:
        found.setdefault(shift.agent, []).append(shift)
    return found


def _of(rows: Rows, shifts: list[Shift], records: Records) -> Adherence:
    rows = rows[np.argsort(rows["start_us"], kind="stable")]
    is_phone = np.isin(rows["state"], ON_PHONE)
    found = Adherence(
        phone_us=_length(rows[is_phone]),
        handle_us=_length(rows[np.isin(rows["state"], HANDLING)]),
    )
    signed_in = rows[rows["state"] != AgentState.SIGNED_OUT]
    there = _overlaps(signed_in, _spans(shifts)).tolist()
    found.present = {
        (shift.agent, shift.day) for shift, us in zip(shifts, there, strict=True) if us
    }
    elsewhere = rows[(rows["state"] == AgentState.NOT_READY)]
    for activity in dict.fromkeys(shift.activity for shift in shifts):
        spans = _spans([shift for shift in shifts if shift.activity == activity])
        phone = _overlap(rows[is_phone], spans)
        away: dict[str, int] = {}
        for reason in np.unique(elsewhere["reason"]).tolist():
            name = records.strings.text(Text.REASON, reason) or "no reason"
            us = _overlap(elsewhere[elsewhere["reason"] == reason], spans)
            away[name] = away.get(name, 0) + us
        other = _overlap(rows[rows["state"] == AgentState.BUSY_OTHER], spans)
        found.present_us += phone + sum(away.values()) + other
        if activity == PHONE:
            found.adherent_us += phone
            for name, us in (*away.items(), ("other calls", other)):
                if us:
                    found.off_phone_us[name] = found.off_phone_us.get(name, 0) + us
        else:
            found.adherent_us += sum(away.values())
            found.on_phone_us += phone
            found.wrong_code_us += sum(
                us for name, us in away.items() if name not in (activity, "no reason")
            )
    return found


def _spans(shifts: list[Shift]) -> Ints:
    return np.array([(shift.start_us, shift.end_us) for shift in shifts], np.int64).reshape(-1, 2)


def _length(rows: Rows) -> int:
    return int(np.maximum(rows["end_us"] - rows["start_us"], 0).sum())


def _overlap(rows: Rows, spans: Ints) -> int:
    return int(_overlaps(rows, spans).sum())


def _overlaps(rows: Rows, spans: Ints) -> Ints:
    """Microseconds that rows (of one agent, so one after another) have in common with each span."""
    if not len(rows):
        return np.zeros(len(spans), np.int64)
    start, end = rows["start_us"].astype(np.int64), rows["end_us"].astype(np.int64)
    done = np.concatenate([[0], np.cumsum(np.maximum(end - start, 0))])

    def up_to(at: Ints) -> Ints:
        place = np.searchsorted(start, at, side="right")
        last = np.maximum(place - 1, 0)
        beyond = np.where(place > 0, np.maximum(end[last] - np.maximum(at, start[last]), 0), 0)
        reached: Ints = done[place] - beyond
        return reached

    return up_to(spans[:, 1]) - up_to(spans[:, 0])
