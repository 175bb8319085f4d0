"""How a figure is written for people."""

from ccore.kpi.formula import Kpi, Value

__all__ = ["write"]


def write(kpi: Kpi, value: Value, *, empty: str = "") -> str:
    """`empty` stands for a figure that has none."""
    if value is None:
        return empty
    if kpi.unit == "count":
        return f"{value:.0f}"
    if kpi.unit == "share":
        return f"{100 * value:.1f} %"
    if kpi.unit == "number":
        return f"{value:.2f}"
    return f"{value:.1f} s" if kpi.unit == "s" else f"{value:.1f} /h"
