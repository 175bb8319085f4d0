"""One offer: a caller and an agent held for one another until it is over.

Rule: every change is in OFFER.

    RINGING --the agent answers--> ANSWERED --the switch bridges--> BRIDGED --a leg ends--> OVER
       |                              |                                ^
       +---------- fails -------------+--> OVER, caller back           | nailed up: starts ANSWERED
"""

from dataclasses import dataclass
from enum import Enum

from ccore.config.schema import Queue
from ccore.floor.agent import Agent
from ccore.floor.contact import Contact
from ccore.floor.timers import Timer
from ccore.model import LegResult

__all__ = ["FAILURES", "OFFER", "Offer", "OfferState"]

# What a phone's refusal is called on the switch; anything else is FAILED.
FAILURES = {
    "NO_ANSWER": LegResult.NO_ANSWER,
    "NO_USER_RESPONSE": LegResult.NO_ANSWER,
    "ALLOTTED_TIMEOUT": LegResult.NO_ANSWER,
    "PROGRESS_TIMEOUT": LegResult.NO_ANSWER,
    "USER_BUSY": LegResult.BUSY,
    "CALL_REJECTED": LegResult.REFUSED,
    "USER_NOT_REGISTERED": LegResult.NOT_REGISTERED,
    "SUBSCRIBER_ABSENT": LegResult.NOT_REGISTERED,
    "UNALLOCATED_NUMBER": LegResult.NOT_REGISTERED,
    "ORIGINATOR_CANCEL": LegResult.CANCELLED,
}


class OfferState(Enum):
    RINGING = "ringing"
    ANSWERED = "answered"
    BRIDGED = "bridged"
    OVER = "over"


OFFER: dict[OfferState, frozenset[OfferState]] = {
    OfferState.RINGING: frozenset({OfferState.ANSWERED, OfferState.OVER}),
    OfferState.ANSWERED: frozenset({OfferState.BRIDGED, OfferState.OVER}),
    OfferState.BRIDGED: frozenset({OfferState.OVER}),
    OfferState.OVER: frozenset(),
}


@dataclass(slots=True)
class Offer:
    contact: Contact
    agent: Agent
    leg: str  # the agent's leg
    job: str
    queue: str
    settings: Queue
    started_us: int
    told_us: int = 0  # our clock when the switch was last told to act: nothing of it is older
    state: OfferState = OfferState.RINGING
    bridge_job: str = ""
    bridged_us: int = 0
    held_us: int = 0  # since when; 0: not on hold
    timer: Timer | None = None
    agent_hung_up: bool = False  # the agent's phone ended it
    leg_is_up: bool = True

    def become(self, state: OfferState) -> None:
        assert state in OFFER[self.state], f"offer: {self.state.value} -> {state.value}"
        self.state = state
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    @property
    def is_nailed(self) -> bool:
        return self.leg == self.agent.nail
