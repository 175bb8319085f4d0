"""A decision log made to happen again: the same choices, or the first that is not.

The log is what an `Acd` was told, in order, one list a line. It begins with `begin`, which carries
the configuration; every offer stands in it with what was chosen.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from ccore._router import Router, RouterError
from ccore.config.schema import Config
from ccore.errors import BadLog
from ccore.routing.acd import Acd
from ccore.routing.case import Case
from ccore.routing.decision import Decision
from ccore.routing.plain import PlainRouter
from ccore.routing.widening import Reach

__all__ = [
    "MISFITS",
    "OFFERS",
    "Outcome",
    "decisions",
    "encode",
    "read",
    "replay",
    "routing_part",
    "tell",
]

OFFERS = ("call", "agent")  # lines that hold a decision


@dataclass(slots=True)
class Outcome:
    """What came of a replay. `recorded` and `replayed` are hashes over all choices, in order."""

    said: int = 0  # lines read
    offers: int = 0  # times the engine was asked
    decisions: int = 0  # times it had an answer
    recorded: str = ""
    replayed: str = ""
    line: int = 0  # of the first difference; 0: there is none
    was: list[Any] = field(default_factory=list)
    now: list[Any] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        return self.line == 0


def routing_part(config: Config) -> Config:
    """What routing looks at: no passwords, no phones, no names of people."""
    agents = {
        name: msgspec.structs.replace(agent, name="", contact="")
        for name, agent in config.agents.items()
    }
    return Config(
        site=config.site,
        languages=config.languages,
        routing=config.routing,
        queues=config.queues,
        profiles=config.profiles,
        agents=agents,
    )


# What a line raises that is JSON, but not what a router was told: a wrong shape, kind or size.
MISFITS = (
    *(RouterError, LookupError, TypeError, ValueError),
    *(AttributeError, OverflowError, AssertionError),
)


def encode(said: tuple[Any, ...]) -> bytes:
    """One line of the log, with its line feed."""
    if isinstance(said[1], Config):
        said = (said[0], routing_part(said[1]), *said[2:])
    return msgspec.json.encode(said) + b"\n"


def read(lines: Iterable[bytes], name: str = "the log") -> Iterable[list[Any]]:
    """What stands in the lines; a last one that was cut off in writing ends it."""
    for number, line in enumerate(lines, 1):
        if not line.endswith(b"\n"):
            return
        try:
            said = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadLog(file=name, line=number, what=f"no JSON ({error})") from None
        verb = said[0] if isinstance(said, list) and said else None
        if not isinstance(verb, str) or verb not in _VERBS:
            raise BadLog(file=name, line=number, what="nothing that a router is told")
        yield said


def replay(said: Iterable[list[Any]], *, plain: bool = False, name: str = "the log") -> Outcome:
    """Ask a new engine, or its plain twin, everything again and stop at the first difference."""
    outcome, acd = Outcome(), None
    recorded, replayed = sha256(), sha256()
    for number, one in enumerate(said, 1):
        outcome.said = number
        try:
            acd = tell(acd, one, plain=plain)
            choice = asked(acd, one) if one[0] in OFFERS else None
        except MISFITS as error:
            raise BadLog(file=name, line=number, what=f"out of order ({error})") from None
        if one[0] in OFFERS:
            outcome.offers += 1
            outcome.decisions += one[3] is not None
            now = list(choice.choice()) if choice else None
            recorded.update(msgspec.json.encode(one[3]))
            replayed.update(msgspec.json.encode(now))
            if now != one[3]:
                outcome.line, outcome.was, outcome.now = number, one[3] or [], now or []
                break
    outcome.recorded, outcome.replayed = recorded.hexdigest(), replayed.hexdigest()
    return outcome


def decisions(said: Iterable[list[Any]], name: str = "the log") -> Iterator[Decision]:
    """What was chosen, as it stands in the log; nothing is asked again."""
    cases: dict[str, Case] = {}
    for number, one in enumerate(said, 1):
        try:
            decision = _decision(cases, *one)
        except MISFITS as error:
            raise BadLog(file=name, line=number, what=f"out of order ({error})") from None
        if decision is not None:
            yield decision


def _decision(cases: dict[str, Case], verb: str, *rest: Any) -> Decision | None:
    if verb == "enter":
        cases[rest[1]] = Case.heard(rest[1:])
    elif verb == "hold":
        cases[rest[4]] = Case.heard(rest[4:])
    elif verb in OFFERS and rest[2] is not None and rest[2][0] in cases:
        now_us, choice = rest[0], rest[2]
        contact, agent, rule, decided_by, candidates, runner_up, step = choice
        case = cases[contact]
        return Decision(
            at_us=now_us,
            contact=contact,
            queue=case.queue,
            agent=agent,
            chose="agent" if verb == "call" else "call",
            rule=rule,
            decided_by=decided_by,
            candidates=candidates,
            runner_up=runner_up,
            step=step,
            waited_ms=max(0, now_us - case.entered_us) // 1000,
        )
    return None


def asked(acd: Acd, one: list[Any]) -> Decision | None:
    """The offer of this line, made again."""
    verb, now_us, who, _ = one
    if verb == "call":
        return acd.offer_for_call(who, now_us)
    offered = acd.offer_for_agent(who, now_us)
    return offered[1] if offered else None


def tell(acd: Acd | None, one: list[Any], *, plain: bool = False) -> Acd:
    """Tell it what stands in a line; `begin` makes a new one."""
    verb, *said = one
    if verb == "begin":
        config, make = config_of(said[0]), PlainRouter if plain else Router
        router = make(seed=config.routing.seed)
        return Acd(config, router, frozenset(said[1]), said[2], is_settled=False)
    if acd is None:
        raise ValueError("the log does not begin at its beginning")
    _VERBS[verb](acd, said)
    return acd


def config_of(data: Any) -> Config:
    return msgspec.convert(data, Config)


def _enter(acd: Acd, said: list[Any]) -> None:
    acd.enter(said[0], Case.heard(said[1:]))


def _hold(acd: Acd, said: list[Any]) -> None:
    call, agent, idle_since_us, ready_us, *told = said
    case = Case.heard(told)
    case.agent, case.clocks = agent, (idle_since_us, ready_us)
    acd.hold(call, case)


def _configure(acd: Acd, said: list[Any]) -> None:
    acd.configure(config_of(said[0]), frozenset(said[1]))


_VERBS: Mapping[str, Any] = {
    "begin": None,
    "config": _configure,
    "ready": lambda acd, said: acd.ready(*said),
    "away": lambda acd, said: acd.away(*said),
    "figures": lambda acd, said: acd.figures(*said),
    "remove": lambda acd, said: acd.remove(*said),
    "enter": _enter,
    "hold": _hold,
    "grow": lambda acd, said: acd.grow(said[0], Reach(*said[1:])),
    "widen": lambda acd, said: acd.widen(*said),
    "aside": lambda acd, said: acd.set_aside(*said),
    "back": lambda acd, said: acd.bring_back(*said),
    "leave": lambda acd, said: acd.leave(*said),
    "call": lambda acd, said: None,
    "agent": lambda acd, said: None,
    "confirm": lambda acd, said: acd.confirm(*said),
    "release": lambda acd, said: acd.release(said[0], requeue=said[1], ready=said[2]),
    "settle": lambda acd, said: acd.settle(*said),
}
