"""The picture of a flow: valid SVG, everything on it, nothing over another thing."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccore.cli.flow_picture import draw
from ccore.cli.flow_picture.cards import cards
from ccore.cli.flow_picture.layout import lay_out
from ccore.cli.flow_picture.words import width, wrap
from ccore.config import Config, load, parse
from tests.examples import CENTRES, FOLDER

FLOWS = [(path.name, flow) for path in CENTRES for flow in load(path).flows]


def words(svg: str) -> str:
    return " ".join(element.text or "" for element in ET.fromstring(svg).iter())


@pytest.mark.parametrize(("file", "flow"), FLOWS)
@pytest.mark.parametrize("language", ["zh", "yue", "en"])
def test_every_step_and_its_text_is_on_the_picture(file: str, flow: str, language: str) -> None:
    config = load(FOLDER / file)
    svg = draw(config, flow, language)
    seen = re.sub(r"\s", "", words(svg))
    for name, step in config.flows[flow].items():
        if type(step).__name__ not in ("GoTo", "Dial", "HangUp"):
            assert name in seen
        prompt = getattr(step, "prompt", "")
        if prompt in config.prompts.texts:
            assert config.prompts.texts[prompt][language].replace(" ", "")[:12] in seen
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize(("file", "flow"), FLOWS)
def test_no_card_lies_on_another_and_all_are_inside(file: str, flow: str) -> None:
    assert_apart(load(FOLDER / file), flow)


def test_every_exit_has_its_arrow() -> None:
    config = load(FOLDER / "demo.toml")
    made = cards(config, "main", "zh")
    assert len(lay_out(made).arrows) == sum(len(card.exits) for card in made)


def test_hostile_text_stays_text() -> None:
    config = parse(
        'prompts.texts.x.en = "</text><script>alert(1)</script> & \\" \\u202e"\n'
        '[flows.main.start]\ndo = "hangup"\nprompt = "x"\n'
    )
    svg = draw(config, "main", "en")
    assert not [one for one in ET.fromstring(svg).iter() if one.tag.endswith("script")]


@given(st.data())
def test_any_flow_that_loads_can_be_drawn(data: st.DataObject) -> None:
    """Menus whose keys lead anywhere, back too; silence leads to a later step or hangs up."""
    names = ["start", *(f"s{n}" for n in range(1, data.draw(st.integers(1, 8))))]
    menus = st.dictionaries(
        st.sampled_from("0123456789*#"), st.sampled_from(names), min_size=1, max_size=5
    )
    lines = []
    for n, name in enumerate(names):
        options = ", ".join(f'"{key}" = "{to}"' for key, to in data.draw(menus).items())
        lines += [f"[flows.f.{name}]", 'do = "menu"', 'prompt = "goodbye"']
        lines += [f"options = {{ {options} }}"]
        if later := data.draw(st.sampled_from(["", *names[n + 1 :]])):
            lines.append(f'default = "{later}"')
    config = parse("\n".join(lines))
    ET.fromstring(draw(config, "f", "en"))
    assert_apart(config, "f")


@given(st.text(), st.integers(40, 400))
def test_lines_fit_into_their_room(text: str, room: int) -> None:
    for line in wrap(text, 13, room, 4):
        # A closing mark may hang over, and a single long word is cut at 24 characters.
        assert width(line, 13) <= max(room + 40, 25 * 13)
    assert len(wrap(text, 13, room, 4)) <= 4


def assert_apart(config: Config, flow: str) -> None:
    picture = lay_out(cards(config, flow, config.site.languages[0]))
    for one in picture.placed:
        assert one.x >= 0
        assert one.y >= 0
        assert one.x + one.card.width <= picture.width
        assert one.y + one.card.height <= picture.height
        for other in picture.placed:
            if one is not other:
                assert (
                    one.x + one.card.width <= other.x
                    or other.x + other.card.width <= one.x
                    or one.y + one.card.height <= other.y
                    or other.y + other.card.height <= one.y
                )
