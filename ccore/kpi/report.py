"""The report: one HTML file that needs nothing else, for a screen by day or night, or for paper.

Whatever a caller or a configuration chose (numbers, names of queues and agents) is escaped.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from html import escape
from importlib.resources import files

import numpy as np

from ccore.cdr import Records
from ccore.kpi.charts import Bar, bars, heat
from ccore.kpi.chinese import formula, title
from ccore.kpi.compare import CHANCE, COUNTS, compare, sample_of
from ccore.kpi.compute import Line, Table, table
from ccore.kpi.definitions import KPI, find
from ccore.kpi.figures import write
from ccore.kpi.formula import Kpi
from ccore.kpi.groups import zone_of
from ccore.kpi.levels import service_level
from ccore.kpi.passes import parts_of
from ccore.kpi.sums import Part, Sums
from ccore.kpi.words import Words, words

__all__ = ["render"]

TILES = ("offered", "answered", "", "abn1", "asa", "longest", "aht", "occupancy")
QUEUES = ("offered", "answered", "abandoned", "flowout", "", "abn1", "asa", "longest", "aht")
AGENTS = ("answered", "att", "hold", "acw", "aht", "calls_per_hour", "occupancy", "occupancy_cn")
# Borders of the waiting-time histogram, seconds; each bar includes its upper border.
WAITS_S = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300)
MAX_BARS = 120  # more intervals than this are drawn by the hour, then by the day
HOUR_US = 3_600_000_000


def render(
    records: Records,
    *,
    language: str = "en",
    threshold_s: int = 20,
    short_s: int = 5,
    service_level: str = "negative",
    timezone: str = "UTC",
    interval_s: int = 1800,
    title: str = "",
    made: str = "",
    before: Records | None = None,
) -> str:
    """The page as text. `before` is the period to compare with.

    `made` is when, in words; a report reads no clock.
    """
    say = words(language)

    def by(*names: str) -> Table:
        return table(
            records,
            by=names,
            threshold_s=threshold_s,
            short_s=short_s,
            service_level=service_level,
            timezone=timezone,
            interval_s=interval_s,
        )

    total = by()
    if total.total.sums.attempts:
        step = _step(records, interval_s)
        body = [
            _tiles(total, say),
            _section(say["volume"], _volume(by(step), step, interval_s, say)),
            _section(say["waits"], _waits(records, say)),
            _section(say["week"], _week(by("hour"), say)),
            _section(say["queues"], _lines(by("queue"), QUEUES, say["queue"], say)),
            _section(say["agents"], _agents(by("agent"), say)),
        ]
        if before is not None and len(before.contacts):
            old = table(before, replace(total.plan, by=()))
            body.insert(1, _section(say["periods"], _periods((before, old), (records, total), say)))
    else:
        body = [f"<section>{say['empty']}</section>"]
    heading = title or say["title"]
    return "".join(
        [
            f'<!DOCTYPE html><html lang="{say["lang"]}"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(heading)}</title><style>{_style()}</style></head><body><main>",
            f'<h1>{escape(heading)}</h1><p class="dim">{_period(records, timezone, made, say)}</p>',
            *body,
            _section(say["figures"], _figures(total, say)),
            f'<p class="note">{_defined(total, say)}</p></main></body></html>\n',
        ]
    )


def _style() -> str:
    return (files("ccore.kpi") / "report.css").read_text("utf-8")


def _period(records: Records, timezone: str, made: str, say: Words) -> str:
    parts = []
    if len(records.contacts):
        arrived = records.contacts["arrived_us"]
        ends = [_moment(int(at), timezone) for at in (arrived.min(), arrived.max())]
        parts.append(f"{say['from']} {ends[0]} {say['to']} {ends[1]} ({escape(timezone)})")
    if made:
        parts.append(f"{say['made']} {escape(made)}")
    return " · ".join(parts)


def _moment(at_us: int, timezone: str) -> str:
    local = datetime.fromtimestamp(max(at_us, 0) // 1_000_000, zone_of(timezone))
    return local.strftime("%Y-%m-%d %H:%M")


def _defined(result: Table, say: Words) -> str:
    return escape(
        say["defined"].format(
            formula=formula(result.plan.variant, say["lang"]),
            name=result.plan.service_level,
            threshold=result.plan.threshold_s,
            short=result.plan.short_s,
            zone=result.plan.timezone,
        )
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _kpi(name: str, result: Table) -> Kpi:
    """A KPI by name; the empty name is service level as it was asked for."""
    return find(name) if name else service_level(result.plan.service_level)


def _title(name: str, kpi: Kpi, say: Words) -> str:
    if not name:
        return say["level"]
    return title(kpi, say["lang"])


def _tiles(result: Table, say: Words) -> str:
    out = []
    for name in TILES:
        kpi = _kpi(name, result)
        value = write(kpi, kpi.value(result.total.sums), empty="–")
        out.append(f"<div><b>{value}</b><span>{escape(_title(name, kpi, say))}</span></div>")
    return f'<div class="tiles">{"".join(out)}</div>'


def _step(records: Records, interval_s: int) -> str:
    arrived = records.contacts["arrived_us"]
    span_us = int(arrived.max()) - int(arrived.min())
    if span_us <= MAX_BARS * interval_s * 1_000_000:
        return "interval"
    return "hour" if span_us <= MAX_BARS * HOUR_US else "day"


def _volume(result: Table, step: str, interval_s: int, say: Words) -> str:
    size = {"interval": timedelta(seconds=interval_s), "hour": timedelta(hours=1)}.get(
        step, timedelta(days=1)
    )
    lines = [line for line in result.lines if line.sums.offered]
    data: list[Bar] = []
    last: datetime | None = None
    for line in lines:
        at = datetime.fromisoformat(line.key[0])
        if last is not None:  # time without calls is shown as time
            gap = min((at - last) // size - 1, 4 * MAX_BARS)
            data += [_bar(last + (n + 1) * size, step, None, result, say) for n in range(gap)]
        data.append(_bar(at, step, line, result, say))
        last = at
    names = [say["answered"], say["abandoned"], say["flowout"]]
    return bars(data, names, line=say["level"], title=say["volume"])


def _bar(at: datetime, step: str, line: Line | None, result: Table, say: Words) -> Bar:
    label = at.strftime("%m-%d" if step == "day" else "%H:%M")
    if line is None:
        return Bar(label, (0, 0, 0), label)
    sums, level = line.sums, result.level(line)
    level_text = write(service_level(result.plan.service_level), level, empty="–")
    tip = (
        f"{line.key[0]}: {sums.answered} {say['answered']}, {sums.abandoned} {say['abandoned']},"
        f" {sums.flowout} {say['flowout']}, {say['level']} {level_text}"
    )
    return Bar(label, (sums.answered, sums.abandoned, sums.flowout), tip, level)


def _waits(records: Records, say: Words) -> str:
    parts = parts_of(records.contacts)
    wait_ms = records.contacts["wait_ms"].astype(np.int64)
    place = np.searchsorted(np.array(WAITS_S) * 1000, wait_ms)  # left: a border is included
    counts = [
        np.bincount(place[parts == part], minlength=len(WAITS_S) + 1).tolist()
        for part in (Part.ANSWERED, Part.ABANDONED, Part.FLOWOUT)
    ]
    labels = [f"≤ {border}" for border in WAITS_S] + [f"> {WAITS_S[-1]}"]
    names = [say["answered"], say["abandoned"], say["flowout"]]
    data = []
    for index, label in enumerate(labels):
        heights = tuple(int(column[index]) for column in counts)
        tip = ", ".join(f"{n} {name}" for n, name in zip(heights, names, strict=True))
        data.append(Bar(label, heights, f"{label} {say['seconds']}: {tip}"))
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
        level = result.plan.variant
        text = write(level, level.value(cell), empty="–")
        tip = f"{days[day]} {hour:02}:00: {cell.offered}, {say['level']} {text}"
        cells[day, hour] = (cell.offered, tip)
    return heat(cells, days, say["week"])


def _periods(before: tuple[Records, Table], now: tuple[Records, Table], say: Words) -> str:
    rows = []
    samples = ((sample_of(records), result) for records, result in (before, now))
    for change in compare(*samples):
        level = now[1].plan.variant
        kpi = level if change.name == level.name else find(change.name)
        name = say["level"] if kpi is level else _title(kpi.name, kpi, say)
        if change.name in COUNTS:
            name = say["per_day"].format(name=name)
        told = say["yes"] if change.is_more_than_chance else ""
        rows.append([name, write(kpi, change.before), write(kpi, change.after), told])
    head = [say["figure"], say["before"], say["now"], say["chance"]]
    return _table(head, rows) + f'<p class="note">{escape(say["tested"].format(p=CHANCE))}</p>'


def _lines(result: Table, names: Sequence[str], first: str, say: Words) -> str:
    kpis = [(name, _kpi(name, result)) for name in names]
    head = [first, *(_title(name, kpi, say) for name, kpi in kpis)]
    rows = [
        [line.key[0], *(write(kpi, kpi.value(line.sums)) for _, kpi in kpis)]
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
            cells += [write(kpi, kpi.value(line.sums)) for kpi in kpis]
            rows.append([line.key[0], *cells])
    return _table(head, rows) if rows else f"<p>{say['none']}</p>"


def _figures(result: Table, say: Words) -> str:
    head = f'<tr><th>{say["figure"]}</th><th>{say["value"]}</th><th class="left">{say["formula"]}'
    rows = [
        f"<tr><td>{escape(_title(kpi.name, kpi, say))}</td>"
        f"<td>{write(kpi, kpi.value(result.total.sums))}</td>"
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
