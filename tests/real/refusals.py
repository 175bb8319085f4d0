"""What the caller's carrier is told of a call that is not taken: early, and by a cause it knows."""

import select
import time
from typing import Any

from tests.real.case import PATIENCE_S, Case, Stage, on
from tests.real.rawcaller import RawCaller

__all__ = ["CASES"]

_QUEUE: dict[str, Any] = {"music": "silence_stream://-1", "max_waiting": 1}
_CENTRE: dict[str, Any] = {
    "switch": {"main": {"fallback_s": 20, "max_calls": 2}},
    "queues": {"sales": {**_QUEUE, "full": "busy"}},
    "entries": [{"number": "4001", "to": "queue:sales"}],
    "callers": [{"name": "pest", "numbers": ["666"], "blocked": True}],
    "flows": {},
    "agents": {"1001": {"skills": {"sales": 5}, "start": "not-ready"}},
}


@on(_CENTRE)
def a_refused_caller_is_never_answered_and_his_carrier_is_told_why(stage: Stage) -> None:
    """486 of a full queue, 503 of a full centre, 404 and 603: before anybody has to pay."""
    stage.until(stage.call(1), "waiting")
    told = {
        "full queue": _told(stage, "13900000002", "4001"),
        "blocked caller": _told(stage, "666", "4001"),
        "unknown number": _told(stage, "13900000003", "4999"),
    }
    stage.world.order({"do": "agent.ready", "agent": "1001"})
    stage.until("agent:1001", "ringing")
    stage.world.act("agent:1001", "answer")
    stage.until("caller:1", "talking")
    stage.until(stage.call(4), "waiting")
    told["full centre"] = _told(stage, "13900000005", "4001")
    for phone in ("caller:1", "caller:4"):
        stage.world.act(phone, "hangup")
        stage.until(phone, "over")
    assert told == {
        "full queue": 486,
        "blocked caller": 603,
        "unknown number": 404,
        "full centre": 503,
    }, told
    causes = {row.cause for row in stage.ended_rows().values() if row.outcome.name == "BLOCKED"}
    assert len(causes) == len(told), causes


@on({**_CENTRE, "outbound": {"allow": ["555*"]}})
def a_number_outside_that_is_busy_drops_nobody(stage: Stage) -> None:
    """He has waited, and is sent on to a number that does not take him: the fallback does."""
    caller = stage.call(1)
    stage.until(caller, "waiting")
    leg = stage.world.contact_of(caller)
    stage.world.order({"do": "call.transfer", "contact": leg, "to": "number:5551234"})
    stage.until("outside:5551234", "ringing")
    stage.world.act("outside:5551234", "busy")
    stage.so(lambda: "ccore-fallback" in stage.switch.api(f"uuid_dump {leg}")[0], "his fallback")
    assert (caller, "over") not in stage.seen
    stage.world.act(caller, "hangup")
    stage.until(caller, "over")
    (row,) = stage.ended_rows().values()
    assert row.outcome.name == "OVERFLOWED", row


def _told(stage: Stage, calling: str, called: str) -> int:
    """The answer to his INVITE."""
    caller = RawCaller(("127.0.0.1", stage.switch.ports.trunk), called.encode())
    caller.call(calling.encode())
    end_s = time.monotonic() + PATIENCE_S
    with caller.sock:
        while caller.state not in ("talking", "ended") and time.monotonic() < end_s:
            stage.look()
            if select.select([caller.sock], [], [], 0.05)[0]:
                caller.take(caller.sock.recv(65_535))
        return caller.status


CASES: tuple[Case, ...] = (
    a_refused_caller_is_never_answered_and_his_carrier_is_told_why,
    a_number_outside_that_is_busy_drops_nobody,
)
