"""Whatever is asked of the floor is done or refused in a line; who may not be called is not."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.config import parse
from ccore.config.outbound import Outbound, number_in, refusal
from ccore.errors import BadConfig, CcoreError, NumberRefused
from ccore.floor import Floor
from ccore.model import LegParked, LinkUp, Transfer

NOW_US = 1_795_300_000_000_000
TOML = """
[switch.main]
[outbound]
allow = ["400*", "10011", "0*"]
refuse = ["00*", "4009*"]
[[entries]]
number = "4001"
to = "queue:sales"
[queues.sales]
[boxes.general]
[agents.1001]
"""


def floor() -> Floor:
    """One caller waits in a centre whose agent is signed out."""
    made = Floor(parse(TOML), iter(map(str, range(10**6))).__next__, NOW_US)
    made.handle("main", LinkUp(NOW_US, "core", []), NOW_US)
    parked = LegParked("leg-1", NOW_US, "4001", "13800138000", "Li", "ccore-inbound", False, {})
    made.handle("main", parked, NOW_US)
    made.take_commands()
    return made


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("4001234", ""),
        ("4009123", "outbound.refuse has 4009*"),
        ("02012345678", ""),
        ("00441234567", "outbound.refuse has 00*"),
        ("10011", ""),
        ("100112", "nothing in outbound.allow matches it"),
        ("13900000000", "nothing in outbound.allow matches it"),
        ("+861390000", "nothing in outbound.allow matches it"),
        ("400 1234", "it is no telephone number"),
        ("400\n1", "it is no telephone number"),
        ("400;x", "it is no telephone number"),
        ("４００１", "it is no telephone number"),
        ("4" * 33, "it is no telephone number"),
        ("", "it is no telephone number"),
    ],
)
def test_the_closest_match_decides_who_may_be_called(number: str, why: str) -> None:
    assert refusal(parse(TOML).outbound, number) == why
    centre = floor()
    request = {"do": "call.transfer", "contact": "leg-1", "to": f"number:{number}"}
    if why:
        with pytest.raises(NumberRefused, match=r"may not be called"):
            centre.order(request, NOW_US)
        assert not centre.take_commands()
    else:
        centre.order(request, NOW_US)
        sent = [one for _, one in centre.take_commands() if isinstance(one, Transfer)]
        assert sent == [Transfer("leg-1", number, "ccore-outbound")]


def test_a_whole_number_decides_before_its_beginnings() -> None:
    outbound = Outbound(allow=("*", "110"), refuse=("11*", "119"))
    assert [refusal(outbound, number) == "" for number in ("110", "119", "111", "1")] == [
        True,
        False,
        False,
        True,
    ]


@given(
    allow=st.lists(st.from_regex(r"[0-9]{0,3}\*?", fullmatch=True), max_size=4),
    refuse=st.lists(st.from_regex(r"[0-9]{0,3}\*?", fullmatch=True), max_size=4),
    number=st.from_regex(r"[0-9]{1,5}", fullmatch=True),
)
@settings(max_examples=300, deadline=None)
def test_nobody_is_called_whom_nothing_allows(
    allow: list[str], refuse: list[str], number: str
) -> None:
    outbound = Outbound(allow=tuple(allow), refuse=tuple(refuse))

    def fits(pattern: str) -> bool:
        begins = pattern.endswith("*") and number.startswith(pattern[:-1])
        return begins or pattern == number

    if not refusal(outbound, number):
        assert any(map(fits, allow))
    elif not any(map(fits, refuse)):
        assert not any(map(fits, allow))


def test_an_agents_phone_behind_a_gateway_is_a_number_outside() -> None:
    assert number_in("sofia/gateway/home/02011112222") == "02011112222"
    assert number_in("{a=b}[c=d]sofia/gateway/p::home/0123@x") == "0123"
    assert number_in("user/1001@agents") == ""
    with pytest.raises(BadConfig, match="0033123"):
        parse(f"{TOML}contact = 'sofia/gateway/home/0033123'")


WORDS = st.sampled_from(
    ["leg-1", "1001", "sales", "queue:sales", "number:00900", "agent:1001", "", "\n", "\x1b[2J"]
)
VALUES = st.recursive(
    WORDS | st.none() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("contact", "agent", "to", "reason", "end", "extend_s", "queue", "site", "box", "number")


def answered(centre: Floor, request: dict[str, object]) -> object:
    try:
        return json.dumps(centre.order(request, NOW_US), default=str)
    except CcoreError as refused:
        return refused


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_any_request_is_done_or_refused_in_one_line(data: st.DataObject) -> None:
    centre = floor()
    verb = data.draw(st.sampled_from([*centre.orders.verbs, "", "no such verb"]))
    keys = data.draw(st.sets(st.sampled_from(FIELDS)))
    request = {"do": verb, **{key: data.draw(VALUES | WORDS) for key in sorted(keys)}}
    answer = str(answered(centre, request))
    assert "\n" not in answer
    called = [one.number for _, one in centre.take_commands() if isinstance(one, Transfer)]
    assert not [number for number in called if number.startswith("00")]
