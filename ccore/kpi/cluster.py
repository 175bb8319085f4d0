"""A table computed on a Dask cluster: each day's partial result on some worker, all added here.

The workers read the records themselves, at the same path on every machine. Days come back in any
order; sums are integers, so that the table is the one that this machine alone would compute.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from ccore.errors import BadRequest, CcoreError, RecordsDamaged, ToolMissing
from ccore.kpi.compute import Table, table_of_parts
from ccore.kpi.days import Days
from ccore.kpi.partial import Partial
from ccore.kpi.plan import Plan

__all__ = ["LOCAL", "table_on_cluster"]

LOCAL = "local"  # as an address: a cluster of its own in this process
CONNECT_S = 10  # to a scheduler; it answers in milliseconds if it is there
OWN_PORT = "127.0.0.1:0"  # of Dask's pages, which would else be open to the network; any free one

Found = tuple[Partial, list[RecordsDamaged]]


def table_on_cluster(days: Days, plan: Plan, address: str) -> Table:
    distributed = _distributed()
    with ExitStack() as stack:
        client = stack.enter_context(_client(distributed, address, stack))
        return table_of_parts(_parts(distributed, client, days, plan), plan, days.strings)


def _parts(distributed: Any, client: Any, days: Days, plan: Plan) -> Iterator[Partial]:
    directory = days.directory.resolve()
    dates = days.dates
    futures = client.map(
        _part_of_day,
        dates,
        directory=directory,
        plan=client.scatter(plan, broadcast=True, hash=False),
        is_strict=days.tell is None,
        pure=False,  # a day that is still being written is another one next time
    )
    for _, found in distributed.as_completed(futures, with_results=True):
        if isinstance(found, CcoreError):
            raise found
        part, damage = found
        for trouble in damage:
            if days.tell:
                days.tell(trouble)
        yield part


def _part_of_day(
    day: date, *, directory: Path, plan: Plan, is_strict: bool
) -> Found | CcoreError:
    """What a worker does. Its errors are handed back, or Dask would print them as its own."""
    damage: list[RecordsDamaged] = []
    days = Days(directory, (day,), None if is_strict else damage.append)
    try:
        if not days.has(day):
            raise BadRequest(
                what=f"a Dask worker finds no records of {day} in {directory}",
                expected="the records at the same path on every machine of the cluster",
            )
        try:
            return plan.part(days.of(day)), damage
        finally:
            days.strings.close()
    except CcoreError as error:
        return error


def _client(distributed: Any, address: str, stack: ExitStack) -> Any:
    if address == LOCAL:
        cluster = distributed.LocalCluster(
            n_workers=1,
            threads_per_worker=os.cpu_count() or 1,
            processes=False,
            dashboard_address=OWN_PORT,
            worker_dashboard_address=OWN_PORT,
        )
        return distributed.Client(stack.enter_context(cluster))
    try:
        return distributed.Client(address, timeout=CONNECT_S)
    except (OSError, ValueError) as error:
        raise BadRequest(
            what=f"no Dask scheduler answers at {address} ({error})",
            expected=f"{LOCAL}, or an address such as tcp://127.0.0.1:8786",
        ) from error


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise ToolMissing(
            tool="dask", why="a cluster needs it: pip install 'ccore[dask]'"
        ) from None
    return distributed
