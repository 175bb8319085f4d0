"""Three lines over the calls of a soak: memory, open files, time for a call."""

from collections.abc import Sequence

from tests.soak.run import Sample

__all__ = ["picture"]

WIDTH, HEIGHT, LEFT, TOP, GAP = 760, 130, 90, 34, 26
LINES = (
    ("rss_mb", "resident memory, MB", "#2b6cb0"),
    ("files", "open files", "#2f855a"),
    ("us_per_call", "CPU for a call, µs, switch and callers included", "#b7791f"),
)


def picture(samples: Sequence[Sample]) -> str:
    total = TOP + len(LINES) * (HEIGHT + GAP)
    most = samples[-1].calls
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 20} {total + 20}"'
        ' font-family="sans-serif" font-size="12" fill="#444">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{LEFT}" y="18" font-size="14">{most:,} calls through one process</text>',
    ]
    for place, (name, title, colour) in enumerate(LINES):
        top = TOP + place * (HEIGHT + GAP)
        values = [float(getattr(one, name)) for one in samples]
        ceiling = max(values) * 1.15 or 1.0
        points = " ".join(
            f"{LEFT + WIDTH * one.calls / most:.1f},{top + HEIGHT * (1 - value / ceiling):.1f}"
            for one, value in zip(samples, values, strict=True)
        )
        parts += [
            f'<path d="M{LEFT} {top}v{HEIGHT}h{WIDTH}" fill="none" stroke="#bbb"/>',
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>',
            f'<text x="{LEFT + 8}" y="{top + 14}">{title}</text>',
            f'<text x="{LEFT - 6}" y="{top + 10}" text-anchor="end">{ceiling:,.0f}</text>',
            f'<text x="{LEFT - 6}" y="{top + HEIGHT}" text-anchor="end">0</text>',
            f'<text x="{LEFT + WIDTH}" y="{top + HEIGHT + 15}" text-anchor="end">'
            f"{most:,} calls</text>",
        ]
    return "\n".join([*parts, "</svg>\n"])
