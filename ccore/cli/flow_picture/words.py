"""How wide words are and where lines break, without a font: Chinese is square, Latin about half."""

import unicodedata

__all__ = ["width", "wrap"]

_NARROW = frozenset("iljftr.,:;'|!()[] 1")
_WIDE = frozenset("mwMW@%")

# These never begin a line.
_CLOSING = frozenset("，。、；：！？）》」』”’.,;:!?)]")


def width(text: str, size: float) -> float:
    """Pixels of `text` at a font size, rather too many than too few."""
    return sum(map(_em, text)) * size


def wrap(text: str, size: float, room: float, most: int) -> list[str]:
    """Lines of at most `room` pixels; what does not fit into `most` lines ends in an ellipsis."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and width(line + piece, size) > room and piece[0] not in _CLOSING:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    lines.append(line.rstrip())
    if len(lines) > most:
        lines = lines[:most]
        while lines[-1] and width(lines[-1] + "…", size) > room:
            lines[-1] = lines[-1][:-1]
        lines[-1] = lines[-1].rstrip() + "…"
    return [line for line in lines if line]


def _em(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if unicodedata.combining(character):
        return 0.0
    if character in _NARROW:
        return 0.36
    if character in _WIDE:
        return 0.9
    return 0.7 if character.isupper() else 0.58


def _pieces(text: str) -> list[str]:
    """A line may break before any square character and after any space; long words are cut."""
    pieces: list[str] = []
    for character in " ".join(text.split()):
        square = _em(character) == 1.0
        new = not pieces or square or pieces[-1].endswith(" ") or _em(pieces[-1][-1]) == 1.0
        # The key in 请按 1 stays with its verb.
        key = character.isdigit() and pieces and len(pieces[-1]) == 2 and pieces[-1][-1] == " "
        if (new and not key) or len(pieces[-1]) >= 24:
            pieces.append(character)
        else:
            pieces[-1] += character
    return pieces
