"""One decision of the engine in names, with its reason: what `ccore route explain` tells."""

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Decision"]


@dataclass(slots=True, frozen=True)
class Decision:
    at_us: int
    contact: str
    queue: str
    agent: str
    chose: str  # `agent`: a call came and agents were free; `call`: an agent came and calls waited
    rule: str  # longest-idle, best-score, last-agent and so on; docs/routing.md has them all
    decided_by: str  # what separated winner and runner-up; `alone` when there was one
    candidates: int
    runner_up: str  # an agent, or a contact; "" when there was none
    step: int  # how often the circle of agents had been widened for the caller
    waited_ms: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def choice(self) -> tuple[str, str, str, str, int, str, int]:
        """What has to be the same when it is made again."""
        return (
            self.contact,
            self.agent,
            self.rule,
            self.decided_by,
            self.candidates,
            self.runner_up,
            self.step,
        )
