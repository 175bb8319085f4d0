"""What sizing and simulation say, in English and Mandarin."""

import re

from ccore.errors import UnknownName

__all__ = ["LANGUAGES", "formula", "say"]

# key: English, Mandarin
_WORDS = {
    # Sizing.
    "item": ("item", "项目"),
    "value": ("value", "数值"),
    "formula": ("formula", "公式"),
    "load": ("load", "话务量"),
    "agents": ("agents", "坐席"),
    "scheduled": ("agents on the roster", "排班坐席"),
    "service_level": ("service level", "服务水平"),
    "p_wait": ("callers who wait", "需等待的来电"),
    "asa": ("mean wait", "平均等待"),
    "abandoned": ("abandoned", "放弃"),
    "occupancy": ("occupancy", "坐席占用率"),
    "queue": ("callers waiting, mean", "平均排队人数"),
    "calls_per_hour": ("calls an hour, IVR included", "每小时来电(含 IVR)"),
    "trunk_load": ("load of the trunks", "中继话务量"),
    "trunks": ("trunks", "中继线"),
    "blocked": ("blocked", "阻塞"),
    "e1": ("E1", "E1"),
    "ivr_load": ("load of the IVR", "IVR 话务量"),
    "ivr_ports": ("IVR ports", "IVR 端口"),
    "trunk_bandwidth": ("bandwidth of the trunks", "中继带宽"),
    "remote_bandwidth": ("bandwidth to remote agents", "远端坐席带宽"),
    "calls_a_day": ("calls for agents a day", "每日人工来电"),
    "recordings_a_day": ("recordings a day", "每日录音"),
    "recordings": ("recordings kept", "录音存储"),
    "records_a_day": ("records a day", "每日话单"),
    "records": ("records kept", "话单存储"),
    "size": ("size class", "规模"),
    "parts": ("parts", "组成部分"),
    "small": ("small (below 50 seats)", "小型(50 席以下)"),
    "medium": ("medium (50 to 100 seats)", "中型(50 至 100 席)"),
    "large": ("large (above 100 seats)", "大型(100 席以上)"),
    "switch": ("switch (PBX): FreeSWITCH, trunks", "交换机(PBX):FreeSWITCH 与中继"),
    "acd": ("ACD: queues and skills routing, ccore", "ACD:排队与技能路由,ccore"),
    "ivr": ("IVR: flows and prompts, ccore", "IVR:流程与语音提示,ccore"),
    "cti": ("CTI: the event-socket link, ccore", "CTI:事件套接字链路,ccore"),
    "database": ("database of records and recordings", "话单与录音数据库"),
    "management": (
        "management: ccore top, kpi, report",
        "管理平台:ccore top、kpi、report",
    ),
    "application": ("application server", "应用服务器"),
    "screen_pop": ("screen pop at the seats (ccore follow)", "坐席屏幕弹出(ccore follow)"),
    "recording": ("recording server", "录音服务器"),
    "call_management": ("call management system", "呼叫管理系统"),
    "warehouse": ("data warehouse (ccore cdr export)", "数据仓库(ccore cdr export)"),
    "second_site": ("a second switch and site", "第二台交换机与备用站点"),
    # Simulation.
    "simulation": ("Simulated day", "模拟日"),
    "variant": ("variant", "方案"),
    "of_queue": ("queue", "队列"),
    "all": ("all", "全部"),
    "offered": ("offered", "排队量"),
    "answered": ("answered", "接通"),
    "abn1": ("abandoned %", "放弃率"),
    "longest": ("longest wait", "最长等待"),
    "forecast_line": (
        "{variant}: expected wait told to {told:,} callers who were answered after {waited:.1f} s "
        "on average; off by {error:.1f} s, and on average {bias:.1f} s too {way}",
        "{variant}:预计等待告知 {told:,} 位来电者,其实际平均等待 {waited:.1f} 秒;"
        "平均绝对误差 {error:.1f} 秒,平均偏{way} {bias:.1f} 秒",
    ),
    "long": ("long", "长"),
    "short": ("short", "短"),
    "share": ("%", "%"),
    "erlang": ("erlang", "爱尔兰"),
    "s": ("s", "秒"),
}
LANGUAGES = ("en", "zh")

# What stands in the formulas of `plan`, in Mandarin.
_TERMS = {
    "P(answered within T), of all calls": "T 内接通的概率(占全部来电)",
    "P(wait)": "P(等待)",
    "E[queue]": "E[排队数]",
    "calls for agents in the busy hour": "忙时人工来电",
    "its share of the day": "忙时占全日的比例",
    "calls for agents": "人工来电",
    "contained in IVR": "IVR 自助率",
    "all calls a second": "每秒全部来电",
    "calls a second": "每秒来电",
    "all calls": "全部来电",
    "handling time": "处理时间",
    "time in the IVR": "IVR 时长",
    "mean wait": "平均等待",
    "wait": "等待",
    "ring": "振铃",
    "talk": "通话",
    "least n that meets the target": "满足目标的最小 n",
    "least n with": "最小 n,使",
    "extended": "扩展",
    "recall": "重拨率",
    "rounded up": "向上取整",
    "abandoned": "放弃率",
    "shrinkage": "缩减率",
    "given": "给定",
    "none": "无",
    "trunks": "中继线",
    "agents elsewhere": "远端坐席",
    "Ethernet": "以太网",
    "each way": "单向",
    "days": "天",
    "answered": "接通",
    "recorded": "录音比例",
    "bytes a second": "每秒字节数",
    "bytes of rows": "字节",
}
_TERM = re.compile("|".join(map(re.escape, sorted(_TERMS, key=len, reverse=True))))


def say(key: str, language: str = "en") -> str:
    if language not in LANGUAGES:
        raise UnknownName(kind="language", name=language, known=", ".join(LANGUAGES))
    return _WORDS[key][LANGUAGES.index(language)] if key in _WORDS else key


def formula(text: str, language: str = "en") -> str:
    """A formula of `plan` in a language; symbols are the same in both."""
    return _TERM.sub(lambda found: _TERMS[found[0]], text) if language == "zh" else text
