"""FreeSWITCH's own mod_callcenter under the same load, on the same machine, in the same run.

The same switch configuration, with callers sent into its queue where they would have been parked.
"""

from dataclasses import dataclass
from pathlib import Path

from bench.centre import agent_ids
from bench.figures import cpu_s, load
from bench.ground import Ground, ground
from bench.outside import Bystander, Heard
from tests.real.switch import RealSwitch

__all__ = ["CallcenterRun", "run"]

QUEUE = "bench@agents"
STRATEGY = "longest-idle-agent"


@dataclass(frozen=True, slots=True)
class CallcenterRun:
    calls: int
    rate_per_s: float
    agents: int
    switch_cpu_ms_per_call: float  # the bystander's share included
    seen: Heard
    crowd_agents: int
    crowd_callers: int
    crowd_seen: Heard
    system_load: float


def run(
    root: Path, calls: int, rate_per_s: float, agents: int, crowd_agents: int, callers: int
) -> CallcenterRun | None:
    """None where the switch has no such module."""
    with ground(root / "many", agents, prepare=_prepare) as real:
        if "true" not in real.switch.api("module_exists mod_callcenter")[0]:
            return None
        before_s = cpu_s(real.switch.pid)
        seen = _hear(real, calls, rate_per_s)
        used_s = cpu_s(real.switch.pid) - before_s
    with ground(root / "few", crowd_agents, prepare=_prepare) as real:
        crowd = _hear(real, callers, 50)
    return CallcenterRun(
        calls,
        rate_per_s,
        agents,
        used_s / calls * 1000,
        seen,
        crowd_agents,
        callers,
        crowd,
        load(),
    )


def _hear(real: Ground, calls: int, rate_per_s: float) -> Heard:
    with Bystander(real.switch.port, real.switch.password) as bystander:
        real.place(calls, rate_per_s)
        real.await_quiet()
    return bystander.heard()


def _prepare(switch: RealSwitch) -> None:
    """Before it starts: load the module, give it the agents, send callers into its queue."""
    conf = switch.made.switch
    _replace(
        conf / "autoload_configs" / "modules.conf.xml",
        '<load module="mod_sofia"/>',
        '<load module="mod_sofia"/><load module="mod_callcenter"/>',
    )
    _replace(
        conf / "dialplan" / "ccore-inbound.xml",
        '<action application="park"/>',
        f'<action application="answer"/><action application="callcenter" data="{QUEUE}"/>',
    )
    _replace(
        conf / "dialplan" / "ccore-inbound.xml",
        '<action application="sched_transfer" data="+$${ccore_pick_up_s} '
        'fallback XML ccore-fallback"/>',
        "",
    )
    agents = agent_ids(len(switch.made.agents))
    (conf / "autoload_configs" / "callcenter.conf.xml").write_text(_configuration(agents), "utf-8")


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    if text.count(old) != 1:
        raise RuntimeError(f"{path.name} has {old!r} {text.count(old)} times, not once")
    path.write_text(text.replace(old, new), "utf-8")


def _configuration(agents: list[str]) -> str:
    people = "".join(
        f'<agent name="{agent}" type="callback" contact="user/{agent}@agents" status="Available"'
        ' max-no-answer="3" wrap-up-time="0" reject-delay-time="1" busy-delay-time="1"/>\n'
        for agent in agents
    )
    tiers = "".join(
        f'<tier agent="{agent}" queue="{QUEUE}" level="1" position="1"/>\n' for agent in agents
    )
    return f"""<configuration name="callcenter.conf" description="The yardstick">
<settings/>
<queues>
<queue name="{QUEUE}">
<param name="strategy" value="{STRATEGY}"/>
<param name="moh-sound" value="local_stream://moh"/>
<param name="time-base-score" value="system"/>
<param name="max-wait-time" value="0"/>
<param name="tier-rules-apply" value="false"/>
</queue>
</queues>
<agents>
{people}</agents>
<tiers>
{tiers}</tiers>
</configuration>
"""
