"""The figures of a real bank, to the digits that an independent reading of its files gave."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ccore.cli import main

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "anonymous-bank-1999"
MAPPING = ROOT / "examples" / "anonymous-bank.toml"
COUNTS = ("offered", "answered", "abandoned")
RATIOS = ("sl2", "sl3", "sl4", "sl1", "sl5", "abn1", "asa", "aat", "att")
LAST = ("ivr", "longest")
# T = 20 s, s = 5 s, by the names above in their order.
GOLDEN = {
    "1999-01": "30161 27060 3101 .5438 .5626 .5772 .6061 .5474 .1028 35.0280 60.7240 183.4517"
    " 1198 1500",
    "1999-02": "31125 27162 3963 .5208 .5427 .5612 .5968 .5254 .1273 40.7743 65.5299 176.3530"
    " 1941 908",
    "1999-03": "36451 27847 8604 .3124 .3325 .3729 .4089 .3146 .2360 92.9025 84.6760 185.7849"
    " 1943 1545",
    "1999-05-23": "2755 1581 1174 .2178 .2750 .4258 .3795 .2309 .4261 78.5775 50.2053 172.2239"
    " 288 1476",
}


MISSING = f"left out: the bank's records are not at {os.path.relpath(DATA, ROOT)}"
if not DATA.is_dir() and os.environ.get("CI") != "true":
    pytestmark = pytest.mark.skip(MISSING)


def ccore(*args: str | Path) -> Any:
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module", autouse=True)
def data_is_there() -> None:
    if not DATA.is_dir():
        pytest.fail(MISSING, pytrace=False)


@pytest.fixture(scope="module")
def one_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bank") / "day.txt"
    with gzip.open(DATA / "may.txt.gz", "rt", encoding="latin-1") as file, path.open("w") as day:
        day.writelines(line for n, line in enumerate(file) if n == 0 or "\t990523\t" in line)
    return path


@pytest.fixture(scope="module")
def files(one_day: Path) -> list[Path]:
    return [*(DATA / f"{month}.txt.gz" for month in ("january", "february", "march")), one_day]


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory, files: list[Path]) -> tuple[Path, Any]:
    directory = tmp_path_factory.mktemp("bank") / "cdr"
    tally = ccore("cdr", "import", "--mapping", MAPPING, "--to", directory, "--json", *files)
    return directory, tally


def figures(directory: Path, by: str) -> dict[str, list[float]]:
    document = ccore(
        *("kpi", "--cdr", directory, "--by", by, "--threshold", "20", "--short", "5", "--json")
    )
    assert document["timezone"] == "Asia/Jerusalem"
    return {
        line[by]: [line[name] for name in (*COUNTS, *RATIOS, *LAST)] for line in document["lines"]
    }


def test_the_figures_are_those_of_the_bank(bank: tuple[Path, Any]) -> None:
    found = figures(bank[0], "month") | figures(bank[0], "day")
    for when, line in GOLDEN.items():
        for word, value in zip(line.split(), found[when], strict=True):
            digits = len(word.partition(".")[2])
            assert f"{value:.{digits}f}".removeprefix("0" if word[0] == "." else "") == word, when


def test_every_row_is_accounted_for_and_every_trap_counted(bank: tuple[Path, Any]) -> None:
    tally = bank[1]
    assert tally["read"] == tally["written"]["contact"] + sum(tally["ignored"].values())
    assert tally["bad"] == {}
    # January to March, and the day in May.
    assert tally["ignored"] == {"PHANTOM: a virtual call": 240 + 278 + 407 + 21}
    assert tally["mended"] == {
        "customer_id: made empty, as empty_match says": 77,
        "ivr: negative, taken as zero": 117,
        "talk: of a contact that was not answered, left out": 309,
    }


def test_what_is_on_record_is_not_written_again(bank: tuple[Path, Any], one_day: Path) -> None:
    tally = ccore("cdr", "import", "--mapping", MAPPING, "--to", bank[0], "--json", one_day)
    assert tally["written"]["contact"] == 0
    assert tally["known"]["contact"] == tally["read"] - sum(tally["ignored"].values()) == 3043


def test_blanks_and_servers_without_a_name_are_cleaned(bank: tuple[Path, Any]) -> None:
    document = ccore("kpi", "--cdr", bank[0], "--by", "queue", "--json")
    assert [line["queue"] for line in document["lines"]] == [
        *("", "callback", "english", "internet", "new", "regular", "stock")
    ]
    agents = {
        line["agent"] for line in ccore("kpi", "--cdr", bank[0], "--by", "agent", "--json")["lines"]
    }
    assert "" in agents
    assert "NO_SERVER" not in agents


def test_as_a_queue_log_the_day_has_the_same_figures(one_day: Path, tmp_path: Path) -> None:
    log, back = tmp_path / "queue_log", tmp_path / "back"
    ccore("cdr", "import", "--mapping", MAPPING, "--to", tmp_path / "cdr", "--json", one_day)
    options = ["cdr", "export", "--cdr", tmp_path / "cdr", "--format", "queue_log", "--to", log]
    assert CliRunner().invoke(main, [str(word) for word in options]).exit_code == 0
    zone = ("--timezone", "Asia/Jerusalem")
    ccore("cdr", "import", "--format", "queue_log", *zone, "--to", back, "--json", log)
    names = [*COUNTS, *RATIOS, "longest"]
    before, after = (
        ccore("kpi", "--cdr", cdr, "--json")["total"] for cdr in (tmp_path / "cdr", back)
    )
    assert [after[name] for name in names] == [before[name] for name in names]
    assert after["occupancy"] is None  # nothing is known of agents who are not on a call
