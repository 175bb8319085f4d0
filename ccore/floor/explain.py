"""Why a call went where it went, or why it still waits: for `ccore route explain`."""

from typing import TYPE_CHECKING, Any

from ccore.config.demand import Demand, Stage, demand
from ccore.errors import UnknownName
from ccore.floor.contact import Contact
from ccore.floor.queues import Stay

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["explain"]


def explain(floor: "Floor", name: str) -> dict[str, Any]:
    """The latest decisions for a call, and what it waits for. `name` is its id or a beginning."""
    found = {one.contact for one in floor.decisions if name and one.contact.startswith(name)}
    found |= {id_ for id_ in floor.contacts if name and id_.startswith(name)}
    if name in found:
        found = {name}
    if len(found) != 1:
        known = ", ".join(id_[:8] for id_ in list(floor.contacts)[:20]) or "none"
        raise UnknownName(kind="call", name=name, known=known)
    (id_,) = found
    contact = floor.contacts.get(id_)
    return {
        "contact": id_,
        "state": contact.state.value if contact is not None else "ended",
        "decisions": [one.as_dict() for one in floor.decisions if one.contact == id_],
        "waits": _waits(floor, contact, contact.stay) if contact and contact.stay else None,
    }


def _waits(floor: "Floor", contact: Contact, stay: Stay) -> dict[str, Any]:
    case, router = stay.case, floor.acd.router
    waits: dict[str, Any] = {
        "queue": stay.queue,
        "waited_ms": (floor.now_us - stay.entered_us) // 1000,
        "position": floor.forecast.place(contact),
        "matching": router.matching(case.need),
        "free": router.idle(case.need),
        "at_work": floor.forecast.staffed(case.need),
        "expected_ms": floor.forecast.ms(contact),
        "only": case.only,
        "out_of_reach": case.is_aside,
        "step": case.reach.widened,
        "asks_for": {},
        "next_step_ms": None,
    }
    if case.queue in floor.config.queues:
        evacuated = frozenset(floor.sites.evacuated)
        stage = Stage(case.reach.step, case.reach.rung, case.queue in floor.acd.reserves)
        wanted = demand(floor.config, case.queue, case.caller, stage, evacuated)
        waits["asks_for"] = _as_dict(wanted)
        widening = floor.acd.desk.widening(case.queue, case.caller.language)
        next_s = widening.next_s(case.reach, floor.now_us - stay.entered_us)
        if next_s is not None:
            waits["next_step_ms"] = round(next_s * 1000) - waits["waited_ms"]
    return waits


def _as_dict(wanted: Demand) -> dict[str, Any]:
    """Only what is asked for."""
    parts: dict[str, Any] = {
        "skills": dict(wanted.skills),
        "languages": list(wanted.languages),
        "prefer": dict(wanted.prefer),
        "forbid": sorted(wanted.forbid),
        "sites": sorted(frozenset.intersection(*wanted.site_lists)) if wanted.site_lists else [],
        "teams": sorted(wanted.teams or ()),
        "groups": sorted(wanted.groups or ()),
        "without": sorted(wanted.without),
    }
    return {name: value for name, value in parts.items() if value}
