"""Any fact that the floor could give, and many that it should not."""

import uuid

from hypothesis import strategies as st

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

START_US = 1_795_219_200_000_000  # 2026-11-21 00:00 UTC
words = st.text(max_size=12)
ids = st.uuids().map(str) | st.sampled_from(["", "leg-7", str(uuid.UUID(int=5)), "A" * 32])
moments = st.integers(START_US, START_US + 3 * 86_400_000_000)
ms = st.integers(0, 4_000_000_000)
causes = st.sampled_from(["NORMAL_CLEARING", "USER_BUSY", "", "BRAND_NEW_CAUSE"])


@st.composite
def contacts(draw: st.DrawFn) -> ContactClosed:
    arrived = draw(moments)

    def later() -> int:
        return arrived + draw(ms) * 1000

    return ContactClosed(
        contact=draw(ids),
        node=draw(st.sampled_from(["a", "b"])),
        arrived_us=arrived,
        ended_us=later(),
        outcome=draw(st.sampled_from(Outcome)),
        ended_by=draw(st.sampled_from(EndedBy)),
        cause=draw(causes),
        called=draw(words),
        calling=draw(words),
        calling_name=draw(words),
        language=draw(st.sampled_from(["", "zh", "yue", "en"])),
        entry=draw(words),
        queue=draw(st.sampled_from(["", "sales", "support"])),
        agent=draw(st.sampled_from(["", "1001", "1002"])),
        site=draw(words),
        priority=draw(st.integers(-32768, 32767)),
        queued_us=later() if draw(st.booleans()) else 0,
        answered_us=later() if draw(st.booleans()) else 0,
        ivr_ms=draw(ms),
        wait_ms=draw(ms),
        ring_ms=draw(ms),
        talk_ms=draw(ms),
        hold_ms=draw(ms),
        offers=draw(st.integers(0, 255)),
        transfers=draw(st.integers(0, 255)),
        last_agent_hit=draw(st.booleans()),
        recording=draw(words),
        tenant=draw(st.sampled_from(["", "north", "south"])),
        step=draw(st.integers(0, 255)),
        survey=draw(st.integers(0, 5)),
        survey_asked=draw(st.booleans()),
        callback_offered=draw(st.booleans()),
        recovered=draw(st.booleans()),
    )


legs = st.builds(
    LegClosed,
    contact=ids,
    contact_us=moments,
    kind=st.sampled_from(LegKind),
    result=st.sampled_from(LegResult),
    start_us=moments,
    end_us=moments,
    queue=words,
    agent=words,
    site=words,
    language=st.sampled_from(["", "zh"]),
    cause=causes,
    detail=words,
    tenant=st.sampled_from(["", "north"]),
    step=st.integers(0, 255),
    hop=st.integers(0, 255),
)
agents = st.builds(
    AgentInterval,
    agent=words,
    state=st.sampled_from(AgentState),
    start_us=moments,
    end_us=moments,
    reason=words,
    queue=words,
    site=words,
    team=words,
)
row_facts = st.lists(contacts() | legs | agents, max_size=12)
