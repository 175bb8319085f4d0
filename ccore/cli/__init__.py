"""The command line: one file a command, imported only when it is asked for.

What goes wrong ends as one line on stderr and an exit code of `ccore.errors`; a reader who leaves
(`ccore cdr | head`) ends it silently, Ctrl-C with 130.
"""

import difflib
import errno
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from ccore import __version__
from ccore.errors import CcoreError, DiskTrouble, reason

__all__ = ["COMMANDS", "main"]

# name: (where its click command lives, what it does in a few words)
COMMANDS = {
    "demo": ("demo_cmd:demo", "A minute of a busy centre on a simulated switch."),
    "init": ("init_cmd:init", "Write a FreeSWITCH configuration and a ccore.toml to begin with."),
    "check": ("check_cmd:check", "Check ccore.toml and the switches that it names."),
    "run": ("run_cmd:run", "Serve the calls: the daemon, in the foreground."),
    "status": ("status_cmd:status", "Links, totals, queues and agents of the running daemon."),
    "top": ("top_cmd:top", "The floor live in the terminal."),
    "calls": ("calls_cmd:calls", "List the calls; transfer, hang up, hold."),
    "queues": ("queues_cmd:queues", "List the queues."),
    "agents": ("agents_cmd:agents", "List the agents; sign in and out, ready, not ready, wrap-up."),
    "sites": ("sites_cmd:sites", "List the sites; evacuate one, take it back."),
    "route": ("route_cmd:route", "Explain decisions, replay them, try another configuration."),
    "record": ("record_cmd:record", "Start, stop, mask and unmask the recording of a call."),
    "follow": ("follow_cmd:follow", "Print news as they happen."),
    "reload": ("reload_cmd:reload", "Take a changed ccore.toml without losing a call."),
    "stop": ("stop_cmd:stop", "Stop the daemon in order."),
    "cdr": ("cdr_cmd:cdr", "Read, import, export and verify the records."),
    "kpi": ("kpi_cmd:kpi", "Key figures from the records."),
    "report": ("report_cmd:report", "Key figures as an HTML page."),
    "size": ("size_cmd:size", "How many agents, trunks and bytes a centre needs."),
    "simulate": (
        "simulate_cmd:simulate",
        "Days of a centre in virtual time: what would happen if.",
    ),
    "ivr": ("ivr_cmd:ivr", "Draw IVR flows as pictures."),
    "prompts": ("prompts_cmd:prompts", "Speak the prompts that have no recording."),
    "config": ("config_cmd:config", "Show what ccore.toml means, with its defaults."),
    "completion": ("completion_cmd:completion", "Print the completion script of a shell."),
}

INTERRUPTED = 130  # 128 + SIGINT, as a shell counts
PIPE_CLOSED = 141  # 128 + SIGPIPE


class _ReaderGone(Exception):
    """Nobody reads what we print."""


class _Commands(click.Group):
    """The group of COMMANDS. Help and completion of names need no import."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        found: click.Command = getattr(importlib.import_module(f"ccore.cli.{module}"), attribute)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            close = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            ctx.fail(f"There is no command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:  # click would end with 1
            raise _ReaderGone from error

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        def run() -> Any:
            return super(_Commands, self).main(
                args, prog_name or "ccore", complete_var, standalone_mode=False, **extra
            )

        if not standalone_mode:
            return run()
        if sys.stdout is None:  # closed by whoever started us: `ccore kpi >&-`
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115  open as long as we are
        try:
            code = run()
            sys.stdout.flush()
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            code = error.exit_code
        except click.ClickException as error:
            _complain(_usage(error))
            code = error.exit_code
        except CcoreError as error:
            _complain(str(error))
            code = error.exit_code
        except (click.Abort, KeyboardInterrupt):
            code = INTERRUPTED
        except (BrokenPipeError, _ReaderGone):
            # What is still buffered has no reader: let it go where nobody complains.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = PIPE_CLOSED
        except OSError as error:  # what nobody foresaw nearer to it
            trouble = _trouble(error)
            _complain(str(trouble))
            code = trouble.exit_code
        sys.exit(code if isinstance(code, int) else 0)


def _usage(error: click.ClickException) -> str:
    """What was wrong with the words, and where to read how it is used."""
    message = error.format_message().removesuffix(".")
    stop = "" if message.endswith(("?", ")")) else "."
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{message}{stop} See: {context.command_path} --help" if context else message


def _trouble(error: OSError) -> CcoreError:
    """A full disk behind `> FILE`; or what the system refused, where in ccore."""
    import traceback
    from pathlib import Path

    # A file that has a name is written by somebody who tells it by that name.
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) and not error.filename:
        return DiskTrouble(path="the output", why=reason(error))
    of = f": {error.filename}" if error.filename else ""
    ours = [one for one in traceback.extract_tb(error.__traceback__) if "ccore" in one.filename]
    at = f" (at {Path(ours[-1].filename).name}, line {ours[-1].lineno})" if ours else ""
    return CcoreError(what=f"{reason(error)}{of}{at}")


def _complain(message: str) -> None:
    from ccore.cli.text import safe

    click.echo(f"ccore: {safe(message)}", err=True)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nExample:\n  ccore demo --seconds 20",
)
@click.version_option(__version__, prog_name="ccore")
def main() -> None:
    """The brain of a call centre beside FreeSWITCH."""
