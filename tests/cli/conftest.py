"""A daemon's end of the control socket that answers with a made-up floor and remembers requests."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

# Seconds within which anything here has happened, or never will.
PATIENCE_S = 30

SERVER = """
import json, sys
from pathlib import Path
import gevent
from gevent.event import Event
from ccore.daemon.control import ControlServer
from ccore.errors import BadConfig, UnknownName
from ccore.model import News

view = json.loads(sys.stdin.readline())
asked = []

def handle(request):
    asked.append(request)
    verb = request["do"]
    if verb == "asked":
        return {"asked": asked}
    if verb == "reload":
        raise BadConfig(file="ccore.toml", place="queues.sales", found="9", expected="a number")
    if verb == "stop":
        gevent.spawn_later(0.01, done.set)
        return {}
    if verb == "status":
        server.publish(News("offer", view["at_us"], {"agent": "1001", "queue": "sales",
            "calling": "1391", "calling_name": "[red]\\x1b[31m", "contact": "3f2a"}))
        return view
    if verb in ("calls", "queues", "agents"):
        return {"at_us": view["at_us"], verb: view[verb]}
    if request.get("agent") == "nobody" or request.get("contact") == "none":
        raise UnknownName(kind="agent", name="nobody", known="1001")
    if "agent" in request:
        return {"agent": request["agent"], "state": "talking", "after_call": "signed-out"}
    return {"contact": request["contact"] + "-whole"}

done = Event()
server = ControlServer(Path(sys.argv[1]), handle)
server.start()
print("listening", flush=True)
done.wait()
server.close()
"""

NOW_US = 1_767_225_600_000_000

HOSTILE = "[red]张三\x1b[2J\u202egnp\nroot"


def floor_view(**changes: object) -> dict[str, object]:
    """A small floor in the middle of a day."""
    view: dict[str, object] = {
        "at_us": NOW_US,
        "nodes": [{"name": "one", "up": True, "since_us": NOW_US - 60_000_000, "why": ""}],
        "queues": [
            {
                "name": name,
                "waiting": waiting,
                "longest_ms": longest_ms,
                "ready": 1,
                "signed_in": 4,
                "ringing": 0,
                "talking": 2,
                "offered": 40,
                "answered": 30,
                "abandoned": 3,
                "overflowed": 1,
                "service_level": level,
                "target": 0.8,
                "expected_ms": None,
            }
            for name, waiting, longest_ms, level in (
                ("sales", 3, 75_000, 0.91),
                ("国语服务", 0, 0, None),
            )
        ],
        "agents": [
            {
                "id": id_,
                "name": name,
                "state": state,
                "reason": reason,
                "since_us": NOW_US - 65_000_000,
                "contact": "",
                "queue": "",
                "calls": 5,
            }
            for id_, name, state, reason in (
                ("1001", "李娜 Li Na", "talking", ""),
                ("1002", "Alice Miller-Featherstonehaugh", "not-ready", "lunch"),
                ("1003", "陈嘉欣", "ready", ""),
                ("1004", "Bob", "signed-out", ""),
            )
        ],
        "calls": [
            {
                "contact": "3f2a9c1e-0000-4000-8000-000000000001",
                "node": "one",
                "calling": "13800138000",
                "calling_name": HOSTILE,
                "called": "4001",
                "state": "waiting",
                "since_us": NOW_US - 75_000_000,
                "arrived_us": NOW_US - 90_000_000,
                "queue": "sales",
                "agent": "",
                "position": 1,
                "priority": 0,
                "language": "zh",
                "recording": "",
            }
        ],
        "totals": {
            "offered": 40,
            "answered": 30,
            "abandoned": 3,
            "in_ivr": 2,
            "waiting": 3,
            "talking": 2,
            "service_level": 0.91,
        },
    }
    return {**view, **changes}


@pytest.fixture
def socket_path(tmp_path: Path) -> Iterator[Path]:
    """Where the made-up daemon listens."""
    path = tmp_path / "ccore.sock"
    command = [sys.executable, "-c", SERVER, str(path)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(floor_view()) + "\n")
        child.stdin.flush()
        assert child.stdout.readline() == "listening\n"
        yield path
        child.terminate()


@pytest.fixture
def ccore(socket_path: Path) -> Callable[..., Result]:
    """Run a command against it: `ccore("calls", "--json")`."""
    from ccore.cli import main

    def run(*arguments: str) -> Result:
        place = [] if "--socket" in arguments else ["--socket", str(socket_path)]
        return CliRunner().invoke(main, [*arguments, *place])

    return run
