"""Where the records are, and what the configuration says of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ccore.cli.options import FILE, config_option
from ccore.cli.text import safe
from ccore.errors import CcoreError, RecordsDamaged, UnknownName

if TYPE_CHECKING:
    from ccore.cdr import Records, Row, RowFact
    from ccore.kpi import Days, Experts, Plan
    from ccore.kpi.targets import Band

__all__ = ["Place", "days_option", "finds_records", "period_options", "place_of"]

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class Place:
    """A directory of records and how its centre wants figures; damage is told as it is met."""

    directory: Path
    timezone: str = "UTC"
    threshold_s: int = 20
    thresholds_s: dict[str, int] = field(default_factory=dict)  # of queues with their own
    short_s: int = 5
    service_level: str = "negative"
    attribution: str = ""
    experts: "Experts | None" = None
    targets: "dict[str, Band]" = field(default_factory=dict)
    told: set[str] = field(default_factory=set)  # damage is told once

    def load(self, days: tuple[date, ...]) -> "Records":
        from ccore.cdr import load

        return load(self.directory, days or None, tell=self.tell)

    def days(self, chosen: tuple[date, ...]) -> "Days":
        """The same a day at a time; chosen are days of the site's zone, not files."""
        from ccore.kpi import Days

        return Days(self.directory, chosen, self.tell, self.timezone if chosen else "")

    def plan(self, **more: Any) -> "Plan":
        """How figures are wanted, if nothing else is said."""
        from ccore.kpi import Experts, Plan

        said: dict[str, Any] = {
            "threshold_s": self.threshold_s,
            "thresholds_s": self.thresholds_s,
            "short_s": self.short_s,
            "service_level": self.service_level,
            "attribution": self.attribution,
            "experts": self.experts or Experts(),
            "timezone": self.timezone,
        }
        return Plan(**said | more)

    def facts(self, kind: "Row", chosen: tuple[date, ...]) -> "Iterator[RowFact]":
        """One kind of them, in the memory of one day; chosen are UTC days."""
        from ccore.cdr import facts, read
        from ccore.kpi import Days

        days = Days(self.directory, chosen, self.tell)
        for day in days.dates:
            rows = read(self.directory, kind, [day], tell=self.tell)
            yield from facts(kind, rows, days.strings)

    @property
    def zone(self) -> tzinfo:
        from ccore.kpi.groups import zone_of

        return zone_of(self.timezone)

    @property
    def good_level(self) -> float | None:
        """The least service level that is aimed at: what colours go by."""
        from ccore.kpi.targets import DEFAULTS, LEVEL

        return (DEFAULTS | self.targets)[LEVEL].least

    def check(self) -> None:
        """Refuse a directory that is none."""
        if not self.directory.is_dir():
            raise UnknownName(
                kind="directory of records", name=str(self.directory), known="none here"
            )

    def note_empty(self, chosen: tuple[date, ...]) -> None:
        """Zeros may be the figures of a quiet day, or those of a wrong directory: say which."""
        from ccore.cdr.records import days_in

        if self.days(chosen).dates:
            return
        there = days_in(self.directory)
        what = f"no records of {', '.join(map(str, chosen))}" if chosen else "no records"
        known = f"; there are some of {there[0]} to {there[-1]}" if there else ""
        click.echo(f"ccore: {what} in {safe(str(self.directory))}{known}", err=True)

    def tell(self, trouble: CcoreError) -> None:
        words = safe(str(trouble))
        if words not in self.told:
            self.told.add(words)
            click.echo(f"ccore: {words}", err=True)

    def finish(self) -> None:
        """What was good has been shown; the exit code says that something was not."""
        if self.told:
            click.get_current_context().exit(RecordsDamaged.exit_code)


def finds_records(function: F) -> F:
    """Options that say where the records are."""
    function = config_option(function)
    return click.option(
        "--cdr",
        "cdr_dir",
        type=FILE,
        help="A directory of records, instead of the configuration's.",
    )(function)


def _days(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> Any:
    try:
        days = tuple(date.fromisoformat(value) for value in values)
        if not all(1970 <= day.year < 9999 for day in days):  # no file has a name beyond
            raise ValueError
    except ValueError:
        raise click.BadParameter("expected a day such as 2026-11-21", context, option) from None
    return days


def days_option(
    name: str = "--day",
    field: str = "days",
    help: str = "Only this UTC day of arrival; may be given several times.",
) -> Callable[[F], F]:
    return click.option(name, field, multiple=True, callback=_days, metavar="YYYY-MM-DD", help=help)


def period_options(function: F) -> F:
    """Which days figures are of, and which they are held against."""
    of, against = "Only this day", "Compare with this day"
    rest = "in the time zone of the figures; may be given several times."
    function = days_option("--against", "against", f"{against}, {rest}")(function)
    return days_option(help=f"{of}, {rest}")(function)


def place_of(cdr_dir: Path | None, config_path: Path) -> Place:
    """`--cdr` wins. Without a configuration the defaults of ccore.toml hold.

    Records that were imported have the time zone that they came with.
    """
    from ccore.cdr.zone import kept_zone

    if cdr_dir is not None and not config_path.exists():
        return Place(cdr_dir, timezone=kept_zone(cdr_dir) or "UTC")
    from ccore.config import load
    from ccore.kpi import Experts, own_thresholds
    from ccore.kpi.targets import Band

    config = load(config_path)
    directory = cdr_dir or config_path.parent / config.daemon.dir / config.records.dir
    return Place(
        directory=directory,
        timezone=kept_zone(directory) or config.site.timezone,
        threshold_s=config.kpi.threshold_s,
        thresholds_s=own_thresholds(config),
        short_s=config.kpi.short_s,
        service_level=config.kpi.service_level,
        attribution=config.kpi.attribution,
        experts=Experts(frozenset(config.kpi.expert_queues), frozenset(config.kpi.expert_agents)),
        targets={name: Band(one.least, one.most) for name, one in config.kpi.targets.items()},
    )
