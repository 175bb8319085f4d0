"""docs/cli.md from the commands; click's own layout changes between versions."""

import inspect
from collections.abc import Iterator

import click

from ccore.cli import main

__all__ = ["page"]

HEAD = (
    "# Commands\n\nMade from the commands by `make docs`; `ccore COMMAND --help` says the same."
    " What to use them for stands in [operations.md](operations.md), with the exit codes.\n"
)


def page() -> str:
    return "\n".join([HEAD, *_pages(main, "ccore")])


def _pages(command: click.Command, path: str) -> Iterator[str]:
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    words = " ".join(_shown(one) for one in arguments)
    is_group = isinstance(command, click.Group)
    yield f"## {path}{' ' + words if words else ''}{' COMMAND' if is_group else ''}\n"
    yield inspect.cleandoc(command.help or "").replace("\b", "").strip() + "\n"
    options = [one for one in command.params if isinstance(one, click.Option)]
    rows = [_row(one) for one in options if one.name not in ("help", "version")]
    if rows:
        yield "| option | means |\n|---|---|\n" + "\n".join(rows) + "\n"
    if command.epilog:
        yield "```\n" + "\n".join(_examples(command.epilog)) + "\n```\n"
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _pages(found, f"{path} {name}")


def _shown(argument: click.Argument) -> str:
    name = (argument.name or "").upper()
    return name if argument.required else f"[{name}]"


def _row(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    words = [option.help or ""]
    if isinstance(option.type, click.Choice):
        words.append(f"One of {', '.join(map(str, option.type.choices))}.")
    if option.show_default and option.default not in (None, (), ""):
        default = option.default
        shown = ", ".join(map(str, default)) if isinstance(default, tuple) else str(default)
        words.append(f"Default: {shown}.")
    return f"| {names} | {' '.join(filter(None, words)).replace('|', chr(92) + '|')} |"


def _examples(epilog: str) -> list[str]:
    return [line.strip() for line in epilog.splitlines() if line.strip().startswith("ccore")]
