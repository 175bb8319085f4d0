"""How the switch takes texts apart and unquotes them: `switch_separate_string`, byte for byte.

In the switch's reading a backslash guards a quote, a backslash or the separator and writes
`\\n`, `\\r`, `\\t` and `\\s` (a blank); single quotes hold together what stands between them;
blanks around a part are dropped. Braces are counted before any of that.
"""

__all__ = ["braces", "separate"]

_WRITTEN = {"n": "\n", "r": "\r", "t": "\t", "s": " "}


def separate(text: str, separator: str, most: int) -> list[str]:
    """At most so many parts, unquoted; what would be more is dropped."""
    if len(text) > 3 and text.startswith("^^"):
        separator, text = text[2], text[3:]
    cut = _at_blanks(text, most) if separator == " " else _at(text, separator, most)
    return [_unquoted(part, "" if separator == " " else separator) for part in cut]


def braces(text: str) -> tuple[dict[str, str], str]:
    """`{a=1,b='x, y'}rest`: the variables of a dial string and what follows them; {} if none.

    Raises ValueError where a brace does not end.
    """
    variables: dict[str, str] = {}
    while text.startswith("{"):
        end = _closing(text)
        inside, text = text[1:end], text[end + 1 :].lstrip(" ")
        separator = ","
        if inside.startswith("^^") and len(inside) > 2:
            separator, inside = inside[2], inside[3:]
        for pair in separate(inside, separator, 1024):
            both = separate(pair, "=", 2)
            if len(both) == 2:
                variables[both[0]] = both[1]
    return variables, text


def _closing(text: str) -> int:
    depth = 0
    for at, char in enumerate(text):
        depth += (char == "{") - (char == "}")
        if not depth:
            return at
    raise ValueError("a brace does not end")


def _at(text: str, separator: str, most: int) -> list[str]:
    if "\\" not in text and "'" not in text:  # nearly always
        return text.removesuffix(separator).split(separator)[:most] if text else []
    parts: list[str] = []
    start = at = 0
    is_quoted = False
    while at < len(text) and len(parts) < most:
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "'" and (is_quoted or "'" in text[at + 1 :]):
            is_quoted = not is_quoted
        elif char == separator and not is_quoted:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    if start < len(text) and len(parts) < most:
        parts.append(text[start:])
    return parts


def _at_blanks(text: str, most: int) -> list[str]:
    parts: list[str] = []
    at = 0
    while at < len(text) and len(parts) < most:
        while at < len(text) and text[at] == " ":
            at += 1
        start, is_quoted = at, False
        while at < len(text) and (is_quoted or text[at] != " "):
            if text[at] == "\\":
                at += 1
            elif text[at] == "'":
                is_quoted = not is_quoted
            at += 1
        if start < len(text):
            parts.append(text[start:at])
    return parts


def _unquoted(part: str, separator: str) -> str:
    if "\\" not in part and "'" not in part:
        return part.strip(" ")
    out: list[str] = []
    end = 0  # what stands behind are blanks outside quotes
    is_quoted = False
    part = part.lstrip(" ")
    at = 0
    while at < len(part):
        char = part[at]
        after = part[at + 1 : at + 2]
        if char == "\\" and after and (after in "'\"\\" or after == separator or after in _WRITTEN):
            guarded = after in "'\"\\" or after == separator
            out.append(after if guarded else _WRITTEN[after])
            end = len(out)
            at += 1
        elif char == "'" and (is_quoted or "'" in part[at + 1 :]):
            is_quoted = not is_quoted
            if is_quoted:
                end = len(out)
        else:
            out.append(char)
            if char != " " or is_quoted:
                end = len(out)
        at += 1
    return "".join(out[:end])
