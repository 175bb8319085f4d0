"""ccore config, ivr and prompts as a person runs them."""

import json
from pathlib import Path

import pytest

from ccore.cli import main

DEMO = str(Path(__file__).parents[2] / "examples" / "demo.toml")


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(args))
    out, err = capsys.readouterr()
    code = ended.value.code
    return (code if isinstance(code, int) else 0), out, err


def test_config_check_says_fine(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "config", "check", "--config", DEMO)
    assert (code, err) == (0, "")
    assert out == f"{DEMO}: fine (3 entries, 2 flows, 4 queues, 12 agents, 1 calendar)\n"


def test_config_check_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "ccore.toml"
    file.write_text("[site]\nlanguage = 'zh'\n")
    code, out, err = run(capsys, "config", "check", "--config", str(file))
    assert (code, out) == (11, "")
    assert err == (
        f"ccore: {file}: line 2, site.language: found an unknown key, "
        "expected a known one, perhaps languages.\n"
    )


def test_config_show_has_defaults_and_no_password(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "ccore.toml"
    file.write_text("[switch.a]\npassword = 'secret'\n")
    _, plain, _ = run(capsys, "config", "show", "--config", str(file))
    _, shown, _ = run(capsys, "config", "show", "--config", str(file), "--json")
    assert "switch.a.fallback_s = 30" in plain.splitlines()
    assert json.loads(shown)["switch"]["a"]["port"] == 8021
    assert "secret" not in plain + shown


def test_ivr_draw_writes_a_picture(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "main.svg"
    code, out, _ = run(capsys, "ivr", "draw", "--config", DEMO, "--to", str(file), "-l", "yue")
    assert (code, out) == (0, f"{file}\n")
    assert "歡迎致電珠江銀行" in file.read_text(encoding="utf-8")


def test_ivr_draw_of_an_unknown_flow_names_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "ivr", "draw", "mian", "--config", DEMO)
    assert (code, err) == (12, "ccore: There is no flow named 'mian'. Known: main, closed.\n")


def test_prompts_list_says_what_is_missing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "ccore.toml"
    file.write_text("[[entries]]\nnumber = '1'\nto = 'hangup'\n")
    code, out, err = run(capsys, "prompts", "list", "--config", str(file), "--json")
    assert (code, err) == (0, "")
    assert {(one["language"], one["state"]) for one in json.loads(out)} == {("en", "missing")}
