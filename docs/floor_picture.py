"""python -m docs.floor_picture: docs/floor.svg, what `ccore top` shows of a demo after a while."""

import io
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich import _export_format as export
from rich.console import Console

from ccore.cli.client import Client
from ccore.cli.floor_view import FloorView
from ccore.errors import NotRunning

TARGET = Path(__file__).parent / "floor.svg"
AFTER_S = 28.0  # long enough that every queue has had callers and every state is there
LOOK_S = 0.5
SIZE = (104, 30)  # columns and lines: readable at the width of a page
# No fonts from elsewhere: a picture asks nobody.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}\n", "", export.CONSOLE_SVG_FORMAT, flags=re.S)


def watch(socket: Path) -> FloorView:
    """What has happened on the floor until now, and how it stands."""
    floor, until = FloorView("ccore top"), time.monotonic() + AFTER_S
    floor.note = "Ctrl-C leaves"
    with Client(socket) as asking, Client(socket) as listening:
        listening.ask("follow")
        while time.monotonic() < until:
            floor.feed(asking.ask("status"))
            if (news := listening.news_within(LOOK_S)) is not None:
                floor.tell(news)
    return floor


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        words = ["--seconds", str(AFTER_S + 30), "--rate", "1.4", "--dir", directory]
        with subprocess.Popen([sys.executable, "-m", "ccore", "demo", *words]) as demo:
            while demo.poll() is None:
                try:
                    floor = watch(Path(directory) / "ccore.sock")
                    break
                except NotRunning:
                    time.sleep(LOOK_S)
            else:
                sys.exit("the demo ended before its time")
            demo.terminate()
    width, height = SIZE
    console = Console(record=True, width=width, height=height, file=io.StringIO())
    console.print(floor)
    console.save_svg(str(TARGET), title="ccore top", code_format=FORMAT, unique_id="floor")
    print(TARGET)


if __name__ == "__main__":
    main()
