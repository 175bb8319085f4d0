"""Every number outside that ccore.toml names is one that its own allow-list lets through."""

import re
from collections.abc import Iterator

from ccore.config.faults import Fault, show
from ccore.config.lines import Path
from ccore.config.outbound import number_in, refusal
from ccore.config.places import Doubts, destinations
from ccore.config.schema import Config, Dial

__all__ = ["check_numbers", "check_outbound"]

_PATTERN = re.compile(r"\+?[0-9*#]{1,32}", re.ASCII)


def check_outbound(config: Config) -> Doubts:
    outbound = config.outbound
    owners: dict[str, str] = {}
    for kind, patterns in (("allow", outbound.allow), ("refuse", outbound.refuse)):
        for index, pattern in enumerate(patterns):
            path = ("outbound", kind, index)
            if not _PATTERN.fullmatch(pattern):
                found = show(pattern) if pattern else "an empty number"
                raise Fault(path, found, "a number, its beginning with *, or * alone")
            if (other := owners.setdefault(pattern, kind)) != kind:
                raise Fault(path, f"{pattern}, which is in outbound.{other} too", "one of them")
    if "*" in outbound.allow and not outbound.refuse:
        yield ("outbound", "allow"), "every number may be called, also the dear ones"
    if outbound.refuse and not outbound.allow:
        yield ("outbound", "refuse"), "is never used, nothing is allowed"


def check_numbers(config: Config) -> Doubts:
    for path, number in _numbers(config):
        if why := refusal(config.outbound, number):
            raise Fault(
                path, f"{show(number)} ({why})", "a number that outbound.allow lets through"
            )
    yield from ()


def _numbers(config: Config) -> Iterator[tuple[Path, str]]:
    for path, to in destinations(config):
        kind, _, name = to.partition(":")
        if kind == "number":
            yield path, name
    for flow, steps in config.flows.items():
        for name, step in steps.items():
            if isinstance(step, Dial):
                yield ("flows", flow, name, "number"), step.number
    for name, agent in config.agents.items():
        if number := number_in(agent.contact):
            yield ("agents", name, "contact"), number
