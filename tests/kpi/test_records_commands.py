"""`ccore cdr`, `ccore kpi` and `ccore report` as a person or a script meets them."""

import csv
import io
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from ccore.cli import main
from ccore.kpi import RULES
from ccore.model import ContactClosed, LegClosed
from tests.kpi.micro_set import micro_facts, record

HOSTILE = "=cmd|' /C calc'!A0\x1b[31m\nroot"


@pytest.fixture
def cdr_dir(tmp_path: Path) -> Path:
    facts = micro_facts()
    assert isinstance(facts[0], ContactClosed)
    facts[0].calling_name = HOSTILE
    record(tmp_path / "cdr", facts)
    return tmp_path / "cdr"


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def good(*args: str | Path) -> str:
    result = run(*args)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_kpi_as_text_names_value_and_definition(cdr_dir: Path) -> None:
    text = good("kpi", "--cdr", cdr_dir)
    (line,) = [line for line in text.splitlines() if line.startswith("SL, abandons negative")]
    assert "40.0 %" in line
    assert "A_T / (A + B)" in line
    assert "T = 20 s" in text
    assert "\x1b" not in text


def test_kpi_by_queue_has_a_line_each_and_the_total(cdr_dir: Path) -> None:
    lines = good("kpi", "--cdr", cdr_dir, "--by", "queue", "--service-level", "positive")
    cells = {line.split()[0]: line.split() for line in lines.splitlines()}
    assert cells["sales"][1:7] == ["7", "7", "4", "3", "0", "71.4"]
    assert cells["total"][2:7] == ["11", "7", "3", "1", "60.0"]


def test_contacts_that_reached_no_queue_are_a_line_of_their_own(cdr_dir: Path) -> None:
    lines = good("kpi", "--cdr", cdr_dir, "--by", "queue").splitlines()
    (line,) = [line for line in lines if line.startswith("no queue")]
    assert int(line.split()[2]) > 0
    assert "Occupancy" not in lines[0]  # agents' time belongs to no queue


def test_kpi_as_json_and_csv_agree(cdr_dir: Path) -> None:
    options = ("kpi", "--cdr", cdr_dir, "--by", "queue", "--threshold", "25", "--short", "3")
    document = json.loads(good(*options, "--json"))
    assert (document["threshold_s"], document["short_s"]) == (25, 3)
    assert document["total"]["answered"] == 7
    rows = list(csv.DictReader(io.StringIO(good(*options, "--csv"))))
    assert [row["queue"] for row in rows] == ["", "sales", "support", ""]
    for row, line in zip(rows, [*document["lines"], document["total"]], strict=True):
        assert row["aht"] == ("" if line["aht"] is None else str(line["aht"]))


@pytest.mark.parametrize(
    ("queue", "shown"),
    [
        (HOSTILE, "'=cmd|' /C calc'!A0\\x1b[31m\\nroot"),
        ("\uff1dcmd()", "'\uff1dcmd()"),
        ("@sum", "'@sum"),
        ("-12", "-12"),
    ],
)
def test_no_spreadsheet_runs_the_name_of_a_group(tmp_path: Path, queue: str, shown: str) -> None:
    facts = micro_facts()
    assert isinstance(facts[0], ContactClosed)
    facts[0].queue = queue
    record(tmp_path, facts)
    rows = list(
        csv.DictReader(io.StringIO(good("kpi", "--cdr", tmp_path, "--by", "queue", "--csv")))
    )
    assert shown in [row["queue"] for row in rows]


@pytest.mark.parametrize("option", ["--threshold", "--short", "--repeats"])
def test_a_limit_that_no_call_reaches_is_refused(cdr_dir: Path, option: str) -> None:
    result = run("kpi", "--cdr", cdr_dir, "--attribution", "event", option, "9" * 20)
    assert result.exit_code == 2
    assert "is not in the range" in result.stderr


