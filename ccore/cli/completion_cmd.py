"""`ccore completion`: what a shell needs to complete our words."""

import click
from click.shell_completion import get_completion_class

from ccore.cli.options import example
from ccore.errors import ToolMissing

__all__ = ["completion"]


@click.command(epilog=example("ccore completion bash", "ccore completion zsh > _ccore"))
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL.

    Load it in the shell's start-up file: `eval "$(ccore completion bash)"`. The script asks ccore
    itself, with _CCORE_COMPLETE set, so it need not be printed again after an upgrade.
    """
    from ccore.cli import main

    kind = get_completion_class(shell)
    if kind is None:
        raise ToolMissing(tool=f"completion for {shell}", why="this click does not know the shell")
    script = kind(main, {}, "ccore", "_CCORE_COMPLETE")
    click.echo(script.source_template % script.source_vars())
