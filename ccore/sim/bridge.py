"""Two channels joined: how a bridge comes up, and what becomes of the legs when it ends.

`a` is the leg named first; CHANNEL_BRIDGE and CHANNEL_UNBRIDGE are told of it only. A leg whose
partner is gone hangs up, unless `park_after_bridge` says that it shall wait for orders, or
`transfer_after_bridge` names the extension to go to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ccore.sim.core import Core
from ccore.sim.leg import Leg
from ccore.sim.media import Media

__all__ = ["Bridges", "Joint"]


@dataclass(slots=True, eq=False)
class Joint:
    a: Leg
    b: Leg
    up: bool = False
    on_end: Callable[[], None] | None = None  # a dialplan's `bridge` goes on after it

    def other(self, leg: Leg) -> Leg:
        return self.b if leg is self.a else self.a


class Hangup(Protocol):
    def __call__(
        self, leg: Leg, cause: str, *, disposition: str = "", at_once: bool = False
    ) -> None: ...


class Bridges:
    def __init__(self, core: Core, media: Media) -> None:
        self.core = core
        self.media = media
        self.hangup: Hangup
        self.transfer: Callable[[Leg, str, str, str], None]

    def uuid_bridge(self, first: str, second: str) -> str:
        """Join two channels wherever they are; the text is what the command answers."""
        a, b = self.core.legs.get(first), self.core.legs.get(second)
        if a is None or b is None or a is b or a.cause or b.cause:
            return "-ERR Invalid uuid\n"
        if not a.answered:
            a, b = b, a
        if not a.answered:
            return "-ERR Invalid uuid\n"
        a.moving = b.moving = True
        self.core.at_frame(lambda: self._unwind(a, b))
        return f"+OK {second}\n"

    def _unwind(self, a: Leg, b: Leg) -> None:
        for leg, other in ((b, a), (a, b)):
            if leg.cause:
                continue
            self.leave(leg, keep=other)
            leg.forget_other()
        for leg, other, role in ((b, a, b"originator"), (a, b, b"originatee")):
            if leg.cause or leg.gone:
                continue
            leg.parked = False
            leg.join(other, role)
            leg.transferred = 0
            self.media.unwind(leg)
            leg.state = "CS_SOFT_EXECUTE"
        self.core.after(self.core.pace.bridge_us, lambda: self.up(a, b))

    def up(self, a: Leg, b: Leg, on_end: Callable[[], None] | None = None) -> None:
        a.moving = b.moving = False
        if a.cause:
            return  # the other one stays as it is, and nobody is told
        if b.cause:
            self._come_back(a, b)
            return
        joint = Joint(a, b, up=True, on_end=on_end)
        a.joint = b.joint = joint
        stamp = self.core.stamp()
        a.bridged_us = b.bridged_us = stamp
        a.set_var("last_bridge_to", b.uuid)
        b.set_var("last_bridge_to", a.uuid)
        a.touch()
        b.touch()
        b.state = "CS_EXCHANGE_MEDIA"
        self.core.emit("CHANNEL_BRIDGE", a, head=_pair(a, b))
        self.core.happened(a.phone, "bridged", b.phone)
        self.core.happened(b.phone, "bridged", a.phone)
        for leg in (a, b):
            if leg.orders:
                self.media.wake(leg)

    def leave(self, leg: Leg, keep: Leg | None = None) -> None:
        """A living leg goes elsewhere; its partner is left alone, unless it comes along."""
        joint = leg.joint
        if joint is None:
            return
        other = joint.other(leg)
        leg.joint = other.joint = None
        leg.part()
        other.part()
        if leg is joint.a:
            if other is not keep:
                self.alone(other, "NORMAL_CLEARING", at_once=True)
            self._unbridged(joint)
        else:
            self._unbridged(joint)
            if other is not keep:
                self.alone(other, "NORMAL_CLEARING", at_once=True)

    def hung_up(self, leg: Leg, last_words: Callable[[], None]) -> None:
        """A bridged leg is hung up. `last_words` tells its end, at the place where it belongs."""
        joint = leg.joint
        if joint is None:
            last_words()
            return
        other = joint.other(leg)
        leg.joint = None
        other.part()
        other.set_vars({"last_bridge_hangup_cause": leg.cause, "bridge_hangup_cause": leg.cause})
        if leg is joint.a:
            other.joint = None
            self.alone(other, "NORMAL_CLEARING", at_once=True)
            self._unbridged(joint)
            last_words()
            return
        last_words()

        def partner() -> None:
            if other.joint is not joint or other.cause:
                return  # it went elsewhere meanwhile, or is hanging up by itself
            other.joint = None
            self._unbridged(joint)
            if joint.on_end is not None:
                joint.on_end()
            else:
                self.alone(other, "NORMAL_CLEARING")

        self.core.at_frame(partner)

    def _come_back(self, a: Leg, b: Leg) -> None:
        """The bridge never came about: `b` hung up on the way to it."""
        # A channel can be found for a moment after its end, and then the switch parks `a` plainly.
        moment_us = self.core.pace.bridge_us + self.core.pace.frame_us * 3 // 4
        still_there = self.core.stamp() - b.hangup_us <= moment_us
        if still_there and a.true("uuid_bridge_park_on_cancel"):
            self._park(a)
        else:
            self.alone(a, "DESTINATION_OUT_OF_ORDER")

    def _park(self, leg: Leg) -> None:
        self.media.unwind(leg)
        leg.state, leg.parked = "CS_PARK", True
        self.core.emit("CHANNEL_PARK", leg)
        if leg.orders:
            self.media.wake(leg)

    def alone(self, leg: Leg, cause: str, at_once: bool = False) -> None:
        if leg.cause or leg.gone:
            return
        if leg.true("park_after_bridge"):
            self._park(leg)
        elif after := leg.vars.get("transfer_after_bridge", ""):
            dest, _, rest = after.partition(":")
            dialplan, _, context = rest.partition(":")
            self.transfer(leg, dest, dialplan or "XML", context)
        else:
            self.hangup(leg, cause, at_once=at_once)

    def _unbridged(self, joint: Joint) -> None:
        self.core.emit("CHANNEL_UNBRIDGE", joint.a, head=_pair(joint.a, joint.b))
        self.core.happened(joint.a.phone, "unbridged", joint.b.phone)
        self.core.happened(joint.b.phone, "unbridged", joint.a.phone)


def _pair(a: Leg, b: Leg) -> bytes:
    text = f"Bridge-A-Unique-ID: {a.uuid}\nBridge-B-Unique-ID: {b.uuid}\n"
    return text.encode("utf-8", "surrogateescape")
