"""WAV bytes as telephones like them: 8 kHz, mono, 16 bit.

The resampler is a windowed sinc, one set of weights for each phase between the two rates.
"""

import struct
from math import gcd

import numpy as np
from numpy.typing import NDArray

__all__ = ["RATE", "read_wav", "resample", "trim", "write_wav"]

RATE = 8_000  # Hz, what a telephone line carries

# Input samples that make one output sample, times the ratio of the rates. With fewer the filter is
# so gentle that hiss comes through or voices turn dull.
_TAPS = 64
_PASS = 0.45  # cut-off as a share of the lower rate: 3.6 kHz of 8, as telephones have it
_QUIET = 200  # of 32767; what is below counts as silence at the ends
_PAD_S = 0.03  # silence kept at each end, so that words joined to sentences do not clash

Samples = NDArray[np.int16]


def read_wav(data: bytes) -> tuple[Samples, int]:
    """Samples and rate of a mono 16-bit WAV. Sizes in the header may be those of a pipe."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("no WAV file")
    rate, at = 0, 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt " and len(body) >= 16:
            form, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
            if (form, channels, bits) != (1, 1, 16):
                raise ValueError("no mono 16-bit WAV file")
        elif name == b"data" and rate:
            return np.frombuffer(body[: len(body) // 2 * 2], "<i2").astype(np.int16), rate
        at += 8 + size + size % 2
    raise ValueError("a WAV file without sound")


def write_wav(samples: Samples) -> bytes:
    body = samples.astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, RATE, RATE * 2, 2, 16)
    head = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data"
    return b"RIFF" + struct.pack("<I", len(head) + 4 + len(body)) + head + _size(body) + body


def resample(samples: Samples, rate: int) -> Samples:
    """The same sound at RATE."""
    if rate == RATE or not len(samples):
        return samples
    common = gcd(rate, RATE)
    up, down = RATE // common, rate // common
    cut = 2 * _PASS * min(rate, RATE) / rate  # of half the input's rate
    half = _TAPS * max(rate, RATE) // RATE // 2
    taps = np.arange(1 - half, half + 1)
    count = len(samples) * up // down
    padded = np.pad(samples.astype(np.float64), 2 * half)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half)
    made = np.zeros(count)
    for first in range(min(up, count)):
        # Every up-th sample has the same phase, and `down` input samples between.
        at, phase = divmod(first * down, up)
        weights = np.sinc((taps - phase / up) * cut) * np.blackman(2 * half + 2)[1:-1]
        much = len(range(first, count, up))
        start = at + 1 + half
        same = windows[start : start + (much - 1) * down + 1 : down]
        made[first::up] = same @ (weights / weights.sum())
    heard: Samples = np.clip(np.rint(made), -32_768, 32_767).astype(np.int16)
    return heard


def trim(samples: Samples) -> Samples:
    """Without the silence at its ends, but for a breath."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _QUIET)
    if not len(loud):
        return samples
    pad = int(_PAD_S * RATE)
    return samples[max(0, loud[0] - pad) : loud[-1] + 1 + pad]


def _size(body: bytes) -> bytes:
    return struct.pack("<I", len(body))
