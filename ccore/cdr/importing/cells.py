"""From the cells of one row to texts, moments and durations.

Readers are made once from the mapping and the names of the columns, so that a name which a file
does not have is found before its first row is read. A reader raises BadRow for a value that it
cannot read, and gives None where nothing stands.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ccore.cdr.importing.mapping import Column, Duration, Moment, When
from ccore.cdr.importing.tally import BadRow, Tally

__all__ = ["Cells", "NoColumn", "Readers"]

Cells = Sequence[str]
Text = Callable[[Cells], str]
MaybeUs = Callable[[Cells], int | None]

UNIT_US = {"us": 1, "ms": 1000, "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000}
EPOCH_US = {"epoch": 1_000_000, "epoch-ms": 1000, "epoch-us": 1}
DAY_US = 86_400_000_000
# Between the years 1900 and 9999: what lies outside is a wrong format, not a call.
FIRST_US, LAST_US = -2_208_988_800_000_000, 253_370_764_800_000_000
UTC_EPOCH = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))
BRACES = re.compile(r"\{([^{}]*)\}")


class NoColumn(Exception):
    """The mapping names a column that the file does not have."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


class Readers:
    """Makes readers for one file."""

    def __init__(
        self, names: Sequence[str], columns: dict[str, Column], zone: ZoneInfo, tally: Tally
    ) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._columns = columns
        self._zone = zone
        self._tally = tally

    def cell(self, name: str) -> Text:
        """A cleaned cell."""
        if name not in self._places:
            raise NoColumn(name)
        place, column, tally = self._places[name], self._columns.get(name, Column()), self._tally
        pattern = re.compile(column.empty_match) if column.empty_match else None
        empty, words = frozenset(column.empty), column.words
        if not (pattern or empty or words or column.only_digits):
            if column.strip:
                return lambda cells: cells[place].strip()
            return lambda cells: cells[place]

        def read(cells: Cells) -> str:
            value = cells[place].strip() if column.strip else cells[place]
            if value in empty:
                return ""
            if pattern and pattern.search(value):
                tally.mend(f"{name}: made empty, as empty_match says")
                return ""
            value = words.get(value, value)
            return re.sub(r"[^0-9]", "", value) if column.only_digits else value

        return read

    def raw(self, name: str) -> Text:
        """A cell as it stands, blanks taken off: what conditions are asked of."""
        if name not in self._places:
            raise NoColumn(name)
        place = self._places[name]
        return lambda cells: cells[place].strip()

    def text(self, template: str) -> Text:
        """Text with columns in braces."""
        parts = BRACES.split(template)  # text, column, text, column, ..., text
        if len(parts) == 1:
            return lambda _: template
        if len(parts) == 3 and not parts[0] and not parts[2]:
            return self.cell(parts[1])
        texts, cells_of = parts[::2], [self.cell(name) for name in parts[1::2]]

        def read(cells: Cells) -> str:
            values = [cell(cells) for cell in cells_of]
            if not all(values):  # half a date is none
                return ""
            return texts[0] + "".join(v + t for v, t in zip(values, texts[1:], strict=True))

        return read

    def when(self, conditions: When) -> Callable[[Cells], bool]:
        tests = [(self.raw(name), frozenset(words)) for name, words in conditions.items()]
        return lambda cells: all(cell(cells) in words for cell, words in tests)

    def rule(self, when: When, unless: When) -> Callable[[Cells], bool]:
        yes = self.when(when)
        if not unless:
            return yes
        no = self.when(unless)
        return lambda cells: yes(cells) and not no(cells)

    def moment(self, field: str, moment: Moment | None) -> MaybeUs:
        """Microseconds since 1970 UTC."""
        if moment is None:
            return lambda _: None
        text, parse = self.text(moment.at), self._parser(field, moment.format)

        def read(cells: Cells) -> int | None:
            value = text(cells)
            return parse(value) if value else None

        return read

    def duration(self, field: str, duration: Duration | None) -> MaybeUs:
        """Microseconds, never negative."""
        if duration is None:
            return lambda _: None
        plain = self._between(field, duration) if duration.since else self._length(field, duration)
        mend, tally = duration.negative, self._tally

        def read(cells: Cells) -> int | None:
            value = plain(cells)
            if value is None or value >= 0:
                return value
            if mend == "bad":
                raise BadRow(f"{field}: negative", f"{value // 1_000_000} s")
            tally.mend(f"{field}: negative, taken as {mend.replace('-', ' ')}")
            return 0 if mend == "zero" else value % DAY_US

        return read

    def _between(self, field: str, duration: Duration) -> MaybeUs:
        since, until = self.text(duration.since), self.text(duration.until)
        parse = self._parser(field, duration.format)

        def read(cells: Cells) -> int | None:
            begin, end = since(cells), until(cells)
            return parse(end) - parse(begin) if begin and end else None

        return read

    def _length(self, field: str, duration: Duration) -> MaybeUs:
        cell = self.cell(duration.column)
        if duration.unit == "clock":
            return lambda cells: _clock_us(field, cell(cells))
        unit_us, why = UNIT_US[duration.unit], f"{field}: no number of {duration.unit}"

        def read(cells: Cells) -> int | None:
            value = cell(cells)
            if not value:
                return None
            try:
                return int(value) * unit_us
            except ValueError:
                pass
            try:
                return round(float(value.replace(",", ".")) * unit_us)
            except (ValueError, OverflowError):
                raise BadRow(why, value) from None

        return read

    def _parser(self, field: str, form: str) -> Callable[[str], int]:
        why, zone = f"{field}: no moment of format {form}", self._zone
        unit_us = EPOCH_US.get(form, 0)

        def parse(value: str) -> int:
            try:
                if unit_us:
                    us = round(float(value) * unit_us) if "." in value else int(value) * unit_us
                else:
                    when = (
                        datetime.fromisoformat(value)
                        if form == "iso"
                        else datetime.strptime(value, form)
                    )
                    local = when if when.tzinfo else when.replace(tzinfo=zone)
                    us = (local - UTC_EPOCH) // timedelta(microseconds=1)
            except (ValueError, OverflowError):
                raise BadRow(why, value) from None
            if not FIRST_US <= us <= LAST_US:
                raise BadRow(why, value)
            return us

        return parse


def _clock_us(field: str, value: str) -> int | None:
    if not value:
        return None
    try:
        seconds = 0.0
        for part in value.split(":"):
            seconds = seconds * 60 + float(part)
        return round(seconds * 1_000_000)
    except (ValueError, OverflowError):
        raise BadRow(f"{field}: no length such as 1:02:03", value) from None
