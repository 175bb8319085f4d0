"""How a channel comes, is answered, moves and goes.

Who hangs up shows in `sip_hangup_disposition`: `recv_bye`, `recv_cancel` and `recv_refuse` are the
far end's doing, `send_bye`, `send_cancel` and `send_refuse` are the switch's.
"""

import re
from collections.abc import Callable

from ccore.sim.bridge import Bridges
from ccore.sim.core import Core
from ccore.sim.dialplan import Dialplan
from ccore.sim.leg import Frame, Leg
from ccore.sim.media import Media

__all__ = ["CAUSES", "Calls"]

# Causes a switch knows by name, with their Q.850 codes.
CAUSES = {
    "UNALLOCATED_NUMBER": 1,
    "NO_ROUTE_DESTINATION": 3,
    "NORMAL_CLEARING": 16,
    "USER_BUSY": 17,
    "NO_USER_RESPONSE": 18,
    "NO_ANSWER": 19,
    "SUBSCRIBER_ABSENT": 20,
    "CALL_REJECTED": 21,
    "DESTINATION_OUT_OF_ORDER": 27,
    "NORMAL_UNSPECIFIED": 31,
    "NORMAL_TEMPORARY_FAILURE": 41,
    "SERVICE_UNAVAILABLE": 63,
    "RECOVERY_ON_TIMER_EXPIRE": 102,
    "OUTGOING_CALL_BARRED": 52,
    "INVALID_GATEWAY": 608,
    "INTERWORKING": 127,
    "ORIGINATOR_CANCEL": 487,
    "LOSE_RACE": 502,
    "MANAGER_REQUEST": 503,
    "BLIND_TRANSFER": 600,
    "ATTENDED_TRANSFER": 601,
    "ALLOTTED_TIMEOUT": 602,
    "MEDIA_TIMEOUT": 604,
    "PICKED_OFF": 605,
    "USER_NOT_REGISTERED": 606,
}

# What a real channel reports of its media at the end, whoever it was.
_RTP_REPORT = b"".join(
    b"variable_rtp_audio_%b_%b: 0\n" % (way, what)
    for way, names in (
        (
            b"in",
            b"raw_bytes media_bytes packet_count media_packet_count skip_packet_count "
            b"jitter_packet_count dtmf_packet_count cng_packet_count flush_packet_count "
            b"largest_jb_size jitter_min_variance jitter_max_variance jitter_loss_rate "
            b"jitter_burst_rate mean_interval flaw_total quality_percentage mos",
        ),
        (
            b"out",
            b"raw_bytes media_bytes packet_count media_packet_count skip_packet_count "
            b"dtmf_packet_count cng_packet_count",
        ),
        (b"rtcp", b"packet_count octet_count"),
    )
    for what in names.split()
)


