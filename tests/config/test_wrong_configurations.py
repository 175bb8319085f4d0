"""Each wrong configuration and the one line that its author gets: see wrong.txt, doubtful.txt."""

from itertools import groupby
from pathlib import Path

import pytest

from ccore.config import parse
from ccore.errors import BadConfig

MARK = "==> "


def vectors(name: str) -> list[tuple[list[str], str]]:
    """What is said, and the text below that it is said of."""
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    parts = [list(part) for _, part in groupby(lines, lambda line: line.startswith(MARK))][1:]
    return [
        ([line.removeprefix(MARK) for line in said], "\n".join(text))
        for said, text in zip(parts[::2], parts[1::2], strict=True)
    ]


@pytest.mark.parametrize(("said", "text"), vectors("wrong.txt"), ids=lambda value: value[0])
def test_wrong_configuration_is_one_clear_line(said: list[str], text: str) -> None:
    with pytest.raises(BadConfig) as caught:
        parse(text)
    assert [str(caught.value)] == [f"ccore.toml: {line}" for line in said]


@pytest.mark.parametrize(("said", "text"), vectors("doubtful.txt"), ids=lambda value: value[0])
def test_doubtful_configuration_loads_with_warnings(said: list[str], text: str) -> None:
    warnings: list[str] = []
    parse(text, warn=warnings.append)
    assert warnings == [f"ccore.toml: {line}" for line in said]


def test_flow_in_which_callers_go_round_by_their_own_keys_is_fine() -> None:
    parse(
        """
        [flows.main.start]
        do = "menu"
        prompt = "goodbye"
        options = { 9 = "start" }
        default = "end"
        [flows.main.end]
        do = "hangup"
        """
    )
