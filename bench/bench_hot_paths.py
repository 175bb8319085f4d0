"""What happens for every event, call or row: `python -m pytest bench --benchmark-only`.

One round is the work on a lap of real events, or on so many calls or rows as the group says. What
it gives is checked after the clock has stopped.
"""

from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.wire_clients import TEN
from bench.wire_feed import frames
from ccore._router import Router
from ccore.cdr.journal import JournalWriter
from ccore.cdr.layout import Row
from ccore.cdr.records import load
from ccore.esl import EventView, FrameDecoder, encode, translate
from ccore.kpi import table
from ccore.model import Bridge, Command, Hangup, Play, Ring
from tests.kpi.micro_set import micro_facts, record

LAP = frames()
STREAM = b"".join(head + body for head, body in LAP)
READ_BYTES = 128 * 1024  # as the daemon reads
NAMES = tuple(name.encode() for name in TEN)
CALLS = 1_000
ROWS = 200_000


def take(names: tuple[bytes, ...]) -> int:
    decoder, seen = FrameDecoder(), 0
    for at in range(0, len(STREAM), READ_BYTES):
        for frame in decoder.feed(STREAM[at : at + READ_BYTES]):
            event = frame.event()
            if names:
                event.values(names)
            seen += 1
    return seen


@pytest.mark.parametrize("names", [(), NAMES], ids=["cut", "ten headers"])
def test_decode(benchmark: BenchmarkFixture, names: tuple[bytes, ...]) -> None:
    benchmark.group = f"decode {len(LAP)} events, {len(STREAM) / 1e6:.1f} MB"
    assert benchmark(take, names) == len(LAP)


def test_translate(benchmark: BenchmarkFixture) -> None:
    benchmark.group = f"{len(LAP)} events to the words of the floor"
    views = [EventView(body) for _, body in LAP]
    assert any(benchmark(lambda: [translate(view) for view in views]))


def test_encode(benchmark: BenchmarkFixture) -> None:
    commands: list[Command] = [
        Ring("leg", "job", "user/1001@agents", 15, "Li", "138", {"contact": "c", "agent": "1001"}),
        Bridge("job", "leg", "other"),
        Play("leg", ("welcome.wav",), "app"),
        Hangup("leg", "NORMAL_CLEARING"),
    ]
    benchmark.group = f"encode {len(commands)} commands"
    assert len(benchmark(lambda: [encode(command) for command in commands])) == len(commands)


def test_decide(benchmark: BenchmarkFixture) -> None:
    benchmark.group = f"{CALLS} calls find one of 1,000 agents, 5 % of them free"
    router, calls = Router(), count()
    need = router.need({1: 1})
    for agent in range(1_000):
        router.set_agent(agent, {1: 1 + agent % 3})
        if agent % 20 == 0:
            router.agent_ready(agent, agent)

    def decide() -> int:
        served = 0
        for _ in range(CALLS):
            call = next(calls)
            router.call_waiting(call, need, call)
            match = router.offer_for_call(call, call)
            if match is not None:
                router.confirm(call)
                router.agent_ready(match.agent, call)
                served += 1
        return served

    assert benchmark(decide) == CALLS


def test_figures(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    few = record(tmp_path, micro_facts())
    many = replace(few, contacts=np.tile(few.contacts, ROWS // len(few.contacts)))
    benchmark.group = f"every figure by queue of {len(many.contacts)} contacts"
    told = benchmark(lambda: table(many, by=("queue",)))
    assert told.total.value("offered") == len(many.contacts) // len(few.contacts) * (
        table(few, by=("queue",)).total.value("offered")
    )


def test_append(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    facts = micro_facts() * 20
    benchmark.group = f"{len(facts)} facts to the journal, flushed once"
    writer, rounds = JournalWriter(tmp_path), count()

    def append() -> None:
        next(rounds)
        for fact in facts:
            writer.append(fact)
        writer.flush()

    benchmark(append)
    writer.close()
    records = load(tmp_path)
    written = sum(len(list(records.facts(kind))) for kind in Row)
    assert written == next(rounds) * len(facts)
