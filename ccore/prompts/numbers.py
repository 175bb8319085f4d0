"""Numbers from 0 to 999 as the words that are recorded one by one.

Chinese counts in 十 and 百, with a 零 for an empty ten (一百零五). A lone two before a measure
word is 两 and not 二 (两分钟, but 第二位 and 十二分钟); so is it before 百 in Mandarin.
"""

from ccore.prompts.texts import family

__all__ = ["HIGHEST", "number", "speaks"]

HIGHEST = 999  # beyond, a caller is told that it is many


def speaks(language: str) -> bool:
    return family(language) in ("zh", "yue", "en")


def number(n: int, language: str, *, counted: bool = False) -> tuple[str, ...]:
    """The words of `n`; `counted`: a measure word follows, as in two minutes."""
    if not 0 <= n <= HIGHEST:
        raise ValueError(f"{n} is not from 0 to {HIGHEST}")
    words = _english(n) if family(language) == "en" else _chinese(n, family(language), counted)
    return tuple(f"number.{word}" for word in words)


def _chinese(n: int, language: str, counted: bool) -> list[str]:
    if n == 2 and counted:
        return ["pair"]
    hundreds, rest = divmod(n, 100)
    tens, ones = divmod(rest, 10)
    words = []
    if hundreds:
        words += ["pair" if hundreds == 2 and language == "zh" else str(hundreds), "100"]
        if not tens and ones:
            words.append("0")
    if tens:
        # 十五 by itself, but 一百一十五.
        words += ["10"] if tens == 1 and not hundreds else [str(tens), "10"]
    if ones or not n:
        words.append(str(ones))
    return words


def _english(n: int) -> list[str]:
    hundreds, rest = divmod(n, 100)
    words = [str(hundreds), "100"] if hundreds else []
    if hundreds and rest:
        words.append("and")
    if rest >= 20:
        words.append(str(rest // 10 * 10))
        rest %= 10
    if rest or not words:
        words.append(str(rest))
    return words
