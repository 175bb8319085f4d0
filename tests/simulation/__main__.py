"""python -m tests.simulation: all Erlang tables in simulation, case by case.

With 5,000 calls a day and 10 days a case: some minutes on two cores.
"""

from concurrent.futures import ProcessPoolExecutor
from functools import partial

import click

from tests.simulation.theory_table import cases, check, most_misses


@click.command(help=__doc__)
@click.option("--calls", default=5_000, show_default=True, help="A day, about.")
@click.option("--days", default=10, show_default=True, help="Of each case, each with its seed.")
@click.option("--jobs", default=2, show_default=True, help="Processes.")
def main(calls: int, days: int, jobs: int) -> None:
    found = []
    with ProcessPoolExecutor(jobs) as pool:
        for checks in pool.map(partial(check, calls=calls, seeds=days), list(cases())):
            for one in checks:
                found.append(one)
                mark = "" if one.is_inside else "  outside"
                click.echo(
                    f"{one.case:58} {one.figure:13} {one.truth:10.5f}"
                    f" {one.got.value:10.5f} ± {one.got.half or 0:.5f}{mark}"
                )
    outside = sum(not one.is_inside for one in found)
    most = most_misses(len(found))
    click.echo(f"{outside} of {len(found)} outside their 95 % interval; chance allows {most}")
    raise SystemExit(0 if outside <= most else 1)


if __name__ == "__main__":
    main()
