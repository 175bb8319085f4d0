"""`make real`: the scenario book and the cases on a real FreeSWITCH, with real SIP phones.

python -m tests.real [NAME ...]     only these
python -m tests.real --slow         also what takes more than a minute

A run that failed is repeated once. It is void if the host took the cores away meanwhile, and then
repeated a few times more. The exit code tells of what failed whenever the machine was all there.
"""

import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ccore.errors import ToolMissing
from ccore.esl.unseen import VARIABLE
from tests.book.check import faults
from tests.book.play import play
from tests.book.real import RealWorld
from tests.book.scenario import names, read
from tests.calm import STOLEN, Watch, wait_for_calm
from tests.real import clients, desks, dying, outages, refusals, storms, strangers
from tests.real.case import run_case
from tests.real.phones import RealPhones
from tests.real.switch import (
    START_S,
    PhonesSwitch,
    Ports,
    RealSwitch,
    end_on_sigterm,
    find_freeswitch,
)

AGENTS = 10
TRIES = 2  # of what failed on a machine that was all there
VOID_TRIES = 4  # of what failed while it was not
CALM_S = 60.0  # wait so long for the host to give the cores back
PATIENCE_S = 900.0  # after so long in all, nothing is repeated any more
LONGEST_S = 300.0  # no run takes longer, or something waits for ever

# In this order: what leaves the switch as it was comes before what kills it.
_FILES = (outages, desks, clients, refusals, strangers, storms, dying)
_CASES = {case.__name__.replace("_", "-"): case for file in _FILES for case in file.CASES}
# More than a minute: only by name or with --slow.
SLOW = ("three-hundred-callers-for-ten-agents",)


@dataclass(slots=True)
class Tally:
    passed: int = 0
    failed: int = 0
    void: int = 0
    repeated: int = 0

    def __str__(self) -> str:
        more = f", {self.void} skipped" if self.void else ""
        more += f" ({self.repeated} runs were repeated)" if self.repeated else ""
        return f"{self.passed} passed, {self.failed} failed{more}"


def main(words: list[str]) -> int:
    try:
        find_freeswitch()
    except ToolMissing as missing:
        print(missing)
        return missing.exit_code
    chosen = [word for word in words if word != "--slow"]
    usual = [name for name in names() if name not in SLOW or "--slow" in words]
    end_on_sigterm()
    signal.signal(signal.SIGALRM, _too_long)
    tally = Tally()
    with (
        tempfile.TemporaryDirectory(prefix="ccore-real-") as root,
        RealSwitch(Path(root) / "switch", Ports.free(), agents=AGENTS) as switch,
        PhonesSwitch(Path(root) / "phones", switch) as phones_switch,
    ):
        print(switch.api("version")[0].strip(), flush=True)
        phones = RealPhones(phones_switch)
        phones.await_registered(START_S)
        patience_ends = time.monotonic() + PATIENCE_S
        for name in chosen or [*usual, *_CASES]:
            began = time.monotonic()
            verdict, found = judge(name, Path(root), switch, phones, patience_ends, tally)
            print(f"{verdict:6} {name} ({time.monotonic() - began:.1f} s)", flush=True)
            for fault in found:
                print(f"       {fault}", flush=True)
        phones.close()
    if tally.void:
        print(f"{tally.void} void: whenever they were tried the host had taken the cores away")
    print(tally)
    return 1 if tally.failed or not tally.passed else 0


def judge(
    name: str,
    root: Path,
    switch: RealSwitch,
    phones: RealPhones,
    patience_ends: float,
    tally: Tally,
) -> tuple[str, list[str]]:
    """`ok`, `FAILED` or `void`, and what went wrong the last time."""
    honest = 0  # failures that the machine had no part in
    for attempt in range(VOID_TRIES):
        watch = Watch()
        found = run(name, root / str(attempt), switch, phones)
        stolen = watch.share()
        if not found:
            tally.passed += 1
            return "ok", []
        _tidy(switch, phones)
        honest += stolen < STOLEN
        if honest == TRIES or time.monotonic() > patience_ends:
            break
        tally.repeated += 1
        print(f"again  {name}: {found[0]} ({stolen:.0%} of the time was stolen)", flush=True)
        if stolen >= STOLEN:
            wait_for_calm(CALM_S)
    if honest:
        tally.failed += 1
        return "FAILED", found
    tally.void += 1
    return "void", found


def run(name: str, root: Path, switch: RealSwitch, phones: RealPhones) -> list[str]:
    """What went wrong."""
    signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
    try:
        _forget_unseen(switch)
        if name in _CASES:
            return run_case(_CASES[name], root, switch, phones)
        return run_scenario(name, root / name, switch, phones)
    except Exception as trouble:  # such as a daemon that is gone: the others are still tried
        return [f"{type(trouble).__name__}: {trouble}"]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _forget_unseen(switch: RealSwitch) -> None:
    """Each run has a ccore of its own, that would put the callers of the run before on record."""
    kept = [line for line in switch.api("global_getvar")[0].splitlines() if VARIABLE in line]
    for line in kept:
        switch.api(f"global_setvar {line.partition('=')[0]}=")


def _tidy(switch: RealSwitch, phones: RealPhones) -> None:
    """Whatever the run has left, the next one finds a switch with every phone registered."""
    if switch.process is None:
        switch.start()
    switch.api("hupall")
    phones.reset()
    for agent in switch.made.agents:
        phones.act(f"agent:{agent}", "register")
    phones.await_registered(START_S)


def _too_long(_number: int, _frame: object) -> None:
    raise TimeoutError(f"not over after {LONGEST_S:.0f} s")


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
