"""`make real`: the scenario book and the outages on a real FreeSWITCH, with real SIP phones.

python -m tests.real [NAME ...]     only these
"""

import sys
import tempfile
import time
from pathlib import Path

from ccore.errors import CcoreError, ToolMissing
from tests.book.check import faults
from tests.book.play import play
from tests.book.real import RealWorld
from tests.book.scenario import names, read
from tests.calm import STOLEN, Watch, wait_for_calm
from tests.real.outages import OUTAGES, run_outage
from tests.real.phones import RealPhones
from tests.real.switch import START_S, PhonesSwitch, Ports, RealSwitch, find_freeswitch

AGENTS = 10
PORTS = Ports.at(28_000)
TRIES = 4  # of a scenario whose runs were void
CALM_S = 60.0  # wait so long for the host to give the cores back
PATIENCE_S = 1_200.0  # after so long in all, void runs are repeated no more

_OUTAGES = {outage.__name__.replace("_", "-"): outage for outage in OUTAGES}


def main(chosen: list[str]) -> int:
    try:
        find_freeswitch()
    except ToolMissing as missing:
        print(missing)
        return missing.exit_code
    wanted = chosen or [*names(), *_OUTAGES]
    failed = void = 0
    with (
        tempfile.TemporaryDirectory(prefix="ccore-real-") as root,
        RealSwitch(Path(root) / "switch", PORTS, agents=AGENTS) as switch,
        PhonesSwitch(Path(root) / "phones", switch) as phones_switch,
    ):
        print(switch.api("version")[0].strip(), flush=True)
        phones = RealPhones(phones_switch)
        phones.await_registered(START_S)
        patience_ends = time.monotonic() + PATIENCE_S
        for name in wanted:
            began = time.monotonic()
            tries = TRIES if began < patience_ends else 1
            found, stolen = run(name, Path(root), switch, phones, tries)
            verdict = "ok    "
            if found:
                verdict = "FAILED" if stolen < STOLEN else "void  "
                failed += verdict == "FAILED"
                void += verdict == "void  "
            print(f"{verdict} {name} ({time.monotonic() - began:.1f} s)", flush=True)
            for fault in found:
                print(f"       {fault}")
        phones.close()
    if void:
        print(f"{void} void: whenever they were tried the host had taken the cores away")
    passed = len(wanted) - failed - void
    print(f"{passed} passed, {failed} failed" + (f", {void} skipped" if void else ""))
    return 1 if failed or not passed else 0


def run(
    name: str, root: Path, switch: RealSwitch, phones: RealPhones, tries: int
) -> tuple[list[str], float]:
    """What went wrong, and the share of time that the host stole; void runs are repeated."""
    for attempt in range(tries):
        watch = Watch()
        try:
            if name in _OUTAGES:
                found = run_outage(_OUTAGES[name], root / str(attempt), switch, phones)
            else:
                found = run_scenario(name, root / str(attempt) / name, switch, phones)
        except (RuntimeError, CcoreError, OSError) as trouble:  # a daemon or phone that is gone
            found = [str(trouble)]
            switch.api("hupall")
            phones.reset()
        stolen = watch.share()
        if not found or stolen < STOLEN or attempt + 1 == tries:
            break
        print(f"void   {name}: {100 * stolen:.0f} % of the time was stolen; again", flush=True)
        wait_for_calm(CALM_S)
    return found, stolen


def run_scenario(name: str, directory: Path, switch: RealSwitch, phones: RealPhones) -> list[str]:
    """What is not as the scenario says, with the daemon's last words."""
    scenario = read(name)
    with RealWorld(scenario, directory, switch, phones) as world:
        found = faults(scenario, play(scenario, world))
        log = world.log().splitlines()[-12:] if found else []
    if any(not phone.is_registered for phone in scenario.phones):
        phones.await_registered(START_S)
    return found + log


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
