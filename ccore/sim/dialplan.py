"""The dialplan that ccore asks of a switch, as tables: context -> rules, tried from the top.

Park and steer: an inbound call gets a few variables and parks. A transfer to `ccore-fallback` is
armed before the park, so that a caller is served when nobody takes the call up. A rule holds
`$1` for what its pattern caught; `${name}` is filled when an application runs. It says what the
files in dialplans/ say, and a test holds the two side by side.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ccore.sim.leg import Leg

__all__ = ["Dialplan", "Rule"]

Plan = list[tuple[str, str]]

# Seconds until the switch serves a parked call by itself, unless ccore takes it up.
PICK_UP_S = 10

_AFTER = "transfer_after_bridge=ccore-after:XML:ccore-transfer"
# Keeps a caller of whom ccore took no note; filled in when his channel has ended.
_HOOK = (
    r"api_reporting_hook=global_setvar \\\${ccore_unseen}=\\\${start_uepoch},\\\${end_uepoch}"
    r",\\\${hangup_cause},\\\${sip_hangup_disposition},\\\${ccore_way},\\\${ccore_entry}"
    r",\\\${ccore_calling}"
)
_DEAD_MAN = ("sched_transfer", f"+{PICK_UP_S} fallback XML ccore-fallback")
_PARK: Plan = [_DEAD_MAN, ("park", "")]
_FALLBACK = ("transfer", "fallback XML ccore-fallback")

# What of a caller's name is fit to go on: printable, and nothing that could start a command, an
# expansion or a new line. It is kept up to the first character that is not.
_NAME = re.compile("[ !#*+\\-./0-9:=?@A-Z_a-z\u00a0-\ud7ff\ue000-\U0010ffff]{1,64}")
_NUMBER = re.compile(r"\+?[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Rule:
    pattern: str
    plan: Plan
    when: Callable[[Leg], bool] = lambda leg: True


def _feature(code: str, what: str, also: str = "") -> Rule:
    plan = [
        ("multiset", f"^^|ccore_feature={what}{also}"),
        ("transfer", "feature XML ccore-feature"),
    ]
    return Rule(code, plan)


def _bridge_was_real(leg: Leg) -> bool:
    return leg.vars.get("last_bridge_to", "") == leg.vars.get("bridge_uuid", "")


class Dialplan:
    """`fallback_number` "" means: hang up after the message."""

    def __init__(self, fallback_number: str, outbound_allow: str, gateway: bool) -> None:
        trunk = (lambda leg: True) if gateway else (lambda leg: False)
        message: Plan = [
            (
                "multiset",
                "^^|ccore_way=fallback|transfer_after_bridge=|force_transfer_context=ccore-nowhere",
            ),
            ("answer", ""),
            ("sleep", "300"),
            ("playback", "tone_stream://%(330,0,950);%(330,0,1400);%(330,600,1800)"),
        ]
        onward: Plan = []
        if fallback_number and gateway:
            onward = [
                ("set", "hangup_after_bridge=true"),
                ("bridge", f"sofia/gateway/ccore-trunk/{fallback_number}"),
            ]
        self.contexts: dict[str, list[Rule]] = {
            "ccore-inbound": [
                Rule(
                    r"(\+?[0-9*#]{1,32})",
                    [
                        (
                            "multiset",
                            "^^|ccore_entry=$1|ccore_calling=${caller_id_number}"
                            "|ccore_way=inbound|ccore_unseen=ccore_unseen_${uuid}"
                            "|playback_terminators=none|RECORD_STEREO=true"
                            "|media_timeout=60000|media_hold_timeout=3600000"
                            "|force_transfer_dialplan=XML|force_transfer_context=ccore-transfer"
                            f"|uuid_bridge_park_on_cancel=true|{_AFTER}",
                        ),
                        ("set", _HOOK),
                        ("ring_ready", ""),
                        *_PARK,
                    ],
                ),
                Rule(".*", [("hangup", "UNALLOCATED_NUMBER")]),
            ],
            "ccore-transfer": [
                Rule("ccore-after", [("hangup", "NORMAL_CLEARING")], _bridge_was_real),
                Rule("ccore-after", [("multiset", f"^^|ccore_way=bridge-failed|{_AFTER}"), *_PARK]),
                Rule(
                    "([0-9*#]{1,32})",
                    [("multiset", f"^^|ccore_way=transfer|ccore_transfer=$1|{_AFTER}"), *_PARK],
                ),
                Rule(".*", [_FALLBACK]),
            ],
            "ccore-agents": [
                _feature(r"\*11", "sign_in"),
                _feature(r"\*12", "sign_out"),
                _feature(r"\*13", "ready"),
                _feature(r"\*14([1-9][0-9]?)?", "not_ready", "|ccore_reason=$1"),
                _feature(r"\*15", "wrap_up_done"),
                Rule(
                    f"({outbound_allow})",
                    [
                        (
                            "multiset",
                            "^^|ccore_way=outbound|ccore_outbound=$1"
                            "|ccore_user=${sip_auth_username}|hangup_after_bridge=true"
                            "|force_transfer_dialplan=XML|force_transfer_context=ccore-nowhere",
                        ),
                        ("event", "Event-Name=CUSTOM,Event-Subclass=ccore::dialled"),
                        ("bridge", "sofia/gateway/ccore-trunk/$1"),
                        ("hangup", "NORMAL_CLEARING"),
                    ],
                    trunk,
                ),
                Rule(".*", [("hangup", "OUTGOING_CALL_BARRED")]),
            ],
            "ccore-feature": [
                Rule(
                    "feature",
                    [
                        (
                            "multiset",
                            "^^|ccore_way=feature|ccore_user=${sip_auth_username}"
                            "|playback_terminators=none"
                            "|force_transfer_dialplan=XML|force_transfer_context=ccore-nowhere",
                        ),
                        ("sched_transfer", f"+{PICK_UP_S} unheard XML ccore-feature"),
                        ("park", ""),
                    ],
                ),
                Rule(
                    ".*",
                    [
                        ("answer", ""),
                        ("playback", "tone_stream://%(400,400,425);loops=4"),
                        ("hangup", "NORMAL_TEMPORARY_FAILURE"),
                    ],
                ),
            ],
            "ccore-outbound": [
                Rule(
                    r"(\+?[0-9*#]{1,32})",
                    [
                        (
                            "multiset",
                            "^^|ccore_way=outbound|hangup_after_bridge=true"
                            "|transfer_after_bridge=|force_transfer_context=ccore-nowhere"
                            "|continue_on_fail=true",
                        ),
                        ("bridge", "sofia/gateway/ccore-trunk/$1"),
                        _FALLBACK,
                    ],
                    trunk,
                ),
                Rule(".*", [_FALLBACK]),
            ],
            "ccore-fallback": [
                Rule("fallback", [*message, *onward, ("hangup", "NORMAL_TEMPORARY_FAILURE")]),
                Rule(".*", [("hangup", "NORMAL_TEMPORARY_FAILURE")]),
            ],
            "ccore-nowhere": [Rule(".*", [("hangup", "CALL_REJECTED")])],
            # What the captures of a real switch were taken with.
            "public": [Rule("(.*)", [("set", "ccore_did=$1"), ("park", "")])],
        }

    def find(self, leg: Leg) -> Plan:
        if leg.context == "ccore-inbound":
            _clean(leg)
        for rule in self.contexts.get(leg.context, ()):
            match = re.fullmatch(rule.pattern, leg.dest, re.ASCII)
            if match is not None and rule.when(leg):
                caught = (match.groups() or ("",))[0] or ""
                return [(app, data.replace("$1", caught)) for app, data in rule.plan]
        return []

    def inline(self, text: str) -> Plan:
        """`app:argument,app:argument`, as `uuid_transfer ... inline` has it."""
        pairs = [each.partition(":") for each in text.split(",") if each]
        return [(app, data) for app, _, data in pairs]


def _clean(leg: Leg) -> None:
    """Nothing that came from outside goes on unchecked."""
    if not _NUMBER.fullmatch(leg.caller):
        leg.caller = "anonymous"
    match = _NAME.match(leg.name)
    leg.name = match[0] if match is not None else "anonymous"
    leg.touch()
