"""Judging an ending: every fault in one list, so that one run tells all."""

from typing import Any

from ccore.model import AgentInterval, ContactClosed, LegClosed, RecordingClosed
from tests.book.play import Ending
from tests.book.scenario import Scenario

__all__ = ["faults"]


def faults(scenario: Scenario, ending: Ending) -> list[str]:
    """What is not as the scenario says, plus what must hold in every scenario."""
    expect = scenario.expect
    found: list[str] = []
    contacts = [f for f in ending.facts if isinstance(f, ContactClosed)]
    by_caller = _by_caller(scenario, contacts)
    legs = [f for f in ending.facts if isinstance(f, LegClosed)]
    for wanted in expect.get("contact", []):
        found += _contact(wanted, by_caller)
    for wanted in expect.get("leg", []):
        found += _leg(wanted, by_caller, legs)
    for wanted in expect.get("count", []):
        found += _count(wanted, contacts)
    found += _agents(expect.get("agents", {}), ending)
    found += _order(expect.get("answered_in_order", []), by_caller)
    for wanted in expect.get("recording", []):
        found += _recording(wanted, by_caller, ending)
    for number, wanted in enumerate(expect.get("reply", [])):
        reply = ending.replies[number] if number < len(ending.replies) else {}
        found += _fields(f"reply {number + 1}", wanted, reply)
    return found + _always(scenario, ending, by_caller, contacts, legs)


def _by_caller(scenario: Scenario, contacts: list[ContactClosed]) -> dict[str, list[ContactClosed]]:
    """Each caller's rows; of callers with one number the first has the first row, and so on."""
    found: dict[str, list[ContactClosed]] = {}
    for number in {caller.number for caller in scenario.callers}:
        callers = sorted((c for c in scenario.callers if c.number == number), key=lambda c: c.at_us)
        rows = sorted((c for c in contacts if c.calling == number), key=lambda c: c.arrived_us)
        for at, caller in enumerate(callers):
            last = at + 1 == len(callers)
            found[caller.id] = rows[at:] if last else rows[at : at + 1]
    return found


def _always(
    scenario: Scenario,
    ending: Ending,
    by_caller: dict[str, list[ContactClosed]],
    contacts: list[ContactClosed],
    legs: list[LegClosed],
) -> list[str]:
    found = []
    for caller, rows in by_caller.items():
        if len(rows) != 1:
            found.append(f"caller {caller}: {len(rows)} contact rows, expected exactly one")
    if len(contacts) != len(scenario.callers):
        found.append(f"{len(contacts)} contact rows for {len(scenario.callers)} callers")
    if ending.view["calls"]:
        states = ", ".join(f"{c['calling']} {c['state']}" for c in ending.view["calls"])
        found.append(f"calls left on the floor: {states}")
    for agent in ending.view["agents"]:
        if agent["state"] in ("reserved", "ringing", "talking", "holding"):
            found.append(f"agent {agent['id']} is left {agent['state']}")
    found += [f"left on the switch: {leg}" for leg in ending.leftovers]
    known = {c.contact for c in contacts}
    for leg in legs:
        if leg.end_us < leg.start_us:
            found.append(f"{leg.kind.name} row ends before it starts")
        if leg.contact not in known:
            found.append(f"{leg.kind.name} row of an unknown contact")
    intervals = [f for f in ending.facts if isinstance(f, AgentInterval)]
    for agent in {i.agent for i in intervals}:
        mine = sorted((i for i in intervals if i.agent == agent), key=lambda i: i.start_us)
        for before, after in zip(mine, mine[1:], strict=False):
            if after.start_us < before.end_us:
                found.append(f"agent {agent}: intervals overlap")
    return found


def _contact(wanted: dict[str, Any], by_caller: dict[str, list[ContactClosed]]) -> list[str]:
    caller = str(wanted["caller"])
    rows = by_caller.get(caller, [])
    if not rows:
        return [f"caller {caller}: no contact row"]
    row = rows[0]
    fields = {name: getattr(row, name) for name in ContactClosed.__slots__}
    fields["outcome"] = row.outcome.name.lower()
    fields["ended_by"] = row.ended_by.name.lower()
    return _fields(f"caller {caller}", {k: v for k, v in wanted.items() if k != "caller"}, fields)


