"""`ccore size`: agents, trunks, ports, bandwidth and storage, each with its formula."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ccore.cli.options import example, json_option
from ccore.cli.tables import Column, Row, show
from ccore.cli.text import as_json, safe

__all__ = ["size"]

F = TypeVar("F", bound=Callable[..., Any])

_BYTES = ("B", "kB", "MB", "GB", "TB", "PB")
_ABOVE = click.FloatRange(min=0, min_open=True)
_SHARE = click.FloatRange(min=0, max=1)
_SECONDS = click.FloatRange(min=0)


def _option(name: str, kind: Any, default: Any, words: str) -> Callable[[F], F]:
    return click.option(name, type=kind, default=default, show_default=True, help=words)


@click.command(
    epilog=example(
        "ccore size --calls 100 --period 30 --handle 180 --target 0.8 --within 20",
        "ccore size --calls 2000 --period 60 --handle 180 --patience 120 --shrinkage 0.3 --json",
    )
)
@click.option("--calls", type=_ABOVE, required=True, help="Calls for agents in the busiest period.")
@_option("--period", _ABOVE, 30, "Minutes of that period.")
@_option("--handle", _ABOVE, 180, "Seconds an agent is busy with a call, wrap-up included.")
@_option("--wrap-up", _SECONDS, 0, "Seconds of it that are wrap-up.")
@_option("--patience", _SECONDS, 0, "Mean seconds until a waiting caller gives up; 0: never.")
@click.option("--target", type=_SHARE, help="Share answered in time.  [default: 0.8]")
@_option("--within", _SECONDS, 20, "Seconds to answer in.")
@click.option("--asa", type=_ABOVE, help="Mean wait at most, seconds.")
@click.option("--abandoned", type=_SHARE, help="Share abandoned at most; takes --patience.")
@click.option("--occupancy", type=_SHARE, help="Occupancy of the agents at most.")
@click.option("--agents", type=click.IntRange(1), help="So many agents: what would they do?")
@_option("--shrinkage", _SHARE, 0, "Share of paid time in which an agent takes no calls.")
@_option("--growth", _ABOVE, 1, "Calls become so many times as many.")
@_option("--ring", _SECONDS, 0, "Seconds an agent's phone rings.")
@_option("--ivr", _SECONDS, 30, "Seconds of a call in the voice menu; 0: none.")
@_option("--contained", _SHARE, 0.6, "Share of all calls that the menu serves to their end.")
@_option("--blocking", _SHARE, 0.01, "Share of calls that may find no line, or no port.")
@_option("--recall", _SHARE, 0, "Share of the blocked who dial again.")
@_option("--busy-hour", _SHARE, 0.1, "Share of a day's calls that come in its busiest hour.")
@_option("--codec", str, "g711", "g711, g722, g729, gsm or opus.")
@_option("--remote", _SHARE, 0, "Share of agents who sit elsewhere.")
@_option("--recorded", _SHARE, 1, "Share of talks that are recorded.")
@_option("--record-as", str, "g711", "g711, wav, gsm, g729, mp3, g711-stereo or wav-stereo.")
@_option("--kept", click.IntRange(1), 90, "Days that recordings and records are kept.")
@_option("--language", str, "en", "Language of the table: en or zh.")
@json_option
def size(json: bool, language: str, **given: Any) -> None:
    """What a centre needs: agents by Erlang C, or by Erlang A where callers have a patience; trunks
    and IVR ports by Erlang B; bandwidth, storage, size class and parts.

    What cannot be said is told in one line: a queue that grows without end, a target that no
    number of agents meets.
    """
    from ccore.sizing.plan import plan
    from ccore.sizing.words import formula, say

    say("agents", language)  # an unknown language is refused before anything is computed
    made = plan(_wanted(given))
    if json:
        click.echo(as_json(_as_dict(made)))
        return
    rows: list[Row] = [
        {
            "name": say(item.name, language),
            "value": _written(item),
            "formula": formula(item.formula, language),
        }
        for item in made.items
    ]
    columns = [
        Column(say("item", language), lambda row: row["name"]),
        Column(say("value", language), lambda row: row["value"], right=True),
        Column(say("formula", language), lambda row: row["formula"], spare=1),
    ]
    show(rows, columns, json=False, empty="")
    click.echo(f"\n{say('size', language)}: {safe(say(made.size, language))}")
    for part in made.parts:
        click.echo(f"  {safe(say(part, language))}")


def _wanted(given: dict[str, Any]) -> Any:
    from ccore.errors import BadRequest
    from ccore.sizing.plan import Wanted
    from ccore.sizing.staffing import Target

    if given["abandoned"] is not None and not given["patience"]:
        raise BadRequest(
            what="--abandoned without a patience: nobody ever gives up",
            expected="--patience SECONDS",
        )
    others = (given["asa"], given["abandoned"], given["occupancy"])
    level = given["target"]
    if level is None and all(one is None for one in others):
        level = 0.8
    return Wanted(
        calls=given["calls"],
        period_s=given["period"] * 60,
        handle_s=given["handle"],
        wrap_up_s=given["wrap_up"],
        patience_s=given["patience"],
        target=Target(
            service_level=level,
            within_s=given["within"],
            wait_s=given["asa"],
            abandoned=given["abandoned"],
            occupancy=given["occupancy"],
        ),
        agents=given["agents"] or 0,
        shrinkage=given["shrinkage"],
        growth=given["growth"],
        ring_s=given["ring"],
        ivr_s=given["ivr"],
        contained=given["contained"],
        blocking=given["blocking"],
        recall=given["recall"],
        busy_hour=given["busy_hour"],
        codec=given["codec"],
        remote=given["remote"],
        recorded=given["recorded"],
        record_as=given["record_as"],
        kept_days=given["kept"],
    )


def _as_dict(made: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        **{item.name: item.value for item in made.items},
        "model": made.model,
        "size": made.size,
        "parts": list(made.parts),
        "units": {item.name: item.unit for item in made.items if item.unit},
        "formulas": {item.name: item.formula for item in made.items},
        "asked": asdict(made.wanted),
    }


def _written(item: Any) -> str:
    value = item.value
    match item.unit:
        case "share":
            return f"{100 * value:.2f} %"
        case "bytes":
            power = 0
            while value >= 1000 and power < len(_BYTES) - 1:
                value, power = value / 1000, power + 1
            return f"{value:.4g} {_BYTES[power]}"
        case "":
            return f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:.2f}"
        case unit:
            return f"{value:,.2f} {unit}"
