"""600 real calls at 20 calls/s: what the controller costs beside the switch, and how prompt it is.

Three runs on one pair of switches, each with a daemon of its own:

1. load, 200 free agents: CPU of daemon and switch, less what both use while nothing happens, and
   the daemon's own delays
2. the same, shorter, with a bystander on the event socket
3. crowd: 20 agents, 100 callers at once, no wrap-up, with a bystander: how long an agent who has
   hung up waits for his next call
"""

import time
from dataclasses import dataclass
from pathlib import Path

from bench.centre import NODE
from bench.figures import cpu_s, load
from bench.ground import Daemon, Ground, daemon, ground
from bench.outside import Bystander, Heard
from ccore.cdr.layout import Row
from ccore.cdr.records import load as load_records
from ccore.model import ContactClosed, Outcome

__all__ = ["Crowd", "Load", "RealRun", "run"]

IDLE_S = 5.0
AGENTS, CROWD_AGENTS = 200, 20
CALLERS, ROUNDS = 100, 2
CROWD_PER_S = 50.0


@dataclass(frozen=True, slots=True)
class Delays:
    """Microseconds, as `ccore status --json` tells them."""

    n: int
    p50: int
    p99: int


@dataclass(frozen=True, slots=True)
class Load:
    calls: int
    rate_per_s: float
    agents: int
    controller_cpu_ms_per_call: float
    switch_cpu_ms_per_call: float
    controller_to_switch: float
    controller_idle_share: float  # of one core, while nothing happens
    switch_idle_share: float
    events_per_call: float
    bytes_per_call: float
    park_to_offer: Delays
    is_realtime: bool  # the daemon, as the switch is
    system_load: float  # at the end


@dataclass(frozen=True, slots=True)
class Crowd:
    agents: int
    callers: int
    rounds: int
    free_to_offer: Delays
    seen: Heard


@dataclass(frozen=True, slots=True)
class RealRun:
    switch: str
    load: Load
    seen: Heard
    crowd: Crowd


def run(root: Path, calls: int = 600, rate_per_s: float = 20, seen_calls: int = 300) -> RealRun:
    with ground(root, AGENTS) as real:
        version = real.switch.api("version")[0].strip()
        with daemon(root / "load", real, AGENTS) as ccore:
            loaded = _load(real, ccore, calls, rate_per_s)
        _check(root / "load", calls)
        with daemon(root / "seen", real, AGENTS), _bystander(real) as bystander:
            real.place(seen_calls, rate_per_s)
            real.await_quiet()
        _check(root / "seen", seen_calls)
        crowd = _crowd(root, real)
    return RealRun(version, loaded, bystander.heard(), crowd)


def _bystander(real: Ground) -> Bystander:
    return Bystander(real.switch.port, real.switch.password)


def _load(real: Ground, ccore: Daemon, calls: int, rate_per_s: float) -> Load:
    pids = (ccore.pid, real.switch.pid)
    began_s, before = time.monotonic(), [cpu_s(pid) for pid in pids]
    time.sleep(IDLE_S)
    idle_s = time.monotonic() - began_s
    idle = [(cpu_s(pid) - was) / idle_s for pid, was in zip(pids, before, strict=True)]
    link_before = ccore.status()["daemon"]["links"][NODE]
    began_s, before = time.monotonic(), [cpu_s(pid) for pid in pids]
    real.place(calls, rate_per_s)
    real.await_quiet()
    took_s = time.monotonic() - began_s
    used = [
        cpu_s(pid) - was - share * took_s
        for pid, was, share in zip(pids, before, idle, strict=True)
    ]
    told = ccore.status()["daemon"]
    link = told["links"][NODE]
    return Load(
        calls=calls,
        rate_per_s=rate_per_s,
        agents=AGENTS,
        controller_cpu_ms_per_call=used[0] / calls * 1000,
        switch_cpu_ms_per_call=used[1] / calls * 1000,
        controller_to_switch=used[0] / used[1],
        controller_idle_share=idle[0],
        switch_idle_share=idle[1],
        events_per_call=(link["received_events"] - link_before["received_events"]) / calls,
        bytes_per_call=(link["received_bytes"] - link_before["received_bytes"]) / calls,
        park_to_offer=Delays(**told["latency_us"]["park_to_offer"]),
        is_realtime=ccore.is_realtime,
        system_load=load(),
    )


def _crowd(root: Path, real: Ground) -> Crowd:
    with daemon(root / "crowd", real, CROWD_AGENTS) as ccore, _bystander(real) as bystander:
        for _ in range(ROUNDS):
            real.place(CALLERS, CROWD_PER_S)
            real.await_quiet()
        told = ccore.status()["daemon"]["latency_us"]["free_to_offer"]
    _check(root / "crowd", CALLERS * ROUNDS)
    return Crowd(CROWD_AGENTS, CALLERS, ROUNDS, Delays(**told), bystander.heard())


def _check(directory: Path, calls: int) -> None:
    """Every caller has his row and was answered."""
    records = load_records(directory / "var" / "cdr")
    rows = [fact for fact in records.facts(Row.CONTACT) if isinstance(fact, ContactClosed)]
    answered = sum(row.outcome is Outcome.ANSWERED for row in rows)
    if len(rows) != calls or answered != calls:
        raise AssertionError(f"{calls} calls gave {len(rows)} rows, {answered} answered")
