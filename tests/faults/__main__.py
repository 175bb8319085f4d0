"""`python -m tests.faults`: a fault of each kind at every byte of a session (about three minutes).

`make test` tries every forty-seventh byte.
"""

import sys

from tests.faults.session import record
from tests.faults.sweep import SEED, sweep


def main() -> int:
    session = record()
    tried = wrong = 0
    for connection, fault, trouble in sweep(session):
        tried += 1
        if trouble:
            wrong += 1
            print(f"connection {connection}, {fault}: {trouble}")
    print(f"{tried} faults tried, {wrong} ended wrong (seed {SEED})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
