"""Tables of other systems by a mapping: what fits, what is mended, what is refused."""

import gzip
import textwrap
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccore.cdr import JournalWriter, Row, load
from ccore.cdr.importing import FORMATS, import_files, load_mapping
from ccore.cli.cdr_import_cmd import FORMATS as OFFERED
from ccore.kpi import table
from ccore.model import ContactClosed, LegClosed
from tests.cdr.importing import imported, refused, run, totals
from tests.kpi.micro_set import EXPECTED, VECTORS

CALLS = """
[[outcome]]
when = { outcome = ["ANS"] }
result = "answered"
[[outcome]]
when = { outcome = ["ABN"] }
result = "abandoned"
[[outcome]]
when = { outcome = ["OUT"] }
result = "overflowed"
[[outcome]]
when = { outcome = ["IVR"] }
result = "ivr"
[[outcome]]
when = { outcome = ["BLK"] }
result = "blocked"

[contact]
id = "{id}"
calling = "{ani}"
queue = "{queue}"
agent = "{agent}"
queued = { at = "{offered_s}", format = "epoch" }
ivr = { column = "ivr_s" }
wait = { column = "wait" }
ring = { column = "ring" }
talk = { column = "talk" }
hold = { column = "hold" }
wrapup = { column = "acw" }
transfers = "{transferred}"
"""
STATES = """
[columns.state.words]
OFFLINE = "signed-out"
READY = "ready"
TALK = "talking"
HOLD = "holding"
ACW = "wrapup"
BREAK = "not-ready"

[agent]
agent = "{agent}"
state = "{state}"
start = { at = "{start_s}", format = "epoch" }
end = { at = "{end_s}", format = "epoch" }
"""
PLAIN = """
timezone = "Europe/London"
[[outcome]]
when = { agent = [""] }
result = "abandoned"
[[outcome]]
result = "answered"
[contact]
id = "{id}"
queue = "sales"
agent = "{agent}"
arrived = { at = "{day} {begin}", format = "%d.%m.%Y %H:%M" }
answered = { at = "{day} {answer}", format = "%d.%m.%Y %H:%M", after_midnight = true }
ended = { at = "{day} {end}", format = "%d.%m.%Y %H:%M", after_midnight = true }
calling = "{number}"
[columns.number]
only_digits = true
"""
ROWS = [
    "id;day;begin;answer;end;agent;number",
    "1;01.07.2026;23:58;00:01;00:04;Li;+1 (555) 010-2030",
    "2;01.07.2026;09:00;;09:02;;",
]


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def plain(tmp_path: Path, *rows: str, mapping: str = PLAIN) -> tuple[str | Path, ...]:
    text = mapping if "[file]" in mapping else mapping + '[file]\nseparator = ";"\n'
    return ("--mapping", write(tmp_path / "m.toml", text), write(tmp_path / "t.csv", *rows))


def test_the_vectors_by_mapping_give_the_figures_worked_out_by_hand(tmp_path: Path) -> None:
    calls, states = write(tmp_path / "c.toml", CALLS), write(tmp_path / "s.toml", STATES)
    cdr = tmp_path / "cdr"
    imported(cdr, "--mapping", calls, VECTORS / "calls.csv")
    imported(cdr, "--mapping", states, VECTORS / "agent_states.csv")
    names = ("sl1", "sl2", "sl3", "sl4", "sl5", "sl6", "sl7", "abn1", "abn2", "abn3")
    found = totals(cdr, *names, "asa", "aqt", "aat", "longest", "att", "hold", "acw", "aht")
    assert [round(found[name], 4) for name in names] == [
        *(0.5714, 0.4, 0.5, 0.6, 0.4444, 0.3636, 0.5455, 0.3, 0.2222, 0.2727)
    ]
    assert round(found["asa"], 3) == 19.857
    assert round(found["aht"], 3) == 218.571
    assert found["longest"] == 90
    assert round(totals(cdr, "occupancy")["occupancy"], 5) == 0.18491
    assert EXPECTED  # the same vectors, read by tests/kpi in their own way


