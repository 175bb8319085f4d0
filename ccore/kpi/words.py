"""What figures and reports say, in each language they are printed in."""

from ccore.errors import UnknownName

__all__ = ["ENGLISH", "LANGUAGES", "Words", "words"]

Words = dict[str, str]

GROUPS = (
    *("interval", "hour", "day", "week", "month", "quarter", "year", "queue", "agent", "team"),
    *("site", "language", "entry", "node", "tenant", "outcome", "cause"),
)
GROUPS_ZH = (
    *("时段", "小时", "日", "周", "月", "季度", "年", "队列", "坐席", "班组"),
    *("站点", "语种", "接入号", "交换机", "租户", "结果", "挂断原因"),
)
OUTCOMES = (
    *("answered", "abandoned", "overflowed", "voicemail", "ivr", "blocked", "closed", "forced"),
    *("failed", "left", "callback"),
)
OUTCOMES_ZH = (
    *("接通", "放弃", "溢出", "留言", "自助结束", "阻塞", "非工作时间", "强制挂断"),
    *("故障", "按键离队", "回呼"),
)
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
    "look": "What to look at first",
    "all_met": "Every target is met.",
    "defined": "Service level is {formula} ({name}), T = {threshold} s, short abandon up to"
    " {short} s, both inclusive. A contact counts in the interval in which {rule} ({zone});"
    " agents' time in the interval in which it passed. A, B, F: answered, abandoned, flowed out of"
    " a queue. An empty cell is empty, not zero.",
    "rule arrival": "it arrived",
    "rule queued": "it entered its queue",
    "rule answer": "it was answered or left",
    "rule end": "it was over with its wrap-up",
    "rule event": "it was answered, left, or T had passed",
    "rule split": "it arrived, its talk, hold and wrap-up where they passed",
    "total": "total",
    "name": "name",
    "sl": "SL",
    "no": "no {name}",
    "caption": "* service level {name} ({variant}) = {formula}; T = {threshold} s, short abandon up"
    " to {short} s, both inclusive; by {rule}, {zone}",
    "missed": "target missed: {name} is {value}, {band}",
    "least": "at least {bound}",
    "most": "at most {bound}",
    "and": " and ",
    "missed_there": "{queue}, {hour}: {missed} of {all} missed there",
    "busy": "; occupancy {share} %{why}",
    "too_few": " (too few agents)",
    "free": " (agents were free: skills, offers)",
    "vain": "agent {agent}: {count} of {offers} offers not taken, {seconds} s of ringing",
    "no_queue": "no queue",
    "no_team": "no team",
    "absent": "absent",
    "on_phone": "on the phone while due elsewhere",
    "off_phone": "{reason} while due on the phone",
    "wrong_code": "away under another reason than scheduled",
    "no reason": "no reason",
    "other calls": "other calls",
    "of_plan": "{team}: {what} {hours} h, {share} % of the plan",
    "adhered": "{who}: adherence {adherence}, conformance {conformance}, utilisation of paid time"
    " {utilisation_paid}, attendance {attendance}",
    "outside": "{count} shifts are of other days than the records, and not counted",
    "all_agents": "all agents",
    "cost": "cost {amount}",
    "cost_each": "cost {amount}, {each} per call answered or ended in IVR",
    "repeats": "repeats within {window} h: {shares}; {censored} of {answered} have no full window,"
    " {unknown} no number",
    "shift": "more than chance: {name} {before} -> {after} (p = {p})",
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
    "look": "优先关注",
    "all_met": "各项目标均已达成。",
    "defined": "服务水平 = {formula}({name}),T = {threshold} 秒,短放弃不超过 {short} 秒,"
    "均含边界值。"
    "来电计入其{rule}的时段({zone}),坐席时间计入其发生的时段。A、B、F 分别为接通、放弃、"
    "从队列转出。空格表示没有数据,不是零。",
    "rule arrival": "到达",
    "rule queued": "进入队列",
    "rule answer": "接通或离队",
    "rule end": "结束(含事后处理)",
    "rule event": "接通、离队或超过 T(以先到者为准)",
    "rule split": "到达(通话、持线和事后处理计入其发生)",
    "total": "合计",
    "name": "名称",
    "sl": "服务水平",
    **{f"by {name}": word for name, word in zip(GROUPS, GROUPS_ZH, strict=True)},
    "no": "无",
    "caption": "* 服务水平 {name}({variant})= {formula};T = {threshold} 秒,短放弃不超过 {short} 秒,"
    "均含边界值;归属规则 {rule},时区 {zone}",
    "missed": "未达目标:{name}为 {value},应{band}",
    "least": "不低于 {bound}",
    "most": "不高于 {bound}",
    "and": " 且",
    "missed_there": "{queue},{hour}:全部 {all} 次未达标中有 {missed} 次",
    "busy": ";占用率 {share}%{why}",
    "too_few": "(坐席不足)",
    "free": "(坐席有空闲:请查技能与派单)",
    "vain": "坐席 {agent}:{offers} 次派单中 {count} 次未接,共振铃 {seconds} 秒",
    "no_queue": "无队列",
    "no_team": "无班组",
    "absent": "缺勤",
    "on_phone": "应做其他事项时接听电话",
    "off_phone": "应接听电话时{reason}",
    "wrong_code": "按计划离席但原因代码不符",
    "no reason": "示忙(无原因)",
    "other calls": "其他通话",
    "of_plan": "{team}:{what} {hours} 小时,占计划 {share}%",
    "adhered": "{who}:排班遵守率 {adherence},实际工作率 {conformance},工时利用率"
    " {utilisation_paid},出勤率 {attendance}",
    "outside": "{count} 个班次不在记录的日期内,未计入",
    "all_agents": "全部坐席",
    "cost": "成本 {amount}",
    "cost_each": "成本 {amount},每次接通或自助结束的来电 {each}",
    "repeats": "{window} 小时内重复来电:{shares};{answered} 次中有 {censored} 次窗口不完整,"
    "{unknown} 次无号码",
    **{f"outcome {name}": word for name, word in zip(OUTCOMES, OUTCOMES_ZH, strict=True)},
    "shift": "显著变化:{name} {before} -> {after}(p = {p})",
}
LANGUAGES = {"en": ENGLISH, "zh": CHINESE}


def words(language: str) -> Words:
    if language not in LANGUAGES:
        raise UnknownName(kind="language", name=language, known=", ".join(LANGUAGES))
    return LANGUAGES[language]
