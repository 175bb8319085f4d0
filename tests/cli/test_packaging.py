"""The unit starts the program as it is."""

import configparser
import shlex
from pathlib import Path

import click
import pytest

from ccore.cli import main
from ccore.errors import AlreadyRunning, BadConfig, SwitchOutdated, SwitchRefused

UNIT = Path(__file__).parents[2] / "packaging" / "ccore.service"


@pytest.fixture
def service() -> configparser.SectionProxy:
    unit = configparser.ConfigParser(strict=False, interpolation=None, comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT)
    return unit["Service"]


@pytest.mark.parametrize("line", ["ExecStart", "ExecReload"])
def test_its_commands_are_commands_of_ours(service: configparser.SectionProxy, line: str) -> None:
    program, name, *words = shlex.split(service[line])
    assert program.endswith("/ccore")
    command = main.get_command(click.Context(main), name)
    assert command is not None
    command.make_context(name, words)


def test_what_trying_again_cannot_mend_is_not_tried_again(
    service: configparser.SectionProxy,
) -> None:
    codes = [int(code) for code in service["RestartPreventExitStatus"].split()]
    lasting = (BadConfig, SwitchRefused, SwitchOutdated, AlreadyRunning)
    assert codes == [error.exit_code for error in lasting]