def test_each_queue_may_have_its_own_threshold(cdr_dir: Path) -> None:
    """The vectors' support answers after 10, 21 and 25 seconds."""
    config = cdr_dir.parent / "ccore.toml"
    config.write_text(
        "[kpi]\nqueue_thresholds = true\n[agents.1001]\nskills = { support = 1 }\n"
        "[queues.support]\nskills = { support = 1 }\nservice_level = { within_s = 45 }\n"
    )
    options = ("kpi", "--cdr", cdr_dir, "--config", config, "--by", "queue")
    options += ("--service-level", "sl1")
    document = json.loads(good(*options, "--json"))
    assert document["thresholds_s"] == {"support": 45}
    levels = {line["queue"]: line["sl1"] for line in document["lines"]}
    common = json.loads(good(*options, "--threshold", "20", "--json"))
    before = {line["queue"]: line["sl1"] for line in common["lines"]}
    assert (levels["support"], levels["sales"]) == (1, before["sales"])
    assert before["support"] < 1
    assert common["thresholds_s"] == {}
    assert document["total"]["sl1"] > common["total"]["sl1"]
    assert "T = 20 (support 45) s" in good(*options)
    by_event = json.loads(good(*options, "--attribution", "event", "--by", "interval", "--json"))
    assert by_event["total"]["sl1"] == document["total"]["sl1"]


def test_kpi_takes_its_definitions_from_the_configuration(cdr_dir: Path) -> None:
    config = cdr_dir.parent / "ccore.toml"
    config.write_text(
        '[site]\ntimezone = "Asia/Shanghai"\n[daemon]\ndir = "."\n'
        '[kpi]\nservice_level = "amazon"\nthreshold_s = 30\n'
    )
    document = json.loads(good("kpi", "--config", config, "--by", "day", "--json"))
    assert document["service_level"] == "amazon"
    assert document["threshold_s"] == 30
    assert [line["day"] for line in document["lines"]] == ["2026-11-21"]


def test_show_and_tail_escape_what_callers_chose(cdr_dir: Path) -> None:
    for command in ("show", "tail"):
        text = good("cdr", command, "--cdr", cdr_dir, *(["-n", "99"] if command == "tail" else []))
        assert "\x1b" not in text
        assert "\\x1b[31m\\nroot" in text
        assert len(text.splitlines()) == 14
    rows = json.loads(good("cdr", "show", "--cdr", cdr_dir, "--json"))
    assert rows[0]["calling_name"] == HOSTILE
    assert rows[0]["outcome"] == "answered"


