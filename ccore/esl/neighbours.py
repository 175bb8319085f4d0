"""Is another ccore steering this switch? Two would pull every call both ways.

Each says hello through the switch when it comes up. Whoever is up answers, and the newcomer ends;
of two who come up together the one with the lower id stays.
"""

from collections.abc import Callable

from ccore.errors import AlreadyRunning
from ccore.esl.frames import EventView

__all__ = ["ANSWER_US", "HELLO", "HERE", "Neighbours"]

HELLO, HERE = "ccore::hello", "ccore::here"
# Another ccore answers a hello within two polls of the switch, 40 ms.
ANSWER_US = 250_000


class Neighbours:
    """`daemon_id` "": a tool that steers nothing and asks for nobody. `say` sends a command."""

    def __init__(self, node: str, daemon_id: str, say: Callable[[str], None]) -> None:
        self._node = node
        self._id = daemon_id
        self._say = say

    def hello(self, now_us: int) -> int:
        """Ask who is there; when nobody can have answered any more."""
        if not self._id:
            return now_us
        self._send(HELLO, "")
        return now_us + ANSWER_US

    @property
    def has_name(self) -> bool:
        """A tool has none: nobody would hear what it says to itself."""
        return bool(self._id)

    def pulse(self) -> None:
        """Something said to ourselves, that comes back as an event."""
        self._send(HERE, self._id)

    def heard(self, view: EventView, *, is_up: bool) -> None:
        """What a neighbour said. Raises AlreadyRunning if we have to go."""
        who = view.get(b"Ccore-Id")
        if not self._id or who in ("", self._id):
            return
        if view.get(b"Event-Subclass") == HELLO:
            if is_up or self._id < who:
                self._send(HERE, who)
        elif view.get(b"Ccore-For") == self._id and not is_up:
            raise AlreadyRunning(who=who, what=f"switch {self._node}")

    def _send(self, subclass: str, to: str) -> None:
        self._say(
            f"sendevent CUSTOM\nEvent-Subclass: {subclass}\nCcore-Id: {self._id}\nCcore-For: {to}"
        )
