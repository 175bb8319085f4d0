"""Options that several commands share."""

import functools
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = [
    "FILE",
    "SECONDS",
    "asks_daemon",
    "config_option",
    "example",
    "finds_daemon",
    "json_option",
]

F = TypeVar("F", bound=Callable[..., Any])

# Whether a file can be read is found, and told in one line, by whoever opens it.
FILE = click.Path(path_type=Path, readable=False)
SECONDS = click.IntRange(0, 86_400)  # of a wait: nobody waits for a day

config_option = click.option(
    "--config",
    "-c",
    "config_path",
    type=FILE,
    default="ccore.toml",
    envvar="CCORE_CONFIG",
    show_default=True,
    help="The centre's configuration.",
)
json_option = click.option("--json", "json", is_flag=True, help="Print JSON.")


def example(*lines: str) -> str:
    """The end of a command's help: lines to copy."""
    title = "Example:" if len(lines) == 1 else "Examples:"
    return "\b\n" + "\n".join([title, *(f"  {line}" for line in lines)])


def finds_daemon(function: F) -> F:
    """Options that say where the daemon is. They may stand before or behind a subcommand's name."""

    def keep(ctx: click.Context, option: click.Parameter, value: Path | None) -> None:
        if value is not None:
            ctx.meta[f"ccore.{option.name}"] = value

    for names, words in (
        (("--socket",), "The daemon's control socket, instead of looking."),
        (("--dir",), "The daemon's directory (its --dir)."),
        (("--config", "-c"), "The centre's configuration.  [default: ccore.toml]"),
    ):
        function = click.option(
            *names,
            type=FILE,
            envvar="CCORE_CONFIG" if "-c" in names else None,
            expose_value=False,
            callback=keep,
            help=words,
        )(function)
    return function


def asks_daemon(function: F) -> F:
    """Give the command a `Client` of the running daemon as `daemon`."""

    @finds_daemon
    @functools.wraps(function)
    def command(*args: Any, **more: Any) -> Any:
        from ccore.cli.client import Client, find_socket

        meta = click.get_current_context().meta
        config = meta.get("ccore.config", Path("ccore.toml"))
        path = find_socket(config, meta.get("ccore.dir"), meta.get("ccore.socket"))
        with Client(path, start=_start(config)) as daemon:
            return function(*args, daemon=daemon, **more)

    return command  # type: ignore[return-value]


def _start(config: Path) -> str:
    """How to start the daemon that was not found."""
    words = f"ccore run --config {shlex.quote(str(config))}"
    return words if os.path.lexists(config) else f"{words} (which is not there; --config FILE)"
