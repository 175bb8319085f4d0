"""The words of the prompts that ccore brings along, and what a prompt says in a language.

A site's [prompts.texts] replaces any of these, per language. Numbers are built from single words
(`number.7`, see `ccore.prompts.numbers`), so a site can record those as well.
"""

from collections.abc import Mapping

from ccore.config import Config

__all__ = ["LANGUAGES", "LAST_RESORT", "SYSTEM", "family", "missing", "spoken", "text"]

LANGUAGES = ("zh", "yue", "en")  # Mandarin, Cantonese, English

# Heard on a site none of whose languages has a system prompt.
LAST_RESORT = "en"

# Codes that mean one of LANGUAGES. Anything else counts by the part before its hyphen.
_ALSO = {"cmn": "zh", "zh-HK": "yue", "zh-yue": "yue", "zh-MO": "yue"}

SYSTEM: dict[str, dict[str, str]] = {
    "closed": {
        "zh": "您好，现在不是我们的服务时间，请在工作时间再来电。",
        "yue": "你好，而家唔係我哋嘅服務時間，請喺辦公時間再打嚟。",
        "en": "We are closed at the moment. Please call again during our opening hours.",
    },
    "fallback": {
        "zh": "非常抱歉，系统暂时无法接听您的来电，请稍后再拨。",
        "yue": "非常抱歉，系統暫時未能接聽你嘅來電，請稍後再打嚟。",
        "en": "We are sorry, we cannot take your call at the moment. Please try again later.",
    },
    "goodbye": {
        "zh": "感谢您的来电，再见。",
        "yue": "多謝你嘅來電，再見。",
        "en": "Thank you for calling. Goodbye.",
    },
    "not_ready": {
        "zh": "已示忙。",
        "yue": "已暫停接聽。",
        "en": "You are not ready.",
    },
    "please_leave_message": {
        "zh": "请在提示音后留言，留言结束请挂机。",
        "yue": "請喺提示音之後留言，講完可以收線。",
        "en": "Please leave your message after the tone, then hang up.",
    },
    "please_wait": {
        "zh": "正在为您转接，请稍候。",
        "yue": "而家幫你轉駁，請等等。",
        "en": "Please hold while we connect you.",
    },
    "put_aside": {
        "zh": "由于多次未接听来电，您已被置为示忙，请确认后重新示闲。",
        "yue": "因為多次未有接聽，你已經被暫停接線，請確認之後再開始接聽。",
        "en": "You missed several calls and were set to not ready. Set yourself ready again.",
    },
    "queue_full": {
        "zh": "当前来电较多，暂时无法为您接通，请稍后再拨，谢谢。",
        "yue": "而家嚟電好多，暫時未能為你接駁，請稍後再打嚟，多謝。",
        "en": "All our lines are busy at the moment. Please call again later.",
    },
    "ready": {
        "zh": "已示闲，可以接听来电。",
        "yue": "可以開始接聽。",
        "en": "You are ready.",
    },
    "signed_in": {
        "zh": "签入成功。",
        "yue": "登入成功。",
        "en": "You are signed in.",
    },
    "signed_out": {
        "zh": "签出成功，辛苦了。",
        "yue": "登出成功，辛苦晒。",
        "en": "You are signed out.",
    },
    "unknown_phone": {
        "zh": "此话机没有对应的坐席，无法使用该功能。",
        "yue": "呢部電話未有登記坐席，未能使用呢個功能。",
        "en": "This phone belongs to no agent.",
    },
    "wrap_up_done": {
        "zh": "话后处理结束。",
        "yue": "跟進時間結束。",
        "en": "Wrap-up ended.",
    },
    "wrong_entry": {
        "zh": "您的输入有误，请重新输入。",
        "yue": "你嘅輸入唔正確，請再試一次。",
        "en": "That is not a valid entry. Please try again.",
    },
    "position.before": {
        "zh": "您现在排在第",
        "yue": "你而家排喺第",
        "en": "You are number",
    },
    "position.after": {
        "zh": "位，请您耐心等候。",
        "yue": "位，請耐心等候。",
        "en": "in the queue.",
    },
    "position.many": {
        "zh": "目前等候的人数较多，请您耐心等候。",
        "yue": "而家等候嘅人好多，請耐心等候。",
        "en": "There are many callers before you.",
    },
    "wait.soon": {
        "zh": "预计一分钟之内为您接通。",
        "yue": "預計一分鐘之內可以為你接通。",
        "en": "We expect to answer you in less than a minute.",
    },
    "wait.before": {
        "zh": "预计等候时间约",
        "yue": "預計等候時間大約",
        "en": "Your wait will be about",
    },
    "wait.after": {
        "zh": "分钟。",
        "yue": "分鐘。",
        "en": "minutes.",
    },
    "wait.after_one": {
        "zh": "分钟。",
        "yue": "分鐘。",
        "en": "minute.",
    },
    "wait.long": {
        "zh": "预计等候时间较长，请您耐心等候。",
        "yue": "預計等候時間較長，請耐心等候。",
        "en": "The wait is long at the moment.",
    },
}

_ENGLISH = {
    **dict(enumerate(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight"))),
    **dict(enumerate(("nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen"), 9)),
    **dict(enumerate(("sixteen", "seventeen", "eighteen", "nineteen", "twenty"), 16)),
    **{30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 70: "seventy", 80: "eighty"},
    **{90: "ninety", 100: "hundred"},
}

for _n, _word in enumerate("零一二三四五六七八九十"):
    SYSTEM[f"number.{_n}"] = {"zh": _word, "yue": _word}
SYSTEM["number.pair"] = {"zh": "两", "yue": "兩"}  # two of something, where 二 only counts
SYSTEM["number.100"] = {"zh": "百", "yue": "百"}
SYSTEM["number.and"] = {"en": "and"}
for _n, _word in _ENGLISH.items():
    SYSTEM.setdefault(f"number.{_n}", {})["en"] = _word


def family(language: str) -> str:
    """The language whose words and grammar serve `language`: zh for zh-CN, yue for zh-HK."""
    return _ALSO.get(language) or _ALSO.get(base := language.partition("-")[0]) or base


def text(config: Config, prompt: str, language: str) -> str | None:
    """What `prompt` says in `language`; None where nobody has written it."""
    own = config.prompts.texts.get(prompt, {}).get(language)
    return own if own is not None else SYSTEM.get(prompt, {}).get(family(language))


def spoken(config: Config) -> Mapping[tuple[str, str], str]:
    """Every (language, prompt) that the site may play, and its text."""
    languages = list(config.site.languages)
    if LAST_RESORT not in languages and not any(family(one) in LANGUAGES for one in languages):
        languages.append(LAST_RESORT)
    names = [*config.prompts.texts, *(name for name in SYSTEM if name not in config.prompts.texts)]
    return {
        (language, name): words
        for language in languages
        for name in names
        if (words := text(config, name, language)) is not None
    }


def missing(config: Config) -> list[str]:
    """A line for every language whose callers would hear system prompts in another one."""
    lines = []
    for language in config.site.languages:
        if family(language) in LANGUAGES:
            continue
        lacking = [
            name
            for name in SYSTEM
            if not name.startswith("number.") and text(config, name, language) is None
        ]
        if lacking:
            lines.append(
                f"{language}: no text for {', '.join(lacking)}: played in another language"
            )
    return lines
