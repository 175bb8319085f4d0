"""python -m docs: write the pages that are made from the code; --check only says if they are stale.

A page is a function that returns its text. To add one, name it in PAGES.
"""

import argparse
import importlib
import sys
from pathlib import Path

HERE = Path(__file__).parent

# file: (module, function)
PAGES = {
    "cli.md": ("docs.cli", "page"),
    "configuration.md": ("docs.configuration", "page"),
    "scenarios.md": ("docs.scenarios", "page"),
}


def render(name: str) -> str:
    module, function = PAGES[name]
    text: str = getattr(importlib.import_module(module), function)()
    return text


def stale() -> list[str]:
    """Pages that are not what the code says."""
    return [name for name in PAGES if _read(HERE / name) != render(name)]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m docs", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if stale")
    check = parser.parse_args().check
    names = stale()
    for name in names:
        if check:
            print(f"docs/{name} is stale: run python -m docs", file=sys.stderr)
        else:
            (HERE / name).write_text(render(name), encoding="utf-8")
            print(f"docs/{name}")
    return 1 if check and names else 0


if __name__ == "__main__":
    sys.exit(main())
