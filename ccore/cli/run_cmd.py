"""`ccore run`: the daemon, in the foreground.

The first Ctrl-C (or SIGTERM) ends in order, the second at once. SIGHUP reloads.
"""

import contextlib
import logging
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ccore.cli.options import FILE, config_option, example
from ccore.errors import CcoreError

if TYPE_CHECKING:
    from ccore.daemon.service import Service

__all__ = ["run"]

log = logging.getLogger(__name__)

LEVELS = ("debug", "info", "warning", "error")


@click.command(epilog=example("ccore run --config ccore.toml", "ccore run --log-json 2>> log"))
@config_option
@click.option("--dir", "directory", type=FILE, help="Write everything here, not in daemon.dir.")
@click.option("--log-json", is_flag=True, help="Log one JSON object a line.")
@click.option("--log-level", type=click.Choice(LEVELS), default="info", show_default=True)
def run(config_path: Path, directory: Path | None, log_json: bool, log_level: str) -> None:
    """Serve the calls of the switches in ccore.toml until stopped."""
    from msgspec.structs import replace

    from ccore.config import load
    from ccore.daemon import logs
    from ccore.daemon.notify import Notifier
    from ccore.daemon.service import Service
    from ccore.kpi.names import check_figures

    logs.setup(log_level, as_json=log_json)
    config = load(config_path, log.warning)
    check_figures(config, config_path)
    if directory is not None:
        # Absolute, because a relative one is taken from the configuration's place.
        config = replace(config, daemon=replace(config.daemon, dir=str(directory.absolute())))
    notifier = Notifier.from_environ(os.environ, os.getpid())
    service = Service(config, config_path, notifier=notifier)
    _obey_signals(service)
    service.run()


def _obey_signals(service: "Service") -> None:
    import gevent

    asked: list[int] = []

    def stop(number: int) -> None:
        if asked:
            os._exit(128 + number)  # at once: what could hang is not waited for
        asked.append(number)
        log.info("stopping in order; once more stops at once")
        service.stop()

    def reload() -> None:
        with contextlib.suppress(CcoreError):  # told in the log, and nothing has changed
            service.reload()

    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, stop, number)
    gevent.signal_handler(signal.SIGHUP, reload)
