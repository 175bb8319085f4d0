"""The report: one HTML file that needs nothing else, for a screen by day or night, or for paper.

Whatever a caller or a configuration chose (numbers, names of queues and agents) is escaped.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from html import escape
from importlib.resources import files

from ccore.cdr import Strings
from ccore.kpi.charts import Bar, bars, heat
from ccore.kpi.chinese import formula, title
from ccore.kpi.compare import CHANCE, COUNTS, Sample, compare, merged, sample_of
from ccore.kpi.compute import Table
from ccore.kpi.days import EveryDay, table_by_days
from ccore.kpi.definitions import KPI, find
from ccore.kpi.figures import write
from ccore.kpi.formula import Kpi
from ccore.kpi.groups import LAST_US, zone_of
from ccore.kpi.plan import Plan
from ccore.kpi.summary import WAITS_S, Summary, summary
from ccore.kpi.sums import Sums
from ccore.kpi.targets import LEVEL, Band, Causes, findings
from ccore.kpi.words import Words, words

__all__ = ["render"]

TILES = ("offered", "answered", "answer_rate", "", "abn1", "asa", "longest", "aht", "occupancy")
QUEUES = (
    "offered",
    "answered",
    "abandoned",
    "flowout",
    "answer_rate",
    "",
    "abn1",
    "asa",
    "longest",
    "aht",
)
AGENTS = ("answered", "att", "hold", "acw", "aht", "calls_per_hour", "occupancy", "occupancy_cn")
MAX_BARS = 120  # more intervals than this are drawn by the hour, then by the day
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOUR_US = 3_600_000_000


def render(
    days: EveryDay,
    plan: Plan,
    *,
    language: str = "en",
    title: str = "",
    made: str = "",
    bands: Mapping[str, Band] | None = None,
    before: EveryDay | None = None,
) -> str:
    """The page as text. `before` is the period to compare with; `bands` are targets beside ours.

    `made` is when, in words; a report reads no clock.
    """
    say = words(language)
    found = summary(days, plan)
    total = found.total
    if total.total.sums.attempts:
        body = [
            _tiles(total, say),
            _section(say["look"], _look(found, bands or {}, days.strings, say)),
            _section(say["volume"], _volume(found, say)),
            _section(say["waits"], _waits(found, say)),
            _section(say["week"], _week(found.intervals, say)),
            _section(say["queues"], _lines(found.queues, QUEUES, say["queue"], say)),
            _section(say["agents"], _agents(found.agents, say)),
        ]
        earlier = table_by_days(before, total.plan) if before is not None else None
        if before is not None and earlier is not None and earlier.total.sums.attempts:
            sides = ((merged(before.map(sample_of)), earlier), (found.sample, total))
            body.insert(2, _section(say["periods"], _periods(*sides, say)))
    else:
        body = [f"<section>{say['empty']}</section>"]
    heading = title or say["title"]
    return "".join(
        [
            f'<!DOCTYPE html><html lang="{say["lang"]}"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(heading)}</title><style>{_style()}</style></head><body><main>",
            f'<h1>{escape(heading)}</h1><p class="dim">{_period(found, made, say)}</p>',
            *body,
            _section(say["figures"], _figures(total, say)),
            f'<p class="note">{_defined(total, say)}</p></main></body></html>\n',
        ]
    )


def _style() -> str:
    return (files("ccore.kpi") / "report.css").read_text("utf-8")


def _period(found: Summary, made: str, say: Words) -> str:
    parts = []
    if found.total.total.sums.attempts:
        zone = found.total.plan.timezone
        first, last = (_moment(at_us, zone) for at_us in found.arrived_us)
        parts.append(f"{say['from']} {first} {say['to']} {last} ({escape(zone)})")
    if made:
        parts.append(f"{say['made']} {escape(made)}")
    return " · ".join(parts)


def _moment(at_us: int, timezone: str) -> str:
    at_s = min(max(at_us, 0), LAST_US) // 1_000_000
    local = datetime.fromtimestamp(at_s, zone_of(timezone))
    return local.strftime("%Y-%m-%d %H:%M")


def _defined(result: Table, say: Words) -> str:
    return escape(
        say["defined"].format(
            formula=formula(result.plan.variant, say["lang"]),
            name=result.plan.service_level,
            threshold=result.plan.limit,
            short=result.plan.short_s,
            rule=say[f"rule {result.plan.attribution}"],
            zone=result.plan.timezone,
        )
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _kpi(name: str, result: Table) -> Kpi:
    """A KPI by name; the empty name is service level as it was asked for."""
    return find(name) if name else result.plan.variant


def _title(name: str, kpi: Kpi, say: Words) -> str:
    if not name:
        return say["level"]
    return title(kpi, say["lang"])


def _written(kpi: Kpi, sums: Sums, say: Words, *, empty: str = "") -> str:
    return write(kpi, kpi.value(sums), language=say["lang"], empty=empty)


def _tiles(result: Table, say: Words) -> str:
    out = []
    for name in TILES:
        kpi = _kpi(name, result)
        value = _written(kpi, result.total.sums, say, empty="–")
        out.append(f"<div><b>{value}</b><span>{escape(_title(name, kpi, say))}</span></div>")
    return f'<div class="tiles">{"".join(out)}</div>'


def _look(found: Summary, bands: Mapping[str, Band], strings: Strings, say: Words) -> str:
    """Targets that were missed, and why service level may have been."""
    missed = [one for one in findings(found.total, bands) if not one.is_met]
    if not missed:
        return f"<p>{say['all_met']}</p>"
    items = []
    for one in missed:
        name = say["level"] if one.name == LEVEL else title(one.figure, say["lang"])
        causes = found.causes if one.name == LEVEL else ()
        why = "".join(
            f"<li>{escape(cause)}</li>"
            for cause in Causes(found.total.plan).words(causes, strings, say)
        )
        items.append(f"<li>{escape(one.missed(name, say))}{why and f'<ul>{why}</ul>'}</li>")
    return f"<ul>{''.join(items)}</ul>"


def _volume(found: Summary, say: Words) -> str:
    """By the interval, of a long period by the hour or the day."""
    result = found.intervals
    interval = timedelta(seconds=result.plan.interval_s)
    span = timedelta(microseconds=found.arrived_us[1] - found.arrived_us[0])
    size = next((one for one in (interval, HOUR) if span <= MAX_BARS * one), DAY)
    sums: dict[datetime, Sums] = {}
    for line in result.lines:
        at = datetime.fromisoformat(line.key[0])
        at = at if size == interval else at.replace(minute=0)
        at = at if size != DAY else datetime.combine(at.date(), time())
        sums.setdefault(at, Sums()).add(line.sums)
    data: list[Bar] = []
    last: datetime | None = None
    for at, one in sums.items():
        if not one.offered:
            continue
        if last is not None:  # time without calls is shown as time
            gap = min((at - last) // size - 1, 4 * MAX_BARS)
            data += [_bar(last + (n + 1) * size, size, Sums(), result, say) for n in range(gap)]
        data.append(_bar(at, size, one, result, say))
        last = at
    names = [say["answered"], say["abandoned"], say["flowout"]]
    return bars(data, names, line=say["level"], title=say["volume"])


def _bar(at: datetime, size: timedelta, sums: Sums, result: Table, say: Words) -> Bar:
    label = at.strftime("%m-%d" if size == DAY else "%H:%M")
    if not sums.offered:
        return Bar(label, (0, 0, 0), label)
    level = result.plan.variant
    when = at.date().isoformat() if size == DAY else at.isoformat(timespec="minutes")
    tip = (
        f"{when}: {sums.answered} {say['answered']}, {sums.abandoned} {say['abandoned']},"
        f" {sums.flowout} {say['flowout']}, {say['level']} {_written(level, sums, say, empty='–')}"
    )
    return Bar(label, (sums.answered, sums.abandoned, sums.flowout), tip, level.value(sums))


def _waits(found: Summary, say: Words) -> str:
    labels = [f"≤ {border}" for border in WAITS_S] + [f"> {WAITS_S[-1]}"]
    names = [say["answered"], say["abandoned"], say["flowout"]]
    data = []
    for label, counts in zip(labels, found.waits.T.tolist(), strict=True):
        tip = ", ".join(f"{n} {name}" for n, name in zip(counts, names, strict=True))
        data.append(Bar(label, tuple(counts), f"{label} {say['seconds']}: {tip}"))
    return bars(data, names, title=say["waits"])


def _week(result: Table, say: Words) -> str:
    """Contacts that reached a queue, by day of the week and hour of the day."""
    days = say["days"].split()
    sums: dict[tuple[int, int], Sums] = {}
    for line in result.lines:
        at = datetime.fromisoformat(line.key[0])
        sums.setdefault((at.weekday(), at.hour), Sums()).add(line.sums)
    cells = {}
    for (day, hour), cell in sums.items():
        text = _written(result.plan.variant, cell, say, empty="–")
        tip = f"{days[day]} {hour:02}:00: {cell.offered}, {say['level']} {text}"
        cells[day, hour] = (cell.offered, tip)
    return heat(cells, days, say["week"])


def _periods(before: tuple[Sample, Table], now: tuple[Sample, Table], say: Words) -> str:
    rows = []
    for change in compare(before, now):
        level = now[1].plan.variant
        kpi = level if change.name == level.name else find(change.name)
        name = say["level"] if kpi is level else _title(kpi.name, kpi, say)
        if change.name in COUNTS:
            name = say["per_day"].format(name=name)
        told = say["yes"] if change.is_more_than_chance else ""
        values = (write(kpi, one, language=say["lang"]) for one in (change.before, change.after))
        rows.append([name, *values, told])
    head = [say["figure"], say["before"], say["now"], say["chance"]]
    return _table(head, rows) + f'<p class="note">{escape(say["tested"].format(p=CHANCE))}</p>'


def _lines(result: Table, names: Sequence[str], first: str, say: Words) -> str:
    kpis = [(name, _kpi(name, result)) for name in names]
    head = [first, *(_title(name, kpi, say) for name, kpi in kpis)]
    rows = [
        [line.key[0], *(_written(kpi, line.sums, say) for _, kpi in kpis)]
        for line in result.lines
        if line.key[0]
    ]
    return _table(head, rows)


def _agents(result: Table, say: Words) -> str:
    kpis = [find(name) for name in AGENTS]
    head = [say["agent"], say["signed_in"], say["not_ready"]]
    head += [_title(kpi.name, kpi, say) for kpi in kpis]
    rows = []
    for line in result.lines:
        if line.key[0]:
            hours = (line.sums.signed_in_us, line.sums.not_ready_us)
            cells = [f"{us / HOUR_US:.2f}" if us else "" for us in hours]
            cells += [_written(kpi, line.sums, say) for kpi in kpis]
            rows.append([line.key[0], *cells])
    return _table(head, rows) if rows else f"<p>{say['none']}</p>"


def _figures(result: Table, say: Words) -> str:
    head = f'<tr><th>{say["figure"]}</th><th>{say["value"]}</th><th class="left">{say["formula"]}'
    rows = [
        f"<tr><td>{escape(_title(kpi.name, kpi, say))}</td>"
        f"<td>{_written(kpi, result.total.sums, say)}</td>"
        f'<td class="left">{escape(formula(kpi, say["lang"]))}</td></tr>'
        for kpi in KPI
    ]
    return f"<table><thead>{head}</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns in which nobody has a figure are left out."""
    used = [place for place in range(len(head)) if any(row[place] for row in rows)]
    head = [head[place] for place in used]
    rows = [[row[place] for place in used] for row in rows]
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"
