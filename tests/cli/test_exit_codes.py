"""Exit codes are a promise to scripts: one meaning each, and all of them documented."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ccore import errors
from ccore.cli import INTERRUPTED, PIPE_CLOSED
from ccore.errors import CcoreError

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


def kinds(kind: type[CcoreError] = CcoreError) -> Iterator[type[CcoreError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from kinds(below)


def test_no_code_has_two_meanings() -> None:
    codes = [kind.exit_code for kind in kinds()]
    assert len(codes) == len(set(codes))


def test_no_code_is_what_a_shell_or_click_means_by_it() -> None:
    taken = {0, 1, 2, INTERRUPTED, PIPE_CLOSED, *range(126, 166)}
    assert not taken & {kind.exit_code for kind in kinds()}


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.__name__)
def test_it_is_documented(kind: type[CcoreError]) -> None:
    message = " ".join((kind.__doc__ or "").split())
    row = f"| {kind.exit_code} | {kind.__name__} | {message} |"
    assert row in OPERATIONS.read_text(encoding="utf-8"), f"docs/operations.md needs: {row}"


def test_every_error_can_be_imported_by_name() -> None:
    assert {kind.__name__ for kind in kinds() if kind.__module__ == errors.__name__} <= set(
        errors.__all__
    )
