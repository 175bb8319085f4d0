"""Records as flat dictionaries, and the columns in which people are shown them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, tzinfo
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import click

from ccore.cli.tables import Column, Row
from ccore.cli.text import span

if TYPE_CHECKING:
    from ccore.cdr import RowFact

__all__ = ["KINDS", "columns", "flat", "in_order", "kind_option"]

KINDS = ("contact", "leg", "agent")

kind_option = click.option(
    "--kind", type=click.Choice(KINDS), default="contact", show_default=True, help="Kind of row."
)


def flat(fact: "RowFact") -> dict[str, Any]:
    return {
        name: value.name.lower().replace("_", "-") if isinstance(value, IntEnum) else value
        for name, value in asdict(fact).items()
    }


def in_order(rows: list[Row], kind: str, zone: tzinfo, days: Sequence[date]) -> list[Row]:
    """By when each began, which files have by when they ended; only of these days, if any."""
    begin = _BEGIN[kind]
    of = [row for row in rows if not days or _moment(row[begin], zone).date() in days]
    return sorted(of, key=lambda row: int(row[begin]))


def columns(kind: str, zone: tzinfo) -> tuple[Column, ...]:
    """When it began, in a time zone, and what it was."""
    begin = _BEGIN[kind]
    return Column(begin.removesuffix("_us"), lambda row: _when(row[begin], zone)), *_COLUMNS[kind]


def _when(at_us: int, zone: tzinfo) -> str:
    return f"{_moment(at_us, zone):%Y-%m-%d %H:%M:%S}"


def _moment(at_us: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(max(0, min(at_us // 1_000_000, 253_402_000_000)), zone)


def _good(row: Row) -> str:
    return {"answered": "green", "abandoned": "yellow", "failed": "bold red"}.get(
        row.get("outcome", ""), ""
    )


def _length(row: Row) -> str:
    return span((row["end_us"] - row["start_us"]) // 1000)


_BEGIN = {"contact": "arrived_us", "leg": "start_us", "agent": "start_us"}

_COLUMNS = {
    "contact": (
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
        Column("kind", lambda row: row["kind"]),
        Column("result", lambda row: row["result"]),
        Column("length", _length, right=True),
        Column("queue", lambda row: row["queue"]),
        Column("agent", lambda row: row["agent"]),
        Column("detail", lambda row: row["detail"]),
        Column("contact", lambda row: row["contact"], style=lambda _: "bright_black", spare=5),
    ),
    "agent": (
        Column("agent", lambda row: row["agent"]),
        Column("state", lambda row: row["state"]),
        Column("reason", lambda row: row["reason"]),
        Column("length", _length, right=True),
        Column("queue", lambda row: row["queue"]),
        Column("team", lambda row: row["team"]),
    ),
}