def test_what_a_row_does_not_say_follows_from_the_rest(tmp_path: Path) -> None:
    cdr = tmp_path / "cdr"
    imported(cdr, *plain(tmp_path, *ROWS))
    first, second = sorted(load(cdr).facts(Row.CONTACT), key=lambda fact: fact.contact)
    assert isinstance(first, ContactClosed)
    assert isinstance(second, ContactClosed)
    assert (first.wait_ms, first.talk_ms) == (180_000, 180_000)  # over midnight
    assert first.ended_us - first.arrived_us == 360_000_000
    assert first.calling == "15550102030"
    assert (second.wait_ms, second.agent, second.answered_us) == (120_000, "", 0)
    # 23:58 in London in summer is 22:58 UTC; the figures know the zone without being told.
    assert first.arrived_us % 86_400_000_000 == (22 * 60 + 58) * 60_000_000
    assert '"day": "2026-07-01"' in run("kpi", "--cdr", cdr, "--by", "day", "--json").stdout


def test_files_may_be_zipped_and_are_known_when_they_come_again(tmp_path: Path) -> None:
    options = plain(tmp_path, *ROWS)
    zipped = tmp_path / "t.csv.gz"
    zipped.write_bytes(gzip.compress((tmp_path / "t.csv").read_bytes()))
    assert imported(tmp_path / "cdr", *options[:2], zipped)["written"]["contact"] == 2
    more = plain(tmp_path, *ROWS, "3;02.07.2026;09:00;;09:01;;")
    tally = imported(tmp_path / "cdr", *more)
    assert (tally["written"]["contact"], tally["known"]["contact"]) == (1, 2)
    assert totals(tmp_path / "cdr", "offered") == {"offered": 3}


def test_wrap_up_is_not_written_twice_either(tmp_path: Path) -> None:
    mapping = write(tmp_path / "c.toml", CALLS)
    for _ in range(2):
        tally = imported(tmp_path / "cdr", "--mapping", mapping, VECTORS / "calls.csv")
    assert tally["known"] == {"contact": 13, "leg": 6, "agent": 0}
    legs = list(load(tmp_path / "cdr").facts(Row.LEG))
    assert len(legs) == 6
    assert all(isinstance(leg, LegClosed) for leg in legs)


def test_bad_rows_are_counted_with_their_lines_and_the_others_read(tmp_path: Path) -> None:
    rows = ["3;31.02.2026;09:00;;09:02;;", "4;too;short", "", ";01.07.2026;09:00;;09:02;;"]
    rows += [f"{n};01.07.2026;noon;;09:02;;" for n in range(5, 15)]
    options = plain(tmp_path, *ROWS, *rows, "15;01.07.2026;09:10;;09:02;;")
    tally = imported(tmp_path / "cdr", *options)
    assert tally["read"] == 2 + 3 + 10 + 1
    assert tally["written"]["contact"] == 3  # one of them ended on the next day, as it says
    bad = tally["bad"]
    moment = bad.pop("arrived: no moment of format %d.%m.%Y %H:%M")
    assert moment["rows"] == 11
    assert moment["first"] == ["t.csv:4", "t.csv:8", "t.csv:9", "t.csv:10", "t.csv:11"]
    assert moment["found"] == "31.02.2026 09:00"
    assert {why: trouble["first"] for why, trouble in bad.items()} == {
        "not 7 columns": ["t.csv:5"],
        "id: empty": ["t.csv:7"],
    }
    words = run("cdr", "import", "--to", tmp_path / "cdr", *options).stdout
    assert '11 bad: arrived: no moment of format %d.%m.%Y %H:%M, such as "31.02' in words
    assert "t.csv:11, ..." in words


def test_a_state_that_goes_on_until_9999_is_no_time_of_an_agent(tmp_path: Path) -> None:
    states = write(tmp_path / "s.toml", STATES)
    rows = ("agent,state,start_s,end_s", "a1,READY,1795219200,1795219260", "a1,TALK,1795219260,")
    table = write(tmp_path / "t.csv", *rows[:2], rows[2] + "253370764799")
    tally = imported(tmp_path / "cdr", "--mapping", states, table)
    assert tally["written"]["agent"] == 1
    assert tally["bad"]["end: more than a year after the start"]["first"] == ["t.csv:3"]


def test_a_file_that_is_cut_off_is_read_to_there(tmp_path: Path) -> None:
    lines = [f"{n};01.07.2026;09:00;;09:02;;{n * 7919}" for n in range(20_000)]
    options = plain(tmp_path, ROWS[0], *lines)
    zipped = tmp_path / "t.gz"
    zipped.write_bytes(gzip.compress((tmp_path / "t.csv").read_bytes())[:-2000])
    result = run("cdr", "import", "--to", tmp_path / "cdr", *options[:2], zipped)
    assert result.exit_code == 21
    assert "not read to its end: t.gz: cut off after line" in result.stdout
    assert 1000 < totals(tmp_path / "cdr", "offered")["offered"] < 20_000


