"""A simulated day as a picture: service level, queue and occupancy, a line for each variant.

One SVG with nothing outside it; as HTML, with the figures below it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from html import escape

from ccore.sizing.outcome import Moment
from ccore.sizing.words import say

__all__ = ["Course", "page", "svg"]

Course = Sequence[Moment]  # of one variant: means over its seeds

WIDTH, LEFT, RIGHT = 960, 56, 20
HEIGHT, GAP, TOP, BOTTOM = 150, 44, 40, 30
COLOURS = ("#2f7dd1", "#e2703a", "#0f9d74", "#a3489c", "#b58900", "#64748b")
MOST_LABELS = 13

_STYLE = (
    "text{font:12px system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;"
    "fill:#64748b}.title{font-weight:600}.grid{stroke:#8884;stroke-width:1}"
    ".line{fill:none;stroke-width:2;stroke-linejoin:round}"
)
_PAGE = (
    "body{margin:32px auto;max-width:1020px;padding:0 20px;font:15px/1.5 system-ui,'PingFang SC',"
    "'Microsoft YaHei','Noto Sans CJK SC',sans-serif;color:#1c2733;background:#fff}"
    "svg{width:100%;height:auto}table{border-collapse:collapse;width:100%;font-size:14px}"
    "th,td{text-align:right;padding:5px 9px;border-bottom:1px solid #dde3ea;"
    "font-variant-numeric:tabular-nums}th{color:#64748b;font-weight:500}"
    "th:first-child,td:first-child,th:nth-child(2),td:nth-child(2){text-align:left}"
    "h1{font-size:24px}"
)


def svg(courses: Mapping[str, Course], *, title: str, zone: tzinfo = UTC, language: str) -> str:
    panels: list[tuple[str, bool, Callable[[Moment], float | None]]] = [
        (say("service_level", language), True, lambda m: m.service_level),
        (say("queue", language), False, lambda m: m.queue),
        (say("occupancy", language), True, lambda m: m.occupancy),
    ]
    height = TOP + len(panels) * (HEIGHT + GAP) + BOTTOM
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' aria-label="{escape(title)}"><style>{_STYLE}</style>'
    ]
    out += _legend(list(courses))
    for place, (name, is_share, value) in enumerate(panels):
        top = TOP + place * (HEIGHT + GAP) + GAP // 2
        lines = {one: [value(moment) for moment in course] for one, course in courses.items()}
        out += _panel(top, name, is_share, list(lines.values()))
    longest = max(courses.values(), key=len, default=())
    out += _hours(longest, height - 8, zone)
    return "".join([*out, "</svg>"])


def page(
    picture: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, title: str, language: str
) -> str:
    """The picture and its figures as one file."""
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_PAGE}</style></head><body>"
        f"<h1>{escape(title)}</h1>{picture}<table><tr>{cells}</tr>{body}</table></body></html>\n"
    )


def _legend(names: list[str]) -> list[str]:
    out, x = [], LEFT
    for place, name in enumerate(names):
        colour = COLOURS[place % len(COLOURS)]
        out.append(f'<rect x="{x}" y="10" width="12" height="12" rx="3" fill="{colour}"/>')
        out.append(f'<text x="{x + 18}" y="20">{escape(name)}</text>')
        x += 40 + 8 * len(name)
    return out


def _panel(top: int, name: str, is_share: bool, lines: list[list[float | None]]) -> list[str]:
    known = [value for line in lines for value in line if value is not None]
    most = 1.0 if is_share else _ceiling(max(known, default=0.0))
    out = [f'<text class="title" x="{LEFT}" y="{top - 8}">{escape(name)}</text>']
    for part in range(3):
        y = top + HEIGHT * (1 - part / 2)
        label = f"{50 * part} %" if is_share else f"{most * part / 2:g}"
        out.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{label}</text>')
    for place, line in enumerate(lines):
        out += _line(line, top, most, COLOURS[place % len(COLOURS)])
    return out


def _line(values: list[float | None], top: int, most: float, colour: str) -> list[str]:
    """Where there is no value the line has a gap."""
    step = (WIDTH - LEFT - RIGHT) / max(1, len(values))
    out, run = [], list[str]()
    for place, value in enumerate([*values, None]):
        if value is not None:
            y = top + HEIGHT * (1 - min(value, most) / most)
            run.append(f"{LEFT + (place + 0.5) * step:.1f},{y:.1f}")
            continue
        if run:
            way = " ".join(run if len(run) > 1 else run * 2)
            out.append(f'<polyline class="line" stroke="{colour}" points="{way}"/>')
        run = []
    return out


def _hours(course: Course, y: int, zone: tzinfo) -> list[str]:
    step = (WIDTH - LEFT - RIGHT) / max(1, len(course))
    every = -(-len(course) // MOST_LABELS)
    return [
        f'<text x="{LEFT + place * step:.1f}" y="{y}">'
        f"{datetime.fromtimestamp(moment.start_us / 1e6, zone):%H:%M}</text>"
        for place, moment in enumerate(course)
        if place % every == 0
    ]


def _ceiling(value: float) -> float:
    """The next number whose half is easy to read."""
    size = 1.0
    while True:
        for factor in (1, 2, 4, 6, 10):
            if value <= factor * size:
                return factor * size
        size *= 10
