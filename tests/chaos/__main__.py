"""`python -m tests.chaos --seeds 2000`: look for a schedule of faults that breaks a law."""

import argparse
import json
import logging
import signal
import sys
import time
import traceback
from collections import Counter

from tests.chaos.story import tell


def _too_long(number: int, frame: object) -> None:
    raise TimeoutError("a story without end")


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Calls and faults by seed, against the daemon's own parts, in virtual time.",
        epilog="Example: python -m tests.chaos --start 4711 --seeds 1",
    )
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--keep-going", action="store_true", help="count, do not stop at the first")
    parser.add_argument("--limit-s", type=int, default=120, help="longest time for one seed")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    logging.getLogger("ccore").setLevel(logging.CRITICAL)  # of faults made on purpose
    broken: dict[str, list[int]] = {}
    sums: dict[str, Counter[str]] = {"faults": Counter(), "repairs": Counter(), "seen": Counter()}
    signal.signal(signal.SIGALRM, _too_long)
    began = time.monotonic()
    for seed in range(args.start, args.start + args.seeds):
        signal.alarm(args.limit_s)
        try:
            outcome = tell(seed)
        except Exception as error:
            if not args.keep_going:
                traceback.print_exc()
                return 1
            broken.setdefault(_what(error), []).append(seed)
            continue
        sums["faults"] += outcome.faults
        sums["repairs"] += outcome.repairs
        sums["seen"] += Counter(
            contacts=outcome.contacts,
            recovered=outcome.recovered,
            places_kept=outcome.kept,
            events_mangled=outcome.mangled,
        )
        done = seed - args.start + 1
        if sys.stderr.isatty() and done % 10 == 0:
            print(f"\r{done} of {args.seeds} seeds", end="", file=sys.stderr)
    signal.alarm(0)
    _report(args, broken, sums, time.monotonic() - began)
    return bool(broken)


def _what(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
    return f"{type(error).__name__} {place} {str(error)[:110]!r}"


def _report(
    args: argparse.Namespace,
    broken: dict[str, list[int]],
    sums: dict[str, Counter[str]],
    took_s: float,
) -> None:
    count = sum(map(len, broken.values()))
    if args.json:
        told = {"seeds": args.seeds, "start": args.start, "broken": broken, "took_s": round(took_s)}
        print(json.dumps(told | sums))
        return
    for what, seeds in sorted(broken.items(), key=lambda item: -len(item[1])):
        print(f"{len(seeds):5} {what}: seeds {seeds[:6]}")
    for name, counter in sums.items():
        print(f"{name}: " + ", ".join(f"{n} {what}" for what, n in counter.most_common()))
    print(f"{args.seeds} seeds in {took_s:.0f} s, {count} broken")


if __name__ == "__main__":
    sys.exit(main())