WRONG = [
    ("[contact]\nid = 5\n", "line 1, contact.id: found 5, expected text in quotes"),
    ("[contact]\nidd = 'x'\n", "line 2, contact.idd: found an unknown key, expected a known one"),
    ("timezone = 'Mars'\n", 'line 1, timezone: found "Mars", expected an IANA name'),
    ("x = \n", "expected TOML in UTF-8"),
    ("", "the file: found neither, expected either a table [contact] or a table [agent]"),
    (PLAIN.replace("arrived =", "# "), "found no arrived, expected a key arrived or queued"),
    (PLAIN.replace('"{agent}"', '"{agnt}"'), "column 'agnt': found none of that name in t.csv"),
    (PLAIN.replace("agent = [", "agnt = ["), "expected agent"),
    (PLAIN + "[columns.nobody]\nempty = ['x']\n", "column 'nobody'"),
    (PLAIN + "[columns.id]\nempty_match = '('\n", "expected a regular expression"),
    (
        PLAIN.replace("result =", "result = 'x' #"),
        'outcome[1].result: found "x", expected one of the words (abandoned, answered,',
    ),
    (PLAIN.replace("%d.%m.%Y", "%m/%d/%y"), "as all rows, expected a mapping that fits the file"),
    (PLAIN.replace("[contact]", "[contact]\nwait = { unit = 's' }"), "either a column, or since"),
    (PLAIN + "[file]\nseparator = '|'\n", "expected columns separated by '|', found id;day;"),
    (PLAIN + "[file]\nencoding = 'klingon'\n", "expected an encoding such as utf-8"),
]


@pytest.mark.parametrize(("mapping", "words"), WRONG, ids=[words[:40] for _, words in WRONG])
def test_a_wrong_mapping_is_one_line_and_leaves_nothing_behind(
    tmp_path: Path, mapping: str, words: str
) -> None:
    if "[contact]\nid = 5" in mapping:
        words = words.replace("line 1", "line 2")
    cdr = tmp_path / "cdr"
    code, line = refused("cdr", "import", "--to", cdr, *plain(tmp_path, *ROWS, mapping=mapping))
    assert code == 11
    assert words in line
    assert not cdr.exists()


def test_what_is_not_there_or_does_not_go_together_is_one_line(tmp_path: Path) -> None:
    options = plain(tmp_path, *ROWS)
    for args, words in (
        ((*options[:2], tmp_path / "none.csv"), "none.csv cannot be read (no such file"),
        (options[2:], "a table without a mapping"),
        ((*options, "--format", "queue_log"), "a mapping for a queue_log"),
        (("--mapping", tmp_path / "none.toml", options[2]), "none.toml: the file: found no such"),
        (("--format", "queue_log", "--timezone", "Mars", options[2]), "time zone 'Mars'"),
    ):
        _, line = refused("cdr", "import", "--to", tmp_path / "cdr", *args)
        assert words in line


cells = st.sampled_from(["1", "", "01.07.2026", "09:00", "-5", "99:99", '"', "\x00", "é", " "])
rows = st.lists(st.lists(cells, min_size=1, max_size=8).map(";".join), max_size=8)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows, st.binary(max_size=60))
def test_no_file_is_fatal_and_every_row_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str], end: bytes
) -> None:
    tmp_path = tmp_path_factory.mktemp("any")
    options = plain(tmp_path, *ROWS, *rows)
    path, mapping = Path(options[2]), Path(options[1])
    path.write_bytes(path.read_bytes() + end)
    cdr = tmp_path / "cdr"
    tally = import_files([path], cdr, mapping=load_mapping(mapping), mapping_path=mapping)
    done = tally.written[Row.CONTACT] + tally.known[Row.CONTACT]
    assert tally.read == done + tally.bad_rows + tally.ignored_rows
    assert table(load(cdr)).total.value("attempts") == tally.written[Row.CONTACT] >= 2


def test_the_mapping_in_the_document_reads_the_table_it_is_about(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "records.md").read_text("utf-8")
    block = text.partition("the shortest is about this:\n\n")[2].partition("\n| key |")[0]
    mapping = write(tmp_path / "m.toml", textwrap.dedent(block))
    table = write(
        tmp_path / "t.csv",
        "CallID,Date,Time,QueueSeconds,TalkTime,Service,Agent,ANI,Result",
        "17,21.11.2026,09:00:00,12,1:05,sales,Li,13800000001,Handled",
        '18,21.11.2026,09:00:30,40,,sales,,"138,0",Gone',
    )
    assert imported(tmp_path / "cdr", "--mapping", mapping, table)["written"]["contact"] == 2
    found = totals(tmp_path / "cdr", "answered", "abandoned", "asa", "aat", "att")
    assert found == {"answered": 1, "abandoned": 1, "asa": 12, "aat": 40, "att": 65}


