"""One direction of a connection, on which one thing goes wrong at one byte, without sockets."""

from enum import Enum
from typing import NamedTuple

__all__ = ["Fault", "Kind", "Line"]


class Kind(Enum):
    CUT = "cut"  # nothing comes any more
    STALLED = "stalled"  # nothing comes until `release`
    DOUBLED = "doubled"  # some bytes come twice
    LOST = "lost"  # some bytes do not come
    GARBLED = "garbled"  # one byte is another


class Fault(NamedTuple):
    kind: Kind
    at: int  # the byte of the direction, from 0
    size: int = 1  # of what is doubled or lost
    flip: int = 1  # the bits of a garbled byte that are others


class Line:
    """Carries bytes; without a fault as they are."""

    def __init__(self, fault: Fault | None = None) -> None:
        self.fault = fault
        self.carried = 0  # bytes given to it
        self.has_struck = False
        self.is_cut = False
        self._held: bytearray | None = None

    def carry(self, data: bytes) -> bytes:
        """What comes out at the other end now."""
        start, self.carried = self.carried, self.carried + len(data)
        if self.is_cut:
            return b""
        if self._held is not None:
            self._held += data
            return b""
        if self.fault is None or self.has_struck or self.carried <= self.fault.at:
            return data
        self.has_struck = True
        return self._strike(data, self.fault.at - start)

    def _strike(self, data: bytes, at: int) -> bytes:
        assert self.fault is not None
        kind, size = self.fault.kind, self.fault.size
        match kind:
            case Kind.CUT:
                self.is_cut = True
                return data[:at]
            case Kind.STALLED:
                self._held = bytearray(data[at:])
                return data[:at]
            case Kind.DOUBLED:
                return data[: at + size] + data[at:]
            case Kind.LOST:
                return data[:at] + data[at + size :]
            case Kind.GARBLED:
                return data[:at] + bytes([data[at] ^ self.fault.flip]) + data[at + 1 :]

    @property
    def is_stalled(self) -> bool:
        return self._held is not None

    def release(self) -> bytes:
        """The end of a stall: what was held."""
        held, self._held = bytes(self._held or b""), None
        return held
