"""The micro set of the test vectors as facts, through the real journal."""

import csv
import json
import uuid
from pathlib import Path
from typing import Any

from ccore.cdr import JournalWriter, Records, load
from ccore.model import (
    AgentInterval,
    AgentState,
    ContactClosed,
    EndedBy,
    Fact,
    LegClosed,
    LegKind,
    LegResult,
    Outcome,
)

VECTORS = Path(__file__).parent.parent / "data" / "vectors"
EXPECTED: dict[str, Any] = json.loads((VECTORS / "expected.json").read_text())
START_US = 1_795_219_200_000_000  # 2026-11-21 00:00 UTC
OUTCOMES = {
    "ANS": Outcome.ANSWERED,
    "ABN": Outcome.ABANDONED,
    "OUT": Outcome.OVERFLOWED,
    "IVR": Outcome.IVR,
    "BLK": Outcome.BLOCKED,
}
STATES = {
    "OFFLINE": AgentState.SIGNED_OUT,
    "READY": AgentState.READY,
    "TALK": AgentState.TALKING,
    "HOLD": AgentState.HOLDING,
    "ACW": AgentState.WRAPUP,
    "BREAK": AgentState.NOT_READY,
}


def us(seconds: int | str) -> int:
    return START_US + int(seconds) * 1_000_000


def micro_facts() -> list[Fact]:
    facts: list[Fact] = []
    for row in _rows("calls.csv"):
        facts += _call(row)
    for row in _rows("agent_states.csv"):
        state = STATES[row["state"]]
        facts.append(AgentInterval(row["agent"], state, us(row["start_s"]), us(row["end_s"])))
    return facts


def record(directory: Path, facts: list[Fact]) -> Records:
    writer = JournalWriter(directory)
    for fact in facts:
        writer.append(fact)
    writer.close()
    return load(directory)


def _rows(name: str) -> list[dict[str, str]]:
    with (VECTORS / name).open() as file:
        return list(csv.DictReader(file))


def _call(row: dict[str, str]) -> list[Fact]:
    outcome = OUTCOMES[row["outcome"]]
    wait, talk, hold, acw, ivr = (int(row[k]) for k in ("wait", "talk", "hold", "acw", "ivr_s"))
    offered = us(row["offered_s"])
    arrived = offered - ivr * 1_000_000
    ended = offered + (wait + talk + hold) * 1_000_000
    answered = offered + wait * 1_000_000 if outcome is Outcome.ANSWERED else 0
    contact = str(uuid.uuid5(uuid.NAMESPACE_URL, row["id"]))
    facts: list[Fact] = [
        ContactClosed(
            contact=contact,
            node="main",
            arrived_us=arrived,
            ended_us=ended,
            outcome=outcome,
            ended_by=EndedBy.CALLER,
            cause="NORMAL_CLEARING",
            called="95588",
            calling=row["ani"],
            calling_name="",
            language="zh",
            entry="95588",
            queue=row["queue"],
            agent=row["agent"],
            queued_us=offered if row["queue"] else 0,
            answered_us=answered,
            ivr_ms=ivr * 1000,
            wait_ms=wait * 1000,
            ring_ms=int(row["ring"]) * 1000,
            talk_ms=talk * 1000,
            hold_ms=hold * 1000,
            offers=int(bool(row["agent"])),
            transfers=int(row["transferred"]),
        )
    ]
    if acw:
        facts.append(
            LegClosed(
                contact=contact,
                contact_us=arrived,
                kind=LegKind.WRAPUP,
                result=LegResult.DONE,
                start_us=ended,
                end_us=ended + acw * 1_000_000,
                queue=row["queue"],
                agent=row["agent"],
                language="zh",
            )
        )
    return facts
