"""The routing engine alone, in full cycles: beside its plain twin and mod_callcenter's tables.

One cycle: a call arrives, an agent is chosen, reserved and confirmed; the agent who has been busy
longest becomes free, and the next call is chosen, reserved and confirmed for him. Who finds nobody
waits, so there are always as many agents more idle than calls waiting as in the beginning.

Agents have eight of the skills that queues ask for and four others, at levels 1 to 10; a queue asks
for one of 200 skills at a level from 1 to 5. *teams*: 25 agents have the same skills; *each his
own*: no two have. The best of five rounds counts: what else runs on the machine only adds. The
choices of all are compared after the clock has stopped.
"""

import dataclasses
import gc
import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import time
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.callcenter_sql import CallcenterTables
from bench.figures import load, machine
from ccore._router import Router
from ccore.routing.plain import PlainRouter

__all__ = ["RouterRun", "run", "save", "show"]

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "router.json"
SKILLS, ASKED_OF_AGENT, OTHERS, TEAM = 200, 8, 4, 25
START_US = 1_700_000_000_000_000
FREE = 20  # one agent in so many is idle
ROUNDS, CYCLES = 5, 50_000
SIZES = ((100, 20), (100, 500), (1_000, 50), (10_000, 200), (20_000, 500), (100_000, 20),
         (100_000, 500))  # fmt: skip
CROWD = 10_000
# The twin and the tables look at everybody: beyond this a round takes minutes.
TWIN_AGENTS, TWIN_CYCLES = 1_000, 50
TABLES_AGENTS, TABLES_CYCLES = 5_000, 20

AnyRouter = Router | PlainRouter


@dataclass
class Floor:
    """A router with its agents, and what has to be known beside it."""

    router: Any
    needs: list[int]  # of the queues that somebody serves
    random: Random
    busy: Any = field(default_factory=lambda: array("q"))  # a ring, longest busy first
    head: int = 0
    count: int = 0
    now_us: int = START_US
    calls: int = 0


@dataclass(frozen=True)
class Figure:
    who: str  # engine by cimport, engine from Python, twin, mod_callcenter's tables
    agents: int
    queues: int
    skills: str  # teams, each his own
    waiting: int  # calls in the beginning
    ns_per_cycle: float
    p50_ns: int | None = None  # of one decision, with what goes before and after it
    p99_ns: int | None = None


@dataclass(frozen=True)
class RouterRun:
    figures: list[Figure]
    give_up_ms: float  # 10,000 waiting callers, all at once
    slowest_give_up_us: float
    agent_bytes: dict[str, float]
    call_bytes: float
    load: float


