"""Erlang A: a queue whose callers hang up. (M/M/n+M, C. Palm 1937.)

Calls come at λ a second, n agents end one at μ = 1/handle each, and every waiting caller gives up
at θ = 1/patience, so that k calls leave at min(k, n) μ + (k - n)⁺ θ. All is a sum of positive
terms, none is divided away: thousands of agents and any overload cost no digits.

With p(n) the chance of n calls, the virtual wait has the density

    p(n) nμ exp(-nμ v + λ/θ (1 - e^(-θv)))

and a caller who would wait v is still there with e^(-θv); service level and waits are integrals of
that. A. Mandelbaum, S. Zeltyn, Service engineering in action: the Palm/Erlang-A queue, 2007.
"""

from dataclasses import dataclass
from math import ceil, exp, expm1, inf, log, sqrt

import numpy as np

from ccore.errors import BadRequest
from ccore.sizing.erlang import blocking

__all__ = ["Impatient", "impatient"]

_NEGLIGIBLE = 1e-18  # a term this much smaller than its sum no longer changes it
_RESCALE = 1e200  # sums are scaled down before they leave the range of a double
_MOST_TERMS = 20_000_000  # of a queue that is longer nothing is computed
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)  # of one panel of an integral
_MOST_PANELS = 200_000
_LN_NOTHING = -60.0  # exp of it is below the last bit of any sum


@dataclass(frozen=True, slots=True)
class Impatient:
    """Of one queue at rest. Shares are of all calls, seconds of all callers if nothing is said."""

    p_wait: float
    abandoned: float
    queue: float  # callers who wait, on average
    wait_s: float
    wait_answered_s: float  # of those who are answered
    wait_abandoned_s: float  # of those who give up
    occupancy: float
    service_level: float  # answered within the time, of all calls
    service_level_answered: float  # the same, of the answered


def impatient(
    servers: int, calls_per_s: float, handle_s: float, patience_s: float, within_s: float
) -> Impatient:
    if servers < 1 or min(calls_per_s, handle_s, patience_s) <= 0:
        what = f"{servers} agents, {calls_per_s:g} calls/s of {handle_s:g} s, {patience_s:g} s"
        raise BadRequest(what=what, expected="numbers above 0")
    leave, give_up = servers / handle_s, 1 / patience_s
    lost = blocking(servers, calls_per_s * handle_s)
    if not lost:
        return Impatient(
            0, 0, 0, 0, 0, 0, calls_per_s * handle_s / servers, 1.0, 1.0
        )  # so many agents that nobody ever waits
    ln_full, beyond, queue = _queue(calls_per_s, leave, give_up, lost)
    p_wait, abandoned = beyond, give_up * queue / calls_per_s

    def answered(within: float, moment: int) -> float:
        return _integral(calls_per_s, leave, give_up, ln_full, within, moment)

    soon = 1 - p_wait + answered(within_s, 0) if within_s else 1 - p_wait
    served = 1 - abandoned
    wait_s = queue / calls_per_s
    wait_of_answered_s = answered(inf, 1)  # summed over all calls
    return Impatient(
        p_wait=p_wait,
        abandoned=abandoned,
        queue=queue,
        wait_s=wait_s,
        wait_answered_s=wait_of_answered_s / served,
        wait_abandoned_s=(wait_s - wait_of_answered_s) / abandoned if abandoned else 0.0,
        occupancy=calls_per_s * served / leave,
        service_level=soon,
        service_level_answered=soon / served,
    )


def _queue(arrive: float, leave: float, give_up: float, lost: float) -> tuple[float, float, float]:
    """(ln p(n), chance that all agents are busy, mean number waiting).

    p(n+j) / p(n) = Π λ / (nμ + iθ), i = 1..j; below n it is Erlang B: Σ p(k) / p(n) = 1 / B.
    """
    below, ln_scale = 1 / lost - 1, 0.0
    term, total, weighted = 1.0, 1.0, 0.0
    for j in range(1, _MOST_TERMS):
        ratio = arrive / (leave + j * give_up)
        term *= ratio
        total += term
        weighted += j * term
        # What follows is less than a geometric series of this ratio.
        if ratio < 1 and term * j < _NEGLIGIBLE * (1 - ratio) * weighted:
            break
        if total > _RESCALE:
            below, term = below / _RESCALE, term / _RESCALE
            total, weighted = total / _RESCALE, weighted / _RESCALE
            ln_scale += log(_RESCALE)
    else:
        what = "A queue of more than twenty million callers"
        raise BadRequest(what=what, expected="more agents, or less patience")
    everything = below + total
    return -log(everything) - ln_scale, total / everything, weighted / everything


def _integral(
    arrive: float, leave: float, give_up: float, ln_full: float, until_s: float, moment: int
) -> float:
    """∫ v^moment p(n) nμ exp(-(nμ+θ) v + λ/θ (1 - e^(-θv))) dv from 0 to `until_s`."""
    out = leave + give_up
    ratio = arrive / give_up

    def exponent(v: float) -> float:
        return -out * v + ratio * -expm1(-give_up * v)

    peak_s = log(arrive / out) / give_up if arrive > out else 0.0
    # Beyond the peak it falls, at last like exp(-out v): this far, and nothing is left.
    end_s = peak_s + 1 / out
    while exponent(end_s) - exponent(peak_s) > _LN_NOTHING:
        end_s = peak_s + 2 * (end_s - peak_s)
    begin_s, peak_height = 0.0, exponent(peak_s)
    end_s = min(until_s, end_s)
    # A panel is as wide as the integrand takes to change by about e^2, at its steepest.
    steepest = max(abs(arrive - out), abs(arrive * exp(-give_up * end_s) - out))
    steepest += sqrt(arrive * give_up)
    panels = min(_MOST_PANELS, ceil((end_s - begin_s) * steepest / 2) + 1)
    edges = np.linspace(begin_s, end_s, panels + 1)
    half = (edges[1:] - edges[:-1]) / 2
    v = (edges[:-1] + half)[:, None] + half[:, None] * _NODES
    height = np.exp(-out * v + ratio * -np.expm1(-give_up * v) - peak_height)
    area = float(((height * v**moment) @ _WEIGHTS) @ half)
    return exp(ln_full + log(leave) + peak_height) * area