def test_rows_are_shown_in_the_order_and_the_time_zone_of_the_site(
    cdr_dir: Path, tmp_path: Path
) -> None:
    config = tmp_path / "ccore.toml"
    config.write_text('[site]\ntimezone = "Asia/Shanghai"\n', "utf-8")
    for kind, begin in (("contact", "arrived_us"), ("leg", "start_us"), ("agent", "start_us")):
        words = ("cdr", "show", "--kind", kind, "--cdr", cdr_dir, "--config", config)
        begins = [row[begin] for row in json.loads(good(*words, "--json"))]
        assert begins == sorted(begins)
        shown = [line[:19] for line in good(*words).splitlines()[1:]]
        there = ZoneInfo("Asia/Shanghai")
        at = (datetime.fromtimestamp(begin_us // 1_000_000, there) for begin_us in begins)
        assert shown == [f"{one:%Y-%m-%d %H:%M:%S}" for one in at]
        of_days = [good(*words, "--day", day).splitlines()[1:] for day in {d[:10] for d in shown}]
        assert sorted(sum(of_days, [])) == sorted(good(*words).splitlines()[1:])


def test_tail_prints_the_last(cdr_dir: Path) -> None:
    lines = good("cdr", "tail", "--cdr", cdr_dir, "-n", "2", "--json").splitlines()
    assert [json.loads(line)["outcome"] for line in lines] == ["ivr", "blocked"]


@pytest.mark.parametrize("at_us", [-(1 << 63), 0, 253_402_300_799_000_000, (1 << 63) - 1])
def test_a_row_of_a_wrong_clock_stops_no_command(cdr_dir: Path, at_us: int) -> None:
    times = ("arrived_us", "queued_us", "answered_us", "ended_us", "contact_us")
    wrong = [fact for fact in micro_facts() if isinstance(fact, ContactClosed | LegClosed)]
    for fact in wrong:
        for name in (*times, "start_us", "end_us"):
            if hasattr(fact, name):
                setattr(fact, name, at_us)
    record(cdr_dir, [*wrong])
    where = ("--cdr", cdr_dir)
    for rule in RULES:
        good("kpi", *where, "--by", "interval", "--attribution", rule)
    good("kpi", *where, "--by", "week", "--repeats", "24", "--timezone", "America/New_York")
    good("report", *where, "--to", cdr_dir.parent / "report.html", "--timezone", "Asia/Shanghai")
    for command in ("show", "tail", "export"):
        good("cdr", command, *where)


@pytest.mark.parametrize(("kind", "count"), [("contact", 13), ("leg", 6), ("agent", 14)])
def test_export_has_every_row(cdr_dir: Path, kind: str, count: int) -> None:
    target = cdr_dir.parent / "out"
    good("cdr", "export", "--cdr", cdr_dir, "--kind", kind, "--to", target)
    with target.open(newline="") as file:
        rows = list(csv.DictReader(file))
    lines = good("cdr", "export", "--cdr", cdr_dir, "--kind", kind, "--json").splitlines()
    assert len(rows) == len(lines) == count
    assert list(rows[0]) == list(json.loads(lines[0]))
    if kind == "contact":  # no spreadsheet runs what a caller calls himself
        assert rows[0]["calling_name"].startswith("'=cmd")
        assert rows[0]["calling"] == "13800000001"


def test_verify_and_the_good_part_of_damaged_records(cdr_dir: Path) -> None:
    assert "damaged" not in good("cdr", "verify", "--cdr", cdr_dir)
    path = cdr_dir / "2026-11-21.leg.ccr"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    result = run("cdr", "verify", "--cdr", cdr_dir)
    assert result.exit_code == 21
    assert "2026-11-21.leg.ccr: a block of 6 rows is garbled at byte 64" in result.stderr
    assert "1 damaged" in result.stdout
    result = run("kpi", "--cdr", cdr_dir, "--json")
    assert result.exit_code == 21
    assert json.loads(result.stdout)["total"]["answered"] == 7


def test_only_the_days_asked_for(cdr_dir: Path) -> None:
    assert good("cdr", "show", "--cdr", cdr_dir, "--day", "2026-11-20") == "No records.\n"
    assert run("cdr", "show", "--cdr", cdr_dir, "--day", "yesterday").exit_code == 2


def test_without_a_command_the_records_are_shown(cdr_dir: Path) -> None:
    assert good("cdr", "--cdr", cdr_dir, "--json") == good(
        "cdr", "show", "--cdr", cdr_dir, "--json"
    )


def test_a_day_is_one_of_the_sites_zone(cdr_dir: Path) -> None:
    """The rows are of 00:00 to 01:00 UTC: in Los Angeles it was still the day before."""

    def attempts(day: str, *more: str) -> int:
        options = ("--timezone", "America/Los_Angeles", "--day", day, *more, "--json")
        return int(json.loads(good("kpi", "--cdr", cdr_dir, *options))["total"]["attempts"])

    assert [attempts(f"2026-11-{day}") for day in (19, 20, 21)] == [0, 13, 0]
    assert attempts("2026-11-19", "--day", "2026-11-21", "--day", "2026-11-20") == 13
    assert attempts("2026-11-20", "--dask", "local") == 13
    for beyond in ("9999-12-31", "0001-01-01"):
        assert run("kpi", "--cdr", cdr_dir, "--day", beyond).exit_code == 2


def test_a_months_schedule_is_held_against_the_days_there_are(cdr_dir: Path) -> None:
    plan = cdr_dir.parent / "plan.csv"
    plan.write_text(
        "agent,start,end,activity\n"
        + "".join(
            f"a1,2026-11-{day:02}T00:00,2026-11-{day:02}T01:00,phone\n" for day in range(1, 31)
        )
    )

    def found(*more: str | Path) -> dict[str, Any]:
        text = good("kpi", "--cdr", cdr_dir, "--schedule", plan, "--json", *more)
        adherence: dict[str, Any] = json.loads(text)["adherence"]
        return adherence

    one = found()
    assert one["agents"]["a1"]["heads"] == one["agents"]["a1"]["present"] == 1
    assert one["agents"]["a1"]["scheduled_us"] == 3_600_000_000
    assert one["shifts_outside"] == 29
    assert found("--day", "2026-11-21") == one
    assert "29 shifts are of other days" in good("kpi", "--cdr", cdr_dir, "--schedule", plan)
    absent = found("--day", "2026-11-21", "--day", "2026-11-22")["agents"]["a1"]
    assert (absent["attendance"], absent["conformance"]) == (0.5, one["all"]["conformance"] / 2)
    plan.write_text("agent,start,end,activity\na1,2026-12-21T00:00,2026-12-21T01:00,phone\n")
    result = run("kpi", "--cdr", cdr_dir, "--schedule", plan)
    assert result.exit_code == 13
    assert "no day in common" in result.stderr


def test_targets_of_the_schedule_and_of_repeat_callers(cdr_dir: Path) -> None:
    config, plan = cdr_dir.parent / "ccore.toml", cdr_dir.parent / "plan.csv"
    bands = {"adherence": 0.9, "conformance": 0.5, "fcr1": 0.8, "service_level": 0.3}
    config.write_text("".join(f"[kpi.targets.{name}]\nleast = {b}\n" for name, b in bands.items()))
    plan.write_text("agent,start,end,activity\na1,2026-11-21T00:00,2026-11-21T01:00,break\n")
    options = ("kpi", "--cdr", cdr_dir, "--config", config, "--schedule", plan, "--repeats", "24")
    text = good(*options)
    assert re.search(r"^target missed: adherence is \d+\.\d %, at least 90.0 %$", text, re.M)
    assert "target missed: fcr1 is 71.4 %, at least 80.0 %" in text
    chinese = good(*options, "--language", "zh")
    assert "未达目标:一次解决率为 71.4%,应不低于 80.0%" in chinese
    met = {one["name"]: one["met"] for one in json.loads(good(*options, "--json"))["targets"]}
    assert met["conformance"]  # nothing was planned for the phone
    assert met["service_level"]
    assert set(bands) <= met.keys()


def test_days_that_were_chosen_cost_what_they_cost(cdr_dir: Path) -> None:
    cost = cdr_dir.parent / "cost.toml"
    cost.write_text("[[cost]]\nfen = 4000\nfrom = 2026-11-20\nto = 2026-11-23\n")
    options = ["kpi", "--cdr", cdr_dir, "--cost", cost, "--json"]
    for days, fen in (((), 1000), (("21", "23"), 2000), (("20",), 1000)):
        chosen = [word for day in days for word in ("--day", f"2026-11-{day}")]
        assert json.loads(good(*options, *chosen))["cost"]["fen"] == fen


def test_figures_in_chinese_have_the_words_of_the_trade(cdr_dir: Path) -> None:
    options = ("kpi", "--cdr", cdr_dir, "--language", "zh", "--repeats", "24")
    text = good(*options)
    for name, value in (("接通率", "63.6%"), ("平均应答速度", "19.9 秒"), ("占用率", "18.5%")):
        assert re.search(rf"^{name} +{value}", text, re.M)
    assert "未达目标:服务水平为 40.0%,应不低于 80.0%" in text
    assert "24 小时内重复来电:一次解决率 71.4%" in text
    outcomes = {line.split()[0] for line in good(*options, "--by", "outcome").splitlines()[:7]}
    assert {"结果", "接通", "放弃", "溢出", "自助结束", "阻塞", "合计"} == outcomes


def test_report_counts_as_the_configuration_says(cdr_dir: Path) -> None:
    config, target = cdr_dir.parent / "ccore.toml", cdr_dir.parent / "report.html"
    config.write_text('[kpi]\nattribution = "answer"\n[kpi.targets.asa]\nmost = 15\n')
    good("report", "--cdr", cdr_dir, "--config", config, "--to", target)
    assert "in which it was answered or left" in target.read_text("utf-8")
    assert "ASA is 19.9 s, at most 15.0 s" in target.read_text("utf-8")
    good("report", "--cdr", cdr_dir, "--to", target, "--attribution", "queued")
    assert "in which it entered its queue" in target.read_text("utf-8")


def test_report_is_written_where_asked(cdr_dir: Path) -> None:
    target = cdr_dir.parent / "report.html"
    good("report", "--cdr", cdr_dir, "--to", target, "--language", "zh")
    assert "服务水平" in target.read_text("utf-8")
    result = run("report", "--cdr", cdr_dir, "--to", cdr_dir)
    assert result.exit_code == 22
    assert result.stderr.count("\n") == 1


def test_missing_records_and_wrong_names_are_one_line(tmp_path: Path, cdr_dir: Path) -> None:
    for args, code in (
        (("kpi", "--cdr", tmp_path / "none"), 12),
        (("kpi", "--cdr", cdr_dir, "--by", "colour"), 12),
        (("kpi", "--cdr", cdr_dir, "--service-level", "best"), 12),
        (("kpi", "--cdr", cdr_dir, "--timezone", "Mars"), 13),
        (("report", "--cdr", cdr_dir, "--to", tmp_path / "x", "--language", "tlh"), 12),
    ):
        result = run(*args)
        assert result.exit_code == code
        assert result.stderr.count("\n") == 1