def test_numbers_can_be_hashed_on_the_way_in(tmp_path: Path) -> None:
    key = tmp_path / "key"
    for name in ("a", "b"):
        imported(tmp_path / name, "--hash-numbers", key, *plain(tmp_path, *ROWS))
    one, two = (
        sorted(
            f.calling for f in load(tmp_path / n).facts(Row.CONTACT) if isinstance(f, ContactClosed)
        )
        for n in ("a", "b")
    )
    assert one == two
    assert one[1].startswith("h")
    assert b"15550102030" not in (tmp_path / "a" / "strings.db").read_bytes()


def test_plain_numbers_are_not_added_to_hashed_ones(tmp_path: Path) -> None:
    key, target = tmp_path / "key", tmp_path / "cdr"
    options = plain(tmp_path, *ROWS)
    imported(target, "--hash-numbers", key, *options)
    code, text = refused("cdr", "import", "--to", target, *options)
    assert (code, "--hash-numbers KEYFILE" in text) == (13, True)
    assert imported(target, "--hash-numbers", key, *options)["known"]["contact"]
    assert b"15550102030" not in (target / "strings.db").read_bytes()


def test_a_running_daemons_directory_is_refused(tmp_path: Path) -> None:
    options = plain(tmp_path, *ROWS)
    writer = JournalWriter(tmp_path / "cdr")
    code, _ = refused("cdr", "import", "--to", tmp_path / "cdr", *options)
    assert code == 19
    writer.close()
    tally = imported(tmp_path / "cdr", *options)
    assert tally["written"]["contact"] == 2


def test_years_in_any_order_are_known_too(tmp_path: Path) -> None:
    days = [date(2024, 1, 1) + timedelta(days=n * 7919 % 200) for n in range(400)]
    rows = [f"{n};{day:%d.%m.%Y};09:00;;09:02;;" for n, day in enumerate(days)]
    options = plain(tmp_path, ROWS[0], *rows, *rows[:50])
    first = imported(tmp_path / "cdr", *options)
    assert (first["written"]["contact"], first["known"]["contact"]) == (400, 50)
    again = imported(tmp_path / "cdr", *options)
    assert (again["written"]["contact"], again["known"]["contact"]) == (0, 450)


def test_the_command_offers_every_format_there_is() -> None:
    assert OFFERED == FORMATS


def test_survey_marks_callbacks_and_tenants_are_counted(tmp_path: Path) -> None:
    lines = ["id,at,end,mark,firm"]
    ends = ["answered", "answered", "answered", "answered", "callback", "abandoned"]
    marks = ["5", "4", "1", "0", "", ""]
    for number, (end, mark) in enumerate(zip(ends, marks, strict=True)):
        lines.append(f"c{number},{1_795_219_200 + number},{end},{mark},{'AB'[number % 2]}")
    (tmp_path / "calls.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "mapping.toml").write_text(
        textwrap.dedent(
            """
            timezone = "UTC"
            [[outcome]]
            when = { end = ["callback"] }
            result = "callback"
            [[outcome]]
            when = { end = ["abandoned"] }
            result = "abandoned"
            [[outcome]]
            result = "answered"
            [contact]
            id = "{id}"
            queued = { at = "{at}", format = "epoch" }
            queue = "sales"
            agent = "1001"
            tenant = "{firm}"
            survey = "{mark}"
            """
        )
    )
    import_files(
        [tmp_path / "calls.csv"],
        tmp_path / "cdr",
        mapping=load_mapping(tmp_path / "mapping.toml"),
    )
    records = load(tmp_path / "cdr")
    result = table(records, by=("tenant",), service_level="amazon")
    total = result.total
    assert total.value("csat") == 10 / 3
    assert (total.value("csat_top"), total.value("csat_response")) == (2 / 3, 3 / 4)
    assert (total.value("callbacks"), total.value("abn1")) == (1, 1 / 5)
    assert result.level(total) == 1.0  # a request for a callback in time left the queue in time
    assert [(line.key, line.sums.attempts) for line in result.lines] == [(("A",), 3), (("B",), 3)]
    records.strings.close()
