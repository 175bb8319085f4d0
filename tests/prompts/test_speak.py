"""Speaking prompts with the real espeak-ng."""

import json
import os
import shutil
import wave
from pathlib import Path

import pytest

from ccore.config import parse
from ccore.errors import DiskTrouble, ToolMissing
from ccore.prompts.speak import build, prompts

needs_espeak = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is missing")

HELLO = 'site.languages = ["en"]\n[prompts.texts.hello]\nen = "Hello"\n'


def state(text: str, base: Path) -> str:
    return next(one.state for one in prompts(parse(text), base) if one.name == "hello")


@needs_espeak
def test_prompts_are_spoken_once_and_again_when_their_text_changes(tmp_path: Path) -> None:
    steps: list[tuple[int, int, str]] = []
    first = build(parse(HELLO), tmp_path, progress=lambda *step: steps.append(step))
    hello = tmp_path / "prompts" / "en" / "hello.wav"
    assert hello in first.spoken
    assert steps[-1][:2] == (len(first.spoken), len(first.spoken))
    with wave.open(str(hello)) as file:
        assert file.getparams()[:3] == (1, 2, 8_000)
        assert file.getnframes() > 2_000  # a quarter of a second: a word, not a click
    assert not list(tmp_path.rglob("*.part"))

    again = build(parse(HELLO), tmp_path)
    assert again.spoken == []
    assert len(again.kept) == len(first.spoken)

    changed = HELLO.replace("Hello", "Good morning")
    assert state(changed, tmp_path) == "stale"
    assert build(parse(changed), tmp_path).spoken == [hello]


@needs_espeak
def test_own_recordings_are_never_touched(tmp_path: Path) -> None:
    mine = tmp_path / "prompts" / "en" / "hello.wav"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"my voice")
    built = build(parse(HELLO), tmp_path, force=True)
    assert built.own == [mine]
    assert mine.read_bytes() == b"my voice"

    replaced = tmp_path / "prompts" / "en" / "closed.wav"
    replaced.write_bytes(b"my voice again")
    assert replaced in build(parse(HELLO), tmp_path, force=True).own
    assert replaced.read_bytes() == b"my voice again"


@needs_espeak
def test_text_is_spoken_and_never_obeyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = ["--help", "-w evil.wav", "[[x]] <b>&amp;", 'a"; rm -rf "b', "1"]
    texts = [f"[prompts.texts.t{n}]\nen = {json.dumps(text)}" for n, text in enumerate(hostile)]
    config = parse("\n".join(texts))
    monkeypatch.chdir(tmp_path)
    build(config, tmp_path)
    assert {one.state for one in prompts(config, tmp_path)} == {"spoken"}
    assert os.listdir(tmp_path) == ["prompts"]


@needs_espeak
def test_unknown_voice_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match="the espeak-ng voice 'nobody' is missing: .*--voices"):
        build(parse("prompts.voices.en = 'nobody'"), tmp_path)


@needs_espeak
def test_directory_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "prompts").write_text("")
    with pytest.raises(DiskTrouble, match="Cannot write"):
        build(parse(HELLO), tmp_path)


def test_missing_espeak_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="apt install espeak-ng"):
        build(parse(HELLO), tmp_path)
    assert state(HELLO, tmp_path) == "missing"
