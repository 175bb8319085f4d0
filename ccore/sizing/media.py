"""What a second of voice weighs, on the wire and on the disk."""

from dataclasses import dataclass

from ccore.errors import UnknownName

__all__ = ["CODECS", "FORMATS", "Codec", "codec", "file_bytes_per_s"]

_PACKETS_PER_S = 50  # one each 20 ms, the usual packet of every codec here
_RTP_BYTES = 12 + 8 + 20  # RTP, UDP and IPv4 headers (RFC 3550, 768, 791)
_ETHERNET_BYTES = 14 + 4  # header and check sequence; preamble and gap left out


@dataclass(frozen=True, slots=True)
class Codec:
    name: str
    payload: int  # bytes in 20 ms

    @property
    def ip_kbit_s(self) -> float:
        """One way."""
        return (self.payload + _RTP_BYTES) * _PACKETS_PER_S * 8 / 1000

    @property
    def ethernet_kbit_s(self) -> float:
        return (self.payload + _RTP_BYTES + _ETHERNET_BYTES) * _PACKETS_PER_S * 8 / 1000


CODECS = {
    one.name: one
    for one in (
        Codec("g711", 160),  # 64 kbit/s (RFC 3551)
        Codec("g722", 160),  # 64 kbit/s, wide band
        Codec("g729", 20),  # 8 kbit/s
        Codec("gsm", 33),  # 13 kbit/s full rate
        Codec("opus", 40),  # at 16 kbit/s
    )
}
# Bytes a second of a recording, both voices in it: in one channel, or (stereo) in one each.
FORMATS = {
    "g711": 8_000,
    "g711-stereo": 16_000,
    "wav": 16_000,  # 16 bit linear, 8 kHz: what the switch writes as .wav
    "wav-stereo": 32_000,
    "gsm": 1_650,
    "g729": 1_000,
    "mp3": 2_000,  # at 16 kbit/s
}


def codec(name: str) -> Codec:
    if name not in CODECS:
        raise UnknownName(kind="codec", name=name, known=", ".join(CODECS))
    return CODECS[name]


def file_bytes_per_s(name: str) -> int:
    if name not in FORMATS:
        raise UnknownName(kind="recording format", name=name, known=", ".join(FORMATS))
    return FORMATS[name]
