"""The simulated switch says what the real one said, to the same client and the same phones."""

import pytest

from tests.sim.replay import listen, load, replay

SCENARIOS = [
    "agent_busy",
    "agent_no_answer",
    "agent_not_registered",
    "agent_registered_user_dial",
    "agent_rejects",
    "answer_then_controller_hangs_up",
    "auth_accepted",
    "auth_denied",
    "blind_transfer_to_park",
    "caller_abandons_while_agent_rings",
    "command_errors",
    "consult_then_attended_transfer",
    "dtmf_events",
    "hostile_caller_id",
    "inbound_park_caller_hangs_up",
    "ivr_caller_hangs_up_in_prompt",
    "queue_bridge_record_agent_hangs_up",
    "queue_bridge_record_caller_hangs_up",
    "queue_music_and_announcement",
    "registrations",
    "voicemail_record_app",
]

# A leg's event may come this much sooner or later than the real one: two media frames, and what
# the capture's own clock leaves open.
TOLERANCE_US = 80_000


@pytest.mark.parametrize("name", SCENARIOS)
def test_same_words_as_the_real_switch(name: str) -> None:
    capture = load(name)
    real, sim = listen(capture.data), listen(replay(capture))
    assert sim.events == real.events
    assert sim.jobs == real.jobs
    assert sim.replies == real.replies


# No telling when its one call was ordered; and how long a tone takes to start in a broadcast.
UNTIMED = {"command_errors", "queue_music_and_announcement"}


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in UNTIMED])
def test_same_pace_as_the_real_switch(name: str) -> None:
    capture = load(name)
    real, sim = listen(capture.data), listen(replay(capture))
    for leg, stamps in real.stamps.items():
        late = [abs(ours - theirs) for ours, theirs in zip(sim.stamps[leg], stamps, strict=True)]
        assert max(late) <= TOLERANCE_US, (leg, late)
