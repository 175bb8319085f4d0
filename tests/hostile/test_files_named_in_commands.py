"""A file's name is text: no terminal obeys it, and it is named in one line."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from ccore.cli import main

NAMES = [
    "\x1b[2J\x1b]0;root\x07.toml",
    "a\nb.toml",
    "\u202eltxt.toml",
    "-rf",
    "$(id).toml",
    "x" * 200,
]
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize(
    "words",
    [
        ("config", "check", "--config"),
        ("check", "--config"),
        ("kpi", "--cdr"),
        ("report", "--cdr"),
        ("cdr", "verify", "--cdr"),
        ("cdr", "show", "--cdr"),
        ("cdr", "export", "--csv", "--cdr"),
        ("status", "--socket"),
        ("ivr", "draw", "main", "--config"),
        ("prompts", "list", "--config"),
        ("route", "replay"),
    ],
    ids=lambda words: " ".join(words),
)
def test_a_hostile_name_is_told_and_not_obeyed(
    words: tuple[str, ...], name: str, tmp_path: Path
) -> None:
    done = CliRunner().invoke(main, [*words, str(tmp_path / name)])
    assert done.exit_code != 0
    assert not isinstance(done.exception, UnicodeError)
    assert not OBEYED.search(done.output)
    assert "Traceback" not in done.output
