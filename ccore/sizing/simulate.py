"""From a scenario and a seed to what the day came to."""

from collections.abc import Callable, Iterable

from ccore.floor import Floor
from ccore.model import Fact
from ccore.sizing.arrivals import Caller, callers_of
from ccore.sizing.centre import recorded_day, streams_of
from ccore.sizing.day import Day, Shift
from ccore.sizing.outcome import Outcome, Tally
from ccore.sizing.scenario import Named

__all__ = ["RECORD", "expected_callers", "on_record", "simulate"]

RECORD = "record"  # the variant that took place


def simulate(
    named: Named,
    seed: int,
    advance: Callable[[int], None] = lambda callers: None,
    keep: Callable[[Fact], None] | None = None,
) -> Outcome:
    """`advance` hears of every thousand callers; `keep` gets the day's facts."""
    callers, shifts = _people(named, seed)
    tally = Tally(named.config, named.counts_from_us, named.closes_us, named.scenario.interval_s)

    def tell(fact: Fact) -> None:
        tally.add(fact)
        if keep is not None:
            keep(fact)

    def queued(floor: Floor, leg: str) -> None:
        contact = floor.contacts.get(leg)
        if contact is not None and contact.stay is not None and contact.offer is None:
            tally.told(leg, floor.forecast.ms(contact))

    day = Day(named, callers, shifts, seed, tell, queued)
    day.run(advance)
    return Outcome(
        variant=named.variant,
        seed=seed,
        figures=tally.figures(),
        streams=tally.stream_figures(streams_of(named.scenario)),
        course=tally.course(),
        forecast=tally.forecast,
        refused=day.refused,
    )


def on_record(named: Named) -> Outcome | None:
    """The recorded day that a replay repeats, measured as the simulated ones are; agents' time is
    not on record."""
    if named.scenario.replay is None:
        return None
    tally = Tally(named.config, named.counts_from_us, named.closes_us, named.scenario.interval_s)
    for contact in recorded_day(named.scenario).as_it_was():
        tally.add(contact)
    return Outcome(
        variant=RECORD,
        seed=0,
        figures=tally.figures(),
        streams=tally.stream_figures(streams_of(named.scenario)),
        course=tally.course(),
        forecast=tally.forecast,
    )


def expected_callers(named: Named) -> int:
    """About how many will call, for a progress bar."""
    hours = (named.closes_us - named.opens_us) / 3.6e9
    return round(sum(stream.per_day(hours) for stream in named.scenario.callers.values()))


def _people(named: Named, seed: int) -> tuple[Iterable[Caller], dict[str, list[Shift]]]:
    callers = callers_of(named, seed)
    shifts = _shifts(named)
    replay = named.scenario.replay
    if replay is not None:
        day = recorded_day(named.scenario)
        for again in day.again(seed, replay.absent_s):
            number = day.number(again)
            callers.append(
                Caller(again.at_us, number, again.calling, again.talk_us, again.patience_us)
            )
        callers.sort(key=lambda caller: caller.at_us)
        shifts = day.shifts(replay.absent_s) | shifts
    return callers, shifts


def _shifts(named: Named) -> dict[str, list[Shift]]:
    """Who is there when; agents of the centre itself work all day."""
    whole = [(named.opens_us, named.closes_us + named.scenario.drain_s * 1_000_000)]
    staff = named.staff_of()
    if not staff and named.scenario.replay is None:
        return dict.fromkeys(named.config.agents, whole)
    found = {}
    for agent, one in staff.items():
        spans = []
        for shift in one.shifts:
            begin, _, end = shift.partition("-")
            spans.append((named.at_us(begin), named.at_us(end)))
        found[agent] = spans or whole
    return found
