"""ccore prompts: speak what has no recording, and list what callers can hear."""

from pathlib import Path

import click

from ccore.cli.options import config_option, example, json_option
from ccore.cli.text import as_json, safe
from ccore.config import Config, load

__all__ = ["prompts"]


@click.group(epilog=example("ccore prompts build", "ccore prompts list --json"))
def prompts() -> None:
    """Speak the prompts that have no recording.

    A prompt is a text per language in ccore.toml. Put your own recording at
    PROMPTS/LANGUAGE/NAME.wav (mono, 8 or 16 kHz) and it is played instead; it is never overwritten.
    """


@prompts.command(epilog=example("ccore prompts build --config ccore.toml"))
@config_option
@click.option("--force", is_flag=True, help="Speak again what ccore spoke before.")
@json_option
def build(config_path: Path, force: bool, json: bool) -> None:
    """Speak missing and changed prompts with espeak-ng."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from ccore.prompts import speak

    config = _load(config_path)
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    # No bar in a log: a terminal redraws it, a file would keep every state.
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def on_progress(done: int, of: int, name: str) -> None:
            bar.update(task, completed=done, total=of, description=safe(name))

        built = speak.build(config, config_path.parent, force, on_progress)
    if json:
        click.echo(
            as_json(
                {
                    "spoken": [str(path) for path in built.spoken],
                    "kept": [str(path) for path in built.kept],
                    "own": [str(path) for path in built.own],
                }
            )
        )
    else:
        click.echo(
            f"{len(built.spoken)} spoken, {len(built.kept)} unchanged, "
            f"{len(built.own)} recordings of your own in {config.prompts.dir}"
        )


@prompts.command("list", epilog=example("ccore prompts list"))
@config_option
@json_option
def list_(config_path: Path, json: bool) -> None:
    """List every prompt: own (your recording), spoken, stale (text has changed) or missing."""
    from ccore.prompts import speak
    from ccore.prompts.texts import missing

    config = _load(config_path)
    found = speak.prompts(config, config_path.parent)
    if json:
        fields = ("language", "name", "state", "text", "voice", "path")
        click.echo(as_json([{field: getattr(one, field) for field in fields} for one in found]))
        return
    for one in found:
        click.echo(f"{one.state:8} {one.language:4} {one.name:24} {safe(one.text)}")
    for line in missing(config):
        click.echo(f"warning: {safe(line)}", err=True)


def _load(path: Path) -> Config:
    return load(path, lambda line: click.echo(f"warning: {safe(line)}", err=True))
