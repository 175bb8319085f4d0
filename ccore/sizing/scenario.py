"""A scenario: a centre, its callers, its staff and a day. docs/scenarios.md has every key."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from msgspec import Meta

from ccore.config import Config
from ccore.config.table import Table
from ccore.sizing.draws import Span

__all__ = [
    "NODE",
    "Callers",
    "Named",
    "Order",
    "Replay",
    "Scenario",
    "Staff",
    "agent_id",
]

NODE = "sim"  # the switch of every scenario

Clock = Annotated[str, Meta(pattern=r"^([0-3][0-9]|4[0-8]):[0-5][0-9]\Z")]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Rate = Annotated[float, Meta(ge=0.0, le=1e7)]


class Callers(Table):
    """A stream of callers, at random (Poisson) at the given rate."""

    to: str = ""  # destination as in ccore.toml, such as queue:sales; or `dials`
    dials: str = ""  # an entry of the centre
    per_hour: Rate | tuple[Rate, ...] = 0.0  # callers an hour; a list: one for each hour
    talk: Span = Span(mean_s=180)  # with the agent, without wrap-up
    patience: Span | None = None  # until he gives up waiting; none: never
    calling: str = ""  # how his number begins (territories, lists of callers)
    language: str = ""  # of an entry made for `to`
    priority: int = 0  # likewise: credit in seconds
    digits: str = ""  # what he presses, one key after each prompt

    def per_day(self, hours: float) -> float:
        """Callers to expect, in a day of so many hours."""
        rates = self.per_hour
        return sum(rates) if isinstance(rates, tuple) else rates * hours


class Staff(Table):
    """So many agents alike."""

    count: Annotated[int, Meta(ge=0, le=100_000)] = 1  # agents; their ids are NAME-1, NAME-2, ...
    skills: dict[str, int] = {}  # as of an agent in ccore.toml, and so the next three
    queues: tuple[str, ...] = ()  # only these
    site: str = ""  # where they sit
    team: str = ""  # stands in the records
    shifts: tuple[str, ...] = ()  # spans such as 09:00-17:30; none: the whole day
    answers: Span = Span(fixed_s=0)  # how long the phone rings
    misses: Share = 0.0  # share of offers that he lets ring out
    more: dict[str, Any] = {}  # any other key of an agent in ccore.toml


class Order(Table):
    """What somebody asks of the centre at a time, as over the control socket."""

    at: Clock  # time of the day, such as 12:00
    request: dict[str, Any]  # such as { do = "site.evacuate", site = "beijing" }


class Replay(Table):
    """Callers and agents of the scenario's day as they stand in records."""

    records: str  # directory
    absent_s: Annotated[int, Meta(ge=1)] = 900  # an agent without a call for longer was away
    credit: bool = True  # callers keep the priority that they had


class Scenario(Table):
    """One day of one centre."""

    title: str = ""  # of the picture
    day: str = "2026-11-23"  # date in the centre's time zone; calendars go by it
    opens: Clock = "00:00"  # the first arrival
    closes: Clock = "24:00"  # the last arrival; who is there then is still served
    seeds: Annotated[int, Meta(ge=1, le=10_000)] = 1  # days to simulate, each by its own seed
    warm_up_s: Annotated[int, Meta(ge=0)] = 0  # arrivals this soon after opening are not counted
    interval_s: Annotated[int, Meta(ge=60, le=86_400)] = 1800  # of the picture
    prompt_s: Annotated[float, Meta(ge=0.0, le=600.0)] = 5.0  # length of every prompt
    drain_s: Annotated[int, Meta(ge=0)] = 7200  # who still waits so long after closing hangs up
    callers: dict[str, Callers] = {}  # streams of callers
    staff: dict[str, Staff] = {}  # groups of agents; none: those of the centre, all day
    orders: tuple[Order, ...] = ()  # what is asked of the centre in the course of the day
    replay: Replay | None = None  # a recorded day instead, or as well
    centre: dict[str, Any] = {}  # a ccore.toml as a table, or its path


@dataclass(frozen=True, slots=True)
class Named:
    """One variant of a file, laid out and checked."""

    variant: str
    scenario: Scenario
    config: Config
    file: str

    def at_us(self, clock: str) -> int:
        """A time of the scenario's day; beyond 24:00 is the next morning."""
        hours, minutes = (int(part) for part in clock.split(":"))
        zone = ZoneInfo(self.config.site.timezone)
        midnight = datetime.combine(date.fromisoformat(self.scenario.day), time(), zone)
        moment = midnight + timedelta(hours=hours, minutes=minutes)
        return round(moment.timestamp()) * 1_000_000

    @property
    def opens_us(self) -> int:
        return self.at_us(self.scenario.opens)

    @property
    def closes_us(self) -> int:
        return self.at_us(self.scenario.closes)

    @property
    def counts_from_us(self) -> int:
        return self.opens_us + self.scenario.warm_up_s * 1_000_000

    def staff_of(self) -> dict[str, Staff]:
        """Agent's id -> what is known of him."""
        return dict(
            (agent_id(name, number), staff)
            for name, staff in self.scenario.staff.items()
            for number in range(staff.count)
        )


def agent_id(name: str, number: int) -> str:
    """What an agent of a group is called."""
    return f"{name}-{number + 1}"