def _leg(
    wanted: dict[str, Any], by_caller: dict[str, list[ContactClosed]], legs: list[LegClosed]
) -> list[str]:
    caller = str(wanted["caller"])
    ids = {c.contact for c in by_caller.get(caller, [])}
    conditions = {k: v for k, v in wanted.items() if k not in ("caller", "count")}
    matching = 0
    for leg in legs:
        fields: dict[str, Any] = {name: getattr(leg, name) for name in LegClosed.__slots__}
        fields["kind"], fields["result"] = leg.kind.name.lower(), leg.result.name.lower()
        fields["length_ms"] = (leg.end_us - leg.start_us) // 1000
        matching += leg.contact in ids and not _fields("", conditions, fields)
    problem = _differs(wanted.get("count", "1..9"), matching)
    return [f"caller {caller}: {matching} legs with {conditions}, {problem}"] if problem else []


def _count(wanted: dict[str, Any], contacts: list[ContactClosed]) -> list[str]:
    outcome = wanted["outcome"]
    found = sum(c.outcome.name.lower() == outcome for c in contacts)
    problem = _differs(wanted["is"], found)
    return [f"{found} contacts {outcome}, {problem}"] if problem else []


def _agents(wanted: dict[str, str], ending: Ending) -> list[str]:
    states = {
        agent["id"]: f"{agent['state']} {agent['reason']}".strip()
        for agent in ending.view["agents"]
    }
    return [
        f"agent {id_} is {states.get(id_)!r}, expected {state!r}"
        for id_, state in wanted.items()
        if states.get(id_) != state
    ]


def _order(wanted: list[int], by_caller: dict[str, list[ContactClosed]]) -> list[str]:
    answered = {
        int(caller): rows[0].answered_us
        for caller, rows in by_caller.items()
        if rows and rows[0].answered_us and int(caller) in wanted
    }
    order = sorted(answered, key=lambda caller: answered[caller])
    return [] if order == wanted else [f"answered in the order {order}, expected {wanted}"]


def _recording(
    wanted: dict[str, Any], by_caller: dict[str, list[ContactClosed]], ending: Ending
) -> list[str]:
    caller = str(wanted["caller"])
    ids = {c.contact for c in by_caller.get(caller, [])}
    mine = [f for f in ending.facts if isinstance(f, RecordingClosed) and f.contact in ids]
    if len(mine) != wanted.get("count", 1):
        return [f"caller {caller}: {len(mine)} recordings, expected {wanted.get('count', 1)}"]
    found = []
    for one in mine:
        length_ms = ending.recordings.get(one.path)
        if length_ms is None:
            found.append(f"caller {caller}: no file {one.path}")
        elif problem := _differs(wanted.get("length_ms", "1.."), length_ms):
            found.append(f"caller {caller}: a recording of {length_ms} ms, {problem}")
    return found


def _fields(who: str, wanted: dict[str, Any], found: dict[str, Any]) -> list[str]:
    return [
        f"{who}: {name} is {found.get(name)!r}, {problem}"
        for name, value in wanted.items()
        if (problem := _differs(value, found.get(name)))
    ]


def _differs(wanted: Any, found: Any) -> str:
    """Empty if it fits. "LOW..HIGH" is a range for numbers, either end may be missing."""
    if isinstance(wanted, str) and ".." in wanted and isinstance(found, int | float):
        low, _, high = wanted.partition("..")
        fits = (not low or found >= float(low)) and (not high or found <= float(high))
    elif isinstance(wanted, str) and wanted.startswith("~"):
        fits = wanted[1:] in str(found)
    elif isinstance(wanted, bool):
        fits = bool(found) == wanted
    else:
        fits = found == wanted
    return "" if fits else f"expected {wanted!r}"
