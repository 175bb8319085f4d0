"""Speaks prompts into files with espeak-ng: the one file of this room that runs a program.

Beside the files lies `spoken.json`: for each file that we made, the text and voice it was made
from and the hash of its bytes. A file that is not in there, or whose bytes are not ours any more,
is somebody's own recording and is never touched. A changed text is spoken again.
"""

import json
import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from ccore.config import Config
from ccore.errors import DiskTrouble, ToolMissing, reason
from ccore.prompts.sound import read_wav, resample, trim, write_wav
from ccore.prompts.texts import family, spoken

__all__ = ["Built", "Prompt", "build", "prompts", "silent"]

TOOL = "espeak-ng"
LIST = "spoken.json"

_VOICES = {"zh": "cmn", "yue": "yue", "en": "en-gb"}
# Words a minute in espeak-ng's count, so that every language comes out at four to five syllables a
# second, as people speak on the telephone. Its Mandarin is a drawl at the usual 175.
_SPEEDS = {"zh": "260"}
_SPEED = "170"
SHOWN = 3  # missing prompts named in one line
_TIMEOUT_S = 60  # for one text; a sentence takes 20 ms

Progress = Callable[[int, int, str], None]  # done, of how many, the file


@dataclass(slots=True)
class Prompt:
    """One file that the site may play, and what lies in its place."""

    language: str
    name: str
    text: str
    voice: str
    path: Path
    state: str  # own: a recording, spoken: by us, stale: by us from another text, missing


@dataclass(slots=True)
class Built:
    spoken: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)  # spoken before, nothing has changed
    own: list[Path] = field(default_factory=list)  # recordings of the site


def prompts(config: Config, base_dir: Path) -> list[Prompt]:
    """All files that the site may play."""
    root = base_dir / config.prompts.dir
    made = _read_list(root)
    found = []
    for (language, name), text in spoken(config).items():
        voice = config.prompts.voices.get(language) or _VOICES.get(family(language), language)
        path = root / language / f"{name}.wav"
        state = _state(path, made.get(f"{language}/{name}.wav"), text, voice)
        found.append(Prompt(language, name, text, voice, path, state))
    return found


def silent(config: Config, base_dir: Path) -> str:
    """What callers will not hear, in words; "" when every prompt has its file."""
    every = prompts(config, base_dir)
    names = [f"{one.language}/{one.name}" for one in every if one.state == "missing"]
    if not names:
        return ""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    shown = ", ".join(names[:SHOWN])
    return f"{len(names)} of {len(every)} have no file in {config.prompts.dir} ({shown}{more})"


def build(
    config: Config, base_dir: Path, force: bool = False, progress: Progress | None = None
) -> Built:
    """Speak what is missing or stale; with `force`, also what we spoke before."""
    root = base_dir / config.prompts.dir
    every = prompts(config, base_dir)
    again = ("missing", "stale", "spoken") if force else ("missing", "stale")
    todo = [one for one in every if one.state in again]
    built = Built(
        kept=[one.path for one in every if one.state == "spoken" and one not in todo],
        own=[one.path for one in every if one.state == "own"],
    )
    if not todo:
        return built
    made = _read_list(root)
    try:
        for count, one in enumerate(todo, 1):
            data = _speak(one.text, one.voice, _SPEEDS.get(family(one.language), _SPEED))
            _write(one.path, data)
            made[f"{one.language}/{one.name}.wav"] = {
                "text": one.text,
                "voice": one.voice,
                "sha256": sha256(data).hexdigest(),
            }
            built.spoken.append(one.path)
            if progress:
                progress(count, len(todo), f"{one.language}/{one.name}")
    finally:
        # Also when interrupted: what is not in the list would count as somebody's recording.
        if built.spoken:
            _write(root / LIST, json.dumps(made, ensure_ascii=False, indent=1).encode())
    return built


def _state(path: Path, made: Any, text: str, voice: str) -> str:
    try:
        data = path.read_bytes()
    except OSError:
        return "missing"
    if not isinstance(made, dict) or made.get("sha256") != sha256(data).hexdigest():
        return "own"
    return "spoken" if (made.get("text"), made.get("voice")) == (text, voice) else "stale"


def _speak(text: str, voice: str, speed: str) -> bytes:
    """The text goes in by stdin, so nothing in it can be taken for an option."""
    # [[ would begin phonemes in espeak-ng's own notation.
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    clean = clean.replace("[[", "[").replace("]]", "]")
    command = [TOOL, "-v", voice, "-s", speed, "-b", "1", "--stdin", "--stdout"]
    try:
        done = subprocess.run(
            command, input=clean.encode(), capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except FileNotFoundError:
        why = "prompts without a recording cannot be spoken; apt install espeak-ng"
        raise ToolMissing(tool=TOOL, why=why) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolMissing(tool=f"a working {TOOL}", why=str(error)) from None
    try:
        samples, rate = read_wav(done.stdout)
    except ValueError:
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        why = f"{said or 'it made no sound'}; see espeak-ng --voices and prompts.voices"
        raise ToolMissing(tool=f"the {TOOL} voice {voice!r}", why=why) from None
    return write_wav(trim(resample(samples, rate)))


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all: the switch may be playing the old file."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise DiskTrouble(path=path, why=reason(error)) from None


def _read_list(root: Path) -> dict[str, Any]:
    try:
        made = json.loads((root / LIST).read_bytes())
    except (OSError, ValueError):
        return {}
    return made if isinstance(made, dict) else {}
