"""Adherence and conformance: what agents did, held against the schedule.

Adherence asks for the right thing at the right time: seconds in the scheduled state at the
scheduled time / scheduled seconds. On the phone is ready, reserved, ringing, talking, on hold and
wrap-up; every other activity is not ready, whatever the reason. Conformance (实际工作率) asks only
how much: seconds on the phone / seconds scheduled for it, and may pass 100 %.
"""

from dataclasses import dataclass, field

import numpy as np

from ccore.cdr import Records, Rows, Text
from ccore.kpi.groups import Ints
from ccore.kpi.shifts import PHONE, Shift
from ccore.model import AgentState

__all__ = ["Adherence", "adherence"]

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
    """Microseconds of one agent, of a team, or of all: they add up."""

    scheduled_us: int = 0
    phone_scheduled_us: int = 0
    adherent_us: int = 0
    phone_us: int = 0  # on the phone, whenever
    handle_us: int = 0
    absent_us: int = 0  # signed out or unseen while scheduled for anything
    off_phone_us: dict[str, int] = field(default_factory=dict)  # by reason, while due on the phone
    on_phone_us: int = 0  # on the phone while due elsewhere; no fault of theirs as a rule
    wrong_code_us: int = 0  # away as scheduled, under another reason; adherent all the same

    @property
    def adherence(self) -> float | None:
        return self.adherent_us / self.scheduled_us if self.scheduled_us else None

    @property
    def conformance(self) -> float | None:
        return self.phone_us / self.phone_scheduled_us if self.phone_scheduled_us else None

    @property
    def utilisation_paid(self) -> float | None:
        return self.handle_us / self.scheduled_us if self.scheduled_us else None

    def add(self, other: "Adherence") -> None:
        for name in self.__slots__:
            if name != "off_phone_us":
                setattr(self, name, getattr(self, name) + getattr(other, name))
        for reason, us in other.off_phone_us.items():
            self.off_phone_us[reason] = self.off_phone_us.get(reason, 0) + us


def adherence(records: Records, shifts: list[Shift]) -> dict[str, Adherence]:
    """Each scheduled agent by id."""
    rows, strings = records.agents, records.strings
    ids = {strings.text(Text.AGENT, int(i)): int(i) for i in np.unique(rows["agent"])}
    return {
        agent: _of(
            rows[rows["agent"] == ids[agent]] if agent in ids else rows[:0],
            [shift for shift in shifts if shift.agent == agent],
            records,
        )
        for agent in dict.fromkeys(shift.agent for shift in shifts)
    }


def _of(rows: Rows, shifts: list[Shift], records: Records) -> Adherence:
    rows = rows[np.argsort(rows["start_us"], kind="stable")]
    is_phone = np.isin(rows["state"], ON_PHONE)
    found = Adherence(
        phone_us=_length(rows[is_phone]),
        handle_us=_length(rows[np.isin(rows["state"], HANDLING)]),
    )
    for activity in dict.fromkeys(shift.activity for shift in shifts):
        of_it = [shift for shift in shifts if shift.activity == activity]
        spans = np.array([(shift.start_us, shift.end_us) for shift in of_it], np.int64)
        length = int((spans[:, 1] - spans[:, 0]).sum())
        phone = _overlap(rows[is_phone], spans)
        away: dict[str, int] = {}
        elsewhere = rows[(rows["state"] == AgentState.NOT_READY)]
        for reason in np.unique(elsewhere["reason"]).tolist():
            name = records.strings.text(Text.REASON, reason) or "no reason"
            us = _overlap(elsewhere[elsewhere["reason"] == reason], spans)
            away[name] = away.get(name, 0) + us
        other = _overlap(rows[rows["state"] == AgentState.BUSY_OTHER], spans)
        found.scheduled_us += length
        found.absent_us += length - phone - sum(away.values()) - other
        if activity == PHONE:
            found.phone_scheduled_us += length
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


def _length(rows: Rows) -> int:
    return int(np.maximum(rows["end_us"] - rows["start_us"], 0).sum())


def _overlap(rows: Rows, spans: Ints) -> int:
    """Microseconds that rows (of one agent, so one after another) have in common with spans."""
    if not len(rows):
        return 0
    start, end = rows["start_us"].astype(np.int64), rows["end_us"].astype(np.int64)
    done = np.concatenate([[0], np.cumsum(np.maximum(end - start, 0))])

    def up_to(at: Ints) -> Ints:
        place = np.searchsorted(start, at, side="right")
        last = np.maximum(place - 1, 0)
        beyond = np.where(place > 0, np.maximum(end[last] - np.maximum(at, start[last]), 0), 0)
        reached: Ints = done[place] - beyond
        return reached

    return int((up_to(spans[:, 1]) - up_to(spans[:, 0])).sum())
