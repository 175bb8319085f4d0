"""The table of KPI: one line each, with its formula in words and in code.

In the formulas A, B and F are contacts answered, abandoned and flowed out of a queue; T is the
threshold and s the limit of a short abandon, both inclusive; wait runs from queue entry to the
bridge or to the end, ringing inside, and goes on through overflows. C are the flow-outs that asked
to be called back. An empty denominator gives None, never 0 or 100 %. In Chinese: `chinese`.
"""

from functools import partial

from ccore.errors import UnknownName
from ccore.kpi.formula import Kpi, ratio
from ccore.kpi.histogram import percentile
from ccore.kpi.levels import SERVICE_LEVELS
from ccore.kpi.sums import Sums

__all__ = ["KPI", "find"]

RING_MS = 5_000  # cn-ring of FreeSWITCH's vars.xml: %(1000,4000,450)


def _s(ms: int, count: int) -> float | None:
    return ratio(ms, count * 1000)


def _wait_s(sums: Sums, percent: int) -> float | None:
    ms = percentile(sums.waits, percent)
    return None if ms is None else ms / 1000


def _handle_us(sums: Sums) -> int:
    return (sums.talk_ms + sums.hold_ms) * 1000 + sums.acw_us


def _counts(name: str, title: str, title_zh: str, formula: str) -> Kpi:
    return Kpi(name, title, title_zh, "count", formula, "contact", lambda s: int(getattr(s, name)))


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
        "answer_rate",
        "Answer rate",
        "接通率",
        "share",
        "A / (A + B + F)",
        "contact",
        lambda s: ratio(s.answered, s.offered),
    ),
    Kpi(
        "abn1",
        "Abandonment",
        "放弃率",
        "share",
        "B / (A + B)",
        "contact",
        lambda s: ratio(s.abandoned, s.answered + s.abandoned),
    ),
    Kpi(
        "abn2",
        "Abandonment, short removed",
        "放弃率(剔除短放弃)",
        "share",
        "(B - B_s) / (A + B - B_s)",
        "contact",
        lambda s: ratio(
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
        lambda s: ratio(s.abandoned, s.offered),
    ),
    Kpi(
        "abn_connected",
        "Abandonment, of all connected",
        "放弃率(占全部接通)",
        "share",
        "B / (all contacts - blocked)",
        "contact",
        lambda s: ratio(s.abandoned, s.attempts - s.blocked),
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
        "queue_per_answer",
        "Queue time per answered call",
        "平均应答速度(含全部排队)",
        "s",
        "sum of wait of (A + B + F) / A",
        "contact",
        lambda s: _s(s.wait_answered_ms + s.wait_abandoned_ms + s.wait_flowout_ms, s.answered),
    ),
    Kpi(
        "ringing",
        "Ringing before the answer",
        "平均振铃时间",
        "s",
        "sum of ringing of A / A",
        "contact",
        lambda s: _s(s.ring_ms, s.answered),
    ),
    Kpi(
        "rings",
        "Rings before the answer",
        "平均振铃次数",
        "number",
        "ringing / 5 s: a ring is 1 s of tone and 4 s of silence",
        "contact",
        lambda s: ratio(s.ring_ms, s.answered * RING_MS),
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
        lambda s: ratio(s.acw_us, s.answered * 1_000_000),
    ),
    Kpi(
        "aht",
        "AHT",
        "平均处理时间",
        "s",
        "(sum of talk + hold + wrap-up) / A",
        "contact+leg",
        lambda s: ratio(_handle_us(s), s.answered * 1_000_000),
    ),
    Kpi(
        "aht_cn",
        "Talk and wrap-up",
        "平均通话时间",
        "s",
        "(sum of talk + wrap-up) / A",
        "contact+leg",
        lambda s: ratio(_handle_us(s) - s.hold_ms * 1000, s.answered * 1_000_000),
    ),
    Kpi(
        "transfer_rate",
        "Transfer rate",
        "转接率",
        "share",
        "answered and transferred by an agent / A",
        "contact",
        lambda s: ratio(s.transferred, s.answered),
    ),
    Kpi(
        "expert_rate",
        "Expert transfer rate",
        "专家转接率",
        "share",
        "transferred, and ended with an expert / A",
        "contact",
        lambda s: ratio(s.expert, s.answered),
    ),
    Kpi(
        "last_agent_rate",
        "Last agent again",
        "熟客坐席命中率",
        "share",
        "answered by the agent of the caller's last call / A",
        "contact",
        lambda s: ratio(s.last_agent_hits, s.answered),
    ),
    Kpi(
        "relaxed_rate",
        "Skills relaxed",
        "技能放宽率",
        "share",
        "left the queue after a step of relaxed skills / (A + B + F)",
        "contact",
        lambda s: ratio(s.relaxed, s.offered),
    ),
    _counts("callback_offered", "Callbacks offered", "回呼提供量", "had the offer"),
    _counts("callbacks", "Callbacks accepted", "回呼接受量", "C: left the queue to be called back"),
    Kpi(
        "callback_tries",
        "Callback attempts",
        "回呼尝试量",
        "count",
        "tries to call back",
        "leg",
        lambda s: s.callback_tries,
    ),
    Kpi(
        "callback_success",
        "Callback success",
        "回呼成功率",
        "share",
        "tries that reached the caller / C",
        "contact+leg",
        lambda s: ratio(s.callback_reached, s.callbacks),
    ),
    Kpi(
        "callback_wait",
        "Time to callback",
        "平均回呼等待时间",
        "s",
        "from the caller's arrival to the try that reached him / such tries",
        "leg",
        lambda s: ratio(s.callback_time_us, s.callback_reached * 1_000_000),
    ),
    Kpi(
        "csat",
        "Satisfaction",
        "客户满意度(均分)",
        "number",
        "sum of marks, 1 to 5 / contacts with a mark",
        "contact",
        lambda s: ratio(s.survey_points, s.surveyed),
    ),
    Kpi(
        "csat_top",
        "Satisfied",
        "客户满意率",
        "share",
        "marks 4 and 5 / contacts with a mark",
        "contact",
        lambda s: ratio(s.survey_top, s.surveyed),
    ),
    Kpi(
        "csat_response",
        "Survey response",
        "满意度参评率",
        "share",
        "contacts with a mark / contacts that were asked",
        "contact",
        lambda s: ratio(s.surveyed, s.survey_asked),
    ),
    _counts("recovered", "Through an outage", "跨故障来电", "ccore was away during a part of it"),
    Kpi(
        "forced_rate",
        "Forced disconnects",
        "强制挂断率",
        "share",
        "ended by us against the caller's wish / all contacts",
        "contact",
        lambda s: ratio(s.forced, s.attempts),
    ),
    Kpi(
        "ivr_containment",
        "IVR containment",
        "自助解决率",
        "share",
        "ended in the IVR / entered the IVR",
        "contact",
        lambda s: ratio(s.ivr, s.entered_ivr),
    ),
    Kpi(
        "blockage",
        "Blockage",
        "阻塞率",
        "share",
        "blocked / all contacts",
        "contact",
        lambda s: ratio(s.blocked, s.attempts),
    ),
    Kpi(
        "occupancy",
        "Occupancy",
        "占用率",
        "share",
        "(talk + hold + wrap-up) / (the same + ready), agents' time; ringing in neither",
        "agent",
        lambda s: ratio(s.handle_us, s.handle_us + s.ready_us),
    ),
    Kpi(
        "occupancy_cn",
        "Occupancy without wrap-up",
        "占线率",
        "share",
        "(talk + hold) / (talk + hold + ready), agents' time",
        "agent",
        lambda s: ratio(s.talking_us + s.holding_us, s.talking_us + s.holding_us + s.ready_us),
    ),
    Kpi(
        "utilisation",
        "Utilisation",
        "通话利用率",
        "share",
        "(talk + hold + wrap-up) / signed-in time, agents' time",
        "agent",
        lambda s: ratio(s.handle_us, s.signed_in_us),
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
        lambda s: ratio(s.talk_legs_us + s.acw_us, s.talks * 1_000_000),
    ),
    Kpi(
        "calls_per_hour",
        "Calls per hour",
        "每小时呼叫次数",
        "per_h",
        "A / signed-in hours of agents",
        "contact+agent",
        lambda s: ratio(s.answered * 3_600_000_000, s.signed_in_us),
    ),
)

BY_NAME = {kpi.name: kpi for kpi in KPI}


def find(name: str) -> Kpi:
    if name not in BY_NAME:
        raise UnknownName(kind="KPI", name=name, known=", ".join(BY_NAME))
    return BY_NAME[name]
