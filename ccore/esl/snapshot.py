"""What channels a switch has, asked for one by one."""

import json
import re
from collections.abc import Callable

from ccore.errors import ProtocolError
from ccore.esl.words import leg_from_dump
from ccore.model import SwitchLeg

__all__ = ["Snapshot"]

# Of the questions about single channels so many are on the way at once: what calls need in between
# does not wait behind thousands of them.
AT_ONCE = 100

# Somebody else's channel may be called anything; ours are not.
_ID = re.compile(r"[A-Za-z0-9_.\-]+", re.ASCII)

Ask = Callable[[str, Callable[[str], None]], None]


class Snapshot:
    """Asks, through `ask(line, answer)`, until `done(legs)`."""

    def __init__(self, ask: Ask, done: Callable[[list[SwitchLeg]], None]) -> None:
        self._ask = ask
        self._done = done
        self._legs: list[SwitchLeg] = []
        self._to_ask: list[str] = []
        self._asked = 0
        ask("api show channels as json", self._got_list)

    def _got_list(self, text: str) -> None:
        self._to_ask = _ids(text)
        if not self._to_ask:
            self._done(self._legs)
        for _ in range(min(AT_ONCE, len(self._to_ask))):
            self._ask_next()

    def _ask_next(self) -> None:
        self._asked += 1
        self._ask(f"api uuid_dump {self._to_ask.pop()} json", self._got_leg)

    def _got_leg(self, text: str) -> None:
        self._asked -= 1
        leg = leg_from_dump(text)
        if leg is not None:  # it may have ended meanwhile
            self._legs.append(leg)
        if self._to_ask:
            self._ask_next()
        elif not self._asked:
            self._done(self._legs)


def _ids(text: str) -> list[str]:
    """Of the channels in the reply to `show channels as json`. Raises ProtocolError."""
    try:
        rows = json.loads(text).get("rows", [])
        ids = [row["uuid"] for row in reversed(rows)]
        return [id_ for id_ in ids if _ID.fullmatch(id_)]
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        what = f"{text[:60]!r} for its list of channels ({type(error).__name__})"
        raise ProtocolError(what=what) from None
