"""The table of KPI: one line each, with its formula in words and in code.

In the formulas A, B and F are contacts answered, abandoned and flowed out of a queue; T is the
threshold and s the limit of a short abandon, both inclusive; wait runs from queue entry to the
bridge or to the end, ringing inside, and goes on through overflows. An empty denominator gives
None, never 0 or 100 %.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ccore.errors import UnknownName
from ccore.kpi.histogram import percentile
from ccore.kpi.sums import Sums

__all__ = [
    "EVENT_COUNTED",
    "KPI",
    "SERVICE_LEVELS",
    "Kpi",
    "Unit",
    "Value",
    "find",
    "service_level",
]

Value = int | float | None
Unit = str  # count, s (seconds), share (of 1), per_h


@dataclass(slots=True, frozen=True)
class Kpi:
    name: str
    title: str
    title_zh: str
    unit: Unit
    formula: str
    needs: str  # kind of row it is computed from: contact, leg, agent (several: joined by +)
    value: Callable[[Sums], Value]
    aliases: tuple[str, ...] = ()


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _s(ms: int, count: int) -> float | None:
    return _ratio(ms, count * 1000)


def _wait_s(sums: Sums, percent: int) -> float | None:
    ms = percentile(sums.waits, percent)
    return None if ms is None else ms / 1000


def _handle_us(sums: Sums) -> int:
    return (sums.talk_ms + sums.hold_ms) * 1000 + sums.acw_us


def _counts(name: str, title: str, title_zh: str, formula: str) -> Kpi:
    return Kpi(name, title, title_zh, "count", formula, "contact", lambda s: int(getattr(s, name)))


SERVICE_LEVELS = (
    Kpi(
        "sl1",
        "SL, answered only",
        "服务水平(仅接通)",
        "share",
        "A_T / A",
        "contact",
        lambda s: _ratio(s.answered_in, s.answered),
        ("answered-only", "asterisk", "4ps-2"),
    ),
    Kpi(
        "sl2",
        "SL, abandons negative",
        "服务水平(放弃计负)",
        "share",
        "A_T / (A + B)",
        "contact",
        lambda s: _ratio(s.answered_in, s.answered + s.abandoned),
        ("negative", "cisco-negative", "genesys", "4ps-3"),
    ),
    Kpi(
        "sl3",
        "SL, abandons in T ignored",
        "服务水平(T内放弃不计)",
        "share",
        "A_T / (A + B - B_T)",
        "contact",
        lambda s: _ratio(s.answered_in, s.answered + s.abandoned - s.abandoned_in),
        ("ignore", "cisco-ignore", "xcally", "4ps-4", "ex-dequeued", "cisco-pq"),
    ),
    Kpi(
        "sl4",
        "SL, abandons in T positive",
        "服务水平(T内放弃计正)",
        "share",
        "(A_T + B_T) / (A + B)",
        "contact",
        lambda s: _ratio(s.answered_in + s.abandoned_in, s.answered + s.abandoned),
        ("positive", "cisco-positive", "talkdesk", "4ps-1"),
    ),
    Kpi(
        "sl5",
        "SL, short abandons removed",
        "服务水平(剔除短放弃)",
        "share",
        "A_T / (A + B - B_s)",
        "contact",
        lambda s: _ratio(s.answered_in, s.answered + s.abandoned - s.abandoned_short),
        ("short-removed", "genesys-short", "ringcentral"),
    ),
    Kpi(
        "sl6",
        "SL, flow-outs in the base",
        "服务水平(含转出)",
        "share",
        "A_T / (A + B + F)",
        "contact",
        lambda s: _ratio(s.answered_in, s.offered),
        ("flow-outs", "genesys-flowouts", "avaya", "sl8", "ex-rona"),
    ),
    Kpi(
        "sl7",
        "SL, left the queue in T",
        "服务水平(T内离队)",
        "share",
        "(A_T + B_T) / (A + B + F)",
        "contact",
        lambda s: _ratio(s.answered_in + s.abandoned_in, s.offered),
        ("removed-in-t", "amazon"),
    ),
    Kpi(
        "sl9",
        "SL, counted at the event",
        "服务水平(按事件归属)",
        "share",
        "A_T / (A + B), counted when answered, abandoned or T has passed",
        "contact",
        lambda s: _ratio(s.answered_in, s.answered + s.abandoned),
        ("event-counted", "cisco-event"),
    ),
)
EVENT_COUNTED = SERVICE_LEVELS[-1]  # an attribution as well as a formula: chosen, never a column

KPI = (
    _counts("attempts", "Contacts", "来电总量", "all contacts"),
    Kpi("offered", "Offered", "排队量", "count", "A + B + F", "contact", lambda s: s.offered),
    _counts("answered", "Answered", "接通量", "A"),
    _counts("abandoned", "Abandoned", "放弃量", "B"),
    _counts("flowout", "Flow-out", "转出量", "F: overflow, voicemail or digit, from a queue"),
    _counts("ivr", "Ended in IVR", "自助结束量", "ended in the IVR, no queue entered"),
    _counts("blocked", "Blocked", "阻塞量", "refused: queue full, no such number"),
    _counts("closed", "Closed", "非工作时间", "ended by opening hours"),
    _counts("forced", "Forced out", "强制挂断量", "ended by us against the caller's wish"),
    _counts("failed", "Lost", "故障量", "lost by the switch or the link"),
    _counts("messages", "Messages", "留言量", "left a message, no queue entered"),
    _counts("routed", "Routed on", "直接转出量", "sent to a number outside, no queue entered"),
    *SERVICE_LEVELS[:-1],
    Kpi(
        "abn1",
        "Abandonment",
        "放弃率",
        "share",
        "B / (A + B)",
        "contact",
        lambda s: _ratio(s.abandoned, s.answered + s.abandoned),
    ),
    Kpi(
        "abn2",
        "Abandonment, short removed",
        "放弃率(剔除短放弃)",
        "share",
        "(B - B_s) / (A + B - B_s)",
        "contact",
        lambda s: _ratio(
            s.abandoned - s.abandoned_short, s.answered + s.abandoned - s.abandoned_short
        ),
    ),
    Kpi(
        "abn3",
        "Abandonment, of all offered",
        "放弃率(含转出)",
        "share",
        "B / (A + B + F)",
        "contact",
        lambda s: _ratio(s.abandoned, s.offered),
    ),
    Kpi(
        "aat",
        "Average abandon time",
        "平均放弃时间",
        "s",
        "sum of wait of B / B",
        "contact",
        lambda s: _s(s.wait_abandoned_ms, s.abandoned),
    ),
    Kpi(
        "aat_long",
        "Average abandon time, short removed",
        "平均放弃时间(剔除短放弃)",
        "s",
        "sum of wait of (B - B_s) / (B - B_s)",
        "contact",
        lambda s: _s(s.wait_abandoned_ms - s.wait_short_ms, s.abandoned - s.abandoned_short),
    ),
    Kpi(
        "asa",
        "ASA",
        "平均应答速度",
        "s",
        "sum of wait of A / A",
        "contact",
        lambda s: _s(s.wait_answered_ms, s.answered),
    ),
    Kpi(
        "aqt",
        "Average queue time",
        "平均排队时间",
        "s",
        "sum of wait of (A + B + F) / (A + B + F)",
        "contact",
        lambda s: _s(s.wait_answered_ms + s.wait_abandoned_ms + s.wait_flowout_ms, s.offered),
    ),
    Kpi(
        "longest_answered",
        "Longest wait, answered",
        "最长等待(接通)",
        "s",
        "greatest wait of A",
        "contact",
        lambda s: s.longest_answered_ms / 1000 if s.answered else None,
    ),
    Kpi(
        "longest",
        "Longest wait",
        "最长等待",
        "s",
        "greatest wait of A, B and F",
        "contact",
        lambda s: s.longest_ms / 1000 if s.offered else None,
    ),
    *(
        Kpi(
            f"wait_p{percent}",
            f"Wait, {percent} % at most",
            f"等待时间第{percent}百分位",
            "s",
            f"{percent} % of A waited no longer; from a histogram, at most 1.6 % above",
            "contact",
            partial(_wait_s, percent=percent),
        )
        for percent in (50, 80, 95)
    ),
    Kpi(
        "att",
        "Talk time",
        "平均交谈时间",
        "s",
        "sum of talk / A",
        "contact",
        lambda s: _s(s.talk_ms, s.answered),
    ),
    Kpi(
        "hold",
        "Hold time",
        "平均持线时间",
        "s",
        "sum of hold / A",
        "contact",
        lambda s: _s(s.hold_ms, s.answered),
    ),
    Kpi(
        "hold_held",
        "Hold time of held calls",
        "平均持线时间(有持线)",
        "s",
        "sum of hold / contacts with a hold",
        "contact",
        lambda s: _s(s.hold_ms, s.held),
    ),
    Kpi(
        "acw",
        "Wrap-up",
        "事后处理时间",
        "s",
        "sum of wrap-up / A",
        "contact+leg",
        lambda s: _ratio(s.acw_us, s.answered * 1_000_000),
    ),
    Kpi(
        "aht",
        "AHT",
        "平均处理时间",
        "s",
        "(sum of talk + hold + wrap-up) / A",
        "contact+leg",
        lambda s: _ratio(_handle_us(s), s.answered * 1_000_000),
    ),
    Kpi(
        "aht_cn",
        "Talk and wrap-up",
        "平均通话时间",
        "s",
        "(sum of talk + wrap-up) / A",
        "contact+leg",
        lambda s: _ratio(_handle_us(s) - s.hold_ms * 1000, s.answered * 1_000_000),
    ),
    Kpi(
        "transfer_rate",
        "Transfer rate",
        "转接率",
        "share",
        "answered and transferred by an agent / A",
        "contact",
        lambda s: _ratio(s.transferred, s.answered),
    ),
    Kpi(
        "expert_rate",
        "Expert transfer rate",
        "专家转接率",
        "share",
        "transferred, and ended with an expert / A",
        "contact",
        lambda s: _ratio(s.expert, s.answered),
    ),
    Kpi(
        "forced_rate",
        "Forced disconnects",
        "强制挂断率",
        "share",
        "ended by us against the caller's wish / all contacts",
        "contact",
        lambda s: _ratio(s.forced, s.attempts),
    ),
    Kpi(
        "ivr_containment",
        "IVR containment",
        "自助解决率",
        "share",
        "ended in the IVR / entered the IVR",
        "contact",
        lambda s: _ratio(s.ivr, s.entered_ivr),
    ),
    Kpi(
        "blockage",
        "Blockage",
        "阻塞率",
        "share",
        "blocked / all contacts",
        "contact",
        lambda s: _ratio(s.blocked, s.attempts),
    ),
    Kpi(
        "occupancy",
        "Occupancy",
        "工时利用率",
        "share",
        "(talk + hold + wrap-up) / (the same + ready), agents' time; ringing in neither",
        "agent",
        lambda s: _ratio(s.handle_us, s.handle_us + s.ready_us),
    ),
    Kpi(
        "occupancy_cn",
        "Occupancy without wrap-up",
        "占线率",
        "share",
        "(talk + hold) / (talk + hold + ready), agents' time",
        "agent",
        lambda s: _ratio(s.talking_us + s.holding_us, s.talking_us + s.holding_us + s.ready_us),
    ),
    Kpi(
        "utilisation",
        "Utilisation",
        "占有率",
        "share",
        "(talk + hold + wrap-up) / signed-in time, agents' time",
        "agent",
        lambda s: _ratio(s.handle_us, s.signed_in_us),
    ),
    Kpi(
        "handled",
        "Talks",
        "坐席处理量",
        "count",
        "talks of an agent with a caller; a transferred contact has several",
        "leg",
        lambda s: s.talks,
    ),
    Kpi(
        "handle_time",
        "Handle time of a talk",
        "坐席平均处理时间",
        "s",
        "(sum of talk with its holds + wrap-up) / talks, of legs",
        "leg",
        lambda s: _ratio(s.talk_legs_us + s.acw_us, s.talks * 1_000_000),
    ),
    Kpi(
        "calls_per_hour",
        "Calls per hour",
        "每小时呼叫次数",
        "per_h",
        "A / signed-in hours of agents",
        "contact+agent",
        lambda s: _ratio(s.answered * 3_600_000_000, s.signed_in_us),
    ),
)

BY_NAME = {kpi.name: kpi for kpi in KPI}
VARIANTS = {name: kpi for kpi in SERVICE_LEVELS for name in (kpi.name, *kpi.aliases)}


def find(name: str) -> Kpi:
    if name not in BY_NAME:
        raise UnknownName(kind="KPI", name=name, known=", ".join(BY_NAME))
    return BY_NAME[name]


def service_level(name: str) -> Kpi:
    """A variant of service level by its name or one of its aliases."""
    found = VARIANTS.get(name.lower())
    if found is None:
        raise UnknownName(kind="service level", name=name, known=", ".join(VARIANTS))
    return found
