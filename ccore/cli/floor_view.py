"""The floor as a picture in the terminal: queues, agents, what just happened.

`FloorView` is fed with views (the daemon's `status`) and news, and is drawn at whatever size it is
given: columns and panels that do not fit are left out before lines are cut. It asks nobody and
keeps no clock; times come with the views.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ccore.cli.agents_cmd import STATE_STYLES
from ccore.cli.news import words
from ccore.cli.queues_cmd import level_style
from ccore.cli.text import clock, percent, safe, span

__all__ = ["FloorView", "View", "plain_line"]

View = Mapping[str, Any]

# A wait turns yellow at the commonest service-level threshold and red at three times that.
LONG_WAIT_MS = 20_000
TOO_LONG_WAIT_MS = 60_000

# Ten minutes at two views a second; the sparkline shows the latest part that fits.
MAX_SAMPLES = 1_200
SAMPLE_US = 1_000_000

EVENTS_KEPT = 50
LEAST_BESIDE_QUEUES = 12  # lines: head, foot, frames, two of agents, three of news
# Columns of one agent: mark, name, state, time. The widest with which all are on the screen.
AGENT_CELLS = (38, 31, 25)
# What the grid of agents shows already, or what happens too often to be read.
NOT_SHOWN = frozenset({"agent", "step"})
REST = "rest-"  # how the reason begins of an agent who did not take a call and is left alone
MARKS = {
    "signed-out": "·",
    "ready": "○",
    "not-ready": "◌",
    "reserved": "◔",
    "ringing": "◑",
    "talking": "●",
    "holding": "◐",
    "wrapup": "✎",
    "busy-other": "◆",
}
SHORT_STATES = {"not-ready": "away", "signed-out": "out", "wrapup": "wrap-up", "busy-other": "busy"}
# Those on whom somebody waits come first, those who are not there last.
STATE_ORDER = {name: place for place, name in enumerate(STATE_STYLES)}
NEWS_STYLES = {
    "offer": "yellow",
    "answered": "cyan",
    "arrived": "bright_black",
    "waiting": "green",
    "recovered": "bold yellow",
    "missed": "red",
    "put-aside": "bold red",
    "left": "magenta",
    "link": "bold red",
}
BLOCKS = "▁▂▃▄▅▆▇█"
EIGHTHS = " ▏▎▍▌▋▊▉█"


# Columns from which a queue has a bar, and every figure.
BARS = 70
WIDE = 100


@dataclass(frozen=True, slots=True)
class Figure:
    """A column of the queues; a terminal narrower than `from_width` goes without."""

    title: str
    from_width: int
    cell: Callable[[View], Text]


def _longest(queue: View) -> int | None:
    return queue["longest_ms"] if queue["waiting"] else None


def _longest_text(queue: View) -> Text:
    longest = _longest(queue)
    return Text(span(longest), style=_heat(longest) if longest else "bright_black")


def _level_text(queue: View) -> Text:
    level = queue["service_level"]
    return Text(percent(level), style=level_style(level, queue["target"]))


FIGURES = (
    Figure("longest", 42, _longest_text),
    Figure("expected", WIDE, lambda q: Text(span(q.get("expected_ms")), style="bright_black")),
    Figure("talking", 58, lambda q: _count(q["talking"], "cyan")),
    Figure("ready", 0, lambda q: Text(f"{q['ready']}/{q['signed_in']}", _ready_style(q))),
    Figure("answered", BARS, lambda q: _count(q["answered"], "green")),
    Figure("lost", 50, lambda q: _count(q["abandoned"], "red")),
    Figure("away", WIDE, lambda q: _count(q["overflowed"], "magenta")),
    Figure("SL", 0, _level_text),
)


class FloorView:
    def __init__(self, title: str = "ccore") -> None:
        self._title = title
        self._view: View | None = None
        self._waiting: deque[int] = deque(maxlen=MAX_SAMPLES)
        self._sampled_us = 0
        self._news: deque[Text] = deque(maxlen=EVENTS_KEPT)
        self._names: dict[str, str] = {}  # what to call agents and contacts in the news
        self.note = ""  # shown at the foot, such as what a key does or how long a demo lasts

    def feed(self, view: View) -> None:
        self._view = view
        self._names.update((agent["id"], agent["name"] or agent["id"]) for agent in view["agents"])
        if view["at_us"] - self._sampled_us >= SAMPLE_US:
            self._sampled_us = view["at_us"]
            self._waiting.append(view["totals"]["waiting"])

    def tell(self, news: Mapping[str, Any]) -> None:
        reason = str(news.get("reason", ""))
        if reason.startswith(REST):
            news = {**news, "news": "missed", "reason": reason.removeprefix(REST)}
        kind, contact = str(news.get("news")), str(news.get("contact", ""))
        if kind not in NOT_SHOWN:
            line = Text(clock(int(news.get("at_us", 0))), style="bright_black")
            line.append("  " + words(news, self._names), style=NEWS_STYLES.get(kind, ""))
            self._news.append(line)
        if news.get("calling"):
            self._names[contact] = f"{news['calling']} {news.get('calling_name', '')}".strip()
        if kind == "ended":
            self._names.pop(contact, None)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        height = options.height or console.height
        if self._view is None:
            yield Text(f"{self._title}: waiting for the daemon", style="dim")
            return
        view = self._view
        queues = _most_urgent(view["queues"], max(1, height - LEAST_BESIDE_QUEUES))
        # Fixed: our head and foot, frame and head of the queues.
        rest = height - 2 - (len(queues) + 3)
        most = max(1, rest - 2 - max(3, min(10, rest // 3)))
        for cell in AGENT_CELLS:
            columns = max(1, (width - 4) // cell)
            grid_lines = -(-len(view["agents"]) // columns)
            if grid_lines <= most:
                break
        grid_shown = min(max(1, grid_lines), most)
        news_lines = rest - 2 - grid_shown
        parts: list[RenderableType] = [self._head(view, width), self._queues(view, queues, width)]
        parts.append(self._agents(view, columns, grid_shown, width))
        if news_lines > 0:
            parts.append(self._events(news_lines))
        parts.append(self._foot(view, width))
        yield Group(*parts)

    def _head(self, view: View, width: int) -> Text:
        totals = view["totals"]
        line = Text(no_wrap=True, overflow="crop")
        line.append(f" {self._title} ", style="bold white on blue")
        line.append(f" {clock(view['at_us'])}  ")
        for node in view["nodes"]:
            style = "green" if node["up"] else "bold red"
            line.append("● " if node["up"] else "✗ ", style=style)
            line.append(safe(str(node["name"])) + " ", style=style)
        figures = (
            ("IVR", totals["in_ivr"], "blue"),
            ("waiting", totals["waiting"], "yellow"),
            ("talking", totals["talking"], "cyan"),
            ("answered", totals["answered"], "green"),
            ("lost", totals["abandoned"], "red"),
        )
        for name, count, style in figures:
            line.append(f" {name} ", style="bright_black")
            line.append(f"{count}", style=f"bold {style}" if count else "bright_black")
        line.truncate(width)
        return line

    def _queues(self, view: View, queues: list[View], width: int) -> RenderableType:
        figures = [figure for figure in FIGURES if width >= figure.from_width]
        # Beside figures and gaps of fixed width, name and bar share what is left.
        bar_cells = max(10, (width - (70 if width >= WIDE else 50)) // 2) if width >= BARS else 0
        table = Table(box=None, expand=True, pad_edge=False, header_style="bright_black")
        table.add_column("queue", no_wrap=True, ratio=1)
        table.add_column("waiting", no_wrap=True, width=bar_cells or None)
        for figure in figures:
            table.add_column(figure.title, justify="right", no_wrap=True)
        fullest = max([8, *(queue["waiting"] for queue in view["queues"])])
        for queue in queues:
            heat = _heat(_longest(queue))
            table.add_row(
                Text(safe(str(queue["name"])), style="bold"),
                _bar(queue["waiting"], fullest, bar_cells, heat)
                if bar_cells
                else _count(queue["waiting"], heat),
                *(figure.cell(queue) for figure in figures),
            )
        hidden = len(view["queues"]) - len(queues)
        return _panel(table, f"queues  {hidden} more" if hidden else "queues")

    def _agents(self, view: View, columns: int, lines: int, width: int) -> RenderableType:
        agents = sorted(
            view["agents"], key=lambda agent: (agent["state"] == "signed-out", agent["id"])
        )
        room = columns * lines
        hidden = len(agents) - room
        shown = agents[: room - 1] if hidden > 0 else agents
        cell = (width - 4) // columns
        grid = Text(no_wrap=True, overflow="crop")
        for place, agent in enumerate(shown):
            grid.append_text(_agent(agent, view["at_us"], cell))
            if (place + 1) % columns == 0 and place + 1 < len(shown):
                grid.append("\n")
        if hidden > 0:
            grid.append(f"and {hidden + 1} more", style="bright_black")
        counts: dict[str, int] = {}
        for agent in agents:
            counts[agent["state"]] = counts.get(agent["state"], 0) + 1
        title = Text("agents")
        for state in sorted(counts, key=lambda name: STATE_ORDER.get(name, 99)):
            style = STATE_STYLES.get(state, "")
            title.append(f"  {MARKS.get(state, '?')} {counts[state]} ", style=style)
            title.append(SHORT_STATES.get(state, state), style=style)
        panel = _panel(grid, title)
        panel.height = lines + 2
        return panel

    def _events(self, lines: int) -> Text:
        """The latest news, the newest at the foot; always as many lines, so that nothing jumps."""
        latest = list(self._news)[-lines:] or [Text("nothing has happened yet", "bright_black")]
        latest += [Text()] * (lines - len(latest))
        text = Text("\n").join(Text.assemble(" ", line) for line in latest)
        text.no_wrap, text.overflow = True, "ellipsis"
        return text

    def _foot(self, view: View, width: int) -> Text:
        level = view["totals"]["service_level"]
        targets = [queue["target"] for queue in view["queues"] if queue["target"] is not None]
        target = sum(targets) / len(targets) if targets else None
        line = Text(no_wrap=True, overflow="crop")
        line.append(" service level ", style="bright_black")
        line.append(percent(level), style=level_style(level, target))
        line.append("  waiting ", style="bright_black")
        tail = f"  {self.note}" if self.note else ""
        cells = max(10, width - line.cell_len - cell_len(tail) - 8)
        line.append_text(_sparkline(list(self._waiting)[-cells:]))
        line.append(f" max {max(self._waiting, default=0)}", style="bright_black")
        line.append(tail, style="bright_black")
        line.truncate(width)
        return line


def plain_line(view: View) -> str:
    """The floor in one line, for where there is no terminal."""
    totals = view["totals"]
    longest = max((queue["longest_ms"] for queue in view["queues"] if queue["waiting"]), default=0)
    ready = sum(agent["state"] == "ready" for agent in view["agents"])
    here = sum(agent["state"] != "signed-out" for agent in view["agents"])
    down = "".join(f"  switch {safe(n['name'])} DOWN" for n in view["nodes"] if not n["up"])
    return (
        f"{clock(view['at_us'])}  ivr {totals['in_ivr']}  waiting {totals['waiting']} "
        f"(longest {span(longest)})  talking {totals['talking']}  ready {ready}/{here}  "
        f"offered {totals['offered']}  answered {totals['answered']}  "
        f"abandoned {totals['abandoned']}  service level {percent(totals['service_level'])}{down}"
    )


def _panel(content: RenderableType, title: str | Text) -> Panel:
    return Panel(
        content, title=title, title_align="left", border_style="bright_black", box=box.ROUNDED
    )


def _agent(agent: View, at_us: int, cells: int) -> Text:
    state = agent["state"]
    style = STATE_STYLES.get(state, "")
    since = span((at_us - agent["since_us"]) // 1000) if state != "signed-out" else ""
    reason = agent.get("reason")
    said = safe(str(reason)) if reason and state == "not-ready" else SHORT_STATES.get(state, state)
    right = f"{said} {since}".strip()
    name = safe(str(agent.get("name") or agent["id"]))
    room = cells - 3 - cell_len(right) - 2
    if room < 6:  # the name is worth more than the word for what the colour says already
        right = since
        room = cells - 3 - cell_len(right) - 2
    text = Text(f"{MARKS.get(state, '?')} ", style=style)
    text.append(set_cell_size(_fit(name, room), room), style="bold" if state == "talking" else "")
    text.append(f" {right}", style=style)
    text.append(" " * max(0, cells - text.cell_len))
    return text


def _most_urgent(queues: list[View], room: int) -> list[View]:
    """All in their order, or those with the longest wait if there is no room for all."""
    if len(queues) <= room:
        return queues
    waits = sorted(
        (queue["longest_ms"] if queue["waiting"] else 0 for queue in queues), reverse=True
    )
    kept: list[View] = []
    for queue in queues:
        if len(kept) < room and (queue["longest_ms"] if queue["waiting"] else 0) >= waits[room - 1]:
            kept.append(queue)
    return kept


def _fit(name: str, cells: int) -> str:
    """Cut to so many cells; a wide character is never halved."""
    if cell_len(name) <= cells:
        return name
    return set_cell_size(name, max(0, cells - 1)).rstrip() + "…"


def _heat(wait_ms: int | None) -> str:
    if wait_ms is None or wait_ms < LONG_WAIT_MS:
        return "green"
    return "yellow" if wait_ms < TOO_LONG_WAIT_MS else "bold red"


def _bar(count: int, most: int, cells: int, style: str) -> Text:
    """A bar in eighths of a cell, and the figure behind it."""
    eighths = min(count, most) * (cells - 4) * 8 // most
    whole, part = divmod(eighths, 8)
    text = Text("█" * whole + (EIGHTHS[part] if part else ""), style=style)
    text.append(f" {count}" if count else "–", style=style if count else "bright_black")
    return text


def _count(number: int, style: str) -> Text:
    return Text(str(number), style=style if number else "bright_black")


def _ready_style(queue: View) -> str:
    if queue["ready"]:
        return "green"
    return "yellow" if queue["signed_in"] else "bold red"


def _sparkline(counts: list[int]) -> Text:
    most = max([4, *counts])
    bars = "".join(BLOCKS[min(7, count * 8 // (most + 1))] for count in counts)
    return Text(bars, style="yellow")
