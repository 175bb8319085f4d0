"""`make real`: the scenario book and the outages on a real FreeSWITCH, with real SIP phones.

python -m tests.real [NAME ...]     only these
"""

import sys
import tempfile
import time
from pathlib import Path

from ccore.errors import ToolMissing
from tests.book.check import faults
from tests.book.play import play
from tests.book.real import RealWorld
from tests.book.scenario import names, read
from tests.real.outages import OUTAGES, run_outage
from tests.real.phones import RealPhones
from tests.real.switch import PhonesSwitch, Ports, RealSwitch, find_freeswitch

AGENTS = 10
PORTS = Ports.at(28_000)


def main(chosen: list[str]) -> int:
    try:
        find_freeswitch()
    except ToolMissing as missing:
        print(missing)
        return missing.exit_code
    outages = {outage.__name__.replace("_", "-"): outage for outage in OUTAGES}
    wanted = chosen or [*names(), *outages]
    failed = 0
    with (
        tempfile.TemporaryDirectory(prefix="ccore-real-") as root,
        RealSwitch(Path(root) / "switch", PORTS, agents=AGENTS) as switch,
        PhonesSwitch(Path(root) / "phones", switch) as phones_switch,
    ):
        print(switch.api("version")[0].strip(), flush=True)
        phones = RealPhones(phones_switch)
        phones.await_registered()
        for name in wanted:
            began = time.monotonic()
            try:
                if name in outages:
                    found = run_outage(outages[name], Path(root), switch, phones)
                else:
                    found = run_scenario(name, Path(root) / name, switch, phones)
            except RuntimeError as trouble:  # a daemon that did not come up, a phone that is gone
                found = [str(trouble)]
            failed += bool(found)
            verdict = "FAILED" if found else "ok    "
            print(f"{verdict} {name} ({time.monotonic() - began:.1f} s)", flush=True)
            for fault in found:
                print(f"       {fault}")
        phones.close()
    print(f"{len(wanted) - failed} passed, {failed} failed")
    return 1 if failed else 0


def run_scenario(name: str, directory: Path, switch: RealSwitch, phones: RealPhones) -> list[str]:
    """What is not as the scenario says, with the daemon's last words."""
    scenario = read(name)
    with RealWorld(scenario, directory, switch, phones) as world:
        found = faults(scenario, play(scenario, world))
        log = world.log().splitlines()[-12:] if found else []
    if any(not phone.is_registered for phone in scenario.phones):
        phones.await_registered()
    return found + log


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
