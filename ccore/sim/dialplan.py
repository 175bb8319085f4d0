"""The dialplan that ccore asks of a switch, as tables: context -> pattern -> applications.

Park and steer: an inbound call gets a few variables and parks. A transfer to `ccore-fallback` is
armed before the park, so that a caller is served when nobody takes the call up. Applications hold
`${name}` for channel variables and `$1` for what a pattern caught.
"""

import re

from ccore.sim.leg import Leg

__all__ = ["CONTEXTS", "Dialplan"]

Plan = list[tuple[str, str]]

# Seconds until the switch serves a parked call by itself, unless ccore takes it up.
FALLBACK_S = 5

_DEAD_MAN = ("sched_transfer", f"+{FALLBACK_S} fallback XML ccore-fallback")
_FEATURE_DEAD_MAN = ("sched_transfer", f"+{FALLBACK_S} feature XML ccore-fallback")


def _feature(what: str) -> Plan:
    return [
        ("multiset", f"^^;ccore_feature={what};ccore_user=${{sip_auth_username}};ccore_reason=$1"),
        ("set", "playback_terminators=none"),
        ("answer", ""),
        _FEATURE_DEAD_MAN,
        ("park", ""),
    ]


CONTEXTS: dict[str, list[tuple[str, Plan]]] = {
    "ccore-inbound": [
        (
            r"(.*)",
            [
                (
                    "multiset",
                    "^^;ccore_entry=$1;ccore_calling=${clean_number}"
                    ";playback_terminators=none;RECORD_STEREO=true",
                ),
                ("ring_ready", ""),
                _DEAD_MAN,
                ("park", ""),
            ],
        )
    ],
    "ccore-agents": [
        (r"\*11", _feature("sign_in")),
        (r"\*12", _feature("sign_out")),
        (r"\*13", _feature("ready")),
        (r"\*14([0-9]*)", _feature("not_ready")),
        (r"\*15", _feature("wrap_up_done")),
        (
            r"(0[0-9]{6,14}|1[0-9]{10}|\+?[1-9][0-9]{6,14})",
            [
                ("set", "ccore_outbound=$1"),
                ("set", "ccore_user=${sip_auth_username}"),
                ("bridge", "sofia/gateway/trunk/$1"),
            ],
        ),
    ],
    "ccore-transfer": [
        (r"([0-9]{3,8})", [("set", "ccore_transfer=$1"), _DEAD_MAN, ("park", "")]),
    ],
    "ccore-outbound": [
        (r"(\+?[0-9]{3,15})", [("bridge", "sofia/gateway/trunk/$1")]),
    ],
    "ccore-fallback": [
        (r"fallback", [("answer", ""), ("playback", "fallback.wav"), ("fallback_number", "")]),
        (r"feature", [("playback", "tone_stream://%(200,100,400)"), ("hangup", "")]),
    ],
    # What the captures of a real switch were taken with.
    "public": [(r"(.*)", [("set", "ccore_did=$1"), ("park", "")])],
}

_VARIABLE = re.compile(r"\$\{([A-Za-z0-9_]+)\}")
_UNCLEAN = re.compile(r"[^0-9+*#A-Za-z]")


class Dialplan:
    """`fallback_number` "" means: hang up after the message."""

    def __init__(self, fallback_number: str = "") -> None:
        self.contexts = dict(CONTEXTS)
        self.fallback_number = fallback_number

    def find(self, leg: Leg) -> Plan:
        for pattern, plan in self.contexts.get(leg.context, ()):
            match = re.fullmatch(pattern, leg.dest)
            if match is not None:
                caught = (match.groups() or ("",))[0] or ""
                return [(app, _expand(data, leg, caught)) for app, data in self._filled(plan)]
        return []

    def inline(self, text: str) -> Plan:
        """`app:argument,app:argument`, as `uuid_transfer ... inline` has it."""
        pairs = [each.partition(":") for each in text.split(",") if each]
        return [(app, data) for app, _, data in pairs]

    def _filled(self, plan: Plan) -> Plan:
        filled: Plan = []
        for app, data in plan:
            if app != "fallback_number":
                filled.append((app, data))
            elif self.fallback_number:
                filled.append(("bridge", f"sofia/gateway/trunk/{self.fallback_number}"))
            else:
                filled.append(("hangup", "NORMAL_CLEARING"))
        return filled


def _expand(data: str, leg: Leg, caught: str) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] == "clean_number":
            return _UNCLEAN.sub("", leg.caller)
        return leg.vars.get(match[1], "")

    return _VARIABLE.sub(value, data.replace("$1", caught))
