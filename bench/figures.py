"""Percentiles, CPU of processes, and what must stand beside a figure so that it means something."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Latency", "as_urgent_as_the_switch", "cpu_s", "latency", "load", "machine"]

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Latency:
    """Microseconds."""

    n: int
    p50: float
    p99: float
    max: float


def latency(values_us: Sequence[float]) -> Latency:
    values = sorted(values_us)
    if not values:
        return Latency(0, 0.0, 0.0, 0.0)

    def at(share: float) -> float:
        return round(values[min(len(values) - 1, int(share * len(values)))], 1)

    return Latency(len(values), at(0.50), at(0.99), at(1.0))


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has used, in its own code and in the kernel."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICKS_PER_S


def load() -> float:
    """Runnable processes, mean of the last minute."""
    return os.getloadavg()[0]


def as_urgent_as_the_switch(thread: int) -> bool:
    """FreeSWITCH gives itself a real-time class where it may, and whoever has none waits for it."""
    try:
        os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(2))
    except PermissionError:
        return False
    return True


def machine() -> dict[str, str | int | float]:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return {
        "cpu": model,
        "cores": os.cpu_count() or 0,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": round(load(), 2),
    }
