"""One call before the router: who he is, what he may have so far, and whom he waits for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ccore.config.demand import Caller, Wants
from ccore.routing.widening import FIRST, Reach

__all__ = ["Case"]


@dataclass(slots=True)
class Case:
    """A call that waits, or is being offered."""

    contact: str
    queue: str  # "" for a call to one agent in person
    caller: Caller
    entered_us: int  # his clock in the score
    joined_us: int  # when he came to this queue: steps are counted from here
    credit_s: int = 0
    only: str = ""  # the agent he waits for, and no other
    reach: Reach = FIRST
    need: int = 0
    agent: str = ""  # reserved for him
    clocks: tuple[int, int] = (0, 0)  # that agent's, in case he goes back as he was
    is_aside: bool = False  # nobody is asked for him now; his place and his clock are kept

    def told(self) -> tuple[Any, ...]:
        """As the decision log has it; `heard` reads it."""
        return (
            self.contact,
            self.queue,
            self.caller.language,
            self.caller.territory,
            self.caller.wants.as_text(),
            self.entered_us,
            self.joined_us,
            self.credit_s,
            self.only,
            *self.reach,
        )

    @classmethod
    def heard(cls, said: Sequence[Any]) -> "Case":
        """What was `told`."""
        contact, queue, language, territory, wants, entered, joined, credit_s, only, *reach = said
        caller = Caller(language, territory, Wants.from_text(wants))
        return cls(contact, queue, caller, entered, joined, credit_s, only, Reach(*reach))
