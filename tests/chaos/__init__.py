"""Seeded schedules of calls and faults against the daemon's own parts, in virtual time."""
