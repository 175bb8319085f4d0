"""What the schema cannot see: names that lead somewhere, and sense.

A fault stops the configuration. A doubt lets it through with a line of warning.
"""

from collections.abc import Callable, Iterable

from ccore.config import dialled, flows, places, routes, service, times
from ccore.config.faults import Fault
from ccore.config.lines import Path, dotted
from ccore.config.schema import Config
from ccore.errors import BadConfig

__all__ = ["PATHS", "check"]

Check = Callable[[Config], places.Doubts]
PATHS: tuple[Check, ...] = (places.check_told,)

# In this order: what refers to a missing name is told before what follows from it.
CHECKS: tuple[Check, ...] = (
    places.check_text,
    places.check_site,
    places.check_references,
    places.check_entries,
    places.check_callers,
    places.check_files,
    *PATHS,
    dialled.check_outbound,
    dialled.check_numbers,
    times.check_calendars,
    flows.check_steps,
    routes.check_languages,
    routes.check_splits,
    routes.check_wants,
    routes.check_queue_rules,
    routes.check_profiles,
    service.check_queues,
    service.check_circles,
    flows.check_endings,
    service.check_skills,
    service.check_agents,
)


def check(
    config: Config,
    file: str = "ccore.toml",
    place_of: Callable[[Path], str] = dotted,
    checks: Iterable[Check] = CHECKS,
) -> list[str]:
    """Raise BadConfig for the first fault; return every doubt as a line."""
    doubts: list[str] = []
    try:
        for one in checks:
            for path, doubt in one(config):
                doubts.append(f"{file}: {place_of(path)}: {doubt}")
    except Fault as fault:
        raise BadConfig(
            file=file,
            place=place_of(fault.path),
            found=fault.found,
            expected=fault.expected,
        ) from None
    return doubts
