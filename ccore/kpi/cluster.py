"""Figures computed on a Dask cluster: each day's partial result on some worker, all added here.

The workers read the records themselves, at the same path on every machine. Days come back in any
order; sums are integers, so that the table is the one that this machine alone would compute.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from ccore.cdr import Records, Strings
from ccore.errors import BadRequest, CcoreError, RecordsDamaged, ToolMissing
from ccore.kpi.days import Days

__all__ = ["LOCAL", "ClusterDays", "connected"]

T = TypeVar("T")

LOCAL = "local"  # as an address: a cluster of its own in this process
CONNECT_S = 10  # to a scheduler; it answers in milliseconds if it is there
OWN_PORT = "127.0.0.1:0"  # of Dask's pages, which would else be open to the network; any free one


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the scheduler there, or of a cluster of threads of its own (`LOCAL`).

    Raises ToolMissing without Dask, BadRequest where no scheduler answers.
    """
    with ExitStack() as stack:
        yield stack.enter_context(_client(address, stack))


@dataclass(slots=True)
class ClusterDays:
    """The days of a directory, each worked on by some worker."""

    days: Days
    client: Any

    @property
    def strings(self) -> Strings:
        return self.days.strings

    def map(self, work: Callable[[Records], T]) -> Iterator[T]:
        """`work` has to be one that can be pickled."""
        futures = self.client.map(
            _on_worker,
            self.days.dates,
            days=replace(self.days, directory=self.days.directory.resolve(), tell=None),
            work=self.client.scatter(work, broadcast=True, hash=False),
            is_strict=self.days.tell is None,
            pure=False,  # a day that is still being written is another one next time
        )
        for _, found in _distributed().as_completed(futures, with_results=True):
            if isinstance(found, CcoreError):
                raise found
            result, damage = found
            for trouble in damage:
                if self.days.tell:
                    self.days.tell(trouble)
            yield result


def _on_worker(
    day: date, *, days: Days, work: Callable[[Records], T], is_strict: bool
) -> tuple[T, list[RecordsDamaged]] | CcoreError:
    """Errors are handed back, or Dask would print them as its own."""
    damage: list[RecordsDamaged] = []
    days = replace(days, tell=None if is_strict else damage.append)
    try:
        if not days.has(day):
            raise BadRequest(
                what=f"a Dask worker finds no records of {day} in {days.directory}",
                expected="the records at the same path on every machine of the cluster",
            )
        try:
            return work(days.of(day)), damage
        finally:
            days.strings.close()
    except CcoreError as error:
        return error


def _client(address: str, stack: ExitStack) -> Any:
    distributed = _distributed()
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
        raise ToolMissing(tool="dask", why="a cluster needs it: pip install distributed") from None
    return distributed
