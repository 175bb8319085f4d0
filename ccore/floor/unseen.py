"""Callers who came and went while nobody of us listened: on record as the switch kept them.

The switch keeps each in a global variable until it is told to forget him (`ccore.esl.unseen`). We
may die between the record and the forgetting, so a note of who is on record is written together
with the record, and stands until the switch names him no more: he is recorded once.
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ccore.floor.notes import Fields, revived
from ccore.model import (
    EndedBy,
    ForgetUnseen,
    LegKind,
    LegResult,
    LinkUp,
    Noted,
    Outcome,
    UnseenCall,
)

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["Unseen"]

KEY = "unseen:"  # what the key of a note begins with
# The record has long reached the kernel by then; the switch is in no hurry.
FORGET_AFTER_US = 1_000_000
# What the switch's stamps may be off by and still be believed: its clock may have been set while
# nobody of us could learn of it.
NEAR_US = 60_000_000
MOST_NOTES = 1_000  # beyond those of the last list: to forget takes the switch a millisecond


class Unseen:
    """`recorded`: who is on record and may still be kept by his switch, oldest first."""

    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.recorded: dict[str, str] = {}  # leg -> node
        self._most = MOST_NOTES

    def recall(self, notes: Mapping[str, Fields]) -> None:
        self.recorded = {
            key.removeprefix(KEY): fields.get("node", "")
            for key, fields in notes.items()
            if key.startswith(KEY)
        }

    def link_up(self, node: str, event: LinkUp, there: Collection[str], since_us: int) -> int:
        """Before calls are dropped or found: how many there were of whom we knew nothing.

        `since_us`: since when nobody heard of the switch; 0: not known.
        """
        floor = self.floor
        kept = {call.leg for call in event.unseen}
        for leg in [leg for leg, at in self.recorded.items() if at == node and leg not in kept]:
            self._drop_note(leg)
        self._most = MOST_NOTES + len(kept)
        found = 0
        for call in event.unseen:
            if call.leg in there:
                continue  # he ends at this very moment, and his end will be told
            is_known = (
                call.leg in floor.contacts
                or call.leg in floor.recovery.adoption.noted
                or call.leg in floor.recovery.closed
                or call.leg in self.recorded
            )
            if not is_known:
                self._record(node, call, since_us, event.late_us)
                found += 1
            self.is_recorded(node, call.leg)
        return found

    def is_recorded(self, node: str, leg: str) -> None:
        """His record is told in this turn, or was before: the switch need not keep him."""
        floor = self.floor
        self.recorded.pop(leg, None)
        self.recorded[leg] = node
        floor.tell(Noted(KEY + leg, {"node": node}))
        if len(self.recorded) > self._most:
            self._drop_note(next(iter(self.recorded)))
        floor.timers.at(floor.now_us + FORGET_AFTER_US, lambda: self._forget(node, leg))

    def _forget(self, node: str, leg: str) -> None:
        if self.floor.is_up(node):  # else he is named again when it is
            self.floor.command(node, ForgetUnseen(leg))

    def _drop_note(self, leg: str) -> None:
        del self.recorded[leg]
        self.floor.tell(Noted(KEY + leg))

    def _record(self, node: str, call: UnseenCall, since_us: int, late_us: int) -> None:
        floor = self.floor
        arrived_us, ended_us = self._times(node, call, since_us, late_us)
        fields = {
            "arrived_us": str(arrived_us),
            "called": call.called,
            "calling": call.calling,
        }
        contact = revived(floor, node, None, call.leg, fields)
        contact.outcome = Outcome.OVERFLOWED if call.is_served else Outcome.FAILED
        contact.ended_by = EndedBy.CALLER if call.by_phone else EndedBy.SYSTEM
        floor.tell(contact.leg_closed(LegKind.OUTAGE, LegResult.DONE, arrived_us, ended_us))
        floor.recovery.has_closed(contact)
        floor.tell(contact.closed(ended_us, call.cause))

    def _times(self, node: str, call: UnseenCall, since_us: int, late_us: int) -> tuple[int, int]:
        """Arrival and end on our clock. He is unseen because he ended since `since_us`: as stamped,
        or else as a clock says that is behind ours by `late_us`, or else as if he had come then."""
        now_us = self.floor.now_us
        earliest_us = since_us - NEAR_US if since_us else 0
        for shift_us in (self.floor.stamps[node].skew_us, late_us):
            if earliest_us <= call.ended_us + shift_us <= now_us + NEAR_US:
                break
        else:
            shift_us = since_us - call.arrived_us
        ended_us = min(call.ended_us + shift_us, now_us)
        arrived_us = min(call.arrived_us + shift_us, ended_us)
        if arrived_us < earliest_us:  # the clock was set while he was there
            arrived_us = min(since_us, ended_us)
        return arrived_us, ended_us
