"""The daemon's log: lines on stderr, for a person or, with JSON, for a collector.

A log must never hold up a call. When whoever reads stderr stops reading, lines are counted instead
of written, and the next line that gets through tells how many were lost. What callers chose (names,
headers) is escaped: a log line stays one line, and a terminal obeys nobody's escape sequences.
"""

import json
import logging
import os
import select
import sys
import time
from typing import Any

from gevent.monkey import get_original

__all__ = ["JsonFormatter", "LEVELS", "PlainFormatter", "StderrHandler", "setup"]

LEVELS = ("debug", "info", "warning", "error")

# A pipe that polls as writable takes this much without blocking (PIPE_BUF of Linux).
MAX_LINE_BYTES = 4096

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def setup(level: str = "info", *, as_json: bool = False) -> None:
    """Send every logger's lines to stderr."""
    handler = StderrHandler(sys.stderr.fileno())
    handler.setFormatter(JsonFormatter() if as_json else PlainFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


class StderrHandler(logging.Handler):
    """Writes a line if that does not block, or counts it as lost."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        # Not gevent's poll: this one asks and returns, it does not change greenlets.
        self._poll = get_original("select", "poll")()
        self._poll.register(descriptor, select.POLLOUT)
        self.lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        if self.lost and self._write(self._lost_record()):
            self.lost = 0
        if self.lost or not self._write(record):
            self.lost += 1

    def _write(self, record: logging.LogRecord) -> bool:
        try:
            line = self.format(record).encode("utf-8", "backslashreplace")
            if len(line) >= MAX_LINE_BYTES:
                line = line[: MAX_LINE_BYTES - 4].decode("utf-8", "ignore").encode() + b"..."
            if not any(what & select.POLLOUT for _, what in self._poll.poll(0)):
                return False
            os.write(self._descriptor, line + b"\n")
        except OSError:  # stderr closed, or its disk full: a call is worth more than a line
            return False
        except Exception:
            self.handleError(record)
        return True

    def _lost_record(self) -> logging.LogRecord:
        fields = {
            "name": __name__,
            "levelno": logging.WARNING,
            "levelname": "WARNING",
            "msg": f"{self.lost} log lines were lost: nobody read them",
        }
        return logging.makeLogRecord(fields)


class PlainFormatter(logging.Formatter):
    """2026-03-01 09:30:12.042 info    ccore.daemon.links: link up node=one"""

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        text = f"{moment}.{int(record.msecs):03} {record.levelname.lower():7} {record.name}: "
        text += _escape(record.getMessage())
        for name, value in _extras(record).items():
            text += f" {name}={_escape(str(value))}"
        if record.exc_info:
            # A traceback keeps its lines; they are indented, so none can pass for a record.
            for line in self.formatException(record.exc_info).splitlines():
                text += "\n    " + _escape(line)
        return text


class JsonFormatter(logging.Formatter):
    """One JSON object a line, ASCII, with the fields of `extra` beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "at_us": round(record.created * 1_000_000),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in _extras(record).items():
            fields.setdefault(name, value)
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        line = json.dumps(fields, default=str)
        if len(line) >= MAX_LINE_BYTES:  # cut the fields, so that what is left is still JSON
            room = MAX_LINE_BYTES // 8
            line = json.dumps(
                {
                    "at_us": fields["at_us"],
                    "level": fields["level"],
                    "logger": record.name[:80],
                    "message": str(fields["message"])[:room],
                    "exception": str(fields.get("exception", ""))[-room:],
                    "cut": True,
                }
            )[: MAX_LINE_BYTES * 2]
        return line


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _escape(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
