"""What holds for every test: one that failed while the host kept the cores for others is void.

It is run again when calm returns, and named at the end. One that fails on a machine that was all
there has failed: nothing is run again to make it pass.
"""

from collections.abc import Iterator

import pytest
from _pytest.runner import runtestprotocol

from tests.calm import STOLEN, Watch, wait_for_calm

TRIES = 4  # of a test whose runs were void
CALM_S = 60.0  # wait so long for the host to give the cores back

_void: list[str] = []


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in _reports_of_a_calm_run(item, nextitem):
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _reports_of_a_calm_run(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Iterator[pytest.TestReport]:
    for attempt in range(TRIES):
        watch = Watch()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        stolen = watch.share()
        failed = any(report.failed for report in reports)
        if not failed or stolen < STOLEN or attempt + 1 == TRIES:
            break
        _void.append(f"{item.nodeid}: {100 * stolen:.0f} % of the time was stolen")
        item.session._setupstate.teardown_exact(None)  # fixtures of a void run are void as well
        wait_for_calm(CALM_S)
    yield from reports


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _void:
        terminalreporter.write_line(f"void, and run again: {line}")
