"""One agent: what he is doing, since when, and what he wishes to do when his call is over.

Rule: AGENT says which state may follow which.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ccore.config.schema import Agent as AgentSettings
from ccore.model import AgentState, LegResult

if TYPE_CHECKING:
    from ccore.floor.offer import Offer
    from ccore.floor.timers import Timer

__all__ = ["AGENT", "AT_WORK", "BUSY", "ON_A_CALL", "Agent", "UnexpectedAgentState", "state_name"]

_A = AgentState

AGENT: dict[AgentState, frozenset[AgentState]] = {
    _A.SIGNED_OUT: frozenset({_A.READY, _A.NOT_READY, _A.BUSY_OTHER}),
    _A.READY: frozenset({_A.NOT_READY, _A.SIGNED_OUT, _A.RESERVED, _A.BUSY_OTHER}),
    # The last two are found after an outage.
    _A.NOT_READY: frozenset(
        {_A.READY, _A.SIGNED_OUT, _A.NOT_READY, _A.TALKING, _A.WRAPUP, _A.BUSY_OTHER}
    ),
    _A.RESERVED: frozenset(
        {_A.RINGING, _A.READY, _A.NOT_READY, _A.SIGNED_OUT, _A.TALKING, _A.BUSY_OTHER}
    ),
    _A.RINGING: frozenset({_A.TALKING, _A.READY, _A.NOT_READY, _A.SIGNED_OUT, _A.BUSY_OTHER}),
    _A.TALKING: frozenset(
        {_A.HOLDING, _A.WRAPUP, _A.READY, _A.NOT_READY, _A.SIGNED_OUT, _A.BUSY_OTHER}
    ),
    _A.HOLDING: frozenset(
        {_A.TALKING, _A.WRAPUP, _A.READY, _A.NOT_READY, _A.SIGNED_OUT, _A.BUSY_OTHER}
    ),
    _A.WRAPUP: frozenset({_A.READY, _A.NOT_READY, _A.SIGNED_OUT, _A.BUSY_OTHER}),
    _A.BUSY_OTHER: frozenset({_A.READY, _A.NOT_READY, _A.SIGNED_OUT}),
}

# While he is in one of these a wish (sign out, not ready) waits until the call is over.
ON_A_CALL = frozenset({_A.RESERVED, _A.RINGING, _A.TALKING, _A.HOLDING})
BUSY = ON_A_CALL | {_A.WRAPUP}
# He has calls, or will have the next one soon.
AT_WORK = BUSY | {_A.READY}


class UnexpectedAgentState(AssertionError):
    """A bug of ours: code asked for a change that the table does not have."""


@dataclass(slots=True)
class Agent:
    id: str
    settings: AgentSettings
    state: AgentState = AgentState.SIGNED_OUT
    since_us: int = 0
    reason: str = ""
    offer: "Offer | None" = None
    wish: AgentState | None = None  # what he wants to be when the call is over
    wish_reason: str = ""
    calls: int = 0  # answered since the daemon started
    idle_since_us: int = 0  # end of his last contact; the router's longest-idle clock
    busy_us: int = 0  # on contacts and writing them up, since he signed in
    free_us: int = 0  # ready for them, since he signed in
    failures: dict[LegResult, int] = field(default_factory=dict)  # in a row
    timer: "Timer | None" = None  # end of wrap-up or of a rest
    queue: str = ""  # of the call or wrap-up he is in
    nail: str = ""  # the leg that stays up, of a nailed-up agent
    nail_rings: str = ""  # the leg that shall stay up, while the phone rings

    @property
    def is_signed_in(self) -> bool:
        return self.state is not AgentState.SIGNED_OUT

    @property
    def is_on_a_call(self) -> bool:
        return self.state in ON_A_CALL


def state_name(state: AgentState) -> str:
    return state.name.lower().replace("_", "-")
