"""The life of a link to a switch as a table: what may happen in which state, and what follows.

    AWAY --try--> OPENING --logged in--> SUBSCRIBING --subscribed--> LOOKING --seen--> UP
      ^              |                        |                         |              | ^
      +---- lost ----+------------------------+-------------------------+--------------+ |
                     |                                         shed: UP --> REPAIRING ---+ seen
                     +--refused--> REFUSED

Events are believed in UP only: in LOOKING and REPAIRING they wait until the picture of the switch's
channels has come. Commands are taken in UP and in REPAIRING.
"""

from enum import Enum

__all__ = ["LIFE", "Happening", "LinkState"]


class LinkState(Enum):
    AWAY = "away"  # no connection; the next try comes after a pause
    OPENING = "opening"  # connecting and logging in, both connections
    SUBSCRIBING = "subscribing"
    LOOKING = "looking"  # asking what channels there are
    UP = "up"
    REPAIRING = "repairing"  # up, but events were shed: asking what channels there are
    REFUSED = "refused"  # by password, access list, version or another ccore: time mends nothing


class Happening(Enum):
    TRY = "try"
    LOGGED_IN = "logged in"
    SUBSCRIBED = "subscribed"
    SEEN = "seen"
    SHED = "shed"
    LOST = "lost"
    REFUSED = "refused"


_OVER = {Happening.LOST: LinkState.AWAY, Happening.REFUSED: LinkState.REFUSED}

LIFE: dict[LinkState, dict[Happening, LinkState]] = {
    LinkState.AWAY: {Happening.TRY: LinkState.OPENING, **_OVER},
    LinkState.OPENING: {Happening.LOGGED_IN: LinkState.SUBSCRIBING, **_OVER},
    LinkState.SUBSCRIBING: {Happening.SUBSCRIBED: LinkState.LOOKING, **_OVER},
    LinkState.LOOKING: {Happening.SEEN: LinkState.UP, Happening.SHED: LinkState.LOOKING, **_OVER},
    LinkState.UP: {Happening.SHED: LinkState.REPAIRING, **_OVER},
    LinkState.REPAIRING: {
        Happening.SEEN: LinkState.UP,
        Happening.SHED: LinkState.REPAIRING,
        **_OVER,
    },
    # A daemon that was up before may try again: the password may be put right on the switch.
    LinkState.REFUSED: {Happening.TRY: LinkState.OPENING, **_OVER},
}
