"""Many days into one answer: means with their confidence, for each variant and queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ccore.sizing.confidence import Mean, mean_of
from ccore.sizing.outcome import Forecast, Moment, Outcome

__all__ = ["Line", "Summary", "summarise"]


@dataclass(frozen=True, slots=True)
class Line:
    """One queue or one stream of callers of one variant; "" is the whole centre."""

    variant: str
    group: str
    figures: dict[str, Mean | None]


@dataclass(frozen=True, slots=True)
class Summary:
    variant: str
    seeds: tuple[int, ...]
    lines: list[Line]  # the whole, then each queue
    streams: list[Line]
    course: list[Moment]  # means over the seeds
    forecast: Forecast  # of all seeds
    refused: list[str]

    @property
    def total(self) -> Line:
        return self.lines[0]


def summarise(outcomes: Sequence[Outcome]) -> Summary:
    """The days of one variant."""
    first = outcomes[0]
    forecast = Forecast()
    for one in outcomes:
        forecast.told += one.forecast.told
        forecast.waited_ms += one.forecast.waited_ms
        forecast.error_ms += one.forecast.error_ms
        forecast.absolute_ms += one.forecast.absolute_ms
    return Summary(
        variant=first.variant,
        seeds=tuple(one.seed for one in outcomes),
        lines=_lines(first.variant, [one.figures for one in outcomes]),
        streams=_lines(first.variant, [one.streams for one in outcomes]),
        course=[_mean(moments) for moments in zip(*(o.course for o in outcomes), strict=True)],
        forecast=forecast,
        refused=list(dict.fromkeys(line for one in outcomes for line in one.refused)),
    )


def _lines(variant: str, days: Sequence[Mapping[str, Mapping[str, float | None]]]) -> list[Line]:
    lines = []
    for group in dict.fromkeys(group for day in days for group in day):
        of_group = [day.get(group, {}) for day in days]
        names = dict.fromkeys(name for figures in of_group for name in figures)
        means = {name: mean_of([figures.get(name) for figures in of_group]) for name in names}
        lines.append(Line(variant, group, means))
    return lines


def _mean(moments: Sequence[Moment]) -> Moment:
    """The same interval of several days: shares of all their calls, not means of shares."""
    days = len(moments)

    def share(pairs: list[tuple[float | None, float]]) -> float | None:
        weight = sum(w for value, w in pairs if value is not None)
        return sum(v * w for v, w in pairs if v is not None) / weight if weight else None

    return Moment(
        start_us=moments[0].start_us,
        offered=round(sum(m.offered for m in moments) / days),
        answered=round(sum(m.answered for m in moments) / days),
        abandoned=round(sum(m.abandoned for m in moments) / days),
        service_level=share([(m.service_level, m.answered + m.abandoned) for m in moments]),
        queue=sum(m.queue for m in moments) / days,
        staffed=sum(m.staffed for m in moments) / days,
        occupancy=share([(m.occupancy, m.staffed) for m in moments]),
    )
