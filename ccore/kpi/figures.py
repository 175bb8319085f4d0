"""How a figure is written for people."""

from ccore.kpi.formula import Kpi, Value

__all__ = ["UNITS", "write"]

UNITS = {
    "en": {"share": " %", "s": " s", "per_h": " /h"},
    "zh": {"share": "%", "s": " 秒", "per_h": " 次/小时"},
}


def write(kpi: Kpi, value: Value, *, language: str = "en", empty: str = "") -> str:
    """`empty` stands for a figure that has none."""
    if value is None:
        return empty
    if kpi.unit == "count":
        return f"{value:.0f}"
    if kpi.unit == "number":
        return f"{value:.2f}"
    shown = 100 * value if kpi.unit == "share" else value
    return f"{shown:.1f}{UNITS[language][kpi.unit]}"
