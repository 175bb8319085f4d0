"""ccore config: is ccore.toml right, and what does it mean with its defaults?"""

from pathlib import Path

import click

from ccore.cli.options import config_option, example, json_option
from ccore.cli.text import as_json, safe
from ccore.config import Config, load

__all__ = ["config"]

# What a summary counts, one and many.
_COUNTED = {
    "entries": ("entry", "entries"),
    "flows": ("flow", "flows"),
    "queues": ("queue", "queues"),
    "agents": ("agent", "agents"),
    "calendars": ("calendar", "calendars"),
}


@click.group(epilog=example("ccore config check", "ccore config show --json"))
def config() -> None:
    """Check ccore.toml, and show what it means with its defaults."""


@config.command(epilog=example("ccore config check --config ccore.toml"))
@config_option
@json_option
def check(config_path: Path, json: bool) -> None:
    """Check the configuration alone, without a switch. Exit code 11 if it is wrong."""
    from ccore.kpi.names import check_figures

    found, warnings = _load(config_path)
    check_figures(found, config_path)
    counts = {name: len(getattr(found, name)) for name in _COUNTED}
    if json:
        click.echo(as_json({"file": str(config_path), "counts": counts, "warnings": warnings}))
        return
    for line in warnings:
        click.echo(f"warning: {safe(line)}", err=True)
    told = [f"{count} {_COUNTED[name][count != 1]}" for name, count in counts.items()]
    click.echo(f"{safe(str(config_path))}: fine ({', '.join(told)})")


@config.command(epilog=example("ccore config show --json"))
@config_option
@json_option
def show(config_path: Path, json: bool) -> None:
    """Print every setting, defaults included. Passwords are left out."""
    import msgspec

    from ccore.config.lines import dotted

    found, _ = _load(config_path)
    data = msgspec.to_builtins(found)
    for switch in data["switch"].values():
        switch["password"] = "(set)" if switch["password"] else ""
    if json:
        click.echo(as_json(data))
        return
    for path, value in _leaves(data, ()):
        click.echo(safe(f"{dotted(path)} = {_toml(value)}"))


def _load(path: Path) -> tuple[Config, list[str]]:
    from ccore.prompts.texts import missing

    warnings: list[str] = []
    found = load(path, warnings.append)
    return found, warnings + [f"{path}: prompts: {line}" for line in missing(found)]


def _leaves(
    value: object, path: tuple[str | int, ...]
) -> list[tuple[tuple[str | int, ...], object]]:
    if isinstance(value, dict) and value:
        return [leaf for key, item in value.items() for leaf in _leaves(item, (*path, key))]
    if isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        return [leaf for n, item in enumerate(value) for leaf in _leaves(item, (*path, n))]
    return [(path, value)]


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        return f'"{value}"'
    return "{}" if value == {} else "none" if value is None else str(value)
