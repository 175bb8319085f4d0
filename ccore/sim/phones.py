"""The far ends: agents' phones, callers, and whoever answers a number outside.

`agent:1001` is a desk phone with two lines: the call that came, and the one it made; while it has a
call that came, another one finds it busy. What does not say `line="in"` or `line="out"` means the
call that came while there is one. `caller:7` comes in over the trunk. `outside:5551234` answers
what goes out through the trunk, by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from ccore.sim.calls import Calls
from ccore.sim.core import Core
from ccore.sim.leg import Leg
from ccore.sim.originate import Originator
from ccore.sim.registrar import Registrar

__all__ = ["ACTIONS", "Phones"]

ACTIONS = (
    "register",
    "unregister",
    "answer",
    "busy",
    "refuse",
    "ignore",
    "hangup",
    "digits",
    "hold",
    "unhold",
    "refer",
    "dial",
    "call",
    "vanish",
    "speak",
)

# A person's thumb: from one digit to the next.
DIGIT_US = 260_000


@dataclass(slots=True, eq=False)
class Phone:
    name: str
    came: Leg | None = None
    made: Leg | None = None
    vanished: bool = False
    next_ring: str = ""  # busy or refuse: said before it rang


class Phones:
    def __init__(
        self,
        core: Core,
        calls: Calls,
        originator: Originator,
        registrar: Registrar,
        *,
        media_timeout_us: int,
        outside_answers_us: int,
    ) -> None:
        self.core = core
        self.calls = calls
        self.registrar = registrar
        self.media_timeout_us = media_timeout_us
        self.outside_answers_us = outside_answers_us
        self.phones: dict[str, Phone] = {}
        originator.ring = self._ring
        originator.exists = self._exists
        calls.on_gone = self._gone

    def act(self, phone: str, action: str, args: Mapping[str, object]) -> None:
        if action not in ACTIONS:
            raise ValueError(f"a phone cannot {action!r}; it can: {', '.join(ACTIONS)}")
        kind, colon, _ = phone.partition(":")
        if not colon or kind not in ("agent", "caller", "outside"):
            raise ValueError(f"{phone!r} is no phone; expected agent:ID, caller:N or outside:N")
        act: Callable[..., None] = getattr(self, f"_do_{action}")
        act(self.phones.setdefault(phone, Phone(phone)), **args)

    def _exists(self, phone: str) -> bool:
        return phone in self.phones or phone.startswith("outside:")

    def _ring(self, leg: Leg) -> None:
        phone = self.phones.setdefault(leg.phone, Phone(leg.phone))
        said, phone.next_ring = phone.next_ring, ""
        if said == "refuse":
            self._reject(leg, "CALL_REJECTED", "603")
        elif said == "busy" or (phone.came is not None and not phone.came.gone):
            self._reject(leg, "USER_BUSY", "486")
        else:
            phone.came = leg
            leg.progress_us = self.core.stamp()
            leg.touch()
            self.core.emit("CHANNEL_PROGRESS", leg)
            leg.call_state = "RINGING"
            self.core.happened(phone.name, "ringing", leg.name)
            if phone.name.startswith("outside:"):
                self.core.after(self.outside_answers_us, lambda: self._do_answer(phone))

    def _reject(self, leg: Leg, cause: str, status: str) -> None:
        leg.set_vars({"sip_term_status": status, "proto_specific_hangup_cause": f"sip:{status}"})
        self.calls.hangup(leg, cause, disposition="recv_refuse")

    def _gone(self, leg: Leg) -> None:
        phone = self.phones.get(leg.phone)
        if phone is None or leg not in (phone.came, phone.made):
            return
        phone.came = None if phone.came is leg else phone.came
        phone.made = None if phone.made is leg else phone.made
        if phone.came is None and phone.made is None:
            phone.vanished = False
            if phone.name.startswith("caller:"):
                del self.phones[phone.name]

    def _live(self, phone: Phone, line: str = "") -> Leg | None:
        lines = {"in": (phone.came,), "out": (phone.made,)}.get(line, (phone.came, phone.made))
        legs = (leg for leg in lines if leg is not None and not leg.cause)
        return None if phone.vanished else next(legs, None)

    def _do_register(self, phone: Phone) -> None:
        self.registrar.register(_user(phone))

    def _do_unregister(self, phone: Phone, expired: bool = False) -> None:
        self.registrar.unregister(_user(phone), expired)

    def _do_answer(self, phone: Phone) -> None:
        leg = self._live(phone, "in")
        if leg is None or leg.answered:
            return
        self.calls.answer(leg)
        told, leg.on_answer = leg.on_answer, None
        if told is not None:
            told()

    def _do_busy(self, phone: Phone) -> None:
        self._turn_down(phone, "busy", "USER_BUSY", "486")

    def _do_refuse(self, phone: Phone) -> None:
        self._turn_down(phone, "refuse", "CALL_REJECTED", "603")

    def _turn_down(self, phone: Phone, word: str, cause: str, status: str) -> None:
        leg = self._live(phone, "in")
        if leg is None:
            phone.next_ring = word
        elif not leg.answered:
            self._reject(leg, cause, status)

    def _do_ignore(self, phone: Phone) -> None:
        """Let it ring."""

    def _do_hangup(self, phone: Phone, line: str = "") -> None:
        leg = self._live(phone, line)
        if leg is None:
            return
        if leg.answered:
            leg.set_vars({"sip_term_status": "200", "proto_specific_hangup_cause": "sip:200"})
            self.calls.hangup(leg, "NORMAL_CLEARING", disposition="recv_bye")
        elif leg.inbound:
            leg.set_vars({"sip_term_status": "487", "proto_specific_hangup_cause": "sip:487"})
            self.calls.hangup(leg, "ORIGINATOR_CANCEL", disposition="recv_cancel")
        else:
            self._reject(leg, "CALL_REJECTED", "603")

    def _do_vanish(self, phone: Phone) -> None:
        """Without a word: the switch notices when no media has come for a while."""
        leg = self._live(phone)
        if leg is not None:
            phone.vanished = True
            self.core.after(self.media_timeout_us, lambda: self.calls.hangup(leg, "MEDIA_TIMEOUT"))

    def _do_digits(self, phone: Phone, text: str, line: str = "") -> None:
        leg = self._live(phone, line)
        if leg is None:
            return
        for place, digit in enumerate(each for each in text if each in "0123456789*#ABCD"):
            self.core.after(DIGIT_US * place, partial(self._press, phone, leg, digit))

    def _press(self, phone: Phone, leg: Leg, digit: str) -> None:
        if not (phone.vanished or leg.cause or leg.gone or leg.moving):
            self.calls.media.digit(leg, digit)

    def _do_speak(self, phone: Phone, ms: int) -> None:
        leg = self._live(phone)
        if leg is not None:
            leg.speaks_until_us = self.core.now_us + ms * 1000

    def _do_hold(self, phone: Phone, line: str = "") -> None:
        if (leg := self._live(phone, line)) is not None:
            self.calls.hold(leg, True)

    def _do_unhold(self, phone: Phone, line: str = "") -> None:
        if (leg := self._live(phone, line)) is not None:
            self.calls.hold(leg, False)

    def _do_refer(self, phone: Phone, number: str, line: str = "") -> None:
        """A blind transfer: the partner goes where its dialplan lets it, this leg ends."""
        leg = self._live(phone, line)
        if leg is None or leg.joint is None:
            return
        other = leg.joint.other(leg)
        if other.profile == "agents" or leg.profile != "agents":
            return  # only an agent's phone may send a caller away
        self.calls.hold(leg, False)
        leg.set_var("endpoint_disposition", "BLIND_TRANSFER")
        context = other.vars.get("force_transfer_context", "") or "ccore-transfer"
        if leg.true("park_after_bridge"):
            self._do_hangup(phone, line)  # a phone that has sent its caller away hangs up
        self.calls.transfer(other, number, "XML", context)
        # Where the switch does not hang it up, the phone does.
        self.core.after(2 * self.core.pace.frame_us + 1, lambda: self._end_own(phone, leg))

    def _end_own(self, phone: Phone, leg: Leg) -> None:
        if leg is phone.came or leg is phone.made:
            self._do_hangup(phone, "in" if leg is phone.came else "out")

    def _do_dial(self, phone: Phone, number: str, name: str = "") -> None:
        """An agent dials: a feature code, or a number outside."""
        if self._live(phone, "out") is None:
            user = _user(phone)
            leg = self._arrive(phone, user, number, name or user, "ccore-agents", "agents")
            leg.set_vars({"sip_auth_username": user, "sip_auth_realm": self.registrar.domain})
            self.calls.route(leg)

    def _do_call(
        self,
        phone: Phone,
        called: str,
        calling: str = "anonymous",
        name: str = "",
        headers: Mapping[str, str] | None = None,
        context: str = "ccore-inbound",
        uuid: str = "",
    ) -> None:
        if self._live(phone, "out") is None:
            leg = self._arrive(phone, calling, called, name, context, "trunk", uuid)
            for header, value in (headers or {}).items():
                leg.set_var(f"sip_h_{header}", value)
            self.calls.route(leg)

    def _arrive(
        self,
        phone: Phone,
        calling: str,
        called: str,
        name: str,
        context: str,
        profile: str,
        uuid: str = "",
    ) -> Leg:
        leg = self.calls.create(
            uuid=uuid or self.core.uuid(),
            phone=phone.name,
            inbound=True,
            number=calling,
            name=name,
            caller=calling,
            dest=called,
            context=context,
            profile=profile,
        )
        phone.made = leg
        return leg


def _user(phone: Phone) -> str:
    return phone.name.partition(":")[2]
