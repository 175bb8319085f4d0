"""The live figures of a day are those that its records give."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.cdr import JournalWriter, Records, load
from ccore.config.schema import Kpi
from ccore.daemon.today import FIGURES, OF_ALL, Today
from ccore.kpi import Line, table
from ccore.model import Fact
from tests.cdr.fact_strategies import START_US, row_facts
from tests.kpi.micro_set import micro_facts

NOON_US = START_US + 43_200_000_000
HOUR_US = 3_600_000_000
WANTED = Kpi(service_level="amazon", threshold_s=15)
OWN = {"sales": 40, "unheard of": 1}
zones = st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"])


def nothing_told(trouble: Exception) -> None:
    raise trouble


def batch(records: Records, zone: str, by: tuple[str, ...]) -> dict[tuple[str, ...], Line]:
    """The lines of one local day."""
    result = table(
        records,
        by=("day", *by),
        timezone=zone,
        service_level="amazon",
        threshold_s=15,
        thresholds_s=OWN,
        short_s=5,
    )
    return {line.key: line for line in result.lines}


@settings(max_examples=50, deadline=None)
@given(row_facts, row_facts, zones)
def test_live_figures_are_those_of_the_batch_also_after_a_restart(
    before: list[Fact], after: list[Fact], zone: str
) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        writer = JournalWriter(directory)
        for fact in before:
            writer.append(fact)
        writer.flush()
        today = Today(WANTED, zone, NOON_US, OWN)
        today.recall(directory, nothing_told)
        today.add(after, NOON_US + HOUR_US)
        for fact in after:
            writer.append(fact)
        writer.close()
        records = load(directory)
        found = today.figures(NOON_US + HOUR_US)
        day = datetime.fromtimestamp(NOON_US / 1e6, UTC).date().isoformat()
        whole = batch(records, zone, ()).get((day,))
        if whole is not None:
            assert found["service_level"] == whole.value("sl7")
            assert {name: found[name] for name in OF_ALL} == {
                name: whole.value(name) for name in OF_ALL
            }
        by_queue = batch(records, zone, ("queue",))
        for queue, figures in found["queues"].items():
            line = by_queue.get((day, queue))
            if line is None:  # nothing that counts
                assert not any(figures.values())
                continue
            assert {name: figures[name] for name in FIGURES} == {
                name: line.value(name) for name in FIGURES
            }
        records.strings.close()


def test_new_definitions_hold_from_the_next_day_on() -> None:
    today = Today(Kpi(), "UTC", NOON_US)
    today.add(micro_facts(), NOON_US)
    level = today.figures(NOON_US)["service_level"]
    today.from_tomorrow(Kpi(threshold_s=90), "UTC", {"sales": 45})
    told = today.figures(NOON_US + HOUR_US)
    assert (told["threshold_s"], told["thresholds_s"], told["service_level"]) == (20, {}, level)
    tomorrow = today.figures(NOON_US + 12 * HOUR_US)
    assert (tomorrow["threshold_s"], tomorrow["thresholds_s"]) == (90, {"sales": 45})


def test_at_midnight_a_new_day_begins() -> None:
    today = Today(Kpi(), "UTC", NOON_US)
    today.add(micro_facts(), NOON_US)
    assert today.figures(NOON_US)["answered"] == 7
    tomorrow = today.figures(NOON_US + 12 * HOUR_US)
    assert (tomorrow["answered"], tomorrow["service_level"]) == (0, None)
    today.add(micro_facts(), NOON_US + 13 * HOUR_US)  # calls that had arrived the day before
    assert today.figures(NOON_US + 13 * HOUR_US)["answered"] == 0
