"""What a scenario can make phones do, and what phones report; the same on every switch.

A phone is "agent:1001", the telephone on an agent's desk, "caller:N", anybody who calls us from
outside, or "outside:NUMBER", whom the centre calls through its trunk. Actions:

| action | arguments |
|---|---|
| call | called="4001", calling="", name="", headers={}, raw=False |
| answer, busy, refuse | what rings: 200, 486, 603 |
| ignore | let it ring |
| hangup | line=""; also while the far end still rings |
| digits | digits="12#" |
| hold, unhold | by re-INVITE |
| refer | to="4002": blind transfer |
| vanish | no BYE, no RTP: for callers who called with raw=True |
| register, unregister | agents' phones |

A desk phone has two lines: the call that came in and the one it made. What does not say `line="in"`
or `line="out"` means the one that came in while there is one.

Happenings: ringing (detail: number and name shown; at a caller: nothing), answered, hungup (detail:
cause), registered, unregistered, trouble (detail: what the phones' switch said to an action).
"""

from typing import Any, NamedTuple, Protocol

__all__ = ["Happening", "Phones"]


class Happening(NamedTuple):
    at_us: int
    phone: str
    what: str
    detail: str


class Phones(Protocol):
    def act(self, phone: str, action: str, **args: Any) -> None:
        """Start an action and return at once."""

    def take_happenings(self, wait_s: float = 0.0) -> list[Happening]:
        """What has happened since the last time; waits up to `wait_s` for the first."""
