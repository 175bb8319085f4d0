"""Calls that the switch makes: to agents' phones, and out through the trunk."""

import re
from collections.abc import Callable

from ccore.sim.calls import Calls
from ccore.sim.core import Core
from ccore.sim.leg import Frame, Leg
from ccore.sim.registrar import Registrar
from ccore.sim.separate import braces, separate

__all__ = ["Originator"]

USAGE = (
    "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] "
    "[<cid_name>] [<cid_num>] [<timeout_sec>]\n"
)
# What a switch waits for an answer when nobody says how long.
DEFAULT_TIMEOUT_S = 60

# Whoever is not told otherwise goes on in his dialplan when nobody has answered.
_ALWAYS_ON = ("NO_ANSWER", "NO_USER_RESPONSE", "ORIGINATOR_CANCEL")

_AIM = re.compile(r"&([a-z_]+)(?:\((.*)\))?", re.DOTALL)
Done = Callable[[str], None]


class Originator:
    """`ring` is told of each leg whose phone begins to ring, and says how the phone takes it."""

    def __init__(self, core: Core, calls: Calls, registrar: Registrar) -> None:
        self.core = core
        self.calls = calls
        self.registrar = registrar
        self.ring: Callable[[Leg], None] = lambda leg: None
        self.exists: Callable[[str], bool] = lambda phone: False
        calls.media.apps["bridge"] = self._bridge

    def originate(self, argument: str, done: Done) -> None:
        """`done` gets the text of the command's result, when there is one."""
        words = separate(argument, " ", 10)
        if not 2 <= len(words) <= 7:
            done(USAGE)
            return
        try:
            variables, dial = braces(words[0])
        except ValueError:
            done("-ERR DESTINATION_OUT_OF_ORDER\n")
            return
        match = _AIM.fullmatch(words[1])
        app, data = (match[1], match[2] or "") if match else ("transfer", words[1])

        def answered(leg: Leg) -> None:
            done(f"+OK {leg.uuid}\n")
            leg.state = "CS_EXECUTE"
            self.calls.media.execute(leg, Frame(app, data, self.core.uuid(), sent=False))

        self._dial(dial, variables, answered, lambda cause: done(f"-ERR {cause}\n"))

    def _dial(
        self,
        dial: str,
        variables: dict[str, str],
        answered: Callable[[Leg], None],
        failed: Callable[[str], None],
        parent: Leg | None = None,
    ) -> Leg | None:
        phone, number, profile, cause = self._aim(dial)
        uuid = variables.get("origination_uuid") or self.core.uuid()
        if uuid in self.core.legs:
            cause = "DESTINATION_OUT_OF_ORDER"
        if cause:
            failed(cause)
            return None
        caller = variables.get("origination_caller_id_number", "0000000000")
        leg = self.calls.create(
            uuid=uuid,
            phone=phone,
            inbound=False,
            number=number,
            name=variables.get("origination_caller_id_name", "") or caller,
            caller=caller,
            dest=number,
            context="default",
            profile=profile,
        )
        # A channel takes no value that asks for another variable.
        kept = {name: value for name, value in variables.items() if value and "${" not in value}
        leg.set_vars(kept)
        leg.set_var("originate_endpoint", "sofia")
        if parent is not None:
            leg.set_var("originator", parent.uuid)
        leg.state = "CS_CONSUME_MEDIA"
        pace = self.core.pace
        timeout = variables.get("originate_timeout") or variables.get("leg_timeout", "")
        timeout_s = int(timeout) if timeout.isdecimal() and int(timeout) else DEFAULT_TIMEOUT_S
        second = pace.sched_us  # the switch counts whole seconds
        due_us = self.core.now_us - self.core.now_us % second + timeout_s * 1_000_000

        def on_timeout() -> None:
            if not leg.answered:
                self.calls.hangup(leg, "NO_ANSWER")

        timer = self.core.after(due_us - self.core.now_us, on_timeout)

        def on_answer() -> None:
            timer.cancel()
            leg.on_fail = None
            self.core.after(pace.settle_us, lambda: None if leg.cause else answered(leg))

        def on_fail(cause: str) -> None:
            timer.cancel()
            failed(cause)

        leg.on_answer, leg.on_fail = on_answer, on_fail
        self.core.after(pace.ring_us, lambda: self._reach(leg))
        return leg

    def _reach(self, leg: Leg) -> None:
        if leg.cause:
            return
        if not self.exists(leg.phone):
            leg.set_var("sip_term_status", "503")
            self.calls.hangup(leg, "NORMAL_TEMPORARY_FAILURE", disposition="recv_refuse")
            return
        self.ring(leg)

    def _aim(self, dial: str) -> tuple[str, str, str, str]:
        """Phone, number, profile, and the cause of failure where nothing can be rung."""
        if dial.startswith("["):  # variables for one leg only
            dial = dial.partition("]")[2]
        kind, _, rest = dial.partition("/")
        if kind == "user":
            user = rest.partition("@")[0]
            if not self.registrar.knows(user):
                return "", "", "", "SUBSCRIBER_ABSENT"
            if user not in self.registrar.entries:
                return "", "", "", "USER_NOT_REGISTERED"
            return f"agent:{user}", user, "agents", ""
        if kind == "sofia" and rest.startswith("gateway/"):
            _, _, number = rest.removeprefix("gateway/").partition("/")
            return f"outside:{number}", number, "trunk", "" if number else "INVALID_GATEWAY"
        if kind == "sofia" and "/" in rest:
            profile, _, address = rest.partition("/")
            user = address.partition("@")[0]
            return f"agent:{user}", user, profile, ""
        return "", "", "", "CHAN_NOT_IMPLEMENTED"

    def _bridge(self, leg: Leg, frame: Frame) -> bool:
        """The dialplan's `bridge`: ring the other side, join, and go on when that is over."""
        try:
            variables, dial = braces(frame.data)
        except ValueError:
            self.calls.hangup(leg, "DESTINATION_OUT_OF_ORDER")
            return False
        variables.setdefault("origination_caller_id_number", leg.caller)
        variables.setdefault("origination_caller_id_name", leg.name)
        rung: Leg | None = None

        def answered(other: Leg) -> None:
            if leg.cause or frame not in leg.stack:
                self.calls.hangup(other, "ORIGINATOR_CANCEL")
                return
            self.calls.answer(leg)
            leg.join(other, b"originatee")
            other.join(leg, b"originator")
            self.calls.bridges.up(leg, other, on_end=over)

        def over() -> None:
            leg.plan.clear()
            self.calls.media.unwind(leg)
            self.calls.bridges.alone(leg, "NORMAL_CLEARING")

        def failed(cause: str) -> None:
            leg.set_var("originate_disposition", cause)
            if leg.cause or frame not in leg.stack:
                return
            if leg.true("continue_on_fail") or cause in _ALWAYS_ON:
                self.calls.media.finish(leg, frame)
            else:
                self.calls.hangup(leg, cause)

        def gone() -> None:
            if rung is not None and not rung.answered:
                self.calls.hangup(rung, "ORIGINATOR_CANCEL")

        frame.on_end = gone
        rung = self._dial(dial, variables, answered, failed, leg)
        return False
