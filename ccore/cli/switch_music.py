"""Music for waiting callers until somebody brings better: soft broken chords, computed."""

import wave
from pathlib import Path

import numpy as np

__all__ = ["write_music"]

RATE_HZ = 8000  # what a telephone carries
NOTE_S = 0.4
FADE_S = 0.02  # rise of a note; without it every note begins with a click
LOUDNESS = 0.18  # of full scale: background, not a ring tone

# Semitones above A3. Four chords, two bars each: enough not to be the same at once.
CHORDS = ((0, 7, 12, 16), (-3, 4, 9, 12), (-7, 0, 5, 9), (-5, 2, 7, 11))
ORDER = (0, 1, 2, 3, 2, 1, 2, 1)
A3_HZ = 220.0


def write_music(path: Path) -> None:
    """About 26 seconds, mono, 16 bit, 8 kHz; its end fits its beginning."""
    notes = [_note(chord[step]) for chord in CHORDS for _ in range(2) for step in ORDER]
    samples = (np.concatenate(notes) * LOUDNESS * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, len(samples), "NONE", ""))
        file.writeframes(samples.tobytes())
    path.chmod(0o600)


def _note(semitones: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    time_s = np.arange(int(NOTE_S * RATE_HZ)) / RATE_HZ
    base = 2 * np.pi * A3_HZ * 2 ** (semitones / 12) * time_s
    tone = np.sin(base) + 0.3 * np.sin(2 * base) + 0.1 * np.sin(3 * base)
    envelope = np.minimum(time_s / FADE_S, 1.0) * np.exp(-time_s / (NOTE_S / 2))
    return np.asarray(tone * envelope / 1.4, dtype=np.float64)
