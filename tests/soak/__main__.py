"""`python -m tests.soak --calls 200000`: a picture and figures of what a long run costs."""

import argparse
import json
import logging
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from tests.soak.picture import picture
from tests.soak.run import OVERLOAD, START_US, WORK, Sample, Soak, growth

MOST_RSS = 0.02  # of growth between the second and the last quarter
MOST_CPU = 0.15  # the machine's own noise is 10 %


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Many calls through one daemon's parts, in virtual time: does anything grow?",
        epilog="Example: python -m tests.soak --calls 20000 --picture soak.svg",
    )
    parser.add_argument("--calls", type=int, default=200_000)
    parser.add_argument("--overload", action="store_true", help="ten times what agents can take")
    parser.add_argument("--picture", type=Path, help="an SVG file to write")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    logging.getLogger("ccore").setLevel(logging.CRITICAL)  # of faults made on purpose
    began_s = time.monotonic()

    def tell(sample: Sample) -> None:
        if sys.stderr.isatty():
            print(f"\r{sample.calls} calls, {sample.rss_mb:.0f} MB", end="", file=sys.stderr)

    with tempfile.TemporaryDirectory(prefix="ccore-soak-") as directory:
        soak = Soak(Path(directory), args.calls, OVERLOAD if args.overload else WORK)
        soak.run(tell)
        hours = (soak.now_us - START_US) / 3.6e9
        soak.close()
    grown = growth(soak.samples)
    if args.picture:
        args.picture.write_text(picture(soak.samples))
    first, last = soak.samples[len(soak.samples) // 4], soak.samples[-1]
    told = {
        "calls": args.calls,
        "virtual_hours": round(hours, 1),
        "took_s": round(time.monotonic() - began_s),
        "repairs": dict(soak.floor.reconciliation.repairs),
        "rss_growth": round(grown.rss, 4),
        "file_growth": grown.files,
        "us_per_call_growth": round(grown.us_per_call, 4),
        "after_a_quarter": asdict(first),
        "at_the_end": asdict(last),
    }
    if args.json:
        print(json.dumps(told))
    else:
        for name, value in told.items():
            print(f"{name}: {value}")
    has_grown = grown.rss > MOST_RSS or grown.files > 0 or grown.us_per_call > MOST_CPU
    return int(has_grown)


if __name__ == "__main__":
    sys.exit(main())
