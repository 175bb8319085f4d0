"""KPI: every figure from sums that add up, each saying which definition it used."""

from ccore.kpi.compute import Line, Table, table
from ccore.kpi.definitions import KPI, SERVICE_LEVELS, Kpi, Value, find, service_level
from ccore.kpi.groups import GROUPS
from ccore.kpi.live import Counters
from ccore.kpi.sums import Part, Sums, part

__all__ = [
    "GROUPS",
    "KPI",
    "SERVICE_LEVELS",
    "Counters",
    "Kpi",
    "Line",
    "Part",
    "Sums",
    "Table",
    "Value",
    "find",
    "part",
    "service_level",
    "table",
]
