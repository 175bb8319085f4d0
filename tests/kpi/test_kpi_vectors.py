"""Published and hand-checked figures, to the last digit, through the real journal."""

from pathlib import Path

import pytest

from ccore.cdr import Records
from ccore.errors import BadRequest, UnknownName
from ccore.kpi import KPI, Line, Sums, service_level, table
from tests.kpi.micro_set import EXPECTED, micro_facts, record

NAMES = {
    "answered": "answered",
    "abandoned": "abandoned",
    "flowout": "flowout",
    "SL1_answered_only  At/A": "sl1",
    "SL2_abn_negative  At/(A+B)": "sl2",
    "SL3_abn_ignored  At/(A+B-Bt)": "sl3",
    "SL4_abn_positive  (At+Bt)/(A+B)": "sl4",
    "SL5_short_excluded  At/(A+B-Bs)": "sl5",
    "SL6_flowout_included  At/(A+B+F)": "sl6",
    "SL7_amazon  removed_in_T/queued": "sl7",
    "ABN1  B/(A+B)": "abn1",
    "ABN2  (B-Bs)/(A+B-Bs)": "abn2",
    "ABN3  B/(A+B+F)": "abn3",
    "ASA": "asa",
    "AAT": "aat",
    "AAT_long": "aat_long",
    "avg_wait_all": "aqt",
    "longest_wait_answered": "longest_answered",
    "longest_wait_all": "longest",
    "ATT": "att",
    "AHoldT_all": "hold",
    "AHoldT_held_only": "hold_held",
    "ACW": "acw",
    "AHT  talk+hold+acw": "aht",
    "seed_平均通话时间  talk+acw": "aht_cn",
    "transfer_rate": "transfer_rate",
}
SUMS = {"ans_in_T": "answered_in", "abn_in_T": "abandoned_in", "abn_short": "abandoned_short"}


@pytest.fixture(scope="module")
def micro(tmp_path_factory: pytest.TempPathFactory) -> Records:
    return record(tmp_path_factory.mktemp("cdr"), micro_facts())


def hold_against(line: Line, expected: dict[str, float | None]) -> None:
    assert set(expected) == set(NAMES) | set(SUMS)
    assert {k: line.value(name) for k, name in NAMES.items()} == {k: expected[k] for k in NAMES}
    assert {k: getattr(line.sums, name) for k, name in SUMS.items()} == {
        k: expected[k] for k in SUMS
    }


def test_all_queues(micro: Records) -> None:
    hold_against(table(micro).total, EXPECTED["all"])


def test_each_queue(micro: Records) -> None:
    lines = {line.key[0]: line for line in table(micro, by=("queue",)).lines}
    assert set(lines) == {"", "sales", "support"}
    hold_against(lines["sales"], EXPECTED["sales"])
    hold_against(lines["support"], EXPECTED["support"])


def test_site_figures(micro: Records) -> None:
    total, site = table(micro).total, EXPECTED["site"]
    assert total.sums.attempts == site["attempts"]
    assert total.sums.entered_ivr == site["entered_ivr"]
    assert total.value("blocked") == site["blocked"]
    assert total.value("blockage") == site["blockage"]
    assert total.value("ivr_containment") == site["ivr_containment"]


def test_agent_figures(micro: Records) -> None:
    lines = {line.key[0]: line for line in table(micro, by=("agent",)).lines}
    a1, expected = lines["a1"], EXPECTED["agent_a1"]
    assert a1.sums.handle_us == expected["handle"] * 1_000_000
    assert a1.value("occupancy") == expected["occupancy handle/(handle+ready)"]
    assert (
        a1.value("occupancy_cn") == (expected["occupancy_seed_占线率 (talk+hold)/(talk+hold+idle)"])
    )
    assert a1.value("calls_per_hour") == expected["calls_per_hour_signed_in"]
    assert lines["a2"].value("occupancy") is None


def test_intervals_by_arrival(micro: Records) -> None:
    lines = table(micro, by=("interval",), interval_s=900, timezone="Asia/Shanghai").lines
    got = {
        line.key[0]: {
            "ANS": line.value("answered"),
            "ABN": line.value("abandoned"),
            "OUT": line.value("flowout"),
        }
        for line in lines
    }
    assert got["2026-11-21T08:00+08:00"] == EXPECTED["interval_15min"]["by_offered"]["0"]
    assert list(got) == sorted(got)


def test_agents_time_is_cut_at_the_borders(micro: Records) -> None:
    lines = table(micro, by=("interval",), interval_s=900).lines
    ready_s = [line.sums.ready_us // 1_000_000 for line in lines]
    assert ready_s == [10 + 10 + 470, 15 + 755, 0, 900]
    handle_s = [line.sums.handle_us // 1_000_000 for line in lines]
    assert handle_s == [360, 130, 0, 0]


def test_published_service_levels() -> None:
    sums = Sums(answered=90, abandoned=10, answered_in=70, abandoned_in=10)
    levels = [service_level(name).value(sums) for name in ("cisco-negative", "ignore", "positive")]
    assert levels == [0.70, 70 / 90, 0.80]
    assert service_level("asterisk").name == "sl1"
    assert service_level("Amazon").name == "sl7"


def test_an_empty_cell_is_empty(tmp_path: Path) -> None:
    total = table(record(tmp_path, [])).total
    for kpi in KPI:
        assert kpi.value(total.sums) == (0 if kpi.unit == "count" else None)
    only_abandoned = Sums(abandoned=3)
    assert service_level("negative").value(only_abandoned) == 0.0


def test_wrong_names_are_refused(micro: Records) -> None:
    with pytest.raises(UnknownName, match="service level.*negative"):
        table(micro, service_level="best")
    with pytest.raises(UnknownName, match="grouping.*queue"):
        table(micro, by=("colour",))
    with pytest.raises(BadRequest, match="Asia/Shanghai"):
        table(micro, timezone="Mars/Base")
    with pytest.raises(BadRequest, match="900, 1800 or 3600"):
        table(micro, by=("interval",), interval_s=1000)


def test_each_kpi_says_how_it_is_computed() -> None:
    for kpi in KPI:
        assert kpi.formula
        assert kpi.title
        assert kpi.title_zh
        assert kpi.unit in ("count", "s", "share", "per_h", "number")
