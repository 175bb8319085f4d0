"""Asterisk's queue_log: read, written, and read again."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccore.cdr import Row, load
from ccore.cdr.exporting import queue_log
from ccore.cdr.importing import import_files
from ccore.kpi import table
from ccore.model import AgentInterval, ContactClosed, EndedBy, Fact, LegClosed, LegKind, Outcome
from tests.cdr.fact_strategies import row_facts
from tests.cdr.importing import imported, refused, run, totals
from tests.kpi.micro_set import micro_facts, record

LOG = """\
1795219200|NONE|NONE|NONE|QUEUESTART|
1795219200|NONE|sales|Li|ADDMEMBER|
1795219200|NONE|sales|Wu|ADDMEMBER|PAUSED
1795219210|a.1|NONE|NONE|DID|95588
1795219210|a.1|sales|NONE|ENTERQUEUE||13800000001|1|Zhang
1795219220|a.2|sales|NONE|ENTERQUEUE||13800000002|2
1795219225|a.1|sales|Li|RINGNOANSWER|5000
1795219230|NONE|sales|Wu|UNPAUSE|
1795219235|a.1|sales|Wu|CONNECT|25|b.1|4
1795219240|a.2|sales|NONE|ABANDON|1|2|20
1795219300|a.1|sales|Wu|COMPLETEAGENT|25|65|1
1795219300|NONE|NONE|Wu|PAUSEALL|wrap-up
1795219330|NONE|NONE|Wu|UNPAUSEALL|
1795219400|a.3|sales|NONE|ENTERQUEUE||13800000003|1
1795219460|a.3|sales|NONE|EXITWITHTIMEOUT|1|1|60
1795219460|a.3|support|NONE|ENTERQUEUE||13800000003|1
1795219470|a.3|support|Li|CONNECT|10|b.2|3
1795219500|a.3|support|Li|BLINDTRANSFER|1007|default|10|30|1
1795219600|a.4|sales|NONE|ENTERQUEUE|
1795219610|a.4|sales|NONE|EXITWITHKEY|0|1|1|10
1795219650|a.5|sales|NONE|ENTERQUEUE|
1795219700|NONE|sales|Li|PAUSE|lunch
1795219800|NONE|sales|Li|REMOVEMEMBER|
1795219900|NONE|sales|Li|VENDOREVENT|what
"""


def contacts(directory: Path) -> dict[str, ContactClosed]:
    found = load(directory).facts(Row.CONTACT)
    return {fact.contact: fact for fact in found if isinstance(fact, ContactClosed)}


@pytest.fixture
def cdr(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    (tmp_path / "queue_log").write_text(LOG)
    options = ("--format", "queue_log", "--timezone", "Asia/Shanghai", tmp_path / "queue_log")
    return tmp_path / "cdr", imported(tmp_path / "cdr", *options)


def test_a_log_is_read_as_a_person_would_read_it(cdr: tuple[Path, dict[str, Any]]) -> None:
    found = contacts(cdr[0])
    first = found["a.1"]
    assert (first.wait_ms, first.ring_ms, first.talk_ms) == (25_000, 9_000, 65_000)
    assert (first.agent, first.queue, first.calling_name) == ("Wu", "sales", "Zhang")
    assert (first.called, first.calling, first.offers) == ("95588", "13800000001", 2)
    assert first.ended_by is EndedBy.AGENT
    assert (found["a.2"].outcome, found["a.2"].wait_ms) == (Outcome.ABANDONED, 20_000)
    third = found["a.3"]  # counts once, under the last queue, with the wait of both
    assert (third.outcome, third.queue, third.wait_ms) == (Outcome.ANSWERED, "support", 70_000)
    assert third.transfers == 1
    assert found["a.4"].outcome is Outcome.LEFT
    assert "a.5" not in found
    assert cdr[1]["ignored"]["callers still there at the end of the log"] == 1
    assert cdr[1]["ignored"]["an event of another program's own"] == 1


@pytest.mark.parametrize(
    ("event", "to"),
    [
        ("TRANSFER|1007|default|10|30", "1007"),  # Asterisk 1.4
        ("TRANSFER|1007|default|10|30|1", "1007"),  # 1.6 to 11
        ("BLINDTRANSFER|1007|default|10|30|1", "1007"),  # since 12
        ("ATTENDEDTRANSFER|BRIDGE|6a1f|10|30|1", "6a1f"),
        ("ATTENDEDTRANSFER|APP|ConfBridge|10|30|1", "ConfBridge"),
        ("ATTENDEDTRANSFER|LINK|SIP/1-a|SIP/2-b|10|30|1", "SIP/1-a"),
    ],
)
def test_a_transfer_is_understood_as_each_version_writes_it(
    tmp_path: Path, event: str, to: str
) -> None:
    log = tmp_path / "log"
    log.write_text(
        "1795219460|a.1|sales|NONE|ENTERQUEUE||13800000003|1\n"
        "1795219470|a.1|sales|Li|CONNECT|10|b.1|3\n"
        f"1795219500|a.1|sales|Li|{event}\n"
    )
    assert imported(tmp_path / "cdr", "--format", "queue_log", log)["bad"] == {}
    (found,) = contacts(tmp_path / "cdr").values()
    assert (found.transfers, found.wait_ms, found.talk_ms) == (1, 10_000, 30_000)
    legs = [leg for leg in load(tmp_path / "cdr").facts(Row.LEG) if isinstance(leg, LegClosed)]
    assert to in [leg.detail for leg in legs]


def test_agents_time_and_wrap_up_are_put_together(cdr: tuple[Path, dict[str, Any]]) -> None:
    time: dict[tuple[str, str], int] = {}
    for fact in load(cdr[0]).facts(Row.AGENT):
        assert isinstance(fact, AgentInterval)
        key = fact.agent, fact.state.name + fact.reason
        time[key] = time.get(key, 0) + (fact.end_us - fact.start_us) // 1_000_000
    assert time["Wu", "NOT_READY"] == 30
    assert time["Wu", "RINGING"] == 4
    assert time["Wu", "TALKING"] == 65
    assert time["Wu", "WRAPUP"] == 30
    assert time["Li", "NOT_READYlunch"] == 100
    assert sum(length for (agent, _), length in time.items() if agent == "Li") == 600
    (wrapup,) = [
        leg
        for leg in load(cdr[0]).facts(Row.LEG)
        if isinstance(leg, LegClosed) and leg.kind is LegKind.WRAPUP
    ]
    assert (wrapup.contact, wrapup.end_us - wrapup.start_us) == ("a.1", 30_000_000)


def test_the_same_log_grown_adds_only_what_is_new(
    cdr: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    log = tmp_path / "queue_log"
    log.write_text(LOG + "1795220000|a.5|sales|Wu|CONNECT|350|b.3|2\n")
    log.write_text(log.read_text() + "1795220060|a.5|sales|Wu|COMPLETECALLER|350|60|1\n")
    tally = imported(cdr[0], "--format", "queue_log", log)
    assert tally["written"]["contact"] == 1
    assert totals(cdr[0], "answered", "abandoned", "flowout") == {
        "answered": 3,
        "abandoned": 1,
        "flowout": 1,
    }


def test_a_log_that_begins_in_the_middle_loses_no_call(tmp_path: Path) -> None:
    lines = [line for line in LOG.splitlines() if "ENTERQUEUE" not in line]
    (tmp_path / "log").write_text("\n".join(lines))
    imported(tmp_path / "cdr", "--format", "queue_log", tmp_path / "log")
    found = totals(tmp_path / "cdr", "answered", "abandoned", "flowout", "asa", "longest")
    assert found["answered"] + found["abandoned"] + found["flowout"] == 4
    assert (found["asa"], found["longest"]) == (47.5, 70)


NAMES = ("offered", "answered", "abandoned", "flowout", "asa", "aat", "aat_long", "aqt")
NAMES += ("longest", "longest_answered", "abn1", "abn2", "abn3", "acw", "aht", "aht_cn")
NAMES += ("sl1", "sl2", "sl3", "sl4", "sl5", "sl6", "sl7", "transfer_rate")


def again(directory: Path, target: Path) -> Path:
    """Export and import."""
    log = target / "log"
    log.write_text("\n".join(queue_log(directory)))
    import_files([log], target / "again", format="queue_log")
    return target / "again"


def test_exported_and_imported_the_figures_are_the_same(tmp_path: Path) -> None:
    facts = micro_facts()
    before = record(tmp_path / "cdr", facts)
    back = again(tmp_path / "cdr", tmp_path)
    same = [name for name in NAMES if name not in ("aht_cn", "acw", "aht")]
    assert totals(back, *same) == totals(before, *same)
    # Holds are part of the talk in this format, so only their sum is kept.
    old, new = totals(before, "att", "hold"), totals(back, "att")
    assert new["att"] == pytest.approx(old["att"] + old["hold"])


whole = st.integers(0, 400).map(lambda seconds: seconds * 1_000_000)


@st.composite
def calls(draw: st.DrawFn) -> ContactClosed:
    outcomes = [Outcome.ANSWERED, Outcome.ABANDONED, Outcome.OVERFLOWED, Outcome.LEFT]
    queued = 1_795_219_200_000_000 + draw(whole) * 500
    wait, talk = draw(whole), draw(whole)
    outcome = draw(st.sampled_from(outcomes))
    answered = outcome is Outcome.ANSWERED
    return ContactClosed(
        contact=f"c.{draw(st.uuids())}",
        node="",
        arrived_us=queued - draw(whole),
        ended_us=queued + wait + (talk if answered else 0),
        outcome=outcome,
        ended_by=draw(st.sampled_from(EndedBy)),
        cause="",
        called="95588",
        calling=draw(st.sampled_from(["", "138|1", "139\n"])),
        calling_name=draw(st.text(max_size=5)),
        language="",
        entry="",
        queue=draw(st.sampled_from(["sales", "support"])),
        agent="Li" if answered else "",
        queued_us=queued,
        answered_us=queued + wait if answered else 0,
        wait_ms=wait // 1000,
        talk_ms=talk // 1000 if answered else 0,
        transfers=draw(st.integers(0, 2)) if answered else 0,
        offers=1,
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(calls(), max_size=8, unique_by=lambda fact: fact.contact))
def test_any_calls_survive_the_way_there_and_back(facts: list[Fact]) -> None:
    with tempfile.TemporaryDirectory() as name:
        before = record(Path(name) / "cdr", facts)
        back = load(again(Path(name) / "cdr", Path(name)))
        names = [name for name in NAMES if name != "attempts"]
        assert totals(back, *names) == totals(before, *names)
        by_queue = [
            {
                line.key: [line.value(name) for name in names]
                for line in table(x, by=("queue",)).lines
            }
            for x in (before, back)
        ]
        assert by_queue[0] == by_queue[1]


@settings(max_examples=50, deadline=None)
@given(row_facts)
def test_any_record_can_be_exported_in_order_of_time(facts: list[Fact]) -> None:
    with tempfile.TemporaryDirectory() as name:
        record(Path(name), facts)
        lines = list(queue_log(Path(name)))
    times = [int(line.partition("|")[0]) for line in lines]
    assert all(len(line.split("|")) >= 5 for line in lines)
    if all(isinstance(fact, ContactClosed) for fact in facts):
        assert times == sorted(times)


words = st.sampled_from(
    ["1795219200", "NONE", "sales", "Li", "CONNECT", "ABANDON", "PAUSE", "COMPLETEAGENT", "5", ""]
)
lines = st.lists(words, max_size=9).map("|".join) | st.text(max_size=30)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(lines, max_size=12))
def test_no_line_is_fatal(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    tmp_path = tmp_path_factory.mktemp("any")
    good = "1795219200|a.1|sales|NONE|ABANDON|1|1|7"
    text = "\n".join([good, *lines])
    (tmp_path / "log").write_text(text, "utf-8", "backslashreplace")
    tally = import_files([tmp_path / "log"], tmp_path / "cdr", format="queue_log")
    assert tally.written[Row.CONTACT] >= 1
    assert tally.read >= 1


def test_what_is_no_log_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("hello\nworld\n")
    code, line = refused(
        "cdr", "import", "--to", tmp_path / "cdr", "--format", "queue_log", tmp_path / "log"
    )
    assert code == 11
    assert "at log:1: found fewer than 5 fields (hello), as all rows, expected a queue_log" in line


def test_the_command_writes_the_log(tmp_path: Path) -> None:
    record(tmp_path / "cdr", micro_facts())
    target = tmp_path / "log"
    options = ("cdr", "export", "--cdr", tmp_path / "cdr", "--format", "queue_log")
    assert run(*options, "--to", target).exit_code == 0
    text = target.read_text()
    assert text == run(*options).stdout
    assert sum("|ENTERQUEUE|" in line for line in text.splitlines()) == 11
    assert refused("cdr", "export", "--cdr", tmp_path / "no", "--format", "queue_log")[0] == 12
