"""Rows of a foreign table as facts, by a mapping.

A row gives some of: arrival, time in the IVR, queue entry, wait, answer, talk, hold, end. What it
does not give follows from the rest, so that the parts of a contact add up to its length.
"""

import difflib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from ccore.cdr.importing.cells import Cells, NoColumn, Readers
from ccore.cdr.importing.mapping import AgentTable, ContactTable, Mapping, Moment
from ccore.cdr.importing.tally import BadRow, Tally
from ccore.errors import BadConfig
from ccore.model import (
    AgentInterval,
    AgentState,
    ContactClosed,
    EndedBy,
    LegClosed,
    LegKind,
    LegResult,
    Outcome,
)

__all__ = ["read_rows"]

Fact = ContactClosed | LegClosed | AgentInterval
T = TypeVar("T")
Convert = Callable[[Cells], list[Fact]]

DAY_US = 86_400_000_000
LONGEST_US = 366 * DAY_US
WITHOUT_QUEUE = frozenset({Outcome.IVR, Outcome.CLOSED})
BEST_MARK = 5
ENDED_BY = {"": EndedBy.UNKNOWN} | {who.name.lower(): who for who in EndedBy}
STATES = {state.name.lower().replace("_", "-"): state for state in AgentState}


def read_rows(
    rows: Iterator[tuple[int, Sequence[str]]],
    mapping: Mapping,
    *,
    mapping_path: Path,
    path: Path,
    tally: Tally,
) -> Iterator[list[Fact]]:
    """The facts of each row that has some; all others are counted. Rows come with their line."""
    names = mapping.file.columns or [name.strip() for name in next(rows, (0, ()))[1]]
    readers = Readers(names, mapping.columns, ZoneInfo(mapping.timezone), tally)
    try:
        ignores = [(readers.rule(one.when, one.unless), one.reason) for one in mapping.ignore]
        convert = _contacts(readers, mapping, mapping.contact, tally) if mapping.contact else None
        convert = _agents(readers, mapping.agent) if mapping.agent else convert
        for name in mapping.columns:
            readers.raw(name)
    except NoColumn as missing:
        near = difflib.get_close_matches(missing.name, names, 1) or [", ".join(names[:20])]
        if len(names) == 1:
            near = [f"columns separated by {mapping.file.separator!r}, found {names[0]}"]
        raise BadConfig(
            file=mapping_path,
            place=f"column {missing.name!r}",
            found=f"none of that name in {path.name}",
            expected=near[0] or "a first line with names",
        ) from None
    assert convert is not None
    width = len(names)
    for line, cells in rows:
        if not any(cells):  # an empty line is no row
            continue
        tally.read += 1
        try:
            if len(cells) != width:
                raise BadRow(f"not {width} columns", f"{len(cells)}")
            reason = next((reason for holds, reason in ignores if holds(cells)), None)
            if reason is not None:
                tally.ignore(reason)
                continue
            facts = convert(cells)
        except BadRow as bad:
            tally.refuse(bad, path, line)
            continue
        yield facts


