"""`ccore size`: the worked cases of the trade, and what it says of the impossible."""

import json
import re
from typing import Any

import pytest
from click.testing import CliRunner

from ccore.cli import main
from ccore.errors import BadRequest


def ccore(*args: str) -> Any:
    return CliRunner().invoke(main, ["size", *args])


def size(*args: str) -> Any:
    result = ccore(*args, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_textbook_case() -> None:
    got = size("--calls", "100", "--period", "30", "--handle", "180", "--target", "0.8")
    assert got["agents"] == 14
    assert got["service_level"] == pytest.approx(0.88835, abs=5e-6)
    assert got["asa"] == pytest.approx(7.836, abs=5e-4)
    assert got["model"] == "Erlang C"
    assert got["size"] == "small"


def test_a_hundred_times_the_calls_take_thirty_six_times_the_agents() -> None:
    small = size("--calls", "20", "--period", "60", "--contained", "0")
    large = size("--calls", "20", "--period", "60", "--contained", "0", "--growth", "100")
    assert (small["agents"], large["agents"]) == (3, 107)
    assert large["asa"] == pytest.approx(9.86, abs=0.005)
    assert (large["trunks"], large["e1"]) == (141, 5)
    assert large["trunk_load"] == pytest.approx(122.15, abs=0.005)
    assert large["recordings_a_day"] == pytest.approx(28.8e9)
    assert large["recordings"] == pytest.approx(2.592e12)
    assert large["size"] == "large"
    assert {"switch", "acd", "ivr", "cti", "warehouse"} <= set(large["parts"])


def test_half_the_agents_lose_half_the_callers() -> None:
    got = size("--calls", "2000", "--period", "60", "--patience", "120", "--agents", "50")
    assert got["model"] == "Erlang A"
    assert got["abandoned"] == pytest.approx(0.5, abs=1e-6)


def test_shrinkage_puts_more_on_the_roster() -> None:
    got = size("--calls", "100", "--shrinkage", "0.3")
    assert (got["agents"], got["scheduled"]) == (14, 20)


def test_callers_who_dial_again_take_more_lines() -> None:
    once, again = size("--calls", "2000"), size("--calls", "2000", "--recall", "0.9")
    assert again["trunks"] > once["trunks"]
    assert again["blocked"] <= 0.01
    assert "extended" in again["formulas"]["trunks"]


def test_packets_of_a_voice_call() -> None:
    got = size("--calls", "100", "--codec", "g729", "--remote", "1")
    assert got["trunk_bandwidth"] == pytest.approx(got["trunks"] * 31.2)
    assert got["remote_bandwidth"] == pytest.approx(14 * 31.2)


def test_every_number_names_its_formula() -> None:
    got = size("--calls", "100")
    named = set(got["formulas"])
    numbers = {key for key, value in got.items() if isinstance(value, int | float)}
    assert numbers == named
    assert all(got["formulas"].values())


def test_a_manager_reads_it_in_mandarin() -> None:
    told = ccore("--calls", "2000", "--language", "zh").output
    assert "坐席" in told
    assert "中继线" in told
    assert "大型" in told


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--calls", "2000", "--period", "60", "--agents", "50"), "grows without end"),
        (("--calls", "100", "--target", "1"), "no number of agents meets"),
        (("--calls", "100", "--abandoned", "0.01"), "--patience"),
        (("--calls", "nan"), "Expected"),
        (("--calls", "inf", "--agents", "3"), "Expected"),
        (("--calls", "100", "--handle", "1e12"), "Expected"),
        (("--calls", "100", "--within", "nan", "--patience", "60"), "finite"),
        (("--calls", "100", "--patience", "nan"), "patience is nan"),
        (("--calls", "100", "--agents", "99999999999"), "at most 1,000,000"),
        (("--calls", "100", "--wrap-up", "200"), "a part of it"),
        (("--calls", "100", "--shrinkage", "1"), "below 1"),
        (("--calls", "100", "--codec", "morse"), "no codec"),
        (("--calls", "100", "--record-as", "wax"), "no recording format"),
        (("--calls", "100", "--language", "tlh"), "no language"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(args: tuple[str, ...], words: str) -> None:
    result = ccore(*args)
    assert result.exit_code in (12, 13)
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    every = ("--patience", "90", "--recall", "0.9", "--remote", "0.5", "--language", "zh")
    for words in ([], [*every], [*every, "--agents", "300"]):
        rows = ccore("--calls", "2000", "--language", "zh", *words).output.partition("\n\n")[0]
        symbols = {"T", "C", "e", "n", "a", "s", "E", "P", "AHT", "IVR", "ms", "kbit", "MB"}
        known = {"Erlang", "A", "B", "C", "g", "erlang", "E1", "g711", "GB", "TB", *symbols}
        assert set(re.findall(r"[A-Za-z]\w*", rows)) <= known


def test_a_load_beyond_all_bounds_is_one_readable_line() -> None:
    result = ccore("--calls", "1e300")
    assert result.exit_code == BadRequest.exit_code
    assert len(result.stderr) < 100
