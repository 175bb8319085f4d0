"""What the tables of ccore.toml are made of: a frozen struct without unknown keys, and scalars."""

from typing import Annotated, dataclass_transform

from msgspec import Meta, Struct

__all__ = [
    "Credit",
    "Digit",
    "Level",
    "Levels",
    "Name",
    "Pattern",
    "Seconds",
    "Share",
    "Table",
    "Weight",
    "Weights",
]

Seconds = Annotated[int, Meta(ge=0, le=86_400)]
Level = Annotated[int, Meta(ge=1, le=10)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
# The router counts in millionths: what is much smaller would be nothing at all.
Weight = Annotated[float, Meta(ge=0.001, le=1_000.0)]
Credit = Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]  # seconds of waiting; 11 days
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\-]{0,63}\Z")]
Levels = Annotated[dict[Name, Level], Meta(max_length=100)]  # by skill
Weights = Annotated[dict[Name, Weight], Meta(max_length=100)]
Digit = Annotated[str, Meta(pattern=r"^[0-9*#A-D]\Z")]
Pattern = Annotated[str, Meta(pattern=r"^[0-9*#+A-D]{0,32}\Z")]


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass
