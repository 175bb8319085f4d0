"""A centre's size, item by item: each with its number, its unit and the formula it comes from."""

from dataclasses import dataclass, fields
from math import ceil, isfinite

from ccore.cdr import DTYPES, Row
from ccore.errors import BadRequest
from ccore.sizing.erlang import (
    MOST_SERVERS,
    blocking,
    blocking_with_recall,
    servers_for_blocking,
)
from ccore.sizing.media import codec, file_bytes_per_s
from ccore.sizing.parts import size_class
from ccore.sizing.staffing import Demand, Service, Target, agents_for, serve

__all__ = ["Item", "Plan", "Wanted", "plan"]

E1_CHANNELS = 30  # voice channels of one E1 (ITU-T G.704: 32 slots, one framing, one signalling)
# Rows that one answered call leaves: itself, its queue, ring and talk, and five states of an agent.
RECORD_BYTES = (
    DTYPES[Row.CONTACT].itemsize + 3 * DTYPES[Row.LEG].itemsize + 5 * DTYPES[Row.AGENT].itemsize
)
DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is known and what is wanted. Shares are parts of 1."""

    calls: float  # for agents, in the busiest period
    period_s: float = 1800
    handle_s: float = 180
    wrap_up_s: float = 0  # the part of handle_s in which the caller has gone
    patience_s: float = 0
    target: Target = Target(service_level=0.8)
    agents: int = 0  # given: this many, instead of a search
    shrinkage: float = 0.0  # share of paid time in which an agent takes no calls
    growth: float = 1.0  # calls become so many times as many
    ring_s: float = 0  # an agent's phone rings
    ivr_s: float = 30  # in the voice menu, each call
    contained: float = 0.6  # share of all calls that the menu serves to their end
    blocking: float = 0.01  # share of calls that may find no line
    recall: float = 0.0  # share of those who dial again
    busy_hour: float = 0.1  # share of a day's calls in its busiest hour
    codec: str = "g711"
    remote: float = 0.0  # share of agents on a link of their own
    recorded: float = 1.0  # share of talks
    record_as: str = "g711"
    kept_days: int = 90


@dataclass(frozen=True, slots=True)
class Item:
    name: str
    value: float
    unit: str  # "", "s", "share", "erlang", "kbit/s", "bytes"
    formula: str


@dataclass(frozen=True, slots=True)
class Plan:
    wanted: Wanted
    model: str  # of the agents: Erlang A or Erlang C
    service: Service
    items: list[Item]
    size: str  # small, medium or large
    parts: tuple[str, ...]

    def value(self, name: str) -> float:
        return next(item.value for item in self.items if item.name == name)


def plan(wanted: Wanted) -> Plan:
    """Raises BadRequest for what is unstable or impossible."""
    _check(wanted)
    calls_per_s = wanted.calls * wanted.growth / wanted.period_s
    demand = Demand(
        calls_per_s=calls_per_s,
        handle_s=wanted.handle_s + wanted.ring_s,  # he who rings is not free
        patience_s=wanted.patience_s,
    )
    agents = wanted.agents or agents_for(demand, wanted.target)
    service = serve(demand, agents, wanted.target.within_s)
    seats = ceil(agents / (1 - wanted.shrinkage) - 1e-9)
    items = [*_agents(wanted, demand, service, seats), *_lines(wanted, demand, service)]
    items += _bytes(wanted, demand, service, _of(items, "trunks"))
    size, parts = size_class(agents)
    return Plan(wanted, demand.model, service, items, size, parts)


def _agents(wanted: Wanted, demand: Demand, service: Service, seats: int) -> list[Item]:
    patient = demand.model == "Erlang A"
    level = "P(answered within T), of all calls" if patient else "1 - C e^(-(n-a) T / AHT)"
    wait = "E[queue] / λ" if patient else "C AHT / (n-a)"
    within = wanted.target.within_s
    found = "given" if wanted.agents else f"least n that meets the target, {demand.model}"
    return [
        Item("load", demand.erlangs, "erlang", "a = calls a second × handling time"),
        Item("agents", service.agents, "", found),
        Item("scheduled", seats, "", "n / (1 - shrinkage), rounded up"),
        Item("service_level", service.service_level, "share", f"{level}, T = {within:g} s"),
        Item("p_wait", service.p_wait, "share", f"P(wait), {demand.model}"),
        Item("asa", service.wait_s, "s", wait),
        Item("abandoned", service.abandoned, "share", "θ E[queue] / λ" if patient else "none"),
        Item("occupancy", service.occupancy, "share", "a (1 - abandoned) / n"),
        Item("queue", service.queue, "", "λ × mean wait"),
    ]


def _lines(wanted: Wanted, demand: Demand, service: Service) -> list[Item]:
    """A line is busy from the first tone to the last word; writing up happens without one."""
    to_agents = demand.calls_per_s
    all_calls = to_agents / (1 - wanted.contained) if wanted.ivr_s else to_agents
    ivr_load = all_calls * wanted.ivr_s
    talk_s = wanted.handle_s - wanted.wrap_up_s
    with_agents = service.wait_s + (1 - service.abandoned) * (wanted.ring_s + talk_s)
    load = ivr_load + to_agents * with_agents
    lines = servers_for_blocking(load, wanted.blocking, wanted.recall)
    ports = servers_for_blocking(ivr_load, wanted.blocking, wanted.recall)
    model = f"extended Erlang B, recall {wanted.recall:g}," if wanted.recall else "Erlang B"
    erlang = f"least n with {model} ≤ {wanted.blocking:g}"
    return [
        Item("calls_per_hour", all_calls * 3600, "", "calls for agents / (1 - contained in IVR)"),
        Item("trunk_load", load, "erlang", "calls a second × (IVR + wait + ring + talk)"),
        Item("trunks", lines, "", erlang),
        Item("blocked", _blocked(lines, load, wanted), "share", model.rstrip(",")),
        Item("e1", ceil(lines / E1_CHANNELS), "", f"trunks / {E1_CHANNELS}, rounded up"),
        Item("ivr_load", ivr_load, "erlang", "all calls a second × time in the IVR"),
        Item("ivr_ports", ports, "", erlang),
    ]


def _bytes(wanted: Wanted, demand: Demand, service: Service, trunks: float) -> list[Item]:
    voice = codec(wanted.codec)
    each = f"{voice.ethernet_kbit_s:g} kbit/s"
    remote = ceil(service.agents * wanted.remote)
    a_day = demand.calls_per_s * 3600 / wanted.busy_hour
    answered = a_day * (1 - service.abandoned)
    talk_s = wanted.handle_s - wanted.wrap_up_s
    recorded = answered * wanted.recorded * talk_s * file_bytes_per_s(wanted.record_as)
    all_calls = a_day / (1 - wanted.contained) if wanted.ivr_s else a_day
    rows = all_calls * RECORD_BYTES
    days = f"× {wanted.kept_days} days"
    return [
        Item(
            "trunk_bandwidth",
            trunks * voice.ethernet_kbit_s,
            "kbit/s",
            f"trunks × {each} ({voice.name}, 20 ms, Ethernet, each way)",
        ),
        Item(
            "remote_bandwidth",
            remote * voice.ethernet_kbit_s,
            "kbit/s",
            f"agents elsewhere × {each} (each way)",
        ),
        Item("calls_a_day", a_day, "", "calls for agents in the busy hour / its share of the day"),
        Item("recordings_a_day", recorded, "bytes", "answered × recorded × talk × bytes a second"),
        Item("recordings", recorded * wanted.kept_days, "bytes", days),
        Item("records_a_day", rows, "bytes", f"all calls × {RECORD_BYTES} bytes of rows"),
        Item("records", rows * wanted.kept_days, "bytes", days),
    ]


def _blocked(lines: int, load: float, wanted: Wanted) -> float:
    if wanted.recall:
        return blocking_with_recall(lines, load, wanted.recall)[0]
    return blocking(lines, load)


def _of(items: list[Item], name: str) -> float:
    return next(item.value for item in items if item.name == name)


def _check(wanted: Wanted) -> None:
    for given in (wanted, wanted.target):
        for name in (field.name for field in fields(given)):
            value = getattr(given, name)
            if isinstance(value, float) and not isfinite(value):
                named = name.removesuffix("_s").replace("_", " ")
                raise BadRequest(what=f"{named} is {value:g}", expected="a finite number")
    if wanted.agents > MOST_SERVERS:
        raise BadRequest(what=f"{wanted.agents:,} agents", expected=f"at most {MOST_SERVERS:,}")
    above = {"calls": wanted.calls, "period": wanted.period_s, "handling time": wanted.handle_s}
    above |= {"growth": wanted.growth, "busy hour": wanted.busy_hour}
    for name, value in above.items():
        if value <= 0:
            raise BadRequest(what=f"{name} is {value:g}", expected="above 0")
    for name, value in {"shrinkage": wanted.shrinkage, "contained": wanted.contained}.items():
        if not 0 <= value < 1:
            raise BadRequest(what=f"{name} is {value:g}", expected="0 to below 1")
    if not 0 <= wanted.wrap_up_s <= wanted.handle_s:
        what = f"{wanted.wrap_up_s:g} s of wrap-up in {wanted.handle_s:g} s of handling"
        raise BadRequest(what=what, expected="a part of it")
