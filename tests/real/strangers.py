"""What strangers and floods can do to a real switch that ccore steers."""

from typing import Any

from tests.real.case import Case, Stage, on

__all__ = ["CASES"]

_NOBODY_FREE: dict[str, Any] = {
    "queues": {"sales": {"skills": {"sales": 1}, "music": "silence_stream://-1", "ring_s": 20}},
    "entries": [{"number": "4001", "to": "queue:sales"}],
    "flows": {},
    "agents": {"1001": {"skills": {"sales": 5}, "start": "not-ready"}},
}
LEGS = 6


def a_talk_cannot_be_taken_over_from_outside(stage: Stage) -> None:
    """INVITE with Replaces names a talking call: the talk goes on, the stranger is sent away."""
    victim = stage.talk(1)
    stage.call(2, headers={"Replaces": _dialog(stage, victim)})
    stage.until("caller:2", "over")
    assert (victim, "over") not in stage.seen
    (talk,) = stage.calls()
    assert talk["state"] == "talking", talk
    assert _partner(stage) == "1001"
    stage.world.act(victim, "hangup")
    stage.so(lambda: not stage.calls(), "the talk ends by itself")


@on(_NOBODY_FREE)
def a_full_switch_refuses_early_and_serves_who_is_in(stage: Stage) -> None:
    """More callers than the switch takes: the surplus hears so at once, by a cause that carriers
    route on; who waits keeps his place, and no agent is blamed for a switch without room."""
    inside = []
    for number in range(1, LEGS + 1):  # one after another, so that it is known who came first
        inside.append(stage.call(number))
        stage.until(inside[-1], "waiting")
    stage.switch.api(f"fsctl max_sessions {LEGS}")
    try:
        outside = [stage.call(number) for number in (7, 8)]
        for phone in outside:
            stage.until(phone, "over")
        # No room for his leg either: the offer fails, the caller stays, the agent is not put aside.
        stage.world.order({"do": "agent.ready", "agent": "1001"})
        stage.wait(1.0)
        assert len(stage.calls()) == LEGS
        stage.world.act(inside[-1], "hangup")
        stage.until(inside[-1], "over")
        stage.until("agent:1001", "ringing")
        stage.world.act("agent:1001", "answer")
        stage.until(inside[0], "talking")
        for phone in inside[:-1]:
            stage.world.act(phone, "hangup")
            stage.until(phone, "over")
    finally:
        stage.switch.api("fsctl max_sessions 2000")
    assert stage.ended_rows().keys() == set("123456")


def _dialog(stage: Stage, phone: str) -> str:
    """What whoever reads along knows of a call."""
    leg = stage.world.contact_of(phone)
    names = ("sip_call_id", "sip_to_tag", "sip_from_tag")
    call_id, ours, theirs = stage.switch.api(*(f"uuid_getvar {leg} {name}" for name in names))
    return f"{call_id.strip()};to-tag={ours.strip()};from-tag={theirs.strip()}"


def _partner(stage: Stage) -> str:
    return str(next(call["agent"] for call in stage.calls()))


CASES: tuple[Case, ...] = (
    a_talk_cannot_be_taken_over_from_outside,
    a_full_switch_refuses_early_and_serves_who_is_in,
)
