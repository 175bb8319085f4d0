"""`make real`: the scenario book on a real FreeSWITCH, with real SIP phones.

python -m tests.real [NAME ...]     only these scenarios
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
    wanted = chosen or names()
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
            failed += not run(name, Path(root) / name, switch, phones)
        phones.close()
    print(f"{len(wanted) - failed} passed, {failed} failed")
    return 1 if failed else 0


def run(name: str, directory: Path, switch: RealSwitch, phones: RealPhones) -> bool:
    began = time.monotonic()
    scenario = read(name)
    with RealWorld(scenario, directory, switch, phones) as world:
        found = faults(scenario, play(scenario, world))
    if any(not phone.is_registered for phone in scenario.phones):
        phones.await_registered()
    print(
        f"{'FAILED' if found else 'ok    '} {name} ({time.monotonic() - began:.1f} s)", flush=True
    )
    for fault in found:
        print(f"       {fault}")
    if found:
        print("       " + "\n       ".join(world.log().splitlines()[-12:]))
    return not found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
