"""The commands of a running daemon, as their user sees them."""

import contextlib
import fcntl
import json
import os
import re
import shlex
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from ccore.cli import COMMANDS, INTERRUPTED, PIPE_CLOSED, main
from ccore.cli.client import Client
from ccore.errors import BadConfig, BadRequest, NotRunning, UnknownName
from tests.cli.conftest import HOSTILE

Ccore = Callable[..., Result]


def every_command() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            for below, subcommand in command.commands.items():
                yield f"{name} {below}", subcommand


def test_every_command_ends_its_help_with_lines_that_run() -> None:
    for name, command in every_command():
        title, *lines = (command.epilog or "").removeprefix("\b\n").splitlines()
        assert title in ("Example:", "Examples:"), name
        assert f"ccore {name.split()[0]}" in "\n".join(lines), name
        for line in lines:
            for part in re.split(r"&&|\|", line):
                words = shlex.split(re.split(r"\d?>", part)[0], comments=True)
                if words[0] == "ccore":
                    parse(words[1:])


def parse(words: list[str]) -> None:
    """Everything that click checks before a command begins."""
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group) and words:
        name, found, words = command.resolve_command(context, words)
        assert found is not None, words
        command = found
    command.make_context("ccore", list(words))


def test_help_names_every_command_and_what_it_is_for() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for name, (_, words) in COMMANDS.items():
        assert name in result.output
        assert words in result.output


def test_a_mistyped_command_is_answered_with_the_nearest() -> None:
    result = CliRunner().invoke(main, ["stauts"])
    assert result.exit_code == 2
    assert "Did you mean 'status'?" in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed(shell: str) -> None:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert "_CCORE_COMPLETE" in result.output


def test_without_a_daemon_one_line_says_how_to_start_it(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["status", "--config", str(tmp_path / "of ours.toml")])
    assert result.exit_code == NotRunning.exit_code
    assert result.output.count("\n") == 1
    assert f"ccore run --config '{tmp_path}/of ours.toml'" in result.stderr


def test_status_shows_links_totals_and_queues(ccore: Ccore) -> None:
    output = ccore("status").output
    assert "switch one: up" in output
    assert "3 waiting" in output
    assert "国语服务" in output


def test_queues_align_although_chinese_is_wide(ccore: Ccore) -> None:
    from rich.cells import cell_len

    lines = ccore("queues").output.splitlines()
    assert len(lines) == 3
    assert len({cell_len(line) for line in lines}) == 1


@pytest.mark.parametrize("command", ["calls", "status", "queues", "agents", "top"])
def test_json_is_json_and_obeyed_by_no_terminal(ccore: Ccore, command: str) -> None:
    result = ccore(command, "--json")
    assert result.exit_code == 0
    assert all(line.isprintable() for line in result.output.splitlines())
    found = json.loads(result.output)
    if command == "calls":
        assert found[0]["calling_name"] == HOSTILE


def test_a_hostile_name_is_shown_escaped_on_its_own_line(ccore: Ccore) -> None:
    lines = ccore("calls").output.splitlines()
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    assert "[red]张三\\x1b[2J\\u202e" in lines[1]


def test_calls_and_agents_can_be_picked(ccore: Ccore) -> None:
    assert "3f2a9c1e" in ccore("calls", "--queue", "sales").output
    assert ccore("calls", "--queue", "国语服务").output == "No calls.\n"
    unknown = ccore("calls", "--queue", "nope")
    assert unknown.exit_code == UnknownName.exit_code
    assert "sales" in unknown.stderr  # what it could have been
    assert len(ccore("agents", "--state", "ready").output.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        ("calls transfer 3f2a queue:sales", {"do": "call.transfer", "to": "queue:sales"}),
        ("calls hangup 3f2a", {"do": "call.hangup", "contact": "3f2a"}),
        ("calls hold 3f2a", {"do": "call.hold"}),
        ("calls unhold 3f2a", {"do": "call.unhold"}),
        ("calls survey 3f2a 4", {"do": "call.survey", "mark": 4}),
        ("calls callback 3f2a", {"do": "call.callback", "accepted": True}),
        ("calls callback 3f2a --declined", {"do": "call.callback", "accepted": False}),
        ("record start 3f2a", {"do": "record.start"}),
        ("record stop 3f2a", {"do": "record.stop"}),
        ("record mask 3f2a", {"do": "record.mask"}),
        ("record unmask 3f2a", {"do": "record.unmask"}),
        ("agents sign-in 1001", {"do": "agent.sign_in", "agent": "1001"}),
        ("agents sign-out 1001", {"do": "agent.sign_out"}),
        ("agents ready 1001", {"do": "agent.ready"}),
        ("agents not-ready 1001 lunch", {"do": "agent.not_ready", "reason": "lunch"}),
        ("agents wrap-up 1001 --end", {"do": "agent.wrap_up", "end": True}),
        ("agents wrap-up 1001 --extend 60", {"do": "agent.wrap_up", "extend_s": 60}),
    ],
)
def test_an_order_reaches_the_daemon(
    ccore: Ccore, socket_path: Path, words: str, request_: dict[str, object]
) -> None:
    result = ccore(*words.split())
    assert result.exit_code == 0, result.output
    assert result.output.count("\n") == 1
    with Client(socket_path) as client:
        asked = client.ask("asked")["asked"][0]
    assert asked | request_ == asked


