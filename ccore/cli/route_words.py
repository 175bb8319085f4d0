"""Why a call went to an agent, in sentences: English and Mandarin."""

from collections.abc import Mapping
from typing import Any

from ccore.cli.text import clock, safe, span

__all__ = ["LANGUAGES", "decision", "waits"]

LANGUAGES = ("en", "zh")

# What separated the chosen one from the next best.
_DECIDED_BY = {
    "alone": ("there was no other", "没有其他人选"),
    "preferred-skills": ("preferred skills", "优先技能更高"),
    "longest-idle": ("idle for longer", "空闲时间更长"),
    "longest-ready": ("ready for longer", "就绪时间更长"),
    "least-occupied": ("less occupied", "占用率更低"),
    "fewest-calls": ("fewer calls so far", "已接电话更少"),
    "round-robin": ("it was his turn", "轮到该坐席"),
    "most-skilled": ("higher levels", "技能等级更高"),
    "least-versatile": ("fewer other skills", "其他技能更少"),
    "weighted": ("his share of calls", "按权重应得"),
    "fixed-order": ("the fixed order", "固定顺序在前"),
    "random": ("by lot", "随机"),
    "first-ready": ("ready first", "先就绪"),
    "queue-turn": ("the order of queues in the agent's profile", "坐席配置中的队列次序"),
    "priority": ("higher priority", "优先级更高"),
    "score": ("higher score of credit and wait", "等待与加分的总分更高"),
    "entered": ("entered earlier", "进入队列更早"),
    "first-told": ("came first", "先到"),
}
_RULES = {
    "best-score": ("the best of the calls that waited", "等待中的最优来电"),
    "last-agent": ("the agent the caller knows", "上次服务的坐席"),
    "preferred-agent": ("the agent the caller knows", "上次服务的坐席"),
}


def decision(one: Mapping[str, Any], language: str) -> str:
    """One line."""
    zh = LANGUAGES.index(language)
    by = _DECIDED_BY.get(one["decided_by"], (one["decided_by"],) * 2)[zh]
    rule = _RULES.get(one["rule"], (one["rule"],) * 2)[zh]
    agent, queue = safe(one["agent"]), safe(one["queue"])
    runner_up = safe(one["runner_up"][:8] if one["chose"] == "call" else one["runner_up"])
    waited = span(one["waited_ms"])
    if language == "zh":
        chosen = "坐席空闲,选来电" if one["chose"] == "call" else "来电到达,选坐席"
        text = f"{clock(one['at_us'])} 坐席 {agent} 接听(队列 {queue or '-'}):{chosen};"
        text += f"规则:{rule};候选 {one['candidates']} 个;决定因素:{by}"
        text += f"(其次 {runner_up})" if runner_up else ""
        text += f";已等待 {waited}"
        return text + (f";放宽第 {one['step']} 步" if one["step"] else "")
    chosen = "a call for a free agent" if one["chose"] == "call" else "an agent for a call"
    text = f"{clock(one['at_us'])} agent {agent}, queue {queue or '-'}: {chosen}, by {rule}; "
    text += f"{one['candidates']} candidates, decided by: {by}"
    text += f" (next best {runner_up})" if runner_up else ""
    text += f"; waited {waited}"
    return text + (f"; widened {one['step']} times" if one["step"] else "")


def waits(one: Mapping[str, Any], language: str) -> list[str]:
    """What a caller who still waits is waiting for."""
    asks = "; ".join(f"{name} {_said(value)}" for name, value in one["asks_for"].items()) or "-"
    asks, queue, only = safe(asks), safe(one["queue"]), safe(one["only"])
    expected, waited = span(one["expected_ms"]), span(one["waited_ms"])
    next_ms = one["next_step_ms"]
    if language == "zh":
        lines = [
            f"在队列 {queue} 等待 {waited},第 {one['position']} 位,预计还需 {expected}",
            f"要求:{asks};已放宽 {one['step']} 步",
            f"符合的坐席 {one['matching']} 名,在岗 {one['at_work']} 名,空闲 {one['free']} 名",
        ]
        lines += [f"只等坐席 {only}"] if only else []
        lines += ["所在交换机暂不可达,恢复后按原位置分配"] if one["out_of_reach"] else []
        return lines + ([f"{span(next_ms)} 后再次放宽或检查"] if next_ms is not None else [])
    lines = [
        f"waits in queue {queue} for {waited}, place {one['position']}, expected {expected} more",
        f"asks for: {asks}; widened {one['step']} times",
        f"agents who match: {one['matching']}, at work {one['at_work']}, free {one['free']}",
    ]
    lines += [f"waits for agent {only} alone"] if only else []
    if one["out_of_reach"]:
        lines += ["its switch is out of reach: offered again from its place when that is back"]
    return lines + ([f"looked at again in {span(next_ms)}"] if next_ms is not None else [])


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    return " or ".join(map(str, value)) if isinstance(value, list) else str(value)
