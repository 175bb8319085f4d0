"""Facts to rows and back.

Nothing that a fact holds may stop a row from being written: a value outside its field is brought to
the nearest that fits. Times of a contact are kept as milliseconds after its arrival; everything
else comes back as it went in.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ccore.cdr.causes import CODES, FOREIGN, NAMES
from ccore.cdr.layout import ENDED_BY, NONE_MS, Flag, Row, Rows
from ccore.cdr.numbers import hash_number
from ccore.cdr.strings import Strings, Text
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

__all__ = ["RowFact", "Values", "cause_name", "day_us", "facts", "pack", "row_kind"]

RowFact = ContactClosed | LegClosed | AgentInterval
Values = tuple[Any, ...]

# Codes that a newer ccore appended read as the nearest that says nothing wrong.
OUTCOMES = {int(one): one for one in Outcome}
ENDERS = {int(one): one for one in EndedBy}
LEG_KINDS = {int(one): one for one in LegKind}  # legs of a new kind are passed over
LEG_RESULTS = {int(one): one for one in LegResult}
STATES = {int(one): one for one in AgentState}


def row_kind(fact: RowFact) -> Row:
    if isinstance(fact, ContactClosed):
        return Row.CONTACT
    return Row.LEG if isinstance(fact, LegClosed) else Row.AGENT


def day_us(fact: RowFact) -> int:
    """The moment whose UTC day chooses the file: a contact and its legs lie side by side."""
    if isinstance(fact, ContactClosed):
        return fact.arrived_us
    return fact.contact_us if isinstance(fact, LegClosed) else fact.start_us


def pack(fact: RowFact, seq: int, strings: Strings, key: bytes | None = None) -> Values:
    """The values of one row; with a `key` the caller's number is hashed and his name left out."""
    if isinstance(fact, ContactClosed):
        return _pack_contact(fact, seq, strings, key)
    if isinstance(fact, LegClosed):
        return _pack_leg(fact, seq, strings)
    return _pack_agent(fact, seq, strings)


def facts(kind: Row, rows: Rows, strings: Strings) -> Iterator[RowFact]:
    table: dict[Row, Callable[[Values, Strings], RowFact]] = {
        Row.CONTACT: _contact,
        Row.LEG: _leg,
        Row.AGENT: _agent,
    }
    unpack = table[kind]
    if kind is Row.LEG:
        rows = rows[np.isin(rows["kind"], list(LEG_KINDS))]
    for start in range(0, len(rows), 4096):  # so many at a time: a year need not fit in memory
        for values in rows[start : start + 4096].tolist():
            yield unpack(values, strings)


