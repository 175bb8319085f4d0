"""Flows lead somewhere.

Theory: look at a caller who presses nothing. Every step then has known successors: a menu and a
collection go to their default, all others wherever they may go. If nobody can walk in a circle on
these edges, every silent caller reaches an end, and so every circle that a flow has is one that
callers choose by their own digits. So one rule finds both kinds of trap: steps that chase one
another by themselves, and a menu whose time-out leads back to it for ever.
"""

from collections.abc import Iterator

from ccore.config.destination import split
from ccore.config.faults import Fault, nearest, show
from ccore.config.lines import Path
from ccore.config.places import Doubts
from ccore.config.schema import (
    Branch,
    Collect,
    Config,
    GoTo,
    Hours,
    Menu,
    Message,
    Say,
    SetLanguage,
    Step,
    Want,
)

__all__ = ["START", "KNOWN_VALUES", "check_endings", "check_steps", "exits", "find_circle"]

START = "start"  # the step a flow begins with

# What a branch may look at without collecting it.
KNOWN_VALUES = ("called", "calling", "language", "priority")

Node = tuple[str, str]  # flow and step, or "queue:" or "split:" and its name


def exits(step: Step) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where a step can go: the key of the exit (such as ("options", "1")) and the next step."""
    if isinstance(step, Say | SetLanguage | Want):
        yield ("next",), step.next
    elif isinstance(step, Menu):
        for digit, target in step.options.items():
            yield ("options", digit), target
        if step.default:
            yield ("default",), step.default
    elif isinstance(step, Collect):
        yield ("next",), step.next
        if step.default:
            yield ("default",), step.default
    elif isinstance(step, Branch):
        for value, target in step.cases.items():
            yield ("cases", value), target
        yield ("default",), step.default
    elif isinstance(step, Hours):
        yield ("open",), step.open
        yield ("closed",), step.closed
    elif isinstance(step, Message) and step.next:
        yield ("next",), step.next


def check_steps(config: Config) -> Doubts:
    collected = {
        step.into
        for steps in config.flows.values()
        for step in steps.values()
        if isinstance(step, Collect)
    }
    entered = _entered(config)
    for flow, steps in config.flows.items():
        path: Path = ("flows", flow)
        if START not in steps:
            raise Fault(path, f"no step {START}", f"[flows.{flow}.{START}], where callers come in")
        for name, step in steps.items():
            for exit_, target in exits(step):
                if target not in steps:
                    place = (*path, name, *exit_)
                    found = show(target) if target else "a dead end"
                    raise Fault(place, found, nearest(target, steps, f"a step of flow {flow}"))
            _check_step(step, (*path, name), collected)
        reached = _reached(steps)
        for name in steps:
            if name not in reached:
                yield (*path, name), "no step leads here"
        if flow not in entered:
            yield path, "no entry, queue or flow leads here"


def check_endings(config: Config) -> Doubts:
    graph: dict[Node, list[Node]] = {}
    for flow, steps in config.flows.items():
        for name, step in steps.items():
            graph[flow, name] = list(_silent(flow, step))
    for name, queue in config.queues.items():
        # Who finds a queue full is sent on at once; who waited there has had his chance.
        graph["queue:", name] = list(_sent(queue.full)) if queue.max_waiting else []
    for name, one in config.splits.items():
        graph["split:", name] = [node for way in one.ways for node in _sent(way.to)]
    if circle := find_circle(graph):
        way = " -> ".join(".".join(node).replace(":.", ":") for node in circle)
        flow, name = next((node for node in circle if not node[0].endswith(":")), circle[0])
        tables = {"queue:": ("queues", name), "split:": ("splits", name)}
        place = tables.get(flow, ("flows", flow, name))
        raise Fault(
            place,
            f"a loop without a way out: {way}",
            "a way that ends for callers who press nothing",
        )
    yield from ()


def find_circle(graph: dict[Node, list[Node]]) -> list[Node]:
    """One circle, its first node repeated at the end; empty when there is none."""
    done: set[Node] = set()
    for root in graph:
        if root in done:
            continue
        way: list[Node] = [root]
        places = {root: 0}
        open_ = [iter(graph.get(root, ()))]
        while way:
            node = next(open_[-1], None)
            if node is None:
                done.add(way[-1])
                del places[way.pop()]
                open_.pop()
            elif node in places:
                return [*way[places[node] :], node]
            elif node not in done:
                places[node] = len(way)
                way.append(node)
                open_.append(iter(graph.get(node, ())))
    return []


def _silent(flow: str, step: Step) -> Iterator[Node]:
    """Where a caller may come who presses nothing."""
    if isinstance(step, GoTo):
        yield from _sent(step.to)
    for exit_, target in exits(step):
        if exit_ == ("default",) or not isinstance(step, Menu | Collect):
            yield flow, target


def _sent(to: str) -> Iterator[Node]:
    kind, name = split(to)
    if kind == "ivr":
        yield name, START
    elif kind in ("queue", "split"):
        yield f"{kind}:", name


def _check_step(step: Step, path: Path, collected: set[str]) -> None:
    if isinstance(step, Menu) and not step.options:
        raise Fault((*path, "options"), "no options", 'at least one, such as { 1 = "sales" }')
    if isinstance(step, Collect):
        if step.min_digits > step.max_digits:
            found = f"{step.min_digits}, more than max_digits {step.max_digits}"
            raise Fault((*path, "min_digits"), found, "at most max_digits")
        if step.terminator not in ("", *"0123456789*#ABCD"):
            expected = 'one key of a telephone, or "" for none'
            raise Fault((*path, "terminator"), show(step.terminator), expected)
    if isinstance(step, Branch) and step.on not in collected and step.on not in KNOWN_VALUES:
        known = {*collected, *KNOWN_VALUES}
        raise Fault((*path, "on"), show(step.on), nearest(step.on, known, "a value collected"))


def _reached(steps: dict[str, Step]) -> set[str]:
    reached, open_ = {START}, [START]
    while open_:
        for _, target in exits(steps[open_.pop()]):
            if target not in reached:
                reached.add(target)
                open_.append(target)
    return reached


def _entered(config: Config) -> set[str]:
    """Flows that something outside themselves leads to."""
    ways = [to for entry in config.entries for to in (entry.to, entry.closed)]
    for queue in config.queues.values():
        ways += [queue.overflow, queue.full, queue.leave.to if queue.leave else "hangup"]
    ways += [way.to for split in config.splits.values() for way in split.ways]
    for flow, steps in config.flows.items():
        ways += [s.to for s in steps.values() if isinstance(s, GoTo) and s.to != f"ivr:{flow}"]
    return {name for kind, name in map(split, ways) if kind == "ivr"}
