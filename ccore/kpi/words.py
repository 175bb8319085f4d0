"""What the report says, in each language it is printed in."""

from ccore.errors import UnknownName

__all__ = ["LANGUAGES", "Words", "words"]

Words = dict[str, str]

ENGLISH = {
    "lang": "en",
    "title": "Call-centre report",
    "from": "Contacts from",
    "to": "to",
    "made": "made",
    "empty": "No contacts in this period.",
    "volume": "Volume and service level",
    "waits": "How long callers waited",
    "week": "The week, by day and hour",
    "days": "Mon Tue Wed Thu Fri Sat Sun",
    "periods": "Against the period before",
    "before": "Before",
    "now": "Now",
    "chance": "More than chance",
    "yes": "yes",
    "per_day": "{name}, a day",
    "tested": "More than chance: p < {p}; two-proportion z-test for shares, Welch's test for"
    " averages, Poisson rates for counts.",
    "queues": "Queues",
    "agents": "Agents",
    "figures": "All figures",
    "figure": "Figure",
    "value": "Value",
    "formula": "Formula",
    "queue": "Queue",
    "agent": "Agent",
    "answered": "answered",
    "abandoned": "abandoned",
    "flowout": "flow-out",
    "level": "Service level",
    "signed_in": "Signed in, h",
    "not_ready": "Not ready, h",
    "none": "none",
    "seconds": "seconds",
    "defined": "Service level is {formula} ({name}), T = {threshold} s, short abandon up to"
    " {short} s, both inclusive. A contact counts in the interval in which it arrived ({zone});"
    " agents' time in the interval in which it passed. A, B, F: answered, abandoned, flowed out of"
    " a queue. An empty cell is empty, not zero.",
}
CHINESE = {
    "lang": "zh",
    "title": "呼叫中心报告",
    "from": "来电时间",
    "to": "至",
    "made": "生成于",
    "empty": "该时段没有来电。",
    "volume": "话务量与服务水平",
    "waits": "来电者等待时间",
    "week": "一周热力图(星期与小时)",
    "days": "周一 周二 周三 周四 周五 周六 周日",
    "periods": "与上期对比",
    "before": "上期",
    "now": "本期",
    "chance": "显著变化",
    "yes": "是",
    "per_day": "{name}(日均)",
    "tested": "显著变化:p < {p};比率用双比例 z 检验,均值用 Welch 检验,计数用泊松率检验。",
    "queues": "队列",
    "agents": "坐席",
    "figures": "全部指标",
    "figure": "指标",
    "value": "数值",
    "formula": "公式",
    "queue": "队列",
    "agent": "坐席",
    "answered": "接通",
    "abandoned": "放弃",
    "flowout": "转出",
    "level": "服务水平",
    "signed_in": "签入(小时)",
    "not_ready": "示忙(小时)",
    "none": "无",
    "seconds": "秒",
    "defined": "服务水平 = {formula}({name}),T = {threshold} 秒,短放弃不超过 {short} 秒,"
    "均含边界值。"
    "来电计入其到达的时段({zone}),坐席时间计入其发生的时段。A、B、F 分别为接通、放弃、"
    "从队列转出。空格表示没有数据,不是零。",
}
LANGUAGES = {"en": ENGLISH, "zh": CHINESE}


def words(language: str) -> Words:
    if language not in LANGUAGES:
        raise UnknownName(kind="report language", name=language, known=", ".join(LANGUAGES))
    return LANGUAGES[language]
