"""Names under `[kpi]`, which the rules of the configuration cannot know, held against ours."""

from ccore.config.faults import Fault, nearest, show
from ccore.config.schema import Kpi
from ccore.errors import UnknownName
from ccore.kpi.attribution import RULES
from ccore.kpi.definitions import KPI, find
from ccore.kpi.levels import VARIANTS
from ccore.kpi.targets import LEVEL

__all__ = ["check_names"]


def check_names(wanted: Kpi) -> None:
    """Raise a Fault for the first name that stands for nothing."""
    name = wanted.service_level
    if name.lower() not in VARIANTS:
        expected = nearest(name, VARIANTS, "a service level of docs/kpi.md")
        raise Fault(("kpi", "service_level"), show(name), expected)
    if wanted.attribution not in ("", *RULES):
        expected = nearest(wanted.attribution, RULES, "a rule of attribution")
        raise Fault(("kpi", "attribution"), show(wanted.attribution), expected)
    for name in wanted.targets:
        if name == LEVEL:
            continue
        try:
            find(name)
        except UnknownName:
            known = ", ".join((LEVEL, *(kpi.name for kpi in KPI)))
            raise Fault(("kpi", "targets", name), show(name), f"one of {known}") from None
