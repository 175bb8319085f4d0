"""KPI: every figure from sums that add up, each saying which definition it used."""

from ccore.kpi.attribution import RULES
from ccore.kpi.compute import Line, Table, table, table_of_parts
from ccore.kpi.days import Days, table_by_days
from ccore.kpi.definitions import KPI, find
from ccore.kpi.experts import Experts
from ccore.kpi.formula import Kpi, Value
from ccore.kpi.groups import GROUPS, NO_TEAMS, teams_of
from ccore.kpi.levels import SERVICE_LEVELS, service_level
from ccore.kpi.live import Counters
from ccore.kpi.names import own_thresholds
from ccore.kpi.partial import Partial, merge
from ccore.kpi.plan import Plan
from ccore.kpi.sums import Part, Sums, part

__all__ = [
    "GROUPS",
    "KPI",
    "NO_TEAMS",
    "RULES",
    "SERVICE_LEVELS",
    "Counters",
    "Days",
    "Experts",
    "Kpi",
    "Line",
    "Part",
    "Partial",
    "Plan",
    "Sums",
    "Table",
    "Value",
    "find",
    "merge",
    "own_thresholds",
    "part",
    "service_level",
    "table",
    "table_by_days",
    "table_of_parts",
    "teams_of",
]
