"""Which files to play for a prompt, a place in the queue, an expected wait.

Pure: nothing here looks at a disk. A file is DIR/LANGUAGE/NAME.wav as the switch sees it. A caller
whose language lacks a prompt hears it in the site's first language.
"""

from ccore.config import Config
from ccore.prompts.numbers import HIGHEST, number, speaks
from ccore.prompts.texts import LAST_RESORT, text

__all__ = ["files", "path", "position", "wait"]


def files(config: Config, prompt: str, language: str) -> tuple[str, ...]:
    """The file of a prompt; nothing for the empty name, which means that there is none."""
    return (path(config, prompt, _written(config, prompt, language)),) if prompt else ()


def position(config: Config, place: int, language: str) -> tuple[str, ...]:
    """You are number `place` in the queue."""
    language = _counting(config, language)
    if not 1 <= place <= HIGHEST:
        return (path(config, "position.many", language),)
    words = ("position.before", *number(place, language), "position.after")
    return tuple(path(config, word, language) for word in words)


def wait(config: Config, minutes: int, language: str) -> tuple[str, ...]:
    """Your wait will be about `minutes` minutes; 0 means less than one."""
    language = _counting(config, language)
    if minutes < 1:
        return (path(config, "wait.soon", language),)
    if minutes > HIGHEST:
        return (path(config, "wait.long", language),)
    after = "wait.after_one" if minutes == 1 else "wait.after"
    words = ("wait.before", *number(minutes, language, counted=True), after)
    return tuple(path(config, word, language) for word in words)


def path(config: Config, prompt: str, language: str) -> str:
    return f"{config.prompts.switch_dir or config.prompts.dir}/{language}/{prompt}.wav"


def _written(config: Config, prompt: str, language: str) -> str:
    """The language in which the prompt has a text: the caller's, else the first that has one."""
    for one in _choices(config, language):
        if text(config, prompt, one) is not None:
            return one
    return config.site.languages[0]


def _counting(config: Config, language: str) -> str:
    return next(one for one in _choices(config, language) if speaks(one))


def _choices(config: Config, language: str) -> tuple[str, ...]:
    """The caller's language if the site has it, the site's in order, and our own English."""
    known = (language,) if language in config.site.languages else ()
    return (*known, *config.site.languages, LAST_RESORT)
