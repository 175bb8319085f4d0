"""Who comes and goes while ccore is away is on record once it is back, and once."""

from pathlib import Path

import pytest

from ccore.cdr.layout import Row
from ccore.cdr.records import load
from ccore.model import ContactClosed, EndedBy, LegClosed, LegKind, Outcome
from tests.chaos.test_killed import SECOND_US, Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def kept(bench: Bench) -> list[str]:
    """Whom the switch still keeps for us."""
    return [name for name in bench.plant.switch.core.globals if "unseen" in name]


def come(bench: Bench, phone: str = "caller:1") -> int:
    """A call while nobody listens; when it came."""
    at_us = bench.plant.now_us()
    calling = f"1380000000{phone[-1]}"
    bench.plant.act(phone, "call", called="4001", calling=calling, name="Li Na")
    return at_us


def on_disk(bench: Bench) -> list[ContactClosed]:
    bench.plant.writer.flush()
    facts = load(bench.directory / "cdr").facts(Row.CONTACT)
    return [fact for fact in facts if isinstance(fact, ContactClosed)]


def test_who_hung_up_before_ccore_was_back_is_on_record(bench: Bench) -> None:
    bench.plant.kill()
    came_us = come(bench)
    bench.pass_s(5)
    gone_us = bench.plant.now_us()
    bench.plant.act("caller:1", "hangup")
    bench.pass_s(5)
    bench.plant.start()
    bench.pass_s(5)
    (row,) = on_disk(bench)
    assert abs(row.arrived_us - came_us) < SECOND_US
    assert abs(row.ended_us - gone_us) < SECOND_US
    assert (row.called, row.calling, row.entry) == ("4001", "13800000001", "4001")
    assert (row.outcome, row.ended_by) == (Outcome.FAILED, EndedBy.CALLER)
    assert row.recovered
    legs = [fact for fact in bench.plant.facts if isinstance(fact, LegClosed)]
    assert [(leg.kind, leg.start_us) for leg in legs] == [(LegKind.OUTAGE, row.arrived_us)]
    assert not kept(bench)


def test_who_was_served_by_the_switch_is_on_record(bench: Bench) -> None:
    bench.plant.kill()
    come(bench)
    bench.pass_s(60)  # the fallback's words, and their end
    bench.plant.start()
    bench.pass_s(5)
    (row,) = on_disk(bench)
    assert (row.outcome, row.ended_by) == (Outcome.OVERFLOWED, EndedBy.SYSTEM)
    assert row.ended_us > row.arrived_us + 10 * SECOND_US


def test_killed_between_the_record_and_the_forgetting_he_is_recorded_once(bench: Bench) -> None:
    bench.plant.kill()
    come(bench)
    bench.pass_s(1)
    bench.plant.act("caller:1", "hangup")
    bench.pass_s(1)
    for _ in range(3):
        bench.plant.start()
        while not on_disk(bench):
            bench.pass_s(0.1)
        assert kept(bench), "the switch was told to forget him before he was surely on record"
        bench.plant.kill()
        bench.pass_s(1)
    bench.plant.start()
    bench.pass_s(5)
    assert len(on_disk(bench)) == 1
    assert not kept(bench)
    bench.plant.cut()
    bench.pass_s(5)
    assert not bench.plant.floor.unseen.recorded, "nothing is left to remember"
    assert len(on_disk(bench)) == 1


def test_who_came_and_went_while_the_line_was_cut_is_on_record(bench: Bench) -> None:
    bench.plant.cut()
    bench.plant._connect_at_us += 10 * SECOND_US
    come(bench)
    bench.pass_s(2)
    bench.plant.act("caller:1", "hangup")
    bench.pass_s(15)
    assert len(on_disk(bench)) == 1
    assert not kept(bench)


def test_of_a_caller_whom_ccore_has_noted_the_switch_keeps_nothing(bench: Bench) -> None:
    contact = bench.call("4001")
    bench.plant.kill()
    bench.plant.act("caller:1", "hangup")
    bench.pass_s(2)
    assert not kept(bench)
    bench.plant.start()
    bench.pass_s(5)
    assert [row.contact for row in on_disk(bench)] == [contact.id]


def test_a_refused_caller_of_whom_the_channel_has_no_note_is_recorded_once(bench: Bench) -> None:
    bench.plant.act("caller:1", "call", called="4999", calling="13800000001", name="Li Na")
    bench.pass_s(0.5)
    bench.plant.act("caller:1", "hangup")
    bench.pass_s(5)
    assert not kept(bench)
    bench.kill_and_start()
    bench.pass_s(5)
    assert len(on_disk(bench)) == 1


def test_what_nobody_of_ours_has_written_is_no_call(bench: Bench) -> None:
    bench.plant.switch.core.globals["ccore_unseen_x"] = "${hostname},now,<b>"
    bench.plant.cut()
    bench.pass_s(5)
    assert on_disk(bench) == []
