"""`make chaos-real`: faults on a real FreeSWITCH under traffic, and what was lost of it.

python -m tests.real.chaos [--out FILE] [--only NAME ...] [--seed N]

Calls come at up to ten a second while ccore is killed, its line cut, stalled, made deaf and
garbled, and the switch killed; then ten times what the agents can take, for a minute. The counts
go to bench/results/reliability.json. Who is lost is said by the phones: a call that ended although
neither caller nor agent had wished it.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.figures import machine
from ccore.errors import ToolMissing
from ccore.model import ContactClosed
from tests.calm import STOLEN, Watch, wait_for_calm
from tests.real.faulty import Controller, Picture, centre
from tests.real.flood import flood
from tests.real.phones import RealPhones
from tests.real.proxy import Mood, Proxy
from tests.real.switch import (
    START_S,
    PhonesSwitch,
    Ports,
    RealSwitch,
    end_on_sigterm,
    find_freeswitch,
)
from tests.real.traffic import Call, Pace, Traffic

__all__ = ["FAULTS", "main"]

OUT = Path(__file__).parents[2] / "bench" / "results" / "reliability.json"

# Sixteen agents who talk 2.2 s and write up 1 s take 4.5 calls/s. Before a fault more come than
# that, so that callers wait; 80 legs at most, for the machine has to carry phones and switch alone.
AGENTS = 16
PACE = Pace(rate_per_s=3.5, talk_s=2.2)
BURST_PER_S, BURST_S = 10.0, 2.0
AFTERWARDS_S = 6.0  # how long after a fault its losses are looked for
# Between two faults the queue shrinks again.
EASY_PER_S, EASY_WAITING, EASY_S = 1.5, 4, 20.0
RESTART_S = 1.0  # what systemd waits before it starts a killed service again
STALL_S = 4.0
REPAIR_S = 12.0  # what was missed is found by comparing pictures, every ten seconds
NOTICE_S = 100.0  # a line that is dead without a word is noticed within
TRIES = 3  # of a fault whose machine was taken away meanwhile
CALM_S = 30.0

_MOMENTS = ("placed_s", "answered_s", "rung_s", "talked_s", "over_s")
MOST_SHOWN = 4
WAV_HEAD_BYTES = 44
LATE_S = 0.5  # a call that was placed has not yet parked, one that ended is heard of later
FALLBACK = "NORMAL_TEMPORARY_FAILURE"  # how the switch's own fallback ends a call


class Trial:
    """One daemon under traffic, and what can be done to it."""

    def __init__(
        self, root: Path, switch: RealSwitch, phones: RealPhones, proxy: Proxy, seed: int
    ) -> None:
        self.switch = switch
        self.phones = phones
        self.proxy = proxy
        self.traffic = Traffic(phones, PACE, seed)
        self.ccore = Controller(root, centre(AGENTS), switch, proxy)
        self.died_with_switch: set[str] = set()
        self.dark: list[tuple[float, float]] = []  # the switch was dead

    def kill_ccore(self) -> None:
        self.ccore.kill()
        self.traffic.run(RESTART_S)
        self.ccore.start(self.traffic.step)

    def cut(self) -> None:
        self._until_linked_anew(self.proxy.cut)

    def garble(self) -> None:
        """Bytes arrive as something else: the link may end by it, or miss what they said."""
        self.proxy.garble(300)
        self.traffic.run(REPAIR_S)
        self.ccore.await_link(self.traffic.step)

    def stall(self) -> None:
        """The line says nothing for a while, and then everything at once."""
        self.proxy.be(Mood.STALLED)
        self.traffic.run(STALL_S)
        self.proxy.be(Mood.CARRYING)
        self.ccore.await_link(self.traffic.step)

    def deafen(self) -> None:
        """Half-open: whatever is said is lost, nobody is told. ccore has to notice by itself."""
        self.proxy.be(Mood.DEAF)
        self.traffic.run(NOTICE_S, until=lambda: not self.ccore.is_linked())
        self.proxy.be(Mood.CARRYING)
        self.proxy.cut()
        self.ccore.await_link(self.traffic.step)

    def kill_switch(self) -> None:
        self.died_with_switch |= {call.number for call in self.traffic.up}
        for call in self.traffic.up:
            call.is_wished = True  # nobody could keep it
        self.switch.kill()
        self.traffic.is_placing = False
        self.phones.hang_up_all()
        self.ccore.await_link(self.traffic.step, is_up=False)
        self.switch.start()
        for agent in self.switch.made.agents:
            self.phones.act(f"agent:{agent}", "register")
        self.ccore.await_link(self.traffic.step)
        self.traffic.is_placing = True

    def _until_linked_anew(self, fault: Callable[[], None]) -> None:
        before = self.ccore.connects()
        fault()
        self.traffic.run(NOTICE_S, until=lambda: self.ccore.connects() > before)
        self.ccore.await_link(self.traffic.step)


FAULTS: dict[str, tuple[Callable[[Trial], None], int]] = {
    "ccore killed": (Trial.kill_ccore, 4),
    "line cut": (Trial.cut, 4),
    "line garbled": (Trial.garble, 2),
    "line stalled": (Trial.stall, 2),
    "line half-open": (Trial.deafen, 1),
    "switch killed": (Trial.kill_switch, 1),
}


def put_to(trial: Trial, name: str) -> dict[str, Any]:
    """One fault, in the middle of everything; what became of whom."""
    traffic = trial.traffic
    traffic.pace = replace(PACE, rate_per_s=EASY_PER_S)
    traffic.run(EASY_S, until=lambda: sum(not c.talked_s for c in traffic.up) <= EASY_WAITING)
    traffic.pace = replace(PACE, rate_per_s=BURST_PER_S)
    traffic.run(BURST_S)
    traffic.pace = PACE
    watch = Watch()
    before, began_s = trial.ccore.picture(traffic), time.monotonic()
    FAULTS[name][0](trial)
    up_s = time.monotonic()
    if name == "switch killed":
        trial.dark.append((began_s, up_s))
    after = trial.ccore.picture(traffic)
    traffic.run(AFTERWARDS_S)
    everybody = [c for c in traffic.calls.values() if not c.over_s or c.over_s >= began_s]
    lost = [call for call in everybody if call.is_lost]
    ended = sum(call.number in trial.died_with_switch for call in before.up)
    for call in lost[:MOST_SHOWN]:
        since = {k: round(getattr(call, k) - began_s, 1) for k in _MOMENTS if getattr(call, k)}
        print(f"  {call.number} ended by {call.cause}, seconds from the fault: {since}", flush=True)
    rang_s = min((at_s for at_s, _ in traffic.rings if at_s >= up_s), default=up_s + AFTERWARDS_S)
    return {
        "fault": name,
        "calls_up": len(before.up),
        "states": before.states,
        "recorded": before.recorded,
        "ended_with_switch": ended,
        "kept": sum(not call.is_lost for call in before.up) - ended,
        "lost": sum(call.cause != FALLBACK for call in lost),
        "served_by_fallback": sum(call.cause == FALLBACK for call in lost),
        "waiting": len(before.waiting),
        **_places(before, after, traffic, began_s),
        "link_back_s": round(up_s - began_s, 2),
        "going_on_s": round(rang_s - up_s, 2),
        "stolen": round(watch.share(), 3),
    }


def _places(before: Picture, after: Picture, traffic: Traffic, began_s: float) -> dict[str, int]:
    """Of those who waited: how many kept their order, their first clock, or were served since."""
    stay = [number for number in before.waiting if number in after.entered]
    order = [number for number in after.waiting if number in before.entered]
    served = [
        number
        for number in before.waiting
        if number not in after.entered and traffic.calls[number].rung_s >= began_s
    ]
    ended = [
        number
        for number in before.waiting
        if number not in after.entered and number not in served and traffic.calls[number].over_s
    ]
    return {
        "places_kept": sum(a == b for a, b in zip(stay, order, strict=True)) + len(served),
        "clocks_kept": len(served)
        + sum(abs(after.entered[n] - before.entered[n]) < 1_000_000 for n in stay),
        "ended_meanwhile": len(ended),
    }


def records(trial: Trial, rows: list[ContactClosed]) -> dict[str, Any]:
    """Every caller has one row, those who came and went while ccore was away too: the switch keeps
    them. But what it keeps dies with it."""
    written = Counter(row.calling for row in rows)
    calls = trial.traffic.calls
    without = [call for number, call in calls.items() if not written[number]]
    unseen = [call for call in without if any(_is_within(call, gap) for gap in trial.dark)]
    missing = [call for call in without if call not in unseen]
    return {
        "calls": len(calls),
        "came_and_went_unseen": len(unseen),
        "rows": len(rows),
        "doubled": sum(count > 1 for count in written.values()),
        "missing": len(missing),
        "missing_causes": dict(Counter(_how(call) for call in missing)),
        "lost_in_all": sum(call.is_lost for call in calls.values()),  # between faults as well
        "ended_with_switch": len(trial.died_with_switch),
        "of_these_on_record": sum(bool(written[one]) for one in trial.died_with_switch),
        "recordings": _recordings(trial, rows),
        "outcomes": dict(Counter(row.outcome.name.lower() for row in rows)),
    }


def _recordings(trial: Trial, rows: list[ContactClosed]) -> dict[str, int]:
    """Every talk was to be recorded: how many rows name a file, and what is in it."""
    talks = [row for row in rows if row.answered_us]
    place = trial.ccore.directory / "var" / "recordings"
    files = [place / row.recording for row in talks if row.recording]
    sizes = [file.stat().st_size for file in files if file.is_file()]
    return {
        "talks": len(talks),
        "named": len(files),
        "there": len(sizes),
        "empty": sum(size <= WAV_HEAD_BYTES for size in sizes),
    }


def _is_within(call: Call, gap: tuple[float, float]) -> bool:
    began_s, up_s = gap
    return call.placed_s >= began_s - LATE_S and 0 < call.over_s <= up_s + LATE_S


def _how(call: Call) -> str:
    if call.talked_s:
        return "talked"
    return "waited" if call.answered_s else f"never answered ({call.cause})"


def run(root: Path, chosen: list[str], seed: int) -> dict[str, Any]:
    tried: list[dict[str, Any]] = []
    result: dict[str, Any] = {"machine": machine(), "seed": seed, "faults": tried}
    with (
        RealSwitch(
            root / "switch", Ports.free(), agents=AGENTS, ccore_rtp_timeout_ms="60000"
        ) as switch,
        PhonesSwitch(root / "phones", switch) as phones_switch,
    ):
        result["switch"] = switch.api("version")[0].strip()
        phones = RealPhones(phones_switch)
        phones.await_registered(START_S)
        if set(chosen) & FAULTS.keys():
            with Proxy(switch.port) as proxy:
                trial = Trial(root / "faults", switch, phones, proxy, seed)
                try:
                    trial.ccore.start(lambda: None)
                    trial.traffic.run(4.0)
                    for name in [name for name in FAULTS if name in chosen]:
                        for _ in range(FAULTS[name][1]):
                            tried.append(_calmly(trial, name))
                    trial.traffic.finish(60.0)
                    result["left_on_switch"] = trial.ccore.await_quiet(switch)
                finally:
                    trial.ccore.stop()
                    (root / "log").write_text(trial.ccore.log())
                result["records"] = records(trial, trial.ccore.rows())
            phones.reset()
        if "flood" in chosen:
            result["flood"] = flood(root / "flood", switch, phones, seed)
        phones.close()
    return result


def _calmly(trial: Trial, name: str) -> dict[str, Any]:
    """Again, within a bound, where the host had taken the cores away."""
    for attempt in range(TRIES):
        found = put_to(trial, name)
        print(_line(found), flush=True)
        if found["stolen"] < STOLEN or not _losses(found) or attempt + 1 == TRIES:
            break
        print(f"  void: {found['stolen']:.0%} of the time was stolen; again", flush=True)
        wait_for_calm(CALM_S)
    return found


def _losses(found: dict[str, Any]) -> int:
    places = found["waiting"] - found["places_kept"] - found["ended_meanwhile"]
    lost: int = found["lost"] + (0 if found["fault"] == "switch killed" else places)
    return lost


def _line(found: dict[str, Any]) -> str:
    return (
        f"{found['fault']:15} {found['kept']}/{found['calls_up'] - found['ended_with_switch']}"
        f" calls kept,"
        f" {found['places_kept']}/{found['waiting']} places, {found['lost']} lost,"
        f" {found['served_by_fallback']} to the fallback;"
        f" link back after {found['link_back_s']} s, going on {found['going_on_s']} s later"
        f"  {found['states']}"
    )


def main(words: list[str]) -> int:
    everything = [*FAULTS, "flood"]
    parser = argparse.ArgumentParser(prog="python -m tests.real.chaos", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--only", nargs="+", choices=everything, default=everything)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(words)
    try:
        find_freeswitch()
    except ToolMissing as missing:
        print(missing)
        return missing.exit_code
    end_on_sigterm()
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ccore-chaos-") as directory:
        result = run(Path(directory), asked.only, asked.seed)
    result["took_s"] = round(time.monotonic() - began_s)
    asked.out.write_text(json.dumps(result, indent=1) + "\n")
    return _verdict(result)


def _verdict(result: dict[str, Any]) -> int:
    faults = result["faults"]
    lost = sum(_losses(found) for found in faults)
    kept = sum(found["kept"] for found in faults)
    ended = sum(found["ended_with_switch"] for found in faults)
    up = sum(found["calls_up"] for found in faults) - ended
    told = result.get("records", {})
    bad = lost + sum(told.get(name, 0) for name in ("doubled", "missing", "lost_in_all"))
    if told:
        print(f"records: {told['rows']} rows of {told['calls']} calls, {told['missing']} missing"
              f" {told['missing_causes']}, {told['doubled']} doubled,"
              f" {told['lost_in_all']} lost at any time,"
              f" {told['came_and_went_unseen']} came and went unseen")  # fmt: skip
        print(f"left on the switch: {result['left_on_switch'] or 'nothing'}")
    if "flood" in result:
        print("flood:", json.dumps(result["flood"]))
    print(
        f"{len(faults)} faults, {kept} of {up} calls kept, {lost} lost,"
        f" {ended} ended with their switch ({result['took_s']} s)"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
