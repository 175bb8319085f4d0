"""Telephone sound: 8 kHz, without what a telephone cannot carry."""

import wave
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccore.prompts.sound import RATE, read_wav, resample, trim, write_wav


def tone(hertz: float, rate: int, seconds: float = 0.5, loud: float = 10_000) -> np.ndarray:
    return (loud * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)).astype("i2")


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100])
@pytest.mark.parametrize("hertz", [300, 1_000, 3_000])
def test_voice_keeps_its_pitch_and_loudness(rate: int, hertz: int) -> None:
    made = resample(tone(hertz, rate), rate)
    assert len(made) == RATE // 2
    inside = slice(100, -100)
    assert np.abs(made.astype(float) - tone(hertz, RATE))[inside].max() < 100


@pytest.mark.parametrize("hertz", [4_800, 6_000, 10_000])
def test_what_a_telephone_cannot_carry_does_not_come_back_as_noise(hertz: int) -> None:
    assert np.abs(resample(tone(hertz, 22_050), 22_050))[100:-100].max() < 50


def test_silence_at_the_ends_is_cut_but_for_a_breath() -> None:
    word = np.concatenate([np.zeros(4_000, "i2"), tone(500, RATE), np.zeros(8_000, "i2")])
    assert RATE // 2 <= len(trim(word)) <= RATE // 2 + 2 * 240
    assert len(trim(np.zeros(100, "i2"))) == 100


@given(st.lists(st.integers(-32_768, 32_767), max_size=50))
def test_wav_written_is_wav_read(samples: list[int]) -> None:
    data = write_wav(np.array(samples, "i2"))
    read, rate = read_wav(data)
    assert (read.tolist(), rate) == (samples, RATE)
    with wave.open(BytesIO(data)) as file:
        assert file.getparams()[:4] == (1, 2, RATE, len(samples))


@given(st.binary(max_size=80))
def test_any_bytes_are_a_wav_or_refused(data: bytes) -> None:
    for one in (data, b"RIFF....WAVE" + data, b"RIFF....WAVEfmt \x10\0\0\0" + data):
        try:
            read_wav(one)
        except ValueError as error:
            assert "WAV" in str(error)  # noqa: PT017 - both endings are right