def _pack_contact(fact: ContactClosed, seq: int, strings: Strings, key: bytes | None) -> Values:
    intern = strings.intern
    arrived_us = _between(fact.arrived_us, -(1 << 63), (1 << 63) - 1)
    return (
        seq,
        *_contact_key(fact.contact, strings),
        arrived_us,
        _ms((fact.ended_us - arrived_us) // 1000),
        _ms((fact.queued_us - arrived_us) // 1000) if fact.queued_us else NONE_MS,
        _ms((fact.answered_us - arrived_us) // 1000) if fact.answered_us else NONE_MS,
        _ms(fact.ivr_ms),
        _ms(fact.wait_ms),
        _ms(fact.ring_ms),
        _ms(fact.talk_ms),
        _ms(fact.hold_ms),
        intern(Text.NUMBER, hash_number(fact.calling, key) if key else fact.calling),
        intern(Text.NAME, "" if key else fact.calling_name),
        intern(Text.NUMBER, fact.called),
        intern(Text.FILE, fact.recording),
        intern(Text.QUEUE, fact.queue),
        intern(Text.AGENT, fact.agent),
        intern(Text.ENTRY, fact.entry),
        _cause_code(fact.cause, strings),
        _between(fact.priority, -0x8000, 0x7FFF),
        intern(Text.SITE, fact.site),
        intern(Text.TENANT, fact.tenant),
        intern(Text.NODE, fact.node),
        intern(Text.LANGUAGE, fact.language),
        _byte(fact.offers),
        _byte(fact.transfers),
        int(fact.outcome),
        _byte(fact.step),
        _byte(fact.survey),
        fact.ended_by
        | Flag.HIT_LAST_AGENT * fact.last_agent_hit
        | Flag.RECOVERED * fact.recovered
        | Flag.CALLBACK_OFFERED * fact.callback_offered
        | Flag.SURVEY_ASKED * fact.survey_asked,
    )


def _contact(values: Values, strings: Strings) -> ContactClosed:
    (_, hi, lo, arrived_us, length, queued, answered, ivr, wait, ring, talk, hold, *rest) = values
    (calling, name, called, recording, queue, agent, entry, cause, priority, *rest) = rest
    (site, tenant, node, language, offers, transfers, outcome, step, survey, flags) = rest
    text = strings.text
    return ContactClosed(
        contact=_contact_id(hi, lo, strings),
        node=text(Text.NODE, node),
        arrived_us=arrived_us,
        ended_us=arrived_us + length * 1000,
        outcome=OUTCOMES.get(outcome, Outcome.FAILED),
        ended_by=ENDERS[flags & ENDED_BY],
        cause=cause_name(cause, strings),
        called=text(Text.NUMBER, called),
        calling=text(Text.NUMBER, calling),
        calling_name=text(Text.NAME, name),
        language=text(Text.LANGUAGE, language),
        entry=text(Text.ENTRY, entry),
        queue=text(Text.QUEUE, queue),
        agent=text(Text.AGENT, agent),
        site=text(Text.SITE, site),
        priority=priority,
        queued_us=0 if queued == NONE_MS else arrived_us + queued * 1000,
        answered_us=0 if answered == NONE_MS else arrived_us + answered * 1000,
        ivr_ms=ivr,
        wait_ms=wait,
        ring_ms=ring,
        talk_ms=talk,
        hold_ms=hold,
        offers=offers,
        transfers=transfers,
        last_agent_hit=bool(flags & Flag.HIT_LAST_AGENT),
        recording=text(Text.FILE, recording),
        tenant=text(Text.TENANT, tenant),
        step=step,
        survey=survey,
        survey_asked=bool(flags & Flag.SURVEY_ASKED),
        callback_offered=bool(flags & Flag.CALLBACK_OFFERED),
        recovered=bool(flags & Flag.RECOVERED),
    )


def _pack_leg(fact: LegClosed, seq: int, strings: Strings) -> Values:
    intern = strings.intern
    return (
        seq,
        *_contact_key(fact.contact, strings),
        _us(fact.contact_us),
        _us(fact.start_us),
        _us(fact.end_us),
        intern(Text.DETAIL, fact.detail),
        intern(Text.QUEUE, fact.queue),
        intern(Text.AGENT, fact.agent),
        _cause_code(fact.cause, strings),
        intern(Text.SITE, fact.site),
        intern(Text.TENANT, fact.tenant),
        int(fact.kind),
        int(fact.result),
        intern(Text.LANGUAGE, fact.language),
        _byte(fact.step),
        _byte(fact.hop),
        b"",
    )


def _leg(values: Values, strings: Strings) -> LegClosed:
    (_, hi, lo, contact_us, start_us, end_us, detail, queue, agent, cause, *rest) = values
    (site, tenant, kind, result, language, step, hop, _) = rest
    text = strings.text
    return LegClosed(
        contact=_contact_id(hi, lo, strings),
        contact_us=contact_us,
        kind=LEG_KINDS[kind],
        result=LEG_RESULTS.get(result, LegResult.NONE),
        start_us=start_us,
        end_us=end_us,
        queue=text(Text.QUEUE, queue),
        agent=text(Text.AGENT, agent),
        site=text(Text.SITE, site),
        language=text(Text.LANGUAGE, language),
        cause=cause_name(cause, strings),
        detail=text(Text.DETAIL, detail),
        tenant=text(Text.TENANT, tenant),
        step=step,
        hop=hop,
    )


def _pack_agent(fact: AgentInterval, seq: int, strings: Strings) -> Values:
    intern = strings.intern
    return (
        seq,
        _us(fact.start_us),
        _us(fact.end_us),
        intern(Text.AGENT, fact.agent),
        intern(Text.REASON, fact.reason),
        intern(Text.QUEUE, fact.queue),
        intern(Text.TEAM, fact.team),
        intern(Text.SITE, fact.site),
        int(fact.state),
        b"",
    )


def _agent(values: Values, strings: Strings) -> AgentInterval:
    (_, start_us, end_us, agent, reason, queue, team, site, state, _) = values
    text = strings.text
    return AgentInterval(
        agent=text(Text.AGENT, agent),
        state=STATES.get(state, AgentState.SIGNED_OUT),
        start_us=start_us,
        end_us=end_us,
        reason=text(Text.REASON, reason),
        queue=text(Text.QUEUE, queue),
        site=text(Text.SITE, site),
        team=text(Text.TEAM, team),
    )


def _contact_key(contact: str, strings: Strings) -> tuple[int, int]:
    try:
        bits = int(contact.replace("-", ""), 16)
    except ValueError:
        bits = 0
    if bits >> 64 and 0 < bits < 1 << 128 and _uuid(bits) == contact:
        return bits >> 64, bits & 0xFFFF_FFFF_FFFF_FFFF
    return 0, strings.intern(Text.CONTACT, contact)


def _contact_id(hi: int, lo: int, strings: Strings) -> str:
    return _uuid(hi << 64 | lo) if hi else strings.text(Text.CONTACT, lo)


def _uuid(bits: int) -> str:
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _cause_code(cause: str, strings: Strings) -> int:
    code = CODES.get(cause)
    if code is None:
        number = strings.intern(Text.CAUSE, cause)
        return FOREIGN + number if number else 0
    return code


def cause_name(code: int, strings: Strings) -> str:
    """FreeSWITCH's word for a code in a row."""
    if code >= FOREIGN:
        return strings.text(Text.CAUSE, code - FOREIGN)
    return NAMES.get(code, str(code)) if code else ""


def _between(value: int, low: int, high: int) -> int:
    return low if value < low else min(value, high)


def _byte(value: int) -> int:
    return _between(value, 0, 0xFF)


def _us(value: int) -> int:
    return _between(value, -(1 << 63), (1 << 63) - 1)


def _ms(value: int) -> int:
    return _between(value, 0, NONE_MS - 1)
