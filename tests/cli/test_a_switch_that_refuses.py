"""A switch that does not want ccore, or the other way round: one line and an exit code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from gevent.subprocess import PIPE, Popen

from ccore.errors import AlreadyRunning, CcoreError, SwitchOutdated, SwitchRefused
from ccore.sim.server import SimServer, now_us
from ccore.sim.switch import SimSwitch
from tests.cli.test_run import text

PATIENCE_S = 60


@contextmanager
def switch(**how: object) -> Iterator[int]:
    """The port of a simulated switch."""
    server = SimServer(SimSwitch(now_us=now_us(), **{"password": "none", **how}))  # type: ignore[arg-type]
    yield server.start()
    server.stop()


def run(directory: Path, port: int) -> "Popen[bytes]":
    directory.mkdir()
    config = directory / "ccore.toml"
    config.write_text(text(port))
    config.chmod(0o600)
    words = [sys.executable, "-m", "ccore", "run", "--config", str(config)]
    return Popen(words, stderr=PIPE)


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        ({"password": "another"}, SwitchRefused, "switch one refused us: wrong password"),
        (
            {"admits": lambda conn: False},
            SwitchRefused,
            "access list does not have us (Access Denied",
        ),
        ({"version": "1.8.7"}, SwitchOutdated, "is FreeSWITCH Version 1.8.7"),
    ],
    ids=["wrong password", "access list", "old switch"],
)
def test_the_daemon_says_why_and_ends(
    how: dict[str, object], error: type[CcoreError], said: str, tmp_path: Path
) -> None:
    with switch(**how) as port, run(tmp_path / "one", port) as child:
        _, trouble = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == error.exit_code
    last = trouble.decode().splitlines()[-1]
    assert last.startswith("ccore: ")
    assert said in last
    assert "Traceback" not in trouble.decode()


def test_a_switch_is_served_by_one_daemon(tmp_path: Path) -> None:
    with switch() as port, run(tmp_path / "one", port) as first:
        assert first.stderr is not None
        while b"switch one is there" not in (line := first.stderr.readline()):
            assert line, "the first daemon ended"
        with run(tmp_path / "two", port) as second:
            _, trouble = second.communicate(timeout=PATIENCE_S)
        assert second.returncode == AlreadyRunning.exit_code
        assert f"({first.pid}@" in trouble.decode().splitlines()[-1]
        assert first.poll() is None
        first.terminate()
        assert first.wait(PATIENCE_S) == 0
