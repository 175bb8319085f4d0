"""What is played: the right words, in a language that the site has."""

import pytest

from ccore.config import Config, parse
from ccore.config.system import SYSTEM_PROMPTS
from ccore.prompts import files, position, wait
from ccore.prompts.numbers import HIGHEST, number
from ccore.prompts.texts import LANGUAGES, SYSTEM, missing, spoken


def site(languages: str, more: str = "") -> Config:
    return parse(f"site.languages = {languages}\nprompts.dir = 'p'\n{more}")


CENTRE = site('["zh", "yue", "en"]')


def said(paths: tuple[str, ...]) -> str:
    """The sentence that a caller hears."""
    pairs = [path.removesuffix(".wav").split("/")[1:] for path in paths]
    texts = [SYSTEM[name][language] for language, name in pairs]
    return (" " if pairs[0][0] == "en" else "").join(texts)


@pytest.mark.parametrize(
    ("n", "mandarin", "cantonese", "english"),
    [
        (0, "零", "零", "zero"),
        (2, "二", "二", "two"),
        (10, "十", "十", "ten"),
        (11, "十一", "十一", "eleven"),
        (20, "二十", "二十", "twenty"),
        (42, "四十二", "四十二", "forty two"),
        (100, "一百", "一百", "one hundred"),
        (105, "一百零五", "一百零五", "one hundred and five"),
        (110, "一百一十", "一百一十", "one hundred and ten"),
        (215, "两百一十五", "二百一十五", "two hundred and fifteen"),
        (999, "九百九十九", "九百九十九", "nine hundred and ninety nine"),
    ],
)
def test_number_is_said_as_people_say_it(
    n: int, mandarin: str, cantonese: str, english: str
) -> None:
    assert "".join(SYSTEM[word]["zh"] for word in number(n, "zh")) == mandarin
    assert "".join(SYSTEM[word]["yue"] for word in number(n, "yue")) == cantonese
    assert " ".join(SYSTEM[word]["en"] for word in number(n, "en")) == english


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_has_words_of_its_own(language: str) -> None:
    sentences = {
        " ".join(SYSTEM[word][language] for word in number(n, language)) for n in range(HIGHEST + 1)
    }
    assert len(sentences) == HIGHEST + 1


def test_place_and_wait_are_whole_sentences() -> None:
    assert said(position(CENTRE, 2, "zh")) == "您现在排在第二位，请您耐心等候。"
    assert said(position(CENTRE, 12, "yue")) == "你而家排喺第十二位，請耐心等候。"
    assert said(position(CENTRE, 21, "en")) == "You are number twenty one in the queue."
    assert said(wait(CENTRE, 2, "zh")) == "预计等候时间约两分钟。"
    assert said(wait(CENTRE, 22, "zh")) == "预计等候时间约二十二分钟。"
    assert said(wait(CENTRE, 2, "yue")) == "預計等候時間大約兩分鐘。"
    assert said(wait(CENTRE, 1, "en")) == "Your wait will be about one minute."
    assert said(wait(CENTRE, 0, "en")) == "We expect to answer you in less than a minute."
    assert said(wait(CENTRE, 5000, "zh")) == "预计等候时间较长，请您耐心等候。"
    assert said(position(CENTRE, 1000, "en")) == "There are many callers before you."


def test_every_file_that_can_be_played_can_be_spoken() -> None:
    for centre in (CENTRE, site('["ja"]'), site('["ja", "zh-CN"]'), site('["zh-HK"]')):
        known = spoken(centre)
        for language in (*centre.site.languages, "xx", ""):
            played = [path for n in range(0, 1001) for path in position(centre, n, language)]
            played += [path for n in range(0, 1001) for path in wait(centre, n, language)]
            played += [path for name in SYSTEM_PROMPTS for path in files(centre, name, language)]
            for path in set(played):
                _, spoken_in, name = path.removesuffix(".wav").split("/")
                assert (spoken_in, name) in known


def test_prompt_is_played_in_the_callers_language_or_the_first_that_has_it() -> None:
    centre = site('["zh", "en"]', "[prompts.texts.hello]\nzh = '你好'\n")
    assert files(centre, "closed", "en") == ("p/en/closed.wav",)
    assert files(centre, "hello", "en") == ("p/zh/hello.wav",)
    assert files(centre, "hello", "../..") == ("p/zh/hello.wav",)
    assert files(centre, "", "en") == ()


def test_switch_sees_its_own_directory() -> None:
    centre = parse("prompts.dir = 'p'\nprompts.switch_dir = '/sounds'")
    assert files(centre, "closed", "en") == ("/sounds/en/closed.wav",)


def test_own_text_replaces_ours() -> None:
    centre = site('["zh", "en"]', "[prompts.texts.closed]\nzh = '打烊了'\n")
    assert spoken(centre)["zh", "closed"] == "打烊了"
    assert spoken(centre)["en", "closed"] == SYSTEM["closed"]["en"]


def test_system_prompts_are_there_in_all_three_languages() -> None:
    assert set(SYSTEM_PROMPTS) <= set(SYSTEM)
    for name, texts in SYSTEM.items():
        if not name.startswith("number."):
            assert set(texts) == set(LANGUAGES), name


def test_language_without_system_prompts_is_told() -> None:
    assert missing(CENTRE) == []
    (line,) = missing(site('["zh", "ja"]', "[prompts.texts.closed]\nja = '閉店'\n"))
    assert line.startswith("ja: no text for fallback, goodbye,")
    assert line.endswith("played in another language")
