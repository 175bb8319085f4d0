"""What goes wrong ends in one line and an exit code, whatever it is."""

import contextlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ccore.cli import main
from ccore.cli.client import Client
from ccore.cli.news import KINDS
from ccore.errors import (
    BadConfig,
    BadRequest,
    CcoreError,
    DiskTrouble,
    NotRunning,
    UnknownName,
)


def usage_errors() -> Iterator[list[str]]:
    yield ["stauts"]
    yield ["status", "--jsno"]
    yield ["calls", "transfr"]
    yield ["agents", "redy", "1001"]
    yield ["agents", "--state", "redy"]
    yield ["follow", "--kind", "ofer"]
    yield ["init"]
    yield ["size", "--calls", "many"]
    yield ["kpi", "--day", "2026-02-30"]
    yield ["report"]
    yield ["kpi", "--json", "--csv"]


@pytest.mark.parametrize("words", list(usage_errors()), ids=" ".join)
def test_wrong_words_are_answered_in_one_line(words: list[str]) -> None:
    result = CliRunner().invoke(main, words, prog_name="ccore")
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(r"ccore: .+ See: ccore( [a-z-]+)* --help\n", result.stderr)


def test_every_kind_of_news_can_be_chosen_and_is_documented() -> None:
    root = Path(__file__).parents[2]
    told = re.compile(r'News\(\s*"([a-z-]+)"')
    kinds = {"dropped", "bye"}  # what a follower is told of himself
    for path in (root / "ccore").rglob("*.py"):
        kinds.update(told.findall(path.read_text("utf-8")))
    assert kinds == set(KINDS)
    page = (root / "docs" / "control-socket.md").read_text("utf-8")
    assert not [kind for kind in kinds if f"`{kind}`" not in page and f'"{kind}"' not in page]


def test_a_full_disk_behind_the_output_is_one_line(socket_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ccore", "status", "--socket", str(socket_path)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == DiskTrouble.exit_code
    assert re.fullmatch(r"ccore: Cannot write the output: .+\n", done.stderr)


def test_a_closed_output_is_no_fault(socket_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", f"{shlex.quote(sys.executable)} -m ccore status --socket {socket_path} >&-"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_what_the_system_refuses_unforeseen_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "/somewhere")

    monkeypatch.setattr(click.Group, "invoke", refuse)
    result = CliRunner().invoke(main, ["status"])
    assert result.exit_code == CcoreError.exit_code
    assert re.fullmatch(
        r"ccore: Something went wrong: permission denied: /somewhere \(at .+, line \d+\)\.\n",
        result.stderr,
    )


def test_who_may_not_ask_is_not_told_to_start_another(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("ccore.cli.client.socket.socket.connect", refuse)
    with pytest.raises(BadRequest, match="does not serve you"):
        Client(Path("ccore.sock"))


def test_without_a_configuration_it_is_said_that_there_is_none(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        result = CliRunner().invoke(main, ["status"])
        assert "--config ccore.toml (which is not there; --config FILE)" in result.stderr
        Path("ccore.toml").touch()
        assert "which is not there" not in CliRunner().invoke(main, ["status"]).stderr


@pytest.mark.parametrize("command", ["kpi", "cdr show", "cdr tail", "cdr verify", "cdr export"])
def test_records_that_may_not_be_read_are_one_line(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    result = CliRunner().invoke(main, [*command.split(), "--cdr", str(tmp_path)])
    assert result.exit_code == 13
    assert f"{tmp_path} cannot be read (permission denied)" in result.stderr.splitlines()[-1]


def test_figures_of_nothing_say_that_there_is_nothing(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["kpi", "--cdr", str(tmp_path)])
    assert result.exit_code == 0
    assert result.stderr == f"ccore: no records in {tmp_path}\n"
    (tmp_path / "2026-11-21.contact.ccr").touch()
    result = CliRunner().invoke(main, ["kpi", "--cdr", str(tmp_path), "--day", "2026-11-01"])
    there = "there are some of 2026-11-21 to 2026-11-21"
    assert result.stderr == f"ccore: no records of 2026-11-01 in {tmp_path}; {there}\n"


@pytest.mark.parametrize("cdr", [".", "none"])
def test_reports_that_would_all_fail_are_not_begun(tmp_path: Path, cdr: str) -> None:
    (tmp_path / "file").touch()
    target = tmp_path / ("file" if cdr == "." else "reports")
    words = ["report", "--every", "day", "--cdr", str(tmp_path / cdr), "--to", str(target)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code in (DiskTrouble.exit_code, UnknownName.exit_code)
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("kpi --cdr {0} --cost {0}/none", "{0}/none: file: found no such file, expected"),
        ("kpi --cdr {0} --cost {0}", "{0}: file: found a directory, expected"),
        ("kpi --cdr {0} --schedule {0}/none", "{0}/none: file: found no such file, expected"),
        ("config check --config {0}/none", "{0}/none: the file: found no such file, expected"),
        ("config check --config {0}", "{0}: the file: found a directory, expected"),
        ("simulate {0}/none", "{0}/none: the file: found no such file, expected"),
        (
            "cdr import --mapping {0}/none --to {0}/to {0}/x",
            "{0}/none: the file: found no such file",
        ),
        ("cdr import --format queue_log --to {0}/to {0}", "{0} cannot be read (a directory)"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(
    tmp_path: Path, words: str, said: str
) -> None:
    result = CliRunner().invoke(main, words.format(tmp_path).split())
    assert result.exit_code in (11, 13)
    assert result.stderr.splitlines()[-1].startswith(f"ccore: {said.format(tmp_path)}")


@pytest.mark.parametrize(
    "text", ["a = " + "9" * 5_000, "a = " + "[" * 5_000, "\xff", 'a = "'], ids=lambda t: t[:6]
)
def test_toml_that_is_none_is_one_line_wherever_it_is_read(tmp_path: Path, text: str) -> None:
    path, cdr = tmp_path / "x.toml", tmp_path / "cdr"
    path.write_bytes(text.encode("latin-1"))
    (tmp_path / "scenario.toml").write_text('centre = "x.toml"\n')
    cdr.mkdir()
    for words in (
        f"config check --config {path}",
        f"simulate {path}",
        f"simulate {tmp_path}/scenario.toml",
        f"cdr import --mapping {path} --to {tmp_path}/to {path}",
        f"kpi --cdr {cdr} --cost {path}",
        f"kpi --cdr {cdr} --schedule {path}",
        f"status --config {path}",
    ):
        result = CliRunner().invoke(main, words.split())
        assert result.exit_code in (BadConfig.exit_code, NotRunning.exit_code), words
        assert len(result.stderr.splitlines()[-1]) < 300, words
        assert isinstance(result.exception, SystemExit), words
