"""The formulas of the figures in Chinese; their titles stand in `definitions`.

A、B、F:接通、放弃、从队列转出;C:其中要求回呼者;T:服务水平时限,s:短放弃时限,均含边界值。
"""

from ccore.kpi.formula import Figure, Kpi

__all__ = ["FORMULAS", "formula", "title"]

FORMULAS = {
    "attempts": "全部来电",
    "offered": "A + B + F",
    "answered": "A",
    "abandoned": "B",
    "flowout": "F:溢出、留言、按键离队或要求回呼(已进队列)",
    "ivr": "在自助语音中结束,未进队列",
    "blocked": "被拒:队列已满或空号",
    "closed": "因非工作时间结束",
    "forced": "违背来电者意愿由系统挂断",
    "failed": "因交换机或链路丢失",
    "messages": "未进队列而留言",
    "routed": "未进队列而转到外线",
    "sl1": "A_T / A",
    "sl2": "A_T / (A + B)",
    "sl3": "A_T / (A + B - B_T)",
    "sl4": "(A_T + B_T) / (A + B)",
    "sl5": "A_T / (A + B - B_s)",
    "sl6": "A_T / (A + B + F)",
    "sl7": "(A_T + B_T + C_T) / (A + B + F)",
    "sl9": "A_T / (A + B),计入接通、放弃或超过T的时刻",
    "answer_rate": "A / (A + B + F)",
    "abn1": "B / (A + B)",
    "abn2": "(B - B_s) / (A + B - B_s)",
    "abn3": "B / (A + B + F)",
    "abn_connected": "B / (全部来电 - 阻塞)",
    "aat": "B 的等待总时长 / B",
    "aat_long": "(B - B_s) 的等待总时长 / (B - B_s)",
    "asa": "A 的等待总时长 / A",
    "aqt": "(A + B + F) 的等待总时长 / (A + B + F)",
    "queue_per_answer": "(A + B + F) 的等待总时长 / A",
    "ringing": "A 的振铃总时长 / A",
    "rings": "振铃时长 / 5 秒(响 1 秒、停 4 秒为一次)",
    "longest_answered": "A 的最长等待",
    "longest": "A、B、F 的最长等待",
    "wait_p50": "50 % 的 A 等待不超过此值;取自直方图,误差不超过 1.6 %",
    "wait_p80": "80 % 的 A 等待不超过此值;取自直方图,误差不超过 1.6 %",
    "wait_p95": "95 % 的 A 等待不超过此值;取自直方图,误差不超过 1.6 %",
    "att": "通话总时长 / A",
    "hold": "持线总时长 / A",
    "hold_held": "持线总时长 / 有持线的来电",
    "acw": "事后处理总时长 / A",
    "aht": "(通话 + 持线 + 事后处理) 总时长 / A",
    "aht_cn": "(通话 + 事后处理) 总时长 / A",
    "transfer_rate": "接通后被坐席转接 / A",
    "expert_rate": "转接且由专家结束 / A",
    "last_agent_rate": "由上次通话的坐席接通 / A",
    "relaxed_rate": "放宽技能要求后离队 / (A + B + F)",
    "callback_offered": "向其提供过回呼",
    "callbacks": "C:离队并要求回呼",
    "callback_tries": "回呼的尝试次数",
    "callback_success": "接通的回呼 / C",
    "callback_wait": "从来电到回呼接通的总时长 / 接通的回呼",
    "csat": "评分(1 至 5)之和 / 有评分的来电",
    "csat_top": "4 分和 5 分 / 有评分的来电",
    "csat_response": "有评分的来电 / 被邀请评分的来电",
    "recovered": "期间 ccore 曾中断",
    "forced_rate": "违背来电者意愿由系统挂断 / 全部来电",
    "ivr_containment": "在自助语音中结束 / 进入自助语音",
    "blockage": "阻塞 / 全部来电",
    "occupancy": "(通话 + 持线 + 事后处理) / (同上 + 空闲),坐席时间;振铃均不计",
    "occupancy_cn": "(通话 + 持线) / (通话 + 持线 + 空闲),坐席时间",
    "utilisation": "(通话 + 持线 + 事后处理) / 签入时间,坐席时间",
    "handled": "坐席与来电者的通话次数;被转接的来电有多次",
    "handle_time": "(通话含持线 + 事后处理) 总时长 / 通话次数",
    "calls_per_hour": "A / 坐席签入小时数",
}


def title(figure: Figure, language: str) -> str:
    return figure.title_zh if language == "zh" else figure.title


def formula(kpi: Kpi, language: str) -> str:
    return FORMULAS[kpi.name] if language == "zh" else kpi.formula
