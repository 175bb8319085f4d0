"""Charts as inline SVG: no script, no font, no file from elsewhere. Colours are the page's."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Bar", "bars", "heat"]

# Units of the viewBox; the page scales them.
WIDTH, HEIGHT = 960, 300
LEFT, RIGHT, TOP, BOTTOM = 48, 48, 16, 36
INNER_W, INNER_H = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
MAX_LABELS = 12  # below the axis; more would touch


@dataclass(slots=True)
class Bar:
    label: str
    parts: tuple[int, ...]  # stacked from below
    tip: str
    share: float | None = None  # a point of the line, on the right-hand axis


def bars(data: Sequence[Bar], names: Sequence[str], *, line: str = "", title: str) -> str:
    """Stacked bars, and a line of shares over them if `line` names it."""
    top = _ceiling(max((sum(bar.parts) for bar in data), default=0))
    step = INNER_W / max(len(data), 1)
    out = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
        *_grid(top, percent=bool(line)),
    ]
    every = -(-len(data) // MAX_LABELS)
    for place, bar in enumerate(data):
        x, y = LEFT + place * step, float(TOP + INNER_H)
        out.append(f"<g><title>{escape(bar.tip)}</title>")
        for series, count in enumerate(bar.parts):
            height = INNER_H * count / top
            y -= height
            if count:
                out.append(
                    f'<rect class="s{series}" x="{x + step * 0.12:.1f}" y="{y:.1f}"'
                    f' width="{step * 0.76:.1f}" height="{height:.1f}" rx="1.5"/>'
                )
        out.append("</g>")
        if place % every == 0:
            out.append(
                f'<text x="{x + step / 2:.1f}" y="{HEIGHT - 14}" text-anchor="middle">'
                f"{escape(bar.label)}</text>"
            )
    if line:
        out += _line(data, step)
    out.append("</svg>")
    return "".join(out) + _legend(names, line)


def heat(cells: dict[tuple[int, int], tuple[int, str]], days: Sequence[str], title: str) -> str:
    """Days below each other, hours side by side; the darker, the more. A cell has a tip."""
    width, height = (WIDTH - LEFT) / 24, 30
    top = max((count for count, _ in cells.values()), default=0) or 1
    out = [
        f'<svg viewBox="0 0 {WIDTH} {TOP + height * 7 + 24}" role="img"'
        f' aria-label="{escape(title)}">'
    ]
    for day, name in enumerate(days):
        y = TOP + day * height
        out.append(f'<text x="{LEFT - 8}" y="{y + 19}" text-anchor="end">{escape(name)}</text>')
        for hour in range(24):
            count, tip = cells.get((day, hour), (0, f"{name} {hour:02}:00: 0"))
            out.append(
                f'<g><title>{escape(tip)}</title><rect class="s0" x="{LEFT + hour * width:.1f}"'
                f' y="{y}" width="{width - 2:.1f}" height="{height - 2}" rx="3"'
                f' fill-opacity="{0.06 + 0.94 * count / top:.3f}"/></g>'
            )
    for hour in range(0, 24, 3):
        x = LEFT + (hour + 0.5) * width
        out.append(
            f'<text x="{x:.1f}" y="{TOP + 7 * height + 16}" text-anchor="middle">{hour:02}</text>'
        )
    return "".join([*out, "</svg>"])


def _grid(top: int, *, percent: bool) -> list[str]:
    out = []
    for quarter in range(5):
        y = TOP + INNER_H * (1 - quarter / 4)
        out.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        out.append(
            f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{top * quarter // 4}</text>'
        )
        if percent:
            out.append(f'<text x="{WIDTH - RIGHT + 8}" y="{y + 4}">{25 * quarter} %</text>')
    return out


def _line(data: Sequence[Bar], step: float) -> list[str]:
    """Through the shares there are; where there is none the line has a gap."""
    out: list[str] = []
    run: list[str] = []
    for place, bar in enumerate([*data, Bar("", (), "")]):
        if bar.share is None:
            if len(run) > 1:
                out.append(f'<polyline class="level" points="{" ".join(run)}"/>')
            run = []
            continue
        x, y = LEFT + (place + 0.5) * step, TOP + INNER_H * (1 - bar.share)
        run.append(f"{x:.1f},{y:.1f}")
        out.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>')
    return out


def _legend(names: Sequence[str], line: str) -> str:
    items = [f'<span><i class="s{n}"></i>{escape(name)}</span>' for n, name in enumerate(names)]
    if line:
        items.append(f'<span><i class="level"></i>{escape(line)}</span>')
    return f'<p class="legend">{"".join(items)}</p>'


def _ceiling(value: int) -> int:
    """The next number whose quarters are whole and easy to read."""
    if value <= 4:
        return 4
    size = 1
    while True:
        for factor in (4, 8, 12, 16, 20, 24, 32, 40, 48, 60):
            if value <= factor * size:
                return factor * size
        size *= 10
