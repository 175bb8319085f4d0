"""ccore ivr: see what callers can meet."""

from pathlib import Path

import click

from ccore.cli.options import FILE, config_option, example
from ccore.cli.text import safe

__all__ = ["ivr"]


@click.group(epilog=example("ccore ivr draw main --language zh"))
def ivr() -> None:
    """Draw IVR flows."""


@ivr.command(
    epilog=example(
        "ccore ivr draw main --to main.svg",
        "ccore ivr draw closed --language yue --to - | rsvg-convert > closed.png",
    )
)
@click.argument("flow", required=False)
@config_option
@click.option("--to", type=FILE, help="Where to write; - is standard output.  [default: FLOW.svg]")
@click.option("--language", "-l", help="Language of the prompts.  [default: the site's first]")
def draw(flow: str | None, config_path: Path, to: Path | None, language: str | None) -> None:
    """Draw a flow as an SVG picture: steps, what they say, and where each key leads.

    Without FLOW, the one called main is drawn, or else the first.
    """
    from ccore.cli.flow_picture import draw as draw_flow
    from ccore.config import load
    from ccore.errors import DiskTrouble, UnknownName, reason

    config = load(config_path)
    flows, languages = config.flows, config.site.languages
    if flow is None:
        flow = "main" if "main" in flows or not flows else next(iter(flows))
    if flow not in flows:
        raise UnknownName(kind="flow", name=flow, known=", ".join(flows) or "none")
    if language is not None and language not in languages:
        raise UnknownName(kind="language", name=language, known=", ".join(languages))
    picture = draw_flow(config, flow, language or languages[0])
    path = to or Path(f"{flow}.svg")
    if str(path) == "-":
        click.echo(picture, nl=False)
        return
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise DiskTrouble(path=path, why=reason(error)) from None
    click.echo(safe(str(path)))
