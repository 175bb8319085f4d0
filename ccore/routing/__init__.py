"""Around the engine: names, calendars, numbers, expected wait, and the engine's plain twin."""

from ccore._router import Match, Router

__all__ = ["Match", "Router"]
