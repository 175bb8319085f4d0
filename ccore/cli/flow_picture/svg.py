"""The picture as SVG: no scripts, no outside fonts or files; every text is escaped."""

from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from ccore.cli.flow_picture.cards import HEAD, LINE, NOTE, PAD, ROW, SIZE, SMALL, Card, cards
from ccore.cli.flow_picture.layout import Arrow, Picture, Placed, lay_out
from ccore.cli.flow_picture.words import width
from ccore.config import Config

__all__ = ["draw"]

# Kind to its colour and the word for it.
_KINDS = {
    "say": ("#0f766e", "say"),
    "menu": ("#4338ca", "menu"),
    "collect": ("#7e22ce", "collect"),
    "branch": ("#b45309", "branch"),
    "hours": ("#0369a1", "hours"),
    "language": ("#15803d", "language"),
    "voicemail": ("#be185d", "voicemail"),
    "entry": ("#0f172a", "number"),
    "ivr": ("#4338ca", ""),
    "queue": ("#0f766e", ""),
    "agent": ("#15803d", ""),
    "number": ("#0369a1", ""),
    "busy": ("#64748b", ""),
    "hangup": ("#64748b", ""),
}
_INK, _SOFT, _LINE, _PAPER = "#1e293b", "#64748b", "#94a3b8", "#f8fafc"
_ACTIVE, _QUIET, _BACK = "#475569", "#d97706", "#94a3b8"

_FONT = (
    "system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', "
    "'Noto Sans CJK SC', 'WenQuanYi Micro Hei', 'DejaVu Sans', sans-serif"
)
_TITLE = 76  # height of the title's band
_CORNER = 9  # radius of bends and cards

# A shape for each kind of end, in a 16 by 16 square.
_SIGNS = {
    "queue": "M3 4a2 2 0 1 0 4 0a2 2 0 1 0-4 0M1 14v-3a4 4 0 0 1 8 0v3zM10 7h5M10 10.500h5M10 14h5",
    "ivr": "M2 3h5v4h-5zM9 9h5v4h-5zM4.500 7v4h4.500",
    "agent": "M5 5a3 3 0 1 0 6 0a3 3 0 1 0-6 0M2 15a6 5 0 0 1 12 0z",
    "voicemail": "M1 8a3 3 0 1 0 6 0a3 3 0 1 0-6 0M9 8a3 3 0 1 0 6 0a3 3 0 1 0-6 0M4 11h8",
    "number": "M3 13L13 3M6 3h7v7",
    "busy": "M1 10a10 6 0 0 1 14 0l-2 3-3-2v-2.500a8 5 0 0 0-4 0V11l-3 2z",
    "hangup": "M1 10a10 6 0 0 1 14 0l-2 3-3-2v-2.500a8 5 0 0 0-4 0V11l-3 2z",
    "entry": "M3 3L13 13M13 6v7H6",
}


def draw(config: Config, flow: str, language: str) -> str:
    """One flow with its prompts in `language`."""
    picture = lay_out(cards(config, flow, language), _TITLE)
    wide = max(picture.width, 420)
    size = f'width="{wide:.0f}" height="{picture.height:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
        f'viewBox="0 0 {wide:.0f} {picture.height:.0f}" role="img" '
        f"aria-label={quoteattr(f'Flow {flow}')} font-family={quoteattr(_FONT)}>",
        _definitions(),
        f'<rect width="100%" height="100%" fill="{_PAPER}"/>',
        _text(36, 38, flow, 22, _INK, "700"),
        _text(36, 58, f"{config.site.name} · prompts in {language}", 12, _SOFT),
        *_legend(wide),
        *_arrows(picture),
        *(_card(placed) for placed in picture.placed),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _definitions() -> str:
    heads = "".join(
        f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 1L9 5L0 9z" fill="{colour}"/></marker>'
        for name, colour in (("active", _ACTIVE), ("quiet", _QUIET), ("back", _BACK))
    )
    return f"<defs>{heads}</defs>"


def _legend(wide: float) -> list[str]:
    words = (
        ("active", _ACTIVE, "", "by key, or next"),
        ("quiet", _QUIET, ' stroke-dasharray="5 4"', "no entry, otherwise, closed"),
    )
    parts = []
    x = wide - 36
    for name, colour, dash, said in reversed(words):
        x -= width(said, SMALL)
        parts.append(_text(x, 38, said, SMALL, _SOFT))
        x -= 38
        parts.append(
            f'<path d="M{x:.1f} 34h30" fill="none" stroke="{colour}" stroke-width="1.600"{dash} '
            f'marker-end="url(#{name})"/>'
        )
        x -= 18
    return parts


def _arrows(picture: Picture) -> list[str]:
    """Returning ones first, so that they lie below the others."""
    return [_arrow(arrow) for arrow in sorted(picture.arrows, key=lambda one: not one.back)]


def _arrow(arrow: Arrow) -> str:
    name = "quiet" if arrow.exit.quiet else "back" if arrow.back else "active"
    colour = {"quiet": _QUIET, "back": _BACK, "active": _ACTIVE}[name]
    dash = ' stroke-dasharray="5 4"' if arrow.exit.quiet else ""
    path = _bends(arrow.points) if arrow.back else _curves(arrow.points)
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.600"{dash} '
        f'marker-end="url(#{name})"/>'
    )


