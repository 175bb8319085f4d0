"""What the documents say can be done, can be done."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import click
import pytest

from ccore.cli import COMMANDS, main
from ccore.config import load
from ccore.floor.orders import Orders

ROOT = Path(__file__).parents[2]
PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "packaging").glob("*.md"),
]
CONTROL = ROOT / "docs" / "control-socket.md"
# Those that the daemon answers itself; all others are the floor's.
OF_THE_DAEMON = {"status", "calls", "queues", "agents", "sites", "reload", "stop", "follow"}


def page(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PAGES, ids=page)
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8"))
    broken = [
        target for target in targets if "://" not in target and not (path.parent / target).exists()
    ]
    assert broken == []


@pytest.mark.parametrize("path", PAGES, ids=page)
def test_commands_that_are_named_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```\n(.*?)```", text, re.S) + re.findall(r"`([^`\n]+)`", text))
    # Where a command begins; `useradd ... ccore` and the unit's name are not ours.
    named = set(re.findall(r"(?:^|&& |\(|bin/|sudo -u ccore )ccore ([a-z]+)\b", code, re.M))
    assert named <= set(COMMANDS)


def test_the_centre_of_the_chinese_page_is_a_whole_one(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "zh.md").read_text(encoding="utf-8")
    path = tmp_path / "ccore.toml"
    path.write_text("".join(re.findall(r"```toml\n(.*?)```", text, re.S)), encoding="utf-8")
    assert list(load(path).queues) == ["shop"]


def test_the_picture_of_the_house_has_every_folder() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    house = text.partition("## The house")[2].partition("```\n")[2].partition("```")[0]
    drawn = set(re.findall(r"([\w-]+)/(?= |$)", house, re.M))
    rooms = {one.parent.name for one in (ROOT / "ccore").glob("*/__init__.py")}
    assert rooms <= drawn
    assert not [name for name in drawn - rooms if not (ROOT / name).is_dir()]


def test_nobody_is_sent_to_another_project_of_our_name() -> None:
    files = [*PAGES, *(ROOT / "bench").glob("*.md")]
    for folder in ("ccore", "examples"):
        files += [path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".pyx")]
    stranger = re.compile(r"pip install [^`\n]*\bccore\b")
    assert not [path for path in files if stranger.search(path.read_text(encoding="utf-8"))]


def messages() -> Iterator[dict[str, Any]]:
    """Every JSON message of the page; a message may be laid out over several lines."""
    text = CONTROL.read_text(encoding="utf-8")
    for block in re.findall(r"```json\n(.*?)```", text, re.S):
        decoder, at = json.JSONDecoder(), 0
        while block[at:].strip():
            at += len(block[at:]) - len(block[at:].lstrip())
            message, at = decoder.raw_decode(block, at)
            yield message


def test_every_request_of_the_control_socket_has_an_example() -> None:
    verbs = set(Orders(cast(Any, None)).verbs) | OF_THE_DAEMON
    text = CONTROL.read_text(encoding="utf-8")
    shown = {message["do"] for message in messages() if "do" in message}
    shown |= set(re.findall(r'`\{"do": "(\w+)"\}`', text))
    assert shown == verbs


def test_the_page_on_operations_has_every_command_of_a_running_daemon() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"\| `ccore (\w+)` \| (.+) \|", text))
    context = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        below = command.commands if isinstance(command, click.Group) else {}
        asked = {part for part, sub in (below or {name: command}).items() if asks(sub)}
        assert not asked or name in rows, name
        assert not [part for part in asked - {name, "list"} if f"`{part}`" not in rows[name]]


def asks(command: click.Command) -> bool:
    return any("--socket" in option.opts for option in command.params)
