"""`ccore demo`: a busy centre for a minute, with nothing but this program."""

import contextlib
import io
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from ccore.cli.options import FILE, example
from ccore.cli.text import safe
from ccore.errors import CcoreError

if TYPE_CHECKING:
    from ccore.cli.demo_stage import Stage
    from ccore.cli.floor_view import View
    from ccore.cli.watch import Course

__all__ = ["demo"]

# After closing time those who wait are still served; a queue of the demo is empty by then.
LAST_CALLS_S = 12.0


@click.command(epilog=example("ccore demo --seconds 20", "ccore demo --rate 2 --dir busy"))
@click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    default=60,
    show_default=True,
    help="How long the centre is open.",
)
@click.option(
    "--dir",
    "directory",
    type=FILE,
    default="demo-out",
    show_default=True,
    help="Where everything goes; what an earlier demo left there is removed.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True, max=100),
    default=1.0,
    show_default=True,
    help="Callers a second.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another day.")
@click.option("--config", "source", type=FILE, help="Your own centre instead of the example.")
@click.option("--json", "json", is_flag=True, help="Print the figures at the end as JSON.")
def demo(
    seconds: float, directory: Path, rate: float, seed: int, source: Path | None, json: bool
) -> None:
    """Run a call centre on a simulated switch and watch it.

    A daemon, a switch it reaches over TCP, callers who press digits, lose patience and hang up,
    agents who answer, refuse and forget. At the end: the key figures, and where everything lies.
    """
    from ccore.cli.demo_stage import Stage, find_example
    from ccore.cli.watch import watch
    from ccore.config import load

    source = source or find_example()
    config = load(source)  # a fault in it is told before anything is started
    stage = Stage(directory, source)
    stage.prepare()
    with _terminate_as_interrupt(), contextlib.ExitStack() as stack:
        ended_early = False
        try:
            stack.enter_context(stage.switch(rate, seed))
            stack.enter_context(stage.daemon())
            stage.begin(seconds)
            if not json:
                _introduce(seconds, rate, len(config.agents))
            with _stdout_for_people(json):
                ended_early = not watch(stage.socket, _day(stage, seconds), title="ccore demo")
        except KeyboardInterrupt:
            click.echo("ending", err=True)
        # From here a second Ctrl-C leaves at once; the processes end with the stack all the same.
        stage.end()
    if ended_early:
        log = stage.directory / "daemon.log"
        raise CcoreError(what=f"the demo's daemon ended before its time; see {log}")
    _conclude(stage.directory, stage.config, json)


def _introduce(seconds: float, rate: float, agents: int) -> None:
    if not sys.stdout.isatty():
        click.echo(f"agents: {agents}, callers a second: {rate:g}, seconds: {seconds:g}")


def _day(stage: "Stage", seconds: float) -> "Course":
    """Opening hours, then closing: nobody who waits is sent away for the demo's sake."""
    closes = time.monotonic() + seconds
    is_closed = False

    def course(view: "View") -> str | None:
        nonlocal is_closed
        left_s = closes - time.monotonic()
        if left_s > 0:
            return f"{left_s:.0f} s left · Ctrl-C ends"
        if not is_closed:
            is_closed = True
            stage.close()
        if view["calls"] and left_s > -LAST_CALLS_S:
            return f"closing, calls left: {len(view['calls'])}"
        return None

    return course


def _conclude(directory: Path, config: Path, json: bool) -> None:
    """The figures by queue, and where to look further."""
    from ccore.cli import main

    place = ["--config", str(config)]
    report = directory / "report.html"
    main.main(
        ["kpi", "--by", "queue", *place, *(["--json"] if json else [])], standalone_mode=False
    )
    with contextlib.redirect_stdout(io.StringIO()):  # it says its own name, which we say below
        main.main(["report", *place, "--to", str(report)], standalone_mode=False)
    if json:
        return
    lines = {
        "records": directory / "cdr",
        "recordings": directory / "recordings",
        "their index": directory / "cdr" / "recordings.db",
        "report": report,
        "logs": directory / "daemon.log",
        "configuration": config,
    }
    click.echo()
    for name, path in lines.items():
        click.echo(f"{name:14} {_near(path)}")
    click.echo(f"\nlook into them: {_program()} cdr show --config {_near(config)}")


def _near(path: Path) -> str:
    """As short as it can be typed from here."""
    here = Path.cwd()
    return safe(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _program() -> str:
    """What to type for this program: `make` runs one that is not on the PATH."""
    called = sys.argv[0]
    if Path(called).name != "ccore":
        return "python -m ccore"
    return "ccore" if shutil.which("ccore") == called else safe(called)


@contextlib.contextmanager
def _stdout_for_people(json: bool) -> Iterator[None]:
    """With --json, what is shown on the way goes to stderr."""
    if not json:
        yield
        return
    with contextlib.redirect_stdout(sys.stderr):
        yield


@contextlib.contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """SIGTERM ends like Ctrl-C: in order, with nothing left running."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
