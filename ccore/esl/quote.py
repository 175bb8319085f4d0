"""Values in their places: escaped so that the switch gives them back unchanged, or refused.

The switch takes a command apart in several steps and unquotes in each (`switch_separate_string` in
its switch_utils.c): `api` and `bgapi` at blanks, what stands in originate's braces at commas and
then at equals signs, `uuid_setvar_multi` at semicolons. A backslash guards itself, a quote and the
character that separates; `\\s` is a blank. So a value is escaped once for every step it goes
through, the innermost first.

What no escape carries is refused: line ends and NUL end a command; braces are counted before
anything is unquoted; `:_:` parts the calls of one originate; a variable takes no `${`, becomes a
list by `ARRAY::`, and is told in events with `%41` as it stands, which is then taken for an `A`.
"""

import re

from ccore.errors import UnsafeValue

__all__ = ["NAME_CHARS", "argument", "check", "header", "setting", "shown", "variable", "word"]

NAME_CHARS = 40  # what phones show of a name

_WORD = re.compile(r"[A-Za-z0-9_.:@/+*#\-]*", re.ASCII)
# Line ends, NUL, and halves of characters that stand for no byte (such as a caller's broken UTF-8
# does, which passes).
_ENDS = re.compile(r"[\r\n\0\ud800-\udc7f\udd00-\udfff]")
_ESCAPED = re.compile(r"%[0-9A-F]{2}")
_EXPANDED = re.compile(r"\$\\*\{")
# Of a name: what cannot be sent, what phones or dialplans might take for more than a name.
_NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{}\[\]<>\"\\$%|;]")
# Where these meet, anywhere in a command and in any case, the switch unloads or reloads its event
# socket in place of what it was told (parse_command in mod_event_socket.c).
_LOAD, _SOCKET = re.compile(r"(?:un|re)load", re.I), re.compile(r"mod_event_socket", re.I)


def word(value: str, where: str) -> str:
    """An id, a number, a name of ours: nothing to escape, anything else is refused."""
    if not _WORD.fullmatch(value):
        raise UnsafeValue(value=value, where=where, why="only letters, digits and _.:@/+*#- pass")
    return value


def argument(value: str, where: str) -> str:
    """One of the arguments of an API command that takes them apart at blanks.

    Not for those that take the rest of the line as it is (`uuid_setvar_multi`, `uuid_exists`).
    """
    _check_line(value, where)
    return _guarded(value, " ") or "''"


def variable(value: str, where: str) -> str:
    """The value of a variable in originate's `{name=value,...}`."""
    _check_line(value, where)
    _check_variable(value, where)
    if "{" in value or "}" in value:
        raise UnsafeValue(value=value, where=where, why="no escape carries braces")
    if ":_:" in value:
        raise UnsafeValue(value=value, where=where, why="':_:' parts the calls of an originate")
    return _guarded(_guarded(_guarded(value, "="), ","), " ")


def setting(value: str, where: str) -> str:
    """The value of one pair of `uuid_setvar_multi`."""
    _check_line(value, where)
    _check_variable(value, where)
    return _guarded(value, ";")


def header(value: str, where: str) -> str:
    """The value of a header of `sendmsg`, such as an application's argument."""
    _check_line(value, where)
    if value.startswith(" "):
        raise UnsafeValue(value=value, where=where, why="the switch drops leading blanks")
    if _EXPANDED.search(value):
        raise UnsafeValue(value=value, where=where, why="'${' asks the switch for a variable")
    return value


def shown(name: str) -> str:
    """A caller's name or number for a phone's display; what cannot be shown becomes a blank.

    Never refused: whoever calls has chosen it, and must not go unanswered for it.
    """
    clean = _SOCKET.sub("mod event socket", _NOT_SHOWN.sub(" ", name)).replace(":_:", " ")
    return " ".join(clean.split())[:NAME_CHARS].strip()


def check(command: str) -> str:
    """A whole command, unless the switch would do something else in its place."""
    if _SOCKET.search(command) and _LOAD.search(command):
        what = "a command"
        raise UnsafeValue(value=command[:80], where=what, why="it would unload the event socket")
    return command


def _guarded(value: str, separator: str) -> str:
    r"""Escaped for one step. A blank becomes `\s` in each: bare ones at the ends are dropped."""
    value = value.replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"')
    if separator != " ":
        value = value.replace(separator, "\\" + separator)
    return value.replace(" ", "\\s")


def _check_line(value: str, where: str) -> None:
    if _ENDS.search(value):
        raise UnsafeValue(value=value, where=where, why="no line ends, NUL or lone surrogates")


def _check_variable(value: str, where: str) -> None:
    if _EXPANDED.search(value):
        raise UnsafeValue(value=value, where=where, why="a variable of the switch takes no '${'")
    if _ESCAPED.search(value):
        raise UnsafeValue(value=value, where=where, why="the switch would tell it decoded")
    if value.startswith("ARRAY::"):
        raise UnsafeValue(value=value, where=where, why="the switch would make a list of it")
