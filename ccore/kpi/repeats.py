"""First-call resolution and true IVR containment, from callers who call again.

The key is the caller's number (or its keyed hash); a contact without one, or with a word such as
"anonymous", is left out and counted. A repeat is another contact of the same key at most a window
later, and it is the earlier contact that failed. A contact less than a window before the end of the
records cannot be known to have succeeded: it is counted as it stands, and counted as censored.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from ccore.cdr import Records, Strings, Text
from ccore.kpi.groups import Ints
from ccore.kpi.passes import parts_of
from ccore.kpi.sums import Part

__all__ = ["RepeatPart", "Repeats", "repeat_part", "repeats", "repeats_of"]

HOUR_US = 3_600_000_000
SHARE = 1 << 20  # contacts that are sorted at a time, some 60 MB
EMPTY = {"caller": np.uint32, "at_us": np.int64, "part": np.uint8, "entered_ivr": np.bool_}


@dataclass(slots=True, frozen=True)
class Repeats:
    window_h: int
    answered: int  # with a key
    unknown: int  # answered without a key, in no rule
    censored: int  # answered less than a window before the end
    repeated: int  # answered and followed by another one within the window
    callers: int
    once: int  # callers answered exactly once
    problems: int  # chains of contacts no further apart than the window
    entered_ivr: int
    ended_in_ivr: int
    ivr_again: int  # ended in the IVR, and the same caller came again within the window
    blocked_callers: int  # callers who were refused at least once: retries count once

    @property
    def fcr1(self) -> float | None:
        """1 - answered contacts followed by a repeat / answered contacts."""
        return 1 - self.repeated / self.answered if self.answered else None

    @property
    def fcr2(self) -> float | None:
        """Callers with exactly one contact / callers."""
        return self.once / self.callers if self.callers else None

    @property
    def fcr3(self) -> float | None:
        """Contacts of callers with exactly one / contacts."""
        return self.once / self.answered if self.answered else None

    @property
    def fcr4(self) -> float | None:
        """Problems / contacts."""
        return self.problems / self.answered if self.answered else None

    @property
    def ivr_containment_true(self) -> float | None:
        """(ended in the IVR - of these who came again within the window) / entered the IVR."""
        kept = self.ended_in_ivr - self.ivr_again
        return kept / self.entered_ivr if self.entered_ivr else None


COUNTED = [one.name for one in fields(Repeats) if one.name != "window_h"]


@dataclass(slots=True)
class RepeatPart:
    """What is looked at of each contact: 14 bytes."""

    caller: npt.NDArray[np.uint32]
    at_us: Ints
    part: npt.NDArray[np.uint8]
    entered_ivr: npt.NDArray[np.bool_]


def repeat_part(records: Records) -> RepeatPart:
    rows = records.contacts
    return RepeatPart(
        rows["calling"].copy(),
        rows["arrived_us"].astype(np.int64),
        parts_of(rows).astype(np.uint8),
        rows["ivr_ms"] > 0,
    )


def repeats(records: Records, window_h: int = 24) -> Repeats:
    return repeats_of([repeat_part(records)], records.strings, window_h)


def repeats_of(parts: Iterable[RepeatPart], strings: Strings, window_h: int = 24) -> Repeats:
    """From the days' parts, in any order; a share of the callers at a time."""
    found = list(parts)
    end_us = max((int(part.at_us.max()) for part in found if len(part.at_us)), default=0)
    shares = 1 + sum(len(part.caller) for part in found) // SHARE
    counts: Counter[str] = Counter()
    for share in range(shares):
        callers = _joined([_share(part, share, shares) for part in found])
        counts.update(_counts(callers, strings, window_h * HOUR_US, end_us))
    return Repeats(window_h=window_h, **{name: counts[name] for name in COUNTED})


def _counts(part: RepeatPart, strings: Strings, window_us: int, end_us: int) -> dict[str, int]:
    at_us, caller = part.at_us, part.caller
    known = _known(caller, strings)
    answered = part.part == Part.ANSWERED

    chosen = answered & known
    gap = _gaps(caller[chosen], at_us[chosen])
    _, contacts_each = np.unique(caller[chosen], return_counts=True)
    repeated = int((gap <= window_us).sum())

    every_gap = np.full(len(caller), np.iinfo(np.int64).max)
    every_gap[known] = _gaps(caller[known], at_us[known])
    ivr = part.part == Part.IVR
    blocked = part.part == Part.BLOCKED
    return {
        "answered": int(chosen.sum()),
        "unknown": int((answered & ~known).sum()),
        "censored": int((at_us[chosen] > end_us - window_us).sum()),
        "repeated": repeated,
        "callers": len(contacts_each),
        "once": int((contacts_each == 1).sum()),
        "problems": int(chosen.sum()) - repeated,  # a chain of n contacts has n - 1 repeats
        "entered_ivr": int((part.entered_ivr | ivr).sum()),
        "ended_in_ivr": int(ivr.sum()),
        "ivr_again": int((every_gap[ivr] <= window_us).sum()),
        "blocked_callers": len(np.unique(caller[blocked & known])),
    }


def _share(part: RepeatPart, share: int, shares: int) -> RepeatPart:
    """The contacts of some of the callers."""
    chosen = part.caller % shares == share
    return RepeatPart(*(getattr(part, name)[chosen] for name in EMPTY))


def _joined(parts: list[RepeatPart]) -> RepeatPart:
    def one(name: str) -> npt.NDArray[Any]:
        return np.concatenate([np.zeros(0, EMPTY[name]), *(getattr(part, name) for part in parts)])

    return RepeatPart(*(one(name) for name in EMPTY))


def _gaps(caller: npt.NDArray[np.uint32], at_us: Ints) -> Ints:
    """To the same caller's next contact, microseconds; the greatest number where there is none."""
    gaps = np.full(len(caller), np.iinfo(np.int64).max)
    order = np.lexsort((at_us, caller))
    same = np.diff(caller[order]) == 0
    gaps[order[:-1][same]] = np.diff(at_us[order])[same]
    return gaps


def _known(caller: npt.NDArray[np.uint32], strings: Strings) -> npt.NDArray[np.bool_]:
    """Numbers (or hashes), as against nothing and words such as "anonymous".

    Only who called more than once is looked up: whoever called once repeats nothing either way.
    """
    ids, counts = np.unique(caller, return_counts=True)
    words = [
        number
        for number in ids[(counts > 1) & (ids > 0)].tolist()
        if not any(char.isdigit() for char in strings.text(Text.NUMBER, number))
    ]
    return ~np.isin(caller, [0, *words])