def prepared(
    make: type[AnyRouter], agents: int, queues: int, skills: str, waiting: int = 0
) -> Floor:
    random = Random(agents + queues)
    router = make()
    asked = min(queues, SKILLS)
    needs = [router.need({q % asked: 1 + (q // asked + q) % 5}) for q in range(queues)]
    have: dict[int, int] = {}
    for agent in range(agents):
        if skills != "teams" or agent % TEAM == 0:
            which = random.sample(range(asked), ASKED_OF_AGENT)
            which += random.sample(range(asked, SKILLS), min(OTHERS, SKILLS - asked))
            have = {skill: 1 + random.randrange(10) for skill in which}
        router.set_agent(agent, have)
    floor = Floor(router, [need for need in needs if router.matching(need)], random)
    order = random.sample(range(agents), agents)
    idle = 0 if waiting else max(1, agents // FREE)
    for place, agent in enumerate(order[:idle]):
        router.agent_ready(agent, START_US + place)
    floor.now_us += agents
    for call in range(waiting):
        router.call_waiting(call, floor.needs[call % len(floor.needs)], floor.now_us + call)
    floor.now_us += waiting
    floor.calls = waiting
    floor.busy = array("q", order[idle:] + [0] * (idle + 2))
    floor.count = agents - idle
    return floor


def run_cycles(floor: Floor, needs: "array[int]", chosen: "array[int]") -> None:
    router, busy, room = floor.router, floor.busy, len(floor.busy)
    for i, need in enumerate(needs):
        floor.now_us += 1_000
        now_us, call = floor.now_us, floor.calls
        router.call_waiting(call, need, now_us)
        match = router.offer_for_call(call, now_us)
        if match is not None:
            chosen[2 * i] = match.agent
            router.confirm(call)
            busy[(floor.head + floor.count) % room] = match.agent
            floor.count += 1
        floor.calls += 1
        agent = busy[floor.head]
        floor.head = (floor.head + 1) % room
        floor.count -= 1
        router.agent_ready(agent, now_us)
        match = router.offer_for_agent(agent, now_us)
        if match is not None:
            chosen[2 * i + 1] = match.call
            router.confirm(match.call)
            busy[(floor.head + floor.count) % room] = agent
            floor.count += 1


def run(*, cycles: int = CYCLES, sizes: tuple[tuple[int, int], ...] = SIZES) -> RouterRun:
    with tempfile.TemporaryDirectory(prefix="ccore-bench-") as root:
        compiled = _built(Path(root))
    figures = []
    for waiting in (0, CROWD):
        for skills in ("teams", "each his own"):
            for agents, queues in sizes:
                figures += _measured(compiled, agents, queues, skills, waiting, cycles)
    for agents, queues in sizes:
        if agents <= TABLES_AGENTS:
            figures.append(_of_tables(agents, queues))
    give_up_ms, slowest_us = _give_up()
    memory = {skills: _agent_bytes(skills) for skills in ("teams", "each his own")}
    return RouterRun(figures, give_up_ms, slowest_us, memory, _call_bytes(), load())


def _measured(
    compiled: ModuleType, agents: int, queues: int, skills: str, waiting: int, cycles: int
) -> list[Figure]:
    size = agents, queues, skills, waiting
    first = prepared(Router, *size)
    rounds = [array("q", first.random.choices(first.needs, k=cycles)) for _ in range(ROUNDS + 1)]
    blank = array("q", [-1]) * (2 * cycles)
    figures, answers = [], []
    for who in ("engine by cimport", "engine from Python"):
        floor = first if not answers else prepared(Router, *size)
        spent: list[float] = []
        told = []
        took = array("q")
        for number, needs in enumerate(rounds):
            chosen = array("q", blank)
            gc.collect()
            begun = time.perf_counter()
            if who == "engine by cimport":
                took = array("q", blank if number == ROUNDS else [])
                compiled.run(floor.router, floor, needs, chosen, took)
            else:
                run_cycles(floor, needs, chosen)
            if number < ROUNDS:
                spent.append((time.perf_counter() - begun) / cycles * 1e9)
            told.append(chosen)
        ranked = sorted(took)
        p50, p99 = (
            (ranked[len(ranked) // 2], ranked[len(ranked) * 99 // 100]) if took else (None,) * 2
        )
        figures.append(Figure(who, *size, round(min(spent), 1), p50, p99))
        answers.append(told)
    assert answers[0] == answers[1]
    assert first.router.idle() - first.router.waiting() == (
        -waiting if waiting else max(1, agents // FREE)
    )
    if agents <= TWIN_AGENTS:
        few = min(TWIN_CYCLES, cycles)
        floor = prepared(PlainRouter, *size)
        chosen = blank[: 2 * few]
        begun = time.perf_counter()
        run_cycles(floor, rounds[0][:few], chosen)
        spent_ns = (time.perf_counter() - begun) / few * 1e9
        figures.append(Figure("twin", *size, round(spent_ns, 1)))
        assert chosen == answers[0][0][: 2 * few]
    return figures


def _of_tables(agents: int, queues: int) -> Figure:
    """The same agents and queues; a pass of the dispatcher after each arrival and each end."""
    floor = prepared(Router, agents, queues, "teams")
    router = floor.router
    tiers = {
        need: [agent for agent in range(agents) if router.agent_matches(agent, need)]
        for need in floor.needs
    }
    tables = CallcenterTables(tiers, agents)
    busy = list(floor.busy[: floor.count])
    for agent in set(range(agents)) - set(busy):
        tables.ready(agent, 0)
    served = 0
    needs = floor.random.choices(floor.needs, k=TABLES_CYCLES)
    begun = time.perf_counter()
    for call, need in enumerate(needs):
        tables.arrive(call, need, call)
        chosen = tables.dispatch(call)
        tables.ready(busy.pop(0), call)
        chosen += tables.dispatch(call)
        busy += [agent for _, agent in chosen]
        served += len(chosen)
    spent_ns = (time.perf_counter() - begun) / TABLES_CYCLES * 1e9
    assert 0 < served <= TABLES_CYCLES
    return Figure("mod_callcenter's tables", agents, queues, "teams", 0, round(spent_ns, 1))


def _give_up() -> tuple[float, float]:
    floor = prepared(Router, 20_000, 500, "teams", CROWD)
    slowest = 0.0
    begun = before = time.perf_counter()
    for call in floor.random.sample(range(CROWD), CROWD):
        floor.router.call_gone(call)
        now = time.perf_counter()
        slowest, before = max(slowest, now - before), now
    spent = before - begun
    assert floor.router.waiting() == 0
    return round(spent * 1e3, 2), round(slowest * 1e6, 1)


def _agent_bytes(skills: str) -> float:
    """What a process grows by, with 100,000 agents and 500 queues, half of the agents idle."""
    return (
        _grown_by(
            "floor = prepared(Router, 100_000, 500, SKILLS)\n"
            "for agent in range(0, 100_000, 2): floor.router.agent_ready(agent, agent)\n"
            "floor.router.offer_any(0)",
            skills,
        )
        / 100_000
    )


def _call_bytes() -> float:
    return (
        _grown_by(
            "floor = prepared(Router, 100, 20, SKILLS)\n"
            "needs = floor.needs\n"
            "for call in range(100_000):\n"
            "    floor.router.call_waiting(call, needs[call % len(needs)], call)",
            "teams",
        )
        / 100_000
    )


def _grown_by(code: str, skills: str) -> float:
    """Bytes that a process of its own holds after the code more than before."""
    script = (
        "import gc\nfrom bench.router import Router, held, prepared\n"
        f"SKILLS = {skills!r}\nprepared(Router, 100, 20, SKILLS)\nbefore = held()\n{code}\n"
        "gc.collect()\nprint(held() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=HERE.parent, check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def held() -> int:
    """Bytes of memory that this process has in use."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _built(root: Path) -> ModuleType:
    """The cycles as a module compiled against the installed engine, as any program might."""
    source = root / "cycles.pyx"
    source.write_bytes((HERE / "cycles.pyx").read_bytes())
    command = [sys.executable, "-m", "Cython.Build.Cythonize", "-i", "-q", str(source)]
    subprocess.run(command, cwd=HERE.parent, check=True, capture_output=True)
    (library,) = root.glob("cycles*.so")
    spec = importlib.util.spec_from_file_location("cycles", library)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def show(found: RouterRun, console: Console) -> None:
    table = Table(title="Full cycles of the router, one core", title_justify="left")
    for name in (
        "",
        "agents",
        "queues",
        "skills",
        "waiting",
        "a cycle",
        "cycles/s",
        "p99 decision",
    ):
        table.add_column(name, justify="left" if name in ("", "skills") else "right")
    for one in found.figures:
        table.add_row(
            one.who,
            f"{one.agents:,}",
            f"{one.queues}",
            one.skills,
            f"{one.waiting:,}",
            f"{one.ns_per_cycle / 1000:,.2f} µs",
            f"{1e9 / one.ns_per_cycle:,.0f}",
            "" if one.p99_ns is None else f"{one.p99_ns / 1000:.2f} µs",
        )
    console.print(table)
    console.print(
        f"10,000 waiting callers give up in {found.give_up_ms:g} ms, the slowest of them in "
        f"{found.slowest_give_up_us:g} µs. Memory: "
        + ", ".join(f"{size:,.0f} bytes an agent ({k})" for k, size in found.agent_bytes.items())
        + f", {found.call_bytes:,.0f} bytes a waiting call."
    )


def save(found: RouterRun) -> Path:
    RESULTS.parent.mkdir(exist_ok=True)
    said = {"machine": machine(), **dataclasses.asdict(found)}
    RESULTS.write_text(json.dumps(said, indent=2) + "\n", "utf-8")
    return RESULTS
