"""Ten times what the agents can take, on the real socket: callers are told the truth, and early."""

import time
from pathlib import Path
from statistics import median
from typing import Any

from ccore.model import Outcome
from tests.real.faulty import Controller, centre
from tests.real.phones import RealPhones
from tests.real.proxy import Proxy
from tests.real.switch import RealSwitch
from tests.real.traffic import Pace, Traffic

__all__ = ["flood"]

# Four agents who talk 3 s and write up 1 s take 0.9 calls/s.
AGENTS = 4
PACE = Pace(rate_per_s=9.0, talk_s=3.0, menu_share=0.0, hold_share=0.0)
PLACES = 20
FLOOD_S = 75.0
LOOK_EVERY_S = 2.5


def flood(root: Path, switch: RealSwitch, phones: RealPhones, seed: int) -> dict[str, Any]:
    with Proxy(switch.port) as proxy:
        ccore = Controller(root, centre(AGENTS, max_waiting=PLACES), switch, proxy)
        traffic = Traffic(phones, PACE, seed + 1)
        try:
            ccore.start(lambda: None)
            looks = _pour(ccore, traffic)
            traffic.is_placing = False
            traffic.finish(120.0)
            left = ccore.await_quiet(switch)
        finally:
            ccore.stop()
    return {**_told(ccore, traffic, looks), "left": left}


def _pour(ccore: Controller, traffic: Traffic) -> list[dict[str, Any]]:
    looks: list[dict[str, Any]] = []
    end_s = time.monotonic() + FLOOD_S
    while time.monotonic() < end_s:
        traffic.run(LOOK_EVERY_S)
        status = ccore.ask("status")
        (queue,) = [q for q in status["queues"] if q["name"] == "sales"]
        looks.append(
            {
                "at_us": time.time_ns() // 1000,
                "rss_kb": ccore.rss_kb,
                "files": ccore.open_files,
                "lag_us": status["daemon"]["lag_us"],
                "waiting": queue["waiting"],
                "expected_ms": queue["expected_ms"],
            }
        )
    return looks


def _told(ccore: Controller, traffic: Traffic, looks: list[dict[str, Any]]) -> dict[str, Any]:
    rows = {row.calling: row for row in ccore.rows()}
    full = [c for c in traffic.calls.values() if c.over_s and not c.talked_s and not c.is_wished]
    refused = sorted(c.over_s - c.placed_s for c in full)
    answered = [row for row in rows.values() if row.outcome is Outcome.ANSWERED]
    errors, waits = [], []
    for row in answered:
        known = [look for look in looks if look["at_us"] <= row.queued_us]
        if known and known[-1]["expected_ms"] is not None and len(known) > len(looks) // 3:
            waited_ms = (row.answered_us - row.queued_us) / 1000
            waits.append(waited_ms)
            errors.append(abs(known[-1]["expected_ms"] - waited_ms))
    third = max(1, len(looks) // 3)
    first, last = looks[third : 2 * third], looks[2 * third :]
    return {
        "seconds": FLOOD_S,
        "rate_per_s": PACE.rate_per_s,
        "agents": AGENTS,
        "places": PLACES,
        "calls": len(traffic.calls),
        "served": len(answered),
        "refused": len(full),
        "refused_causes": sorted({call.cause for call in full}),
        "refused_after_s": {"p50": _at(refused, 0.5), "p99": _at(refused, 0.99)},
        "rows": len(rows),
        "most_waiting": max(look["waiting"] for look in looks),
        "waited_ms": round(median(waits)) if waits else None,
        "told_wrong_by_ms": round(median(errors)) if errors else None,
        "rss_kb": {"after_a_third": looks[third]["rss_kb"], "at_the_end": looks[-1]["rss_kb"]},
        # The longest wait from the bytes of an event to its being handled, in 2.5 s each.
        "lag_us": {
            "second_third": round(median(look["lag_us"] for look in first)),
            "last_third": round(median(look["lag_us"] for look in last)),
        },
        "files": {"after_a_third": looks[third]["files"], "at_the_end": looks[-1]["files"]},
    }


def _at(values: list[float], share: float) -> float | None:
    return round(values[min(len(values) - 1, int(share * len(values)))], 2) if values else None
