"""Service level in all its variants, by name; every vendor counts otherwise.

A, B and F are contacts answered, abandoned and flowed out of a queue, C the part of F that asked to
be called back; T is the threshold and s the limit of a short abandon, both inclusive.
"""

from ccore.errors import UnknownName
from ccore.kpi.formula import Kpi, ratio

__all__ = ["EVENT_COUNTED", "SERVICE_LEVELS", "VARIANTS", "service_level"]

SERVICE_LEVELS = (
    Kpi(
        "sl1",
        "SL, answered only",
        "服务水平(仅接通)",
        "share",
        "A_T / A",
        "contact",
        lambda s: ratio(s.answered_in, s.answered),
        ("answered-only", "asterisk", "4ps-2"),
    ),
    Kpi(
        "sl2",
        "SL, abandons negative",
        "服务水平(放弃计负)",
        "share",
        "A_T / (A + B)",
        "contact",
        lambda s: ratio(s.answered_in, s.answered + s.abandoned),
        ("negative", "cisco-negative", "genesys", "4ps-3"),
    ),
    Kpi(
        "sl3",
        "SL, abandons in T ignored",
        "服务水平(T内放弃不计)",
        "share",
        "A_T / (A + B - B_T)",
        "contact",
        lambda s: ratio(s.answered_in, s.answered + s.abandoned - s.abandoned_in),
        ("ignore", "cisco-ignore", "xcally", "4ps-4", "ex-dequeued", "cisco-pq"),
    ),
    Kpi(
        "sl4",
        "SL, abandons in T positive",
        "服务水平(T内放弃计正)",
        "share",
        "(A_T + B_T) / (A + B)",
        "contact",
        lambda s: ratio(s.answered_in + s.abandoned_in, s.answered + s.abandoned),
        ("positive", "cisco-positive", "talkdesk", "4ps-1"),
    ),
    Kpi(
        "sl5",
        "SL, short abandons removed",
        "服务水平(剔除短放弃)",
        "share",
        "A_T / (A + B - B_s)",
        "contact",
        lambda s: ratio(s.answered_in, s.answered + s.abandoned - s.abandoned_short),
        ("short-removed", "genesys-short", "ringcentral"),
    ),
    Kpi(
        "sl6",
        "SL, flow-outs in the base",
        "服务水平(含转出)",
        "share",
        "A_T / (A + B + F)",
        "contact",
        lambda s: ratio(s.answered_in, s.offered),
        ("flow-outs", "genesys-flowouts", "avaya", "sl8", "ex-rona"),
    ),
    Kpi(
        "sl7",
        "SL, left the queue in T",
        "服务水平(T内离队)",
        "share",
        "(A_T + B_T + C_T) / (A + B + F)",
        "contact",
        lambda s: ratio(s.answered_in + s.abandoned_in + s.callbacks_in, s.offered),
        ("removed-in-t", "amazon"),
    ),
    Kpi(
        "sl9",
        "SL, counted at the event",
        "服务水平(按事件归属)",
        "share",
        "A_T / (A + B), counted when answered, abandoned or T has passed",
        "contact",
        lambda s: ratio(s.answered_in, s.answered + s.abandoned),
        ("event-counted", "cisco-event"),
    ),
)
EVENT_COUNTED = SERVICE_LEVELS[-1]  # an attribution as well as a formula: chosen, never a column
VARIANTS = {name: kpi for kpi in SERVICE_LEVELS for name in (kpi.name, *kpi.aliases)}


def service_level(name: str) -> Kpi:
    """A variant of service level by its name or one of its aliases."""
    found = VARIANTS.get(name.lower())
    if found is None:
        raise UnknownName(kind="service level", name=name, known=", ".join(VARIANTS))
    return found
