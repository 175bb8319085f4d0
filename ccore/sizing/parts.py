"""Size classes of call centres, and the parts that each is built from.

Small below 50 seats, medium to 100, large above: the classes and lists of parts that the Chinese
trade press has used since about 2000. Names are keys of `words`.
"""

__all__ = ["size_class"]

SMALL = ("switch", "acd", "ivr", "cti", "agents", "database", "management")
MEDIUM = (*SMALL, "application", "screen_pop")
LARGE = (*MEDIUM, "recording", "call_management", "warehouse", "second_site")


def size_class(seats: int) -> tuple[str, tuple[str, ...]]:
    if seats < 50:
        return "small", SMALL
    if seats <= 100:
        return "medium", MEDIUM
    return "large", LARGE
