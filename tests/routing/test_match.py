"""Numbers lead to the entry, territory and list whose match is longest."""

from hypothesis import given
from hypothesis import strategies as st

from ccore.config.schema import CallerList, Config, Entry, Territory
from ccore.routing.match import STRANGER, Book, Known, longest

BOOK = Book(
    Config(
        entries=tuple(Entry(number=n, to="hangup") for n in ("4000", "4*", "40*", "*", "400088")),
        territories=(
            Territory(prefix="020", site="guangzhou", skill="cantonese"),
            Territory(prefix="0", site="main"),
        ),
        callers=(
            CallerList(name="gold", numbers=("13800000000",), prefixes=("1390",), priority=90),
            CallerList(name="nuisance", numbers=("13901",), prefixes=("138",), blocked=True),
        ),
    )
)


def test_a_whole_number_counts_before_any_beginning() -> None:
    found = {n: BOOK.entry(n) for n in ("4000", "40001", "41", "5", "400088", "4")}
    assert {n: e.number for n, e in found.items() if e} == {
        "4000": "4000",
        "40001": "40*",
        "41": "4*",
        "5": "*",
        "400088": "400088",
        "4": "4*",
    }
    assert Book(Config(entries=(Entry(number="4000", to="hangup"),))).entry("40001") is None


def test_the_longest_territory_counts() -> None:
    territories = [BOOK.territory(n) for n in ("02012345", "0101234", "85212345", "")]
    assert [t.site if t else None for t in territories] == ["guangzhou", "main", None, None]


def test_callers_are_known_by_number_then_by_beginning() -> None:
    assert BOOK.caller("13800000000") == Known("gold", 90, False)
    assert BOOK.caller("13800000001").blocked
    assert BOOK.caller("139055").priority == 90
    assert BOOK.caller("13901").blocked
    assert BOOK.caller("") == BOOK.caller("15") == STRANGER


@given(
    table=st.dictionaries(st.text("12*", max_size=4), st.integers(), max_size=8),
    number=st.text("12", max_size=6),
)
def test_no_match_is_longer_than_the_one_found(table: dict[str, int], number: str) -> None:
    fitting = [
        (not key.endswith("*"), len(key), value)
        for key, value in table.items()
        if key == number or (key.endswith("*") and number.startswith(key[:-1]))
    ]
    assert longest(table, number) == (max(fitting)[2] if fitting else None)
