"""What every KPI is made of: integers that add up.

A figure of a week is never an average of averages: parts are added here, and divided once, in
`definitions`. `Part` says which part of the counting model a contact is; batch and live counters
ask the same function.
"""

from dataclasses import dataclass, field, fields
from enum import IntEnum

from ccore.model import Outcome

__all__ = ["COUNT_OF", "LONGEST_US", "MAXIMA", "NAMES", "TOP_MARK", "Part", "Sums", "part"]

LONGEST_US = 366 * 86_400_000_000  # of a leg or a state: what is longer is a wrong clock
TOP_MARK = 4  # of 5: a caller who gives it is content


class Part(IntEnum):
    ANSWERED = 0
    ABANDONED = 1
    FLOWOUT = 2
    IVR = 3
    BLOCKED = 4
    CLOSED = 5
    FORCED = 6
    FAILED = 7
    MESSAGE = 8  # left a message without having been in a queue
    ROUTED = 9  # sent to a number outside without having been in a queue


# The field of Sums that counts a part.
COUNT_OF = {
    Part.ANSWERED: "answered",
    Part.ABANDONED: "abandoned",
    Part.FLOWOUT: "flowout",
    Part.IVR: "ivr",
    Part.BLOCKED: "blocked",
    Part.CLOSED: "closed",
    Part.FORCED: "forced",
    Part.FAILED: "failed",
    Part.MESSAGE: "messages",
    Part.ROUTED: "routed",
}
FLOWOUTS = {
    Outcome.OVERFLOWED: Part.ROUTED,
    Outcome.VOICEMAIL: Part.MESSAGE,
    Outcome.LEFT: Part.ROUTED,
    Outcome.CALLBACK: Part.ROUTED,
}  # leaving a queue this way is a flow-out; without a queue it is the part named here
PLAIN = {
    Outcome.ANSWERED: Part.ANSWERED,
    Outcome.ABANDONED: Part.ABANDONED,
    Outcome.IVR: Part.IVR,
    Outcome.BLOCKED: Part.BLOCKED,
    Outcome.CLOSED: Part.CLOSED,
    Outcome.FORCED: Part.FORCED,
    Outcome.FAILED: Part.FAILED,
}


def part(outcome: Outcome, queued: bool) -> Part:
    if outcome in FLOWOUTS:
        return Part.FLOWOUT if queued else FLOWOUTS[outcome]
    return PLAIN[outcome]


@dataclass(slots=True)
class Sums:
    """Counts of contacts, then milliseconds of contacts, then microseconds of legs and agents."""

    waits: dict[int, int] = field(default_factory=dict)  # of A: bucket of `histogram` to count
    attempts: int = 0  # all contacts
    answered: int = 0  # A
    abandoned: int = 0  # B
    flowout: int = 0  # F
    ivr: int = 0
    blocked: int = 0
    closed: int = 0
    forced: int = 0
    failed: int = 0
    messages: int = 0
    routed: int = 0
    answered_in: int = 0  # A_T: answered within the threshold
    abandoned_in: int = 0  # B_T
    abandoned_short: int = 0  # B_s: abandoned within the short limit
    entered_ivr: int = 0
    held: int = 0  # answered and on hold at least once
    transferred: int = 0  # answered and transferred by an agent
    callbacks: int = 0  # the part of flowout that asked to be called back
    callbacks_in: int = 0  # within the threshold
    callback_offered: int = 0
    last_agent_hits: int = 0
    relaxed: int = 0  # left the queue after a step of relaxed skills
    recovered: int = 0  # ccore was away during a part of it
    survey_asked: int = 0
    surveyed: int = 0  # gave a mark
    survey_top: int = 0  # marks 4 and 5
    survey_points: int = 0  # sum of the marks
    expert: int = 0  # the part of transferred that ended with an expert
    wait_answered_ms: int = 0
    wait_abandoned_ms: int = 0
    wait_short_ms: int = 0  # the part of wait_abandoned_ms that short abandons waited
    wait_flowout_ms: int = 0
    ring_ms: int = 0  # of answered contacts
    talk_ms: int = 0  # of answered contacts
    hold_ms: int = 0  # of answered contacts
    longest_answered_ms: int = 0  # a maximum
    longest_ms: int = 0  # a maximum, over A, B and F
    acw_us: int = 0  # wrap-up legs
    talks: int = 0  # talk legs: one for each agent who spoke with a contact
    talk_legs_us: int = 0  # holds inside
    callback_tries: int = 0  # legs
    callback_reached: int = 0  # legs that reached the caller
    callback_time_us: int = 0  # from arrival to the leg that reached him
    ready_us: int = 0  # agents' time by state, from here on
    not_ready_us: int = 0
    reserved_us: int = 0
    ringing_us: int = 0
    talking_us: int = 0
    wrapup_us: int = 0
    holding_us: int = 0
    other_us: int = 0  # on calls that are not ours

    @property
    def offered(self) -> int:
        return self.answered + self.abandoned + self.flowout

    @property
    def handle_us(self) -> int:
        return self.talking_us + self.holding_us + self.wrapup_us

    @property
    def signed_in_us(self) -> int:
        return (
            self.ready_us
            + self.not_ready_us
            + self.reserved_us
            + self.ringing_us
            + self.other_us
            + self.handle_us
        )

    def add(self, other: "Sums") -> None:
        for name in NAMES:
            mine, theirs = getattr(self, name), getattr(other, name)
            setattr(self, name, max(mine, theirs) if name in MAXIMA else mine + theirs)
        for place, count in other.waits.items():
            self.waits[place] = self.waits.get(place, 0) + count


NAMES = tuple(field.name for field in fields(Sums) if field.name != "waits")
MAXIMA = frozenset({"longest_answered_ms", "longest_ms"})
