"""How a figure is written for people."""

from ccore.kpi.formula import Figure, Value

__all__ = ["UNITS", "write"]

UNITS = {
    "en": {"share": " %", "s": " s", "per_h": " /h"},
    "zh": {"share": "%", "s": " 秒", "per_h": " 次/小时"},
}


def write(figure: Figure, value: Value, *, language: str = "en", empty: str = "") -> str:
    """`empty` stands for a figure that has none."""
    if value is None:
        return empty
    if figure.unit == "count":
        return f"{value:.0f}"
    if figure.unit == "number":
        return f"{value:.2f}"
    shown = 100 * value if figure.unit == "share" else value
    return f"{shown:.1f}{UNITS[language][figure.unit]}"
