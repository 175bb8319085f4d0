"""One connection between ccore and the simulated switch, and what can happen to its bytes."""

from dataclasses import dataclass, field
from random import Random

__all__ = ["Mangle", "Wire"]

_EVENT = b"Content-Type: text/event-plain"


@dataclass(slots=True)
class Wire:
    """Bytes wait here on their way to us. `cut_after`: bytes that still pass before the cut."""

    conn: int
    to_us: bytearray = field(default_factory=bytearray)
    stalled_until_us: int = 0
    is_dead: bool = False  # half-open: nothing passes, nobody is told
    cut_after: int | None = None

    def take(self, now_us: int) -> bytes:
        if self.is_dead or now_us < self.stalled_until_us:
            return b""
        data = bytes(self.to_us)
        self.to_us.clear()
        return data

    def passes(self, data: bytes) -> tuple[bytes, bool]:
        """What of these bytes gets through, and whether the connection breaks behind them."""
        if self.is_dead:
            return b"", False
        if self.cut_after is None:
            return data, False
        through, self.cut_after = data[: self.cut_after], self.cut_after - len(data)
        return through, self.cut_after < 0


class Mangle:
    """Whole events lost, doubled, or behind the next one: what a switch under stress may do."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.share = 0.0  # of events that something happens to
        self.hits = 0
        self._held = b""
        self._partial = b""

    def clear(self) -> None:
        self._held = self._partial = b""

    def __call__(self, data: bytes) -> bytes:
        if not self.share and not self._held and not self._partial:
            return data
        frames, self._partial = _frames(self._partial + data)
        out = []
        for frame in frames:
            if self._held:
                out += [frame, self._held]
                self._held = b""
            elif _EVENT in frame[:200] and self.rng.random() < self.share:
                self.hits += 1
                match self.rng.choice(("lose", "double", "swap")):
                    case "double":
                        out += [frame, frame]
                    case "swap":
                        self._held = frame
                    case _:
                        pass
            else:
                out.append(frame)
        if not self.share and self._held:
            out.append(self._held)
            self._held = b""
        return b"".join(out)


def _frames(data: bytes) -> tuple[list[bytes], bytes]:
    """Whole frames, and the rest."""
    frames = []
    while (end := data.find(b"\n\n")) >= 0:
        length = 0
        for line in data[:end].split(b"\n"):
            if line.startswith(b"Content-Length: "):
                length = int(line.removeprefix(b"Content-Length: "))
        if len(data) < end + 2 + length:
            break
        frames.append(data[: end + 2 + length])
        data = data[end + 2 + length :]
    return frames, data
