"""From the text of ccore.toml to a checked, frozen Config, or to one line on what is wrong.

Directories are made absolute from the file's own, so they do not depend on where ccore is started.
"""

import ast
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import msgspec

from ccore.config.checks import PATHS, check
from ccore.config.faults import find_fault, show
from ccore.config.lines import dotted, find_lines, line_of
from ccore.config.schema import Config, Switch
from ccore.errors import BadConfig, reason

__all__ = ["load", "parse"]

# A configuration of a thousand queues and ten thousand agents has about 1 MB.
MAX_BYTES = 16 * 1024 * 1024
MAX_PASSWORD_BYTES = 256

# The mistakes that people make most: how tomllib's sentence begins, what was found, what expected.
_MISTAKES = (
    ("Cannot overwrite a value", "a key a second time", "each key once"),
    ("Illegal character '\\n'", "a text without an end", "quotes on both sides of it"),
    ("Invalid value", "no value", 'a number, true, false, or a text in quotes "..."'),
    ("Expected newline", "something more on the line", "one value a line, texts in quotes"),
)

Warn = Callable[[str], None]


def load(path: Path, warn: Warn = lambda line: None) -> Config:
    """Read and check a file; `warn` is called with a line for everything that looks wrong."""
    try:
        mode = path.stat().st_mode
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        expected = "a readable ccore.toml (--config FILE; `ccore init DIRECTORY` writes one)"
        raise _bad(str(path), "the file", reason(error), expected) from None
    if len(data) > MAX_BYTES:
        raise _bad(str(path), "the file", "more than 16 MB", "a configuration")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _bad(str(path), f"line {line}", "bytes that are not UTF-8", "UTF-8 text") from None
    config = parse(text, str(path), path.parent, warn)
    if mode & 0o044 and any(switch.password for switch in config.switch.values()):
        warn(f"{path}: holds a password and others can read it: chmod 600 {path}")
    return _with_passwords(config, path, warn)


def _with_passwords(config: Config, path: Path, warn: Warn) -> Config:
    """Passwords that stand in files of their own, such as systemd's credentials."""
    switches = {
        name: msgspec.structs.replace(switch, password=_password(name, switch, path, warn))
        if switch.password_file
        else switch
        for name, switch in config.switch.items()
    }
    return msgspec.structs.replace(config, switch=switches)


def _password(name: str, switch: Switch, path: Path, warn: Warn) -> str:
    file = path.parent / switch.password_file
    place = f"switch.{name}.password_file"
    if switch.password:
        raise _bad(str(path), place, "a password beside it", "one of the two")
    try:
        mode = file.stat().st_mode
        with file.open("rb") as opened:
            data = opened.read(MAX_PASSWORD_BYTES + 1)
    except OSError as error:
        found = f"{show(switch.password_file)} ({reason(error)})"
        raise _bad(str(path), place, found, "a readable file") from None
    password = data.decode("utf-8", "replace").rstrip("\r\n")
    if not password or len(data) > MAX_PASSWORD_BYTES or not password.isprintable():
        raise _bad(str(path), place, "no password in it", "one line of printable characters")
    if mode & 0o044:
        warn(f"{file}: is a password and others can read it: chmod 600 {file}")
    return password


def parse(
    text: str,
    file: str = "ccore.toml",
    base: Path | None = None,
    warn: Warn = lambda line: None,
) -> Config:
    """Check a text. With `base`, relative directories become absolute ones below it."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _bad(file, *_explained(str(error))) from None
    except RecursionError:
        raise _bad(file, "the file", "tables within tables without end", "TOML") from None
    except ValueError as error:  # such as an integer of ten thousand digits
        raise _bad(file, "the file", show(str(error)), "TOML") from None
    lines = find_lines(text)

    def place_of(path: tuple[str | int, ...]) -> str:
        line = line_of(lines, path)
        return f"line {line}, {dotted(path)}" if line else dotted(path)

    if fault := find_fault(data, Config):
        is_secret = fault.path[-1:] == ("password",)
        found = "something else" if is_secret else fault.found
        raise _bad(file, place_of(fault.path), found, fault.expected)
    config = msgspec.convert(data, Config, strict=True)
    for line in check(config, file, place_of):
        warn(line)
    if base is None:
        return config
    anchored = _anchored(config, base)
    check(anchored, file, place_of, PATHS)  # where the file lies may be what is wrong
    return anchored


def _anchored(config: Config, base: Path) -> Config:
    change = msgspec.structs.replace
    base = base.resolve()
    return change(
        config,
        daemon=change(config.daemon, dir=str(base / config.daemon.dir)),
        prompts=change(config.prompts, dir=str(base / config.prompts.dir)),
    )


def _explained(message: str) -> tuple[str, str, str]:
    """Where, what was found and what was expected, of tomllib's sentence.

    It ends in (at line 3, column 7).
    """
    what, bracket, place = message.rpartition(" (at ")
    if not bracket:
        return "the file", show(message).strip('"'), "TOML"
    place = place.rstrip(")")
    if twice := re.fullmatch(r"Cannot declare (\(.+\)) twice", what):
        names = tuple(ast.literal_eval(twice[1]))
        return place, f"the table {dotted(names)} a second time", "each table once"
    for beginning, found, expected in _MISTAKES:
        if what.startswith(beginning):
            return place, found, expected
    return place, f"text that is no TOML ({what[:1].lower() + what[1:]})", "TOML"


def _bad(file: str, place: str, found: str, expected: str) -> BadConfig:
    return BadConfig(file=file, place=place, found=found, expected=expected)