def _contacts(readers: Readers, mapping: Mapping, table: ContactTable, tally: Tally) -> Convert:
    text, moment, duration = readers.text, readers.moment, readers.duration
    rules = [
        (readers.rule(rule.when, rule.unless), Outcome[rule.result.upper()])
        for rule in mapping.outcome
    ]
    asked = sorted({name for rule in mapping.outcome for name in (*rule.when, *rule.unless)})
    shown = [readers.raw(name) for name in asked]
    arrived_at, queued_at = moment("arrived", table.arrived), moment("queued", table.queued)
    answered_at, ended_at = moment("answered", table.answered), moment("ended", table.ended)
    ivr_of, wait_of = duration("ivr", table.ivr), duration("wait", table.wait)
    ring_of, talk_of = duration("ring", table.ring), duration("talk", table.talk)
    hold_of, wrapup_of = duration("hold", table.hold), duration("wrapup", table.wrapup)
    key, queue_of, agent_of = text(table.id), text(table.queue), text(table.agent)
    calling, calling_name, called = (
        text(table.calling),
        text(table.calling_name),
        text(table.called),
    )
    entry, language, site = text(table.entry), text(table.language), text(table.site)
    node, cause, recording = text(table.node), text(table.cause), text(table.recording)
    ended_by, priority = text(table.ended_by), _number("priority", text(table.priority))
    offers, transfers = (
        _number("offers", text(table.offers)),
        _number("transfers", text(table.transfers)),
    )
    tenant, survey, mark = text(table.tenant), text(table.survey), _mark(text(table.survey))

    def convert(cells: Cells) -> list[Fact]:
        contact = key(cells)
        if not contact:
            raise BadRow("id: empty")
        outcome = next((outcome for holds, outcome in rules if holds(cells)), None)
        if outcome is None:
            words = ", ".join(cell(cells) for cell in shown)
            raise BadRow(f"no [[outcome]] for {', '.join(asked) or 'it'}", words)

        arrived, queued = arrived_at(cells), queued_at(cells)
        ivr = ivr_of(cells)
        if arrived is None:
            if queued is None:
                raise BadRow("arrived: empty")
            arrived = queued - (ivr or 0)
        queued = _next_day(queued, arrived, table.queued)
        answered = _next_day(answered_at(cells), arrived, table.answered)
        ended = _next_day(ended_at(cells), arrived, table.ended)

        queue = "" if outcome in WITHOUT_QUEUE else queue_of(cells)
        spoke = outcome is Outcome.ANSWERED
        if ivr is None:
            end_of_ivr = queued if queued is not None else None if queue else ended
            ivr = _length("queued", arrived, end_of_ivr)
        queued = arrived + ivr if queued is None else queued
        wait = wait_of(cells) if queue or spoke else 0
        if wait is None:
            wait = _length("wait", queued, answered if spoke else ended)
        hold, talk = hold_of(cells) or 0, talk_of(cells)
        if not spoke:
            if talk:
                tally.mend("talk: of a contact that was not answered, left out")
            talk = hold = 0
        answered = queued + wait if answered is None else answered
        if talk is None:
            talk = max(0, _length("talk", answered, ended) - hold)
        if ended is None:
            ended = (answered if spoke else queued + wait) + talk + hold
        if ended < arrived:
            raise BadRow("ended: before the arrival", f"{(ended - arrived) // 1_000_000} s")

        agent = agent_of(cells)
        facts: list[Fact] = []
        wrapup = wrapup_of(cells)
        if wrapup:
            facts.append(
                LegClosed(
                    contact=contact,
                    contact_us=arrived,
                    kind=LegKind.WRAPUP,
                    result=LegResult.DONE,
                    start_us=ended,
                    end_us=ended + wrapup,
                    queue=queue,
                    agent=agent,
                    site=site(cells),
                    language=language(cells),
                )
            )
        facts.append(
            ContactClosed(
                contact=contact,
                node=node(cells),
                arrived_us=arrived,
                ended_us=ended,
                outcome=outcome,
                ended_by=_word("ended_by", ended_by(cells), ENDED_BY),
                cause=cause(cells),
                called=called(cells),
                calling=calling(cells),
                calling_name=calling_name(cells),
                language=language(cells),
                entry=entry(cells),
                queue=queue,
                agent=agent if spoke else "",
                site=site(cells),
                priority=priority(cells),
                queued_us=queued if queue else 0,
                answered_us=answered if spoke else 0,
                ivr_ms=ivr // 1000,
                wait_ms=wait // 1000,
                ring_ms=(ring_of(cells) or 0) // 1000,
                talk_ms=talk // 1000,
                hold_ms=hold // 1000,
                offers=offers(cells) if table.offers else int(bool(agent)),
                transfers=transfers(cells),
                recording=recording(cells),
                tenant=tenant(cells),
                survey=mark(cells),
                survey_asked=bool(survey(cells)),
            )
        )
        return facts

    return convert


def _agents(readers: Readers, table: AgentTable) -> Convert:
    text = readers.text
    agent, state, reason = text(table.agent), text(table.state), text(table.reason)
    queue, site, team = text(table.queue), text(table.site), text(table.team)
    start, end = readers.moment("start", table.start), readers.moment("end", table.end)
    length = readers.duration("length", table.length)

    def convert(cells: Cells) -> list[Fact]:
        start_us = start(cells)
        if start_us is None:
            raise BadRow("start: empty")
        if not agent(cells):
            raise BadRow("agent: empty")
        end_us = _next_day(end(cells), start_us, table.end)
        lasted = length(cells)
        if lasted is not None:
            end_us = start_us + lasted
        if end_us is None:
            raise BadRow("end: empty")
        if end_us < start_us:
            raise BadRow("end: before the start", f"{(end_us - start_us) // 1_000_000} s")
        if end_us - start_us > LONGEST_US:  # such as 9999-12-31 for one that goes on
            raise BadRow(
                "end: more than a year after the start", f"{(end_us - start_us) // DAY_US} d"
            )
        return [
            AgentInterval(
                agent=agent(cells),
                state=_word("state", state(cells), STATES),
                start_us=start_us,
                end_us=end_us,
                reason=reason(cells),
                queue=queue(cells),
                site=site(cells),
                team=team(cells),
            )
        ]

    return convert


def _next_day(at_us: int | None, arrived_us: int, moment: Moment | None) -> int | None:
    if at_us is not None and moment and moment.after_midnight and at_us < arrived_us:
        return at_us + DAY_US
    return at_us


def _length(field: str, begin_us: int | None, end_us: int | None) -> int:
    """Nothing is 0; a negative time is refused."""
    if begin_us is None or end_us is None:
        return 0
    if end_us < begin_us:
        raise BadRow(f"{field}: negative", f"{(end_us - begin_us) // 1_000_000} s")
    return end_us - begin_us


def _number(field: str, text: Callable[[Cells], str]) -> Callable[[Cells], int]:
    def read(cells: Cells) -> int:
        value = text(cells)
        try:
            return int(value) if value else 0
        except ValueError:
            raise BadRow(f"{field}: no whole number", value) from None

    return read


def _mark(text: Callable[[Cells], str]) -> Callable[[Cells], int]:
    number = _number("survey", text)

    def read(cells: Cells) -> int:
        mark = number(cells)
        if not 0 <= mark <= BEST_MARK:
            raise BadRow(f"survey: not 0 to {BEST_MARK}", str(mark))
        return mark

    return read


def _word(field: str, word: str, known: dict[str, T]) -> T:
    found = known.get(word)
    if found is None:
        raise BadRow(f"{field}: none of {', '.join(filter(None, known))}", word)
    return found