def _curves(points: list[tuple[float, float]]) -> str:
    """Level through columns, a soft S in the gutters."""
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for index, ((x, y), (to_x, to_y)) in enumerate(pairwise(points)):
        if index % 2:
            path += f"H{to_x:.1f}"
        else:
            pull = (to_x - x) * 0.5
            path += f"C{x + pull:.1f} {y:.1f} {to_x - pull:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
    return path


def _bends(points: list[tuple[float, float]]) -> str:
    """Straight with round corners."""
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (ax, ay), (bx, by), (cx, cy) in zip(points, points[1:], points[2:], strict=False):
        one = _toward(bx, by, ax, ay)
        two = _toward(bx, by, cx, cy)
        path += f"L{one[0]:.1f} {one[1]:.1f}Q{bx:.1f} {by:.1f} {two[0]:.1f} {two[1]:.1f}"
    return path + f"L{points[-1][0]:.1f} {points[-1][1]:.1f}"


def _toward(x: float, y: float, to_x: float, to_y: float) -> tuple[float, float]:
    far = max(abs(to_x - x), abs(to_y - y)) or 1.0
    step = min(_CORNER, far / 2) / far
    return x + (to_x - x) * step, y + (to_y - y) * step


def _card(placed: Placed) -> str:
    card, x, y = placed.card, placed.x, placed.y
    body = _pill(card) if card.pill else _step(card)
    return f'<g transform="translate({x:.1f} {y:.1f})">{body}</g>'


def _step(card: Card) -> str:
    colour, word = _KINDS[card.kind]
    parts = [
        _shadow(card, _CORNER),
        f'<rect width="{card.width}" height="{card.height:.1f}" rx="{_CORNER}" fill="white" '
        f'stroke="{colour}" stroke-opacity="0.350"/>',
        f'<path d="M0 {HEAD}V{_CORNER}a{_CORNER} {_CORNER} 0 0 1 {_CORNER}-{_CORNER}'
        f'H{card.width - _CORNER}a{_CORNER} {_CORNER} 0 0 1 {_CORNER} {_CORNER}V{HEAD}z" '
        f'fill="{colour}" fill-opacity="0.090"/>',
        _text(PAD, 22, card.title, SIZE + 1, _INK, "600"),
        _text(card.width - PAD, 22, word, SMALL, colour, "600", "end"),
    ]
    y = float(HEAD)
    for line in card.lines:
        y += LINE
        parts.append(_text(PAD, y, line, SIZE, _INK))
    y += 4 if card.notes else 0
    for note in card.notes:
        y += NOTE
        parts.append(_text(PAD, y, note, SMALL, _SOFT))
    if len(card.exits) > 1 or (card.exits and card.exits[0].label):
        top = card.exits[0].y - ROW / 2 - 3
        parts.append(f'<path d="M{PAD} {top:.1f}H{card.width - PAD}" stroke="#e2e8f0"/>')
        for way in card.exits:
            cap = max(24.0, width(way.label, SMALL) + 14)
            ink = _QUIET if way.quiet else colour
            left = card.width - PAD - cap
            parts.append(
                f'<rect x="{left:.1f}" y="{way.y - 9:.1f}" width="{cap:.1f}" height="18" rx="5" '
                f'fill="{ink}" fill-opacity="0.110" stroke="{ink}" stroke-opacity="0.450"/>'
            )
            parts.append(_text(left + cap / 2, way.y + 4, way.label, SMALL, ink, "600", "middle"))
            target = "" if way.to.endswith(("!", " closed")) else way.to
            parts.append(_text(PAD, way.y + 4, target, SMALL, _SOFT))
            parts.append(_dot(card.width, way.y, ink))
    elif card.exits:
        parts.append(_dot(card.width, card.exits[0].y, colour))
    return "".join(parts)


def _pill(card: Card) -> str:
    colour, _ = _KINDS[card.kind]
    radius = min(card.height / 2, 20)
    parts = [
        _shadow(card, radius),
        f'<rect width="{card.width:.1f}" height="{card.height:.1f}" rx="{radius}" '
        f'fill="{colour}"/>',
        f'<path transform="translate(16 12)" d="{_SIGNS[card.kind]}" fill="none" stroke="white" '
        'stroke-width="1.500" stroke-linecap="round" stroke-linejoin="round"/>',
        _text(42, 25, card.title, SIZE + 1, "white", "600"),
    ]
    y = 25.0
    for line in card.lines:
        y += LINE
        parts.append(_text(42, y, line, SIZE, "white"))
    return "".join(parts)


def _shadow(card: Card, radius: float) -> str:
    """Two faint plates below the card; not every viewer knows filters."""
    return "".join(
        f'<rect x="{grow / -2}" y="{drop}" width="{card.width + grow:.1f}" '
        f'height="{card.height:.1f}" rx="{radius}" fill="#0f172a" fill-opacity="0.050"/>'
        for drop, grow in ((1.5, 0), (3, 1))
    )


def _dot(x: float, y: float, colour: str) -> str:
    return (
        f'<circle cx="{x}" cy="{y:.1f}" r="3" fill="white" stroke="{colour}" stroke-width="1.500"/>'
    )


def _text(
    x: float, y: float, text: str, size: float, colour: str, weight: str = "", anchor: str = ""
) -> str:
    if not text:
        return ""
    # Control characters are no XML, not even escaped.
    clean = escape("".join(c for c in text if c.isprintable()))
    extra = (f' font-weight="{weight}"' if weight else "") + (
        f' text-anchor="{anchor}"' if anchor else ""
    )
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}"{extra}>{clean}</text>'
