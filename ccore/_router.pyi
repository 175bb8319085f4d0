from collections.abc import Collection, Mapping

from typing_extensions import disjoint_base

from ccore.engine.faults import RouterError as RouterError
from ccore.engine.faults import UnknownId as UnknownId
from ccore.engine.faults import WrongState as WrongState

__all__ = ["Match", "Router", "RouterError", "UnknownId", "WrongState"]

@disjoint_base
class Match:
    call: int
    agent: int
    rule: str
    candidates: int
    waited_us: int
    step: int
    runner_up: int
    decided_by: str
    def __init__(
        self,
        call: int,
        agent: int,
        rule: str,
        candidates: int,
        waited_us: int,
        step: int = 0,
        runner_up: int = -1,
        decided_by: str = "alone",
    ) -> None: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def parts(self) -> tuple[int, int, str, int, int, int, int, str]: ...
    def as_dict(self) -> dict[str, int | str]: ...

@disjoint_base
class Router:
    def __init__(self, seed: int = 0, *, few: int = 256) -> None: ...
    def set_agent(
        self,
        agent: int,
        skills: Mapping[int, int],
        *,
        site: int = -1,
        team: int = -1,
        group: int = -1,
        weight: float = 1.0,
        position: int = -1,
        capacity: Mapping[int, int] | None = None,
        queues: Mapping[int, tuple[int, int]] | None = None,
    ) -> None: ...
    def remove_agent(self, agent: int) -> None: ...
    def agent_ready(
        self,
        agent: int,
        idle_since_us: int,
        *,
        ready_us: int | None = None,
        holding: Mapping[int, int] | None = None,
    ) -> None: ...
    def agent_away(self, agent: int) -> None: ...
    def agent_figures(
        self, agent: int, *, occupancy: float | None = None, calls: int | None = None
    ) -> None: ...
    def need(
        self,
        skills: Mapping[int, int],
        agents: Collection[int] | None = None,
        *,
        preferred: Mapping[int, float] | None = None,
        forbidden: Collection[int] = (),
        sites: Collection[int] | None = None,
        teams: Collection[int] | None = None,
        groups: Collection[int] | None = None,
        queue: int = -1,
        waited_us: int = 0,
        channel: int = 0,
        order: str = "longest-idle",
    ) -> int: ...
    def drop_need(self, need: int) -> None: ...
    def set_queue(
        self,
        queue: int,
        *,
        weight: float = 1.0,
        credit_us: int = 0,
        without_groups: Collection[int] = (),
    ) -> None: ...
    def call_waiting(
        self,
        call: int,
        need: int,
        entered_us: int,
        credit_us: int = 0,
        weight: float = 1.0,
        only: int = -1,
        *,
        prefer: int = -1,
        priority: int = 0,
        step: int = 0,
    ) -> None: ...
    def widen(self, call: int) -> None: ...
    def change_need(self, call: int, need: int, step: int = -1) -> None: ...
    def change_score(
        self, call: int, *, credit_us: int, weight: float, priority: int = 0
    ) -> None: ...
    def call_gone(self, call: int) -> None: ...
    def offer_for_call(self, call: int, now_us: int, *, lease_us: int = 0) -> Match | None: ...
    def offer_for_agent(self, agent: int, now_us: int, *, lease_us: int = 0) -> Match | None: ...
    def offer_any(self, now_us: int, *, lease_us: int = 0) -> Match | None: ...
    def confirm(self, call: int) -> None: ...
    def release(
        self, call: int, *, requeue: bool, ready: bool = False, idle_since_us: int = 0
    ) -> None: ...
    def expire(self, now_us: int) -> list[tuple[int, int]]: ...
    def next_expiry(self) -> int | None: ...
    def restart(self, seed: int = 0) -> None: ...
    def position(self, call: int, now_us: int) -> int: ...
    def ahead(self, call: int, now_us: int) -> dict[int, int]: ...
    def waiting_by_need(self) -> dict[int, int]: ...
    def waiting(self, need: int = -1) -> int: ...
    def idle(self, need: int = -1) -> int: ...
    def idle_agents(self, need: int) -> list[int]: ...
    def matching(self, need: int) -> int: ...
    def agent_matches(self, agent: int, need: int) -> bool: ...
    def has_call(self, call: int) -> bool: ...
