"""Records as flat dictionaries, and the columns in which people are shown them."""

import time
from dataclasses import asdict
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import click

from ccore.cli.tables import Column, Row
from ccore.cli.text import span

if TYPE_CHECKING:
    from ccore.cdr import RowFact

__all__ = ["COLUMNS", "KINDS", "flat", "kind_option"]

KINDS = ("contact", "leg", "agent")

kind_option = click.option(
    "--kind", type=click.Choice(KINDS), default="contact", show_default=True, help="Kind of row."
)


def flat(fact: "RowFact") -> dict[str, Any]:
    return {
        name: value.name.lower().replace("_", "-") if isinstance(value, IntEnum) else value
        for name, value in asdict(fact).items()
    }


def _when(field: str, row: Row) -> str:
    at_s = max(0, min(row[field] // 1_000_000, 253_402_000_000))
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at_s))


def _good(row: Row) -> str:
    return {"answered": "green", "abandoned": "yellow", "failed": "bold red"}.get(
        row.get("outcome", ""), ""
    )


def _length(row: Row) -> str:
    return span((row["end_us"] - row["start_us"]) // 1000)


COLUMNS = {
    "contact": (
        Column("arrived", lambda row: _when("arrived_us", row)),
        Column("calling", lambda row: row["calling"]),
        Column("name", lambda row: row["calling_name"], spare=4),
        Column("called", lambda row: row["called"], spare=2),
        Column("queue", lambda row: row["queue"]),
        Column("agent", lambda row: row["agent"]),
        Column("outcome", lambda row: row["outcome"], style=_good),
        Column("ended by", lambda row: row["ended_by"], spare=3),
        Column("wait", lambda row: span(row["wait_ms"]), right=True),
        Column("talk", lambda row: span(row["talk_ms"]), right=True),
        Column("contact", lambda row: row["contact"], style=lambda _: "bright_black", spare=5),
    ),
    "leg": (
        Column("start", lambda row: _when("start_us", row)),
        Column("kind", lambda row: row["kind"]),
        Column("result", lambda row: row["result"]),
        Column("length", _length, right=True),
        Column("queue", lambda row: row["queue"]),
        Column("agent", lambda row: row["agent"]),
        Column("detail", lambda row: row["detail"]),
        Column("contact", lambda row: row["contact"], style=lambda _: "bright_black", spare=5),
    ),
    "agent": (
        Column("start", lambda row: _when("start_us", row)),
        Column("agent", lambda row: row["agent"]),
        Column("state", lambda row: row["state"]),
        Column("reason", lambda row: row["reason"]),
        Column("length", _length, right=True),
        Column("queue", lambda row: row["queue"]),
        Column("team", lambda row: row["team"]),
    ),
}
