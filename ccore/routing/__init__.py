"""Around the engine: names, calendars, numbers, expected wait, and the engine's plain twin."""