class Calls:
    def __init__(self, core: Core, media: Media, bridges: Bridges, dialplan: Dialplan) -> None:
        self.core = core
        self.media = media
        self.bridges = bridges
        self.dialplan = dialplan
        self.on_gone: Callable[[Leg], None] = lambda leg: None
        bridges.hangup = self.hangup
        bridges.transfer = self.transfer
        media.on_plan_end = lambda leg: self.hangup(leg, "NORMAL_CLEARING")
        media.on_unknown = lambda leg: self.hangup(leg, "DESTINATION_OUT_OF_ORDER")
        media.apps |= {
            "answer": self._answer,
            "pre_answer": self._answer_nothing,
            "event": self._event,
            "hangup": self._hangup,
            "sched_transfer": self._sched_transfer,
            "transfer": self._transfer,
        }

    def create(
        self,
        *,
        uuid: str,
        phone: str,
        inbound: bool,
        number: str,
        name: str,
        caller: str,
        dest: str,
        context: str,
        profile: str,
    ) -> Leg:
        core = self.core
        core.sessions += 1
        leg = Leg(
            uuid,
            phone,
            inbound,
            number,
            name,
            caller,
            dest,
            context,
            core.stamp(),
            core.sessions,
            profile,
        )
        core.legs[uuid] = leg
        core.peak = max(core.peak, len(core.legs))
        core.emit("CHANNEL_CREATE", leg)
        return leg

    def route(self, leg: Leg, inline: str = "") -> None:
        """Look the destination up in the dialplan and do what it says, or what `inline` says."""
        leg.state, leg.parked = "CS_EXECUTE", False
        if leg.call_state == "DOWN":
            leg.call_state = "RINGING"
        plan = self.dialplan.inline(inline) if inline else self.dialplan.find(leg)
        if not plan:
            self.hangup(leg, "NO_ROUTE_DESTINATION")
            return
        leg.plan = plan
        self.media.run_plan(leg)

    def answer(self, leg: Leg) -> None:
        if leg.answered or leg.cause:
            return
        leg.answered_us = self.core.stamp()
        leg.answer_state = "answered"
        leg.set_var("endpoint_disposition", "ANSWER")
        leg.touch()
        self.core.emit("CHANNEL_ANSWER", leg)
        leg.call_state = "ACTIVE"
        self.core.happened(leg.phone, "answered")

    def hangup(self, leg: Leg, cause: str, *, disposition: str = "", at_once: bool = False) -> None:
        if leg.cause or leg.gone:
            return
        if leg.held:
            self.hold(leg, False)  # a hold is undone before a leg ends
        if not disposition:
            unanswered = "send_refuse" if leg.inbound else "send_cancel"
            disposition = "send_bye" if leg.answered else unanswered
        elif disposition != "recv_bye":
            leg.set_var("sip_hangup_disposition", disposition)
        for task in leg.tasks:
            task.cancel()
        leg.tasks.clear()
        leg.orders.clear()
        leg.cause = cause
        leg.answer_state = "hangup"
        leg.hangup_us = self.core.stamp()
        leg.touch()
        self.core.emit("CHANNEL_HANGUP", leg)
        if at_once:
            self._end(leg, disposition)
        else:
            delay_us = self.core.pace.hangup_us
            self.core.after(delay_us, lambda: self._end(leg, disposition))

    def transfer(self, leg: Leg, dest: str, dialplan: str = "XML", context: str = "") -> None:
        leg.moving = True
        place = context or leg.vars.get("force_transfer_context", "") or leg.context
        self.core.at_frame(lambda: self._move(leg, dest, dialplan, place))

    def schedule_transfer(
        self, leg: Leg, delay_s: int, dest: str, dialplan: str, context: str
    ) -> None:
        core = self.core
        second = core.pace.sched_us
        due_us = core.now_us - core.now_us % second + delay_s * 1_000_000

        def run() -> None:
            leg.tasks = [task for task in leg.tasks if task.call is not None]
            if not leg.cause:
                self.transfer(leg, dest, dialplan, context)

        leg.tasks.append(core.after(due_us - core.now_us, run))

    def unschedule(self, leg: Leg) -> int:
        pending = [task for task in leg.tasks if task.call is not None]
        for task in pending:
            task.cancel()
        leg.tasks.clear()
        return len(pending)

    def hold(self, leg: Leg, on: bool) -> bool:
        """Hold in either direction: told by a command, or by the phone itself."""
        if leg.held == on or not leg.answered or leg.cause:
            return False
        leg.held = on
        leg.call_state = "HELD" if on else "ACTIVE"
        if on:
            leg.hold_us = self.core.stamp()
            leg.touch()
        self.core.emit("CHANNEL_HOLD" if on else "CHANNEL_UNHOLD", leg)
        if leg.joint is not None:
            self.media.hold_music(leg.joint.other(leg), on)
        return True

    def _move(self, leg: Leg, dest: str, dialplan: str, context: str) -> None:
        if leg.cause or leg.gone:
            return
        self.bridges.leave(leg)
        if leg.cause:
            return
        self.media.unwind(leg)
        leg.forget_other()
        leg.moving = leg.parked = False
        leg.context = context
        if dialplan != "inline":  # which is a plan, not a place
            leg.dest = dest
        leg.transferred = self.core.stamp()
        leg.touch()
        self.route(leg, dest if dialplan == "inline" else "")

    def _end(self, leg: Leg, disposition: str) -> None:
        if leg.gone:
            return
        leg.set_var("sip_hangup_disposition", disposition)
        failed, leg.on_fail = leg.on_fail, None
        if failed is not None and leg.cause == "NO_ANSWER":
            failed(leg.cause)
            failed = None
        self.media.unwind(leg)
        self.bridges.hung_up(leg, lambda: self._last_words(leg))
        if failed is not None:
            told, cause = failed, leg.cause
            self.core.after(self.core.pace.settle_us, lambda: told(cause))

    def _last_words(self, leg: Leg) -> None:
        core = self.core
        leg.state = "CS_HANGUP"
        for path in list(leg.recordings):
            self.media.stop_recording(leg, path)
        leg.state, leg.call_state = "CS_REPORTING", "HANGUP"
        cause = b"Hangup-Cause: %b\n" % leg.cause.encode()
        end_us = core.stamp()
        self._run_hook(leg, end_us)
        core.emit("CHANNEL_HANGUP_COMPLETE", leg, head=cause, tail=_report(leg, end_us))
        leg.gone = True
        del core.legs[leg.uuid]
        core.emit("CHANNEL_DESTROY", leg)
        core.happened(leg.phone, "hungup", leg.cause)
        self.on_gone(leg)

    def _run_hook(self, leg: Leg, end_us: int) -> None:
        """`api_reporting_hook`, of which a simulated switch knows `global_setvar`."""
        app, _, argument = leg.vars.get("api_reporting_hook", "").partition(" ")
        if app == "global_setvar":
            values = leg.vars | _times(leg, end_us)
            self.core.set_global(re.sub(r"\$\{(\w+)\}", lambda m: values.get(m[1], ""), argument))

    def _answer(self, leg: Leg, frame: Frame) -> bool:
        self.answer(leg)
        return True

    def _answer_nothing(self, leg: Leg, frame: Frame) -> bool:
        return True

    def _event(self, leg: Leg, frame: Frame) -> bool:
        """With a name and a subclass; others of its headers are not told."""
        pairs = [pair.partition("=") for pair in frame.data.split(",")]
        said = {name.strip(): value.strip() for name, _, value in pairs}
        if said.get("Event-Name") == "CUSTOM":
            self.core.emit("CUSTOM", leg, subclass=said.get("Event-Subclass", ""))
        return True

    def _hangup(self, leg: Leg, frame: Frame) -> bool:
        self.hangup(leg, frame.data if frame.data in CAUSES else "NORMAL_CLEARING")
        return False

    def _sched_transfer(self, leg: Leg, frame: Frame) -> bool:
        words = frame.data.split()
        if len(words) >= 2 and words[0].lstrip("+").isdecimal():
            dialplan = words[2] if len(words) > 2 else "XML"
            context = words[3] if len(words) > 3 else leg.context
            delay_s = int(words[0].lstrip("+"))
            self.schedule_transfer(leg, delay_s, words[1], dialplan, context)
        return True

    def _transfer(self, leg: Leg, frame: Frame) -> bool:
        words = frame.data.split()
        if words:
            dialplan = words[1] if len(words) > 1 else "XML"
            self.transfer(leg, words[0], dialplan, words[2] if len(words) > 2 else "")
        return False


def _report(leg: Leg, end_us: int) -> bytes:
    lines = "".join(f"variable_{k}: {value}\n" for k, value in _times(leg, end_us).items())
    return lines.encode() + _RTP_REPORT


def _times(leg: Leg, end_us: int) -> dict[str, str]:
    """Variables that a channel gets at its end."""
    billed_us = end_us - leg.answered_us if leg.answered_us else 0
    code = CAUSES.get(leg.cause, 16)
    return {
        "hangup_cause": leg.cause,
        "hangup_cause_q850": str(code if code < 128 else 16),
        "digits_dialed": "none",
        "start_uepoch": str(leg.created_us),
        "answer_uepoch": str(leg.answered_us),
        "bridge_uepoch": str(leg.bridged_us),
        "end_uepoch": str(end_us),
        "duration": str((end_us - leg.created_us) // 1_000_000),
        "billsec": str(billed_us // 1_000_000),
        "mduration": str((end_us - leg.created_us) // 1000),
        "billmsec": str(billed_us // 1000),
        "uduration": str(end_us - leg.created_us),
        "billusec": str(billed_us),
    }