def test_what_comes_after_the_call_is_said(ccore: Ccore) -> None:
    said = ccore("agents", "sign-out", "1001").output
    assert said == "1001 is talking, signed-out after the call\n"


def test_wrap_up_wants_one_of_two(ccore: Ccore) -> None:
    for words in (["1001"], ["1001", "--end", "--extend", "5"]):
        result = ccore("agents", "wrap-up", *words)
        assert result.exit_code == BadRequest.exit_code
        assert "--end or --extend" in result.stderr


def test_the_daemons_refusal_is_the_commands_error(ccore: Ccore) -> None:
    result = ccore("agents", "ready", "nobody")
    assert result.exit_code == UnknownName.exit_code
    assert "1001" in result.stderr


def test_a_faulty_configuration_is_told_where(ccore: Ccore) -> None:
    result = ccore("reload")
    assert result.exit_code == BadConfig.exit_code
    assert "ccore.toml: queues.sales: found 9" in result.stderr


def test_the_place_of_the_daemon_may_stand_before_the_subcommand(
    ccore: Ccore, socket_path: Path
) -> None:
    before = CliRunner().invoke(main, ["agents", "--socket", str(socket_path), "ready", "1001"])
    assert before.exit_code == 0


def test_stop_waits_until_the_daemon_is_gone(ccore: Ccore, socket_path: Path) -> None:
    result = ccore("stop")
    assert (result.exit_code, result.output) == (0, "stopped\n")
    assert not socket_path.exists()


def test_top_without_a_terminal_prints_lines(ccore: Ccore) -> None:
    result = ccore("top", "--seconds", "0.3", "--every", "0.1")
    assert result.exit_code == 0
    assert "waiting 3 (longest 1:15)" in result.output.splitlines()[0]


def test_top_in_a_terminal_draws_the_floor(socket_path: Path) -> None:
    """A real terminal: a pseudo one of 80 columns and 24 lines."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    drawn = b""
    with subprocess.Popen(
        [sys.executable, "-m", "ccore", "top", "--socket", str(socket_path), "--seconds", "60"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"},
    ) as child:
        os.close(theirs)
        leaving = False
        with contextlib.suppress(OSError):  # so a pseudo terminal says that its other end is closed
            while data := os.read(ours, 65_536):
                drawn += data
                if not leaving and b"sales" in drawn and b"[red]" in drawn:
                    leaving = True  # all there: go as a person does
                    child.send_signal(signal.SIGINT)
        os.close(ours)
    assert child.returncode == INTERRUPTED
    text = drawn.decode()
    assert "sales" in text
    assert "李娜" in text
    assert "[red]\\x1b" in text  # news of a caller with a hostile name, as text
    assert text.index("\x1b[?1049h") < text.index("\x1b[?1049l")  # the screen is given back


def test_a_reader_who_leaves_ends_it_quietly(socket_path: Path) -> None:
    """`ccore follow | head -1`, as a shell would do it."""
    command = f"{shlex.quote(sys.executable)} -m ccore top --every 0.1 --socket {socket_path}"
    done = subprocess.run(
        ["sh", "-c", f"{command} | head -1"], capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


def test_a_reader_who_has_gone_is_told_to_the_shell(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [sys.executable, "-m", "ccore", "kpi", "--cdr", str(tmp_path)],
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    os.close(theirs)
    assert (done.returncode, done.stderr) == (PIPE_CLOSED, "")
