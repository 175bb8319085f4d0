"""What the configuration says of figures; names under `[kpi]` it cannot know are checked here."""

from pathlib import Path

from ccore.config.faults import Fault, nearest, show
from ccore.config.lines import dotted, find_lines, line_of
from ccore.config.schema import Config, Kpi
from ccore.errors import BadConfig, UnknownName
from ccore.kpi.attribution import RULES
from ccore.kpi.beside import BESIDE
from ccore.kpi.definitions import KPI, find
from ccore.kpi.levels import VARIANTS
from ccore.kpi.targets import LEVEL

__all__ = ["check_figures", "check_names", "own_thresholds"]


def own_thresholds(config: Config) -> dict[str, int]:
    """Seconds of the queues whose own threshold counts."""
    if not config.kpi.queue_thresholds:
        return {}
    return {name: queue.service_level.within_s for name, queue in config.queues.items()}


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
        if name == LEVEL or name in BESIDE:
            continue
        try:
            find(name)
        except UnknownName:
            known = (LEVEL, *(kpi.name for kpi in KPI), *BESIDE)
            expected = nearest(name, known, "a figure of docs/kpi.md")
            raise Fault(("kpi", "targets", name), show(name), expected) from None


def check_figures(config: Config, file: Path) -> None:
    """What `ccore.config.load` cannot know of the file that it has read; raises BadConfig."""
    try:
        check_names(config.kpi)
    except Fault as fault:
        line = line_of(find_lines(file.read_text("utf-8-sig")), fault.path)
        place = f"line {line}, {dotted(fault.path)}" if line else dotted(fault.path)
        raise BadConfig(
            file=file, place=place, found=fault.found, expected=fault.expected
        ) from None
