"""`ccore kpi --dask`: on a cluster the figures are those of one machine, to the last unit."""

import json
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from distributed import LocalCluster

from ccore.cli import main
from ccore.errors import RecordsDamaged
from ccore.kpi import Days, Experts, Plan, table_by_days
from ccore.kpi.cluster import ClusterDays, connected
from ccore.model import AgentInterval, ContactClosed, LegClosed
from tests.kpi.micro_set import micro_facts, record

DAY_US = 86_400_000_000


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Two workers that are spoken to over TCP, as on other machines."""
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def cdr_dir(tmp_path: Path) -> Path:
    """The same small day, five times."""
    facts = []
    for day in range(5):
        for number, fact in enumerate(micro_facts()):
            shift = day * DAY_US
            if isinstance(fact, ContactClosed):
                fact.arrived_us += shift
                fact.ended_us += shift
                fact.queued_us += shift if fact.queued_us else 0
                fact.answered_us += shift if fact.answered_us else 0
                fact.wait_ms += day * number
            elif isinstance(fact, LegClosed | AgentInterval):
                fact.start_us += shift
                fact.end_us += shift
                if isinstance(fact, LegClosed):
                    fact.contact_us += shift
            facts.append(fact)
    record(tmp_path / "cdr", facts)
    return tmp_path / "cdr"


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["kpi", *map(str, args)])


PLANS = (
    Plan(),
    Plan(by=("queue", "interval"), timezone="Asia/Kathmandu", attribution="split"),
    Plan(by=("entry", "day"), service_level="sl9", experts=Experts(frozenset({"support"}))),
)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: "-".join(plan.by) or "total")
def test_a_cluster_computes_what_one_machine_does(cdr_dir: Path, address: str, plan: Plan) -> None:
    days = Days(cdr_dir)
    assert len(days.dates) >= 5
    with connected(address) as client:
        alone, together = (table_by_days(some, plan) for some in (days, ClusterDays(days, client)))
    assert together.lines == alone.lines
    assert together.total == alone.total
    assert alone.total.sums.attempts == 65


def test_a_cluster_of_its_own(cdr_dir: Path) -> None:
    plan = cdr_dir.parent / "plan.csv"
    plan.write_text(
        "agent,start,end,activity\na1,2026-11-21T00:00,2026-11-21T01:00,phone\n"
        "a1,2026-11-23T23:30,2026-11-24T00:30,phone\na9,2026-11-24T00:30,2026-11-24T01:30,phone\n"
    )
    cost = cdr_dir.parent / "cost.toml"
    cost.write_text('[[cost]]\nname = "wages"\nfen = 7\nfrom = 2026-11-21\nto = 2026-11-25\n')
    beside = ("--repeats", "24", "--schedule", plan, "--cost", cost, "--against", "2026-11-22")
    options = ("--cdr", cdr_dir, "--by", "team", "--by", "week", "--json", *beside)
    alone, together = run(*options), run(*options, "--dask", "local")
    assert together.exit_code == 0, together.output
    assert json.loads(together.stdout) == json.loads(alone.stdout)


def test_damage_that_a_worker_meets_is_told(cdr_dir: Path, address: str) -> None:
    path = min(cdr_dir.glob("*.leg.ccr"))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    alone, together = (run("--cdr", cdr_dir, *more) for more in ((), ("--dask", address)))
    assert alone.exit_code == together.exit_code == RecordsDamaged.exit_code
    assert (alone.stdout, alone.stderr) == (together.stdout, together.stderr)
    with connected(address) as client, pytest.raises(RecordsDamaged, match="is garbled"):
        table_by_days(ClusterDays(Days(cdr_dir), client), Plan())


def test_no_scheduler_and_no_dask_are_one_line(
    cdr_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run("--cdr", cdr_dir, "--dask", "nonsense")
    assert result.exit_code == 13
    assert "no Dask scheduler answers at nonsense" in result.stderr
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = run("--cdr", cdr_dir, "--dask", "local")
    assert result.exit_code == 23
    (line,) = result.stderr.splitlines()
    assert "dask is missing" in line
    assert "pip install distributed" in line


def test_an_error_is_the_same_in_another_process() -> None:
    error = RecordsDamaged(file=Path("a"), what="a block is garbled", offset=7)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (RecordsDamaged, str(error))
