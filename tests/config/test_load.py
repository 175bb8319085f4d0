"""Files: where they are, who may read them, what a reload changes."""

from pathlib import Path

import pytest

from ccore.config import differences, load, parse
from ccore.errors import BadConfig
from tests.examples import CENTRES


@pytest.mark.parametrize("path", CENTRES, ids=lambda path: path.name)
def test_example_loads_without_warnings(path: Path) -> None:
    warnings: list[str] = []
    config = load(path, warnings.append)
    assert warnings == []
    assert config.agents


@pytest.mark.parametrize("path", CENTRES, ids=lambda path: path.name)
def test_every_prompt_of_an_example_is_written_in_all_its_languages(path: Path) -> None:
    config = load(path)
    assert config.site.languages == ("zh", "yue", "en")
    for prompt, by_language in config.prompts.texts.items():
        assert set(by_language) == {"zh", "yue", "en"}, prompt


def test_directories_are_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "ccore.toml"
    file.write_text("daemon.dir = 'd'")
    config = load(file)
    assert config.daemon.dir == str(tmp_path / "d")
    assert config.prompts.dir == str(tmp_path / "prompts")


def test_password_that_others_can_read_is_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "ccore.toml"
    file.write_text("[switch.a]\npassword = 'secret'\n")
    warnings: list[str] = []
    file.chmod(0o644)
    load(file, warnings.append)
    assert warnings[-1] == f"{file}: holds a password and others can read it: chmod 600 {file}"
    file.chmod(0o600)
    warnings.clear()
    load(file, warnings.append)
    assert not any("chmod" in line for line in warnings)


def test_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="found no such file, expected a readable"):
        load(tmp_path / "ccore.toml")


def test_bytes_that_are_no_text_are_told_with_their_line(tmp_path: Path) -> None:
    file = tmp_path / "ccore.toml"
    file.write_bytes("# 你好\n".encode("gbk"))
    with pytest.raises(BadConfig, match="line 1: found bytes that are not UTF-8"):
        load(file)


def test_differences_are_told_one_by_one() -> None:
    old = parse(
        "[switch.a]\npassword = 'x'\n[queues.a]\n[[entries]]\nnumber = '1'\nto = 'queue:a'\n"
        "[agents.1]\nskills = { zh = 1 }"
    )
    new = parse(
        "[switch.a]\npassword = 'y'\n[queues.a]\nring_s = 20\n[[entries]]\nnumber = '2'\n"
        "to = 'queue:a'\n[agents.1]\nskills = { zh = 2 }\n[agents.2]"
    )
    assert differences(old, old) == []
    assert differences(old, new) == [
        "switch.a.password: changed",
        "entries.1: gone",
        "entries.2: new",
        "queues.a.ring_s: 15 -> 20",
        "agents.1.skills.zh: 1 -> 2",
        "agents.2: new",
    ]


def with_password_file(tmp_path: Path, secret: bytes, more: str = "") -> Path:
    file, beside = tmp_path / "ccore.toml", tmp_path / "esl"
    file.write_text(f"[switch.a]\npassword_file = 'esl'\n{more}")
    beside.write_bytes(secret)
    beside.chmod(0o600)
    return file


def test_a_password_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    config = load(with_password_file(tmp_path, b"pear tree\n"))
    assert config.switch["a"].password == "pear tree"


@pytest.mark.parametrize(
    ("secret", "more", "why"),
    [
        (b"", "", "no password"),
        (b"\n", "", "no password"),
        (b"two\nlines\n", "", "no password"),
        (b"x" * 300, "", "no password"),
        (b"pear", "password = 'apple'", "one of the two"),
    ],
)
def test_a_password_file_that_is_no_password_is_one_clear_line(
    tmp_path: Path, secret: bytes, more: str, why: str
) -> None:
    with pytest.raises(BadConfig, match=why) as caught:
        load(with_password_file(tmp_path, secret, more))
    assert "apple" not in str(caught.value)


def test_a_password_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = with_password_file(tmp_path, b"")
    (tmp_path / "esl").unlink()
    with pytest.raises(BadConfig, match=r"esl.*no such file"):
        load(file)


def test_no_password_shows_where_its_switch_is_shown(tmp_path: Path) -> None:
    from rich.pretty import pretty_repr

    config = load(with_password_file(tmp_path, b"pear"))
    assert "pear" not in repr(config) + str(config) + pretty_repr(config)
    with pytest.raises(BadConfig) as caught:
        parse("[switch.a]\npassword = 123456789")
    assert "123456789" not in str(caught.value)


def test_a_file_in_a_directory_that_the_switch_cannot_be_told_is_refused(tmp_path: Path) -> None:
    """Else every prompt below it would be refused, one call after another."""
    with pytest.raises(BadConfig, match=r"prompts\.dir: found .* without quotes"):
        parse("switch.main = {}\n", base=tmp_path / "o'brien")
