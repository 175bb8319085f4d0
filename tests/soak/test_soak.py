"""A bounded part of `make soak`: counts, not times. The whole run is a command of its own."""

from pathlib import Path

from ccore.cdr.layout import Row
from ccore.cdr.records import load
from ccore.model import ContactClosed
from tests.soak.run import Soak

CALLS = 1_200


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
