"""mod_callcenter's events, as a listener on the event socket would have kept them."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.cdr import Row, load
from ccore.cdr.importing.callcenter import read_events
from ccore.cdr.importing.tally import Tally
from ccore.model import AgentInterval, ContactClosed, LegClosed, LegKind, LegResult, Outcome
from tests.cdr.importing import imported, refused, totals

START_S = 1_795_219_200
CALL = "7b7a1f0e-0000-4000-8000-00000000000"


def event(at_s: float, action: str, call: int = 0, **headers: str) -> str:
    found = {
        "Event-Name": "CUSTOM",
        "Event-Subclass": "callcenter::info",
        "FreeSWITCH-Switchname": "fs1",
        "Event-Date-Timestamp": str(int((START_S + at_s) * 1_000_000)),
        "CC-Action": action,
        "CC-Queue": "sales@default",
    }
    if call:
        found["CC-Member-Session-UUID"] = f"{CALL}{call}"
        found["CC-Member-CID-Number"] = f"1380000000{call}"
        found["CC-Member-DNIS"] = "95588"
    return json.dumps(found | {f"CC-{name.replace('_', '-')}": v for name, v in headers.items()})


def status(at_s: float, agent: str, word: str) -> str:
    return event(at_s, "agent-status-change", Agent=agent, Agent_Status=word)


EVENTS = [
    status(0, "Li", "Available"),
    status(0, "Wu", "Available (On Demand)"),
    event(10, "member-queue-start", 1),
    event(10.5, "agent-offering", 1, Agent="Li"),
    event(15.5, "bridge-agent-fail", 1, Agent="Li", Hangup_Cause="USER_BUSY"),
    event(16, "agent-offering", 1, Agent="Wu"),
    event(18.25, "bridge-agent-start", 1, Agent="Wu"),
    event(20, "member-queue-start", 2),
    event(44, "member-queue-end", 2, Cause="Cancel", Cancel_Reason="BREAK_OUT"),
    event(78.25, "bridge-agent-end", 1, Agent="Wu", Hangup_Cause="NORMAL_CLEARING"),
    event(78.26, "member-queue-end", 1, Cause="Terminated", Agent="Wu"),
    event(80, "member-queue-start", 3),
    event(110, "member-queue-end", 3, Cause="Cancel", Cancel_Reason="TIMEOUT"),
    event(120, "member-queue-start", 4),
    event(121, "member-queue-end", 4, Cause="Cancel", Cancel_Reason="EXIT_WITH_KEY"),
    event(130, "members-count"),
    json.dumps({"Event-Name": "HEARTBEAT", "Event-Subclass": "sofia::register"}),
    status(200, "Wu", "On Break"),
    status(230, "Wu", "Logged Out"),
]


@pytest.fixture
def cdr(tmp_path: Path) -> Path:
    (tmp_path / "events.json").write_text("\n".join(EVENTS) + "\n")
    tally = imported(tmp_path / "cdr", "--format", "callcenter", tmp_path / "events.json")
    assert tally["bad"] == {}
    assert tally["ignored"] == {
        "members-count: says nothing of a call's or agent's time": 1,
        "events other than callcenter::info": 1,
    }
    return tmp_path / "cdr"


def test_calls_have_their_times_to_the_millisecond(cdr: Path) -> None:
    found = {f.contact[-1]: f for f in load(cdr).facts(Row.CONTACT) if isinstance(f, ContactClosed)}
    first = found["1"]
    assert (first.wait_ms, first.ring_ms, first.talk_ms) == (8_250, 7_250, 60_000)
    assert (first.queue, first.agent, first.called) == ("sales@default", "Wu", "95588")
    assert (first.node, first.cause, first.offers) == ("fs1", "NORMAL_CLEARING", 2)
    outcomes = [found[n].outcome for n in "234"]
    assert outcomes == [Outcome.ABANDONED, Outcome.OVERFLOWED, Outcome.LEFT]
    assert totals(cdr, "offered", "asa", "aat") == {"offered": 4, "asa": 8.25, "aat": 24}


def test_offers_in_vain_and_agents_time_are_there(cdr: Path) -> None:
    legs = [leg for leg in load(cdr).facts(Row.LEG) if isinstance(leg, LegClosed)]
    rings = {leg.agent: leg.result for leg in legs if leg.kind is LegKind.RING}
    assert rings == {"Li": LegResult.BUSY, "Wu": LegResult.ANSWERED}
    wu = [
        (fact.state.name, (fact.end_us - fact.start_us) / 1_000_000)
        for fact in load(cdr).facts(Row.AGENT)
        if isinstance(fact, AgentInterval) and fact.agent == "Wu"
    ]
    assert wu == [
        ("READY", 16),
        ("RINGING", 2.25),
        ("TALKING", 60),
        ("READY", 121.75),
        ("NOT_READY", 30),
    ]


values = st.none() | st.integers() | st.text(max_size=6) | st.sampled_from(["Li", "1795219200"])
keys = st.sampled_from(["CC-Agent", "CC-Queue", "CC-Cause", "CC-Member-UUID", "CC-Cancel-Reason"])
actions = st.sampled_from([json.loads(line).get("CC-Action", "") for line in EVENTS])


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(actions, st.dictionaries(keys, values)) | st.text(max_size=9)))
def test_no_event_is_fatal(found: list[tuple[str, dict[str, object]] | str]) -> None:
    lines = [
        one if isinstance(one, str) else json.dumps(json.loads(event(1, one[0])) | one[1])
        for one in found
    ]
    tally = Tally()
    list(read_events(((Path("x"), n, line) for n, line in enumerate(lines)), tally))
    assert tally.read <= len(lines)


def test_what_is_no_event_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("{}\n[]\nno\n")
    code, line = refused(
        "cdr", "import", "--to", tmp_path / "cdr", "--format", "callcenter", tmp_path / "log"
    )
    assert code == 11
    assert "at log:1: found no CC-Action" in line
