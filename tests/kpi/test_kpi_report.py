"""The page: complete in itself, in two languages, and what callers chose stays text."""

import re
from dataclasses import fields
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ccore.cdr import Records
from ccore.errors import UnknownName
from ccore.kpi import Days, Experts, Plan
from ccore.kpi.days import Loaded
from ccore.kpi.report import render
from ccore.kpi.targets import LEVEL, Band
from ccore.model import AgentInterval, ContactClosed, LegClosed
from tests.kpi.micro_set import micro_facts, record

PLAN = {field.name for field in fields(Plan)}
VOID = {"meta", "line", "rect", "circle", "polyline"}


class Strict(HTMLParser):
    """Keeps what is open, and every tag and attribute it met."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def page_of(records: Records, *, before: Records | None = None, **said: Any) -> str:
    plan = Plan(**{name: said.pop(name) for name in PLAN & said.keys()})
    return render(Loaded(records), plan, before=before and Loaded(before), **said)


def read(page: str) -> Strict:
    parser = Strict()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def test_page_is_complete_in_itself(tmp_path: Path) -> None:
    page = page_of(record(tmp_path, micro_facts()), timezone="Asia/Shanghai", made="today")
    parser = read(page)
    assert {"svg", "table", "style"} <= parser.tags
    assert parser.tags.isdisjoint({"script", "link", "img", "iframe", "object"})
    assert not [
        name for name, _ in parser.attributes if name in ("src", "href") or name[:2] == "on"
    ]
    assert not re.search(r"url\(|@import|https?://", page)
    text = " ".join(parser.words)
    for shown in ("40.0 %", "19.9 s", "218.6 s", "A_T / (A + B)", "T = 20 s", "2026-11-21 08:00"):
        assert shown in text
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_page_in_chinese(tmp_path: Path) -> None:
    parser = read(page_of(record(tmp_path, micro_facts()), language="zh"))
    text = " ".join(parser.words)
    assert ("lang", "zh") in parser.attributes
    for shown in ("呼叫中心报告", "接通率", "63.6%", "平均应答速度", "19.9 秒", "占用率", "占线率"):
        assert shown in text
    assert "未达目标:服务水平为 40.0%,应不低于 80.0%" in text
    assert "sales,2026-11-21T00:00+00:00:全部 6 次未达标中有 4 次" in text
    with pytest.raises(UnknownName, match="no language named"):
        page_of(record(tmp_path, []), language="tlh")


def test_what_others_chose_stays_text(tmp_path: Path) -> None:
    evil = "<script>alert('x')</script>\"&"
    facts = micro_facts()
    for fact in facts:
        if isinstance(fact, ContactClosed | LegClosed | AgentInterval):
            fact.queue = fact.agent = evil
        if isinstance(fact, ContactClosed):
            fact.calling = fact.calling_name = fact.called = evil
    page = page_of(record(tmp_path, facts), title=evil, made=evil)
    parser = read(page)
    assert "script" not in parser.tags
    assert evil in "".join(parser.words)


def test_page_of_nothing(tmp_path: Path) -> None:
    assert "No contacts in this period." in " ".join(read(page_of(record(tmp_path, []))).words)


def test_a_long_period_is_drawn_by_the_day(tmp_path: Path) -> None:
    facts = [fact for fact in micro_facts() if isinstance(fact, ContactClosed)]
    facts[0].arrived_us -= 30 * 86_400_000_000
    page = page_of(record(tmp_path, list(facts)))
    assert "2026-10-22: 1 answered" in page
    assert page.count("<g><title>") < 60 + 7 * 24  # and the week's hours


def test_page_shows_the_week_and_the_period_before(tmp_path: Path) -> None:
    records = record(tmp_path, micro_facts())
    text = " ".join(read(page_of(records, before=records)).words)
    assert "Sat 00:00: 11" in text  # a Saturday's first hour
    assert "Against the period before" in text
    assert "Offered, a day" in text
    assert "Against the period before" not in " ".join(read(page_of(records)).words)


def test_page_names_missed_targets_and_where_to_look_first(tmp_path: Path) -> None:
    records = record(tmp_path, micro_facts())
    text = " ".join(read(page_of(records, bands={"asa": Band(most=15)})).words)
    assert "target missed: Service level is 40.0 %, at least 80.0 %" in text
    assert "sales, 2026-11-21T00:00+00:00: 4 of 6 missed there" in text
    assert "target missed: ASA is 19.9 s, at most 15.0 s" in text
    easy = {name: Band(least=0) for name in (LEVEL, "acw", "aat")}
    assert "Every target is met." in " ".join(read(page_of(records, bands=easy)).words)


def test_page_counts_as_the_plan_says(tmp_path: Path) -> None:
    facts = micro_facts()
    moved = next(one for one in facts if isinstance(one, ContactClosed) and one.transfers)
    records = record(tmp_path, facts)
    by_answer = Plan(attribution="answer", experts=Experts(agents=frozenset({moved.agent})))
    text = " ".join(read(render(Loaded(records), by_answer)).words)
    assert "in which it was answered or left (UTC)" in text
    assert re.search(r"Expert transfer rate +14\.3 %", text)
    cisco = Plan(service_level="cisco-event")
    assert "or T had passed" in " ".join(read(render(Loaded(records), cisco)).words)


def test_page_of_many_days_is_made_a_day_at_a_time(tmp_path: Path) -> None:
    for days in (0, 1, 40):
        facts = micro_facts()
        for fact in facts:
            for name in ("arrived_us", "queued_us", "answered_us", "ended_us", "contact_us"):
                if getattr(fact, name, 0):
                    setattr(fact, name, getattr(fact, name) + days * 86_400_000_000)
        for fact in facts:
            if isinstance(fact, LegClosed | AgentInterval):
                fact.start_us += days * 86_400_000_000
                fact.end_us += days * 86_400_000_000
        records = record(tmp_path, facts)
    at_once = page_of(records, before=records, timezone="Asia/Shanghai")
    days = Days(tmp_path)
    assert render(days, Plan(timezone="Asia/Shanghai"), before=days) == at_once
