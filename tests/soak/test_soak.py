"""A bounded part of `make soak`: counts, not times. The whole run is a command of its own."""

from collections import Counter
from pathlib import Path
from statistics import fmean

from ccore.cdr.layout import Row
from ccore.cdr.records import load
from ccore.model import ContactClosed, Outcome
from tests.soak.run import OVERLOAD, Sample, Soak

CALLS = 600
OVERLOAD_CALLS = 1_200  # enough to fill the queues whatever the callers choose
MAX_WAITING = 100  # of each queue in the soak's centre


def test_calls_leave_nothing_behind(tmp_path: Path) -> None:
    soak = Soak(tmp_path, CALLS)
    soak.run(parts=6)
    soak.close()
    assert not soak.floor.contacts
    assert not soak.floor.reconciliation.repairs
    rows = [f for f in load(tmp_path / "cdr").facts(Row.CONTACT) if isinstance(f, ContactClosed)]
    assert len(rows) == len({row.contact for row in rows}) == CALLS
    files = {sample.files for sample in soak.samples[1:]}
    assert len(files) == 1, soak.samples
    # Bounded by who is there, not by who has been: agents, calls in the air, their deadlines.
    assert max(sample.kept for sample in soak.samples) < 3_000, soak.samples


def test_ten_times_the_load_waits_within_bounds_and_in_order(tmp_path: Path) -> None:
    soak = Soak(tmp_path, OVERLOAD_CALLS, OVERLOAD)
    longest = 0

    def tell(sample: Sample) -> None:
        nonlocal longest
        waiting = [queue["waiting"] for queue in soak.floor.view(soak.now_us)["queues"]]
        longest = max(longest, *waiting)

    soak.run(tell, parts=20)
    soak.close()
    assert not soak.floor.contacts
    assert longest <= MAX_WAITING
    rows = [f for f in load(tmp_path / "cdr").facts(Row.CONTACT) if isinstance(f, ContactClosed)]
    assert len(rows) == OVERLOAD_CALLS
    outcomes = Counter(row.outcome for row in rows)
    assert outcomes[Outcome.BLOCKED] > 0, "a full queue says so at once"
    served = [row for row in rows if row.outcome is Outcome.ANSWERED and row.queue == "sales"]
    first = [row.wait_ms for row in served if row.priority]
    others = [row.wait_ms for row in served if not row.priority]
    assert fmean(first) < fmean(others), "priority is kept"
