"""How long people talk and how long they wait: distributions, and draws from them."""

from math import log, sqrt
from random import Random
from typing import Annotated

from msgspec import Meta

from ccore.config.table import Table
from ccore.errors import BadRequest

__all__ = ["NEVER_US", "Span", "check_span", "draw_us"]

NEVER_US = 1 << 62

Seconds = Annotated[float, Meta(ge=0.0, le=1e9)]


class Span(Table):
    """A length of time. One of: `mean_s` alone is exponential, with `cv` (standard deviation by
    mean) lognormal; `fixed_s` is always the same; `values_s` is one of these, each as likely.
    """

    mean_s: Seconds | None = None  # exponential with this mean; with `cv` lognormal
    cv: Annotated[float, Meta(gt=0.0, le=100.0)] | None = None  # standard deviation by mean
    fixed_s: Seconds | None = None  # always so long
    values_s: tuple[Seconds, ...] | None = None  # one of these, each as likely

    @property
    def average_s(self) -> float:
        if self.values_s:
            return sum(self.values_s) / len(self.values_s)
        return self.fixed_s if self.fixed_s is not None else self.mean_s or 0.0

    @property
    def is_exponential(self) -> bool:
        return self.mean_s is not None and self.cv is None


def check_span(span: Span, what: str) -> None:
    given = [span.mean_s is not None, span.fixed_s is not None, bool(span.values_s)]
    if sum(given) != 1 or (span.cv is not None and span.mean_s is None):
        raise BadRequest(
            what=f"{what} is not one length of time",
            expected="mean_s (with cv or without), fixed_s or values_s",
        )


def draw_us(span: Span | None, rng: Random) -> int:
    """One length in microseconds; None never ends."""
    if span is None:
        return NEVER_US
    if span.values_s:
        seconds = rng.choice(span.values_s)
    elif span.fixed_s is not None:
        seconds = span.fixed_s
    elif span.cv is None:
        seconds = rng.expovariate(1.0) * (span.mean_s or 0.0)
    elif span.mean_s:
        spread = log(1 + span.cv**2)  # variance of the logarithm
        seconds = rng.lognormvariate(log(span.mean_s) - spread / 2, sqrt(spread))
    else:
        seconds = 0.0
    return round(seconds * 1e6)
