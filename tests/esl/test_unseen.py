"""What the dialplan's hook leaves of a caller is believed as it was agreed, or not at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccore.esl.unseen import VARIABLE, unseen_calls
from ccore.model import UnseenCall

LEG = "6b2f6d5e-2f6c-4b53-9a0e-1d6b0f3f0c11"
GOOD = (
    f"{VARIABLE}{LEG}=1763805600000000,1763805612500000,ORIGINATOR_CANCEL,recv_cancel,inbound,"
    "4001,13900000001"
)


def test_a_caller_is_read_among_other_variables() -> None:
    text = f"hostname=here\n{GOOD}\ncore_uuid=x\n"
    assert unseen_calls(text) == [
        UnseenCall(
            leg=LEG,
            arrived_us=1763805600000000,
            ended_us=1763805612500000,
            cause="ORIGINATOR_CANCEL",
            by_phone=True,
            is_served=False,
            called="4001",
            calling="13900000001",
        )
    ]


@pytest.mark.parametrize(
    ("part", "other"),
    [
        (LEG, "not an id"),
        ("1763805600000000", ""),
        ("1763805600000000", "-1"),
        ("1763805600000000", "\N{SUPERSCRIPT TWO}" * 16),
        ("ORIGINATOR_CANCEL", "a\rb"),
        ("4001", "4001,4002"),
        ("13900000001", "${hostname}"),
        ("13900000001", "Li Na"),
    ],
)
def test_another_form_is_nobody(part: str, other: str) -> None:
    assert unseen_calls(GOOD.replace(part, other, 1)) == []


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    unseen_calls(f"{VARIABLE}{text}\n{GOOD}{text}\n{text}")
