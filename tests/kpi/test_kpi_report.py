"""The page: complete in itself, in two languages, and what callers chose stays text."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ccore.errors import UnknownName
from ccore.kpi.report import render
from ccore.model import AgentInterval, ContactClosed, LegClosed
from tests.kpi.micro_set import micro_facts, record

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


def read(page: str) -> Strict:
    parser = Strict()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def test_page_is_complete_in_itself(tmp_path: Path) -> None:
    page = render(record(tmp_path, micro_facts()), timezone="Asia/Shanghai", made="today")
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
    parser = read(render(record(tmp_path, micro_facts()), language="zh"))
    text = " ".join(parser.words)
    assert ("lang", "zh") in parser.attributes
    for shown in ("呼叫中心报告", "服务水平", "平均处理时间", "占线率"):
        assert shown in text
    with pytest.raises(UnknownName, match="no language named"):
        render(record(tmp_path, []), language="tlh")


def test_what_others_chose_stays_text(tmp_path: Path) -> None:
    evil = "<script>alert('x')</script>\"&"
    facts = micro_facts()
    for fact in facts:
        if isinstance(fact, ContactClosed | LegClosed | AgentInterval):
            fact.queue = fact.agent = evil
        if isinstance(fact, ContactClosed):
            fact.calling = fact.calling_name = fact.called = evil
    page = render(record(tmp_path, facts), title=evil, made=evil)
    parser = read(page)
    assert "script" not in parser.tags
    assert evil in "".join(parser.words)


def test_page_of_nothing(tmp_path: Path) -> None:
    assert "No contacts in this period." in " ".join(read(render(record(tmp_path, []))).words)


def test_a_long_period_is_drawn_by_the_day(tmp_path: Path) -> None:
    facts = [fact for fact in micro_facts() if isinstance(fact, ContactClosed)]
    facts[0].arrived_us -= 30 * 86_400_000_000
    page = render(record(tmp_path, list(facts)))
    assert "2026-10-22: 1 answered" in page
    assert page.count("<g><title>") < 60 + 7 * 24  # and the week's hours


def test_page_shows_the_week_and_the_period_before(tmp_path: Path) -> None:
    records = record(tmp_path, micro_facts())
    text = " ".join(read(render(records, before=records)).words)
    assert "Sat 00:00: 11" in text  # a Saturday's first hour
    assert "Against the period before" in text
    assert "Offered, a day" in text
    assert "Against the period before" not in " ".join(read(render(records)).words)
