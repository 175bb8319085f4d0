"""How quick the simulated switch is: the delays of a real one, or none at all."""

from dataclasses import dataclass

__all__ = ["EXACT", "REAL", "Pace"]


@dataclass(frozen=True, slots=True)
class Pace:
    """Delays in microseconds. The defaults are what a real switch showed on loopback."""

    stamp_us: int = 20_000  # event stamps come from a clock that ticks once per media frame
    frame_us: int = 20_000  # a channel looks at its orders once per media frame
    poll_us: int = 20_000  # an event waits in the socket's poll until this is over, or a nudge
    bridge_us: int = 20_000  # from both legs unwound to CHANNEL_BRIDGE
    ring_us: int = 5_000  # from INVITE to 180 (or 486) on loopback
    settle_us: int = 20_000  # from an answer or a refusal to the end of the originate
    hangup_us: int = 1_000  # from a hang-up to the channel's last event
    sched_us: int = 1_000_000  # the scheduler of the switch counts whole seconds


REAL = Pace()

# For tests that count microseconds: everything happens when it is told.
EXACT = Pace(
    stamp_us=1,
    frame_us=0,
    poll_us=0,
    bridge_us=0,
    ring_us=0,
    settle_us=0,
    hangup_us=0,
    sched_us=1,
)
