"""The event socket's password is where it was put, and nowhere else."""

import json
import sys
from pathlib import Path

import gevent
import pytest
from gevent.subprocess import PIPE, Popen

from ccore.cli.client import Client
from ccore.errors import NotRunning
from ccore.sim.server import SimServer, now_us
from ccore.sim.switch import SimSwitch
from tests.cli.test_run import text

PATIENCE_S = 60
SECRET = "pear-tree-on-a-hill"


@pytest.mark.parametrize("in_file", [False, True], ids=["in ccore.toml", "in a file of its own"])
@pytest.mark.parametrize("is_right", [True, False], ids=["right", "wrong"])
def test_it_is_in_no_log_no_status_no_process_list_and_no_file(
    in_file: bool, is_right: bool, tmp_path: Path
) -> None:
    server = SimServer(SimSwitch(now_us=now_us(), password=SECRET if is_right else "other"))
    port = server.start()
    config = tmp_path / "ccore.toml"
    place = 'password_file = "esl"' if in_file else f'password = "{SECRET}"'
    config.write_text(text(port).replace('password = "none"', place))
    config.chmod(0o600)
    (tmp_path / "esl").write_text(f"{SECRET}\n")
    (tmp_path / "esl").chmod(0o600)
    words = [sys.executable, "-m", "ccore", "run", "--config", str(config), "--log-level", "debug"]
    with Popen(words, stderr=PIPE) as child:
        seen = linked(tmp_path) if is_right else ""
        shown = (Path(f"/proc/{child.pid}") / "cmdline").read_bytes() if is_right else b""
        shown += (Path(f"/proc/{child.pid}") / "environ").read_bytes() if is_right else b""
        if is_right:
            child.terminate()
        _, said = child.communicate(timeout=PATIENCE_S)
    server.stop()
    assert SECRET not in seen
    assert SECRET.encode() not in shown + said
    written = [path for path in (tmp_path / "var").rglob("*") if path.is_file()]
    assert not [path for path in written if SECRET.encode() in path.read_bytes()]


def linked(directory: Path) -> str:
    """`ccore status` in full, once the switch is there."""
    with gevent.Timeout(PATIENCE_S):
        while True:
            try:
                with Client(directory / "var" / "ccore.sock") as client:
                    status = client.ask("status")
                if status["nodes"][0]["up"]:
                    return json.dumps(status)
            except NotRunning:
                pass
            gevent.sleep(0.02)
