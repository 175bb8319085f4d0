"""`ccore init`: a directory with a FreeSWITCH configuration and a ccore.toml that fit together."""

import ipaddress
import re
import shlex
from pathlib import Path

import click

from ccore.cli.options import FILE, example, json_option
from ccore.cli.switch_files import Made, SwitchPlan, write_switch
from ccore.cli.text import as_json

__all__ = ["init"]

PORT = click.IntRange(1, 65_535)
MOST_AGENTS = 5_000  # a file each; more are better kept in the carrier's own directory


def _address(ctx: click.Context, option: click.Parameter, value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise click.BadParameter(f"{value!r} is no IP address, such as 192.0.2.10") from None


def _blocks(
    ctx: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_network(value, strict=False)) for value in values)
    except ValueError as error:
        raise click.BadParameter(f"{error}; a block looks like 192.0.2.0/28") from None


def _number(ctx: click.Context, option: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"\+?[0-9*#]{0,32}", value):
        raise click.BadParameter(f"{value!r} is no number: digits, * and #, perhaps + before")
    return value


def _host(ctx: click.Context, option: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:\[\]-]{0,255}", value):
        raise click.BadParameter(f"{value!r} is no HOST or HOST:PORT")
    return value


@click.command(
    epilog=example(
        "ccore init /srv/centre",
        "ccore init centre --sip-ip 192.0.2.10 --trunk-acl 198.51.100.0/28 --agents 50",
    )
)
@click.argument("directory", type=FILE)
@click.option(
    "--sip-ip",
    default="127.0.0.1",
    callback=_address,
    show_default=True,
    help="Address of SIP and RTP.",
)
@click.option(
    "--esl-port",
    type=PORT,
    default=8021,
    show_default=True,
    help="Port of the event socket (always on 127.0.0.1).",
)
@click.option(
    "--trunk-port", type=PORT, default=5080, show_default=True, help="SIP port for the carrier."
)
@click.option(
    "--agents-port", type=PORT, default=5060, show_default=True, help="SIP port for agents' phones."
)
@click.option(
    "--trunk-acl",
    metavar="CIDR",
    multiple=True,
    default=("127.0.0.1/32",),
    callback=_blocks,
    help="Addresses of the carrier; may be given again.",
)
@click.option(
    "--trunk-gateway",
    metavar="HOST[:PORT]",
    default="",
    callback=_host,
    help="Where calls to numbers outside go. Without it they go nowhere.",
)
@click.option(
    "--agents",
    type=click.IntRange(0, MOST_AGENTS),
    default=10,
    show_default=True,
    help="How many agents' phones.",
)
@click.option(
    "--first-agent",
    type=click.IntRange(1),
    default=1001,
    show_default=True,
    help="Number of the first one.",
)
@click.option(
    "--fallback-number",
    default="",
    callback=_number,
    help="Where callers go while ccore is away (needs --trunk-gateway).",
)
@click.option("--record-dir", default="", help="Recordings.  [default: DIRECTORY/recordings]")
@json_option
def init(
    directory: Path,
    sip_ip: str,
    esl_port: int,
    trunk_port: int,
    agents_port: int,
    trunk_acl: tuple[str, ...],
    trunk_gateway: str,
    agents: int,
    first_agent: int,
    fallback_number: str,
    record_dir: str,
    json: bool,
) -> None:  # fmt: skip
    """Write a FreeSWITCH configuration and a ccore.toml to begin with into DIRECTORY.

    Every password in them is new. Nothing that exists is replaced.
    """
    if len({esl_port, trunk_port, agents_port}) < 3:
        raise click.UsageError("--esl-port, --trunk-port and --agents-port must differ.")
    if fallback_number and not trunk_gateway:
        raise click.UsageError("--fallback-number needs --trunk-gateway, the way there.")
    made = write_switch(
        directory,
        SwitchPlan(
            sip_ip=sip_ip,
            esl_port=esl_port,
            trunk_port=trunk_port,
            agents_port=agents_port,
            trunk_acl=trunk_acl,
            trunk_gateway=trunk_gateway,
            agents=agents,
            first_agent=first_agent,
            fallback_number=fallback_number,
            record_dir=record_dir,
        ),
    )
    click.echo(as_json(_document(made)) if json else _next_steps(made))


def _document(made: Made) -> dict[str, object]:
    """Where everything is; passwords stay in the files."""
    return {
        "directory": str(made.root),
        "freeswitch": str(made.switch),
        "config": str(made.toml),
        "phones": str(made.agents_file),
        "recordings": str(made.record_dir),
        "agents": list(made.agents),
    }


def _next_steps(made: Made) -> str:
    here = shlex.quote(str(made.root))
    return f"""Made {made.root}:
  freeswitch/   configuration of a FreeSWITCH 1.10; freeswitch/README.md explains each file
  ccore.toml    one queue, {len(made.agents)} agents
  agents.txt    user names and passwords of the agents' phones
All of it is readable by you alone. If FreeSWITCH runs as another user:
  chown -R freeswitch {shlex.quote(str(made.switch))} {shlex.quote(str(made.record_dir))}

Next:
  mkdir -p {here}/run
  freeswitch -nonat -nc -conf {here}/freeswitch -log {here}/run -db {here}/run -run {here}/run
  ccore prompts build --config {here}/ccore.toml
  ccore check --config {here}/ccore.toml
  ccore run --config {here}/ccore.toml"""
