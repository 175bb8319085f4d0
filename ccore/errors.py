"""Every error a user can meet: whose fault, what to do, and the exit code.

The docstring of a class is its message; `{name}` is filled from keyword arguments. Exit codes are
unique and listed in `docs/operations.md` by a test.
"""

import errno
from functools import partial
from typing import Any

__all__ = [
    "AlreadyRunning",
    "BadConfig",
    "BadLog",
    "BadRequest",
    "CcoreError",
    "CommandRefused",
    "DiskTrouble",
    "NotRunning",
    "NumberRefused",
    "ProtocolError",
    "RecordsDamaged",
    "SwitchGone",
    "SwitchOutdated",
    "SwitchRefused",
    "SwitchUnreachable",
    "ToolMissing",
    "UnknownName",
    "UnsafeValue",
    "reason",
]

_REASONS = {errno.ENOENT: "no such file", errno.EISDIR: "a directory"}


def reason(error: Exception) -> str:
    """What the system, or a reader, says of a file, inside a sentence: "permission denied"."""
    if not isinstance(error, OSError):
        return str(error)
    return _REASONS.get(error.errno or 0) or (error.strerror or str(error) or "unreadable").lower()


class CcoreError(Exception):
    """Something went wrong: {what}."""

    exit_code = 10

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        super().__init__(" ".join((type(self).__doc__ or "").format(**fields).split()))

    def __reduce__(self) -> tuple[Any, ...]:
        """Made again from its fields, in whichever process it arrives."""
        return partial(type(self), **self.fields), ()


class BadConfig(CcoreError):
    """{file}: {place}: found {found}, expected {expected}."""

    exit_code = 11


class UnknownName(CcoreError):
    """There is no {kind} named {name!r}. Known: {known}."""

    exit_code = 12


class BadRequest(CcoreError):
    """{what}. Expected: {expected}."""

    exit_code = 13


class SwitchRefused(CcoreError):
    """The switch {node} refused us: {reply}. Check password and ACL in its
    event_socket.conf.xml."""

    exit_code = 14


class SwitchUnreachable(CcoreError):
    """No event socket at {host}:{port}: {why}. Is FreeSWITCH running, is mod_event_socket
    loaded?"""

    exit_code = 15


class SwitchOutdated(CcoreError):
    """The switch {node} is {found}; ccore needs FreeSWITCH 1.10 or newer."""

    exit_code = 16


class ProtocolError(CcoreError):
    """The switch sent bytes that are no event-socket frame: {what}. The link is closed."""

    exit_code = 17


class UnsafeValue(CcoreError):
    """{value!r} cannot be sent to a switch as {where}: {why}."""

    exit_code = 18


class AlreadyRunning(CcoreError):
    """Another ccore ({who}) already serves {what}. Stop it first, or use another directory."""

    exit_code = 19


class NotRunning(CcoreError):
    """No ccore answers at {socket}. Start it with: {start}."""

    exit_code = 20


class RecordsDamaged(CcoreError):
    """{file}: {what} at byte {offset}. The rows before it are good; see: ccore cdr verify."""

    exit_code = 21


class DiskTrouble(CcoreError):
    """Cannot write {path}: {why}. Free the disk or mend the directory."""

    exit_code = 22


class ToolMissing(CcoreError):
    """{tool} is missing: {why}."""

    exit_code = 23


class NumberRefused(CcoreError):
    """{number!r} may not be called: {why}. See [outbound] of ccore.toml."""

    exit_code = 24


class BadLog(CcoreError):
    """{file}: line {line} is {what}. Take a whole log, as the daemon wrote it."""

    exit_code = 25


class CommandRefused(CcoreError):
    """The switch does not do {command!r}: {reply}."""

    exit_code = 26


class SwitchGone(CcoreError):
    """The link to the switch is over: {why}."""

    exit_code = 27
