"""What the demo needs around it: a directory of its own, a configuration in it, two processes."""

import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from ccore.cli.client import Client, find_socket
from ccore.errors import (
    AlreadyRunning,
    BadConfig,
    BadRequest,
    CcoreError,
    DiskTrouble,
    NotRunning,
    reason,
)

__all__ = ["Stage", "find_example"]

MARK = "# Written by `ccore demo`; the next demo in this directory begins by removing it all.\n"
CONFIG = "ccore.toml"
# A process that has not begun by then will not; a cold start on a slow disk takes a few seconds.
BEGIN_S = 30.0
# The daemon says its last words to the switch and closes its files.
END_S = 15.0
LAST_CALLER_S = 12.0  # before closing time: he is through the menus by then
HANG_UP_S = 3.0  # until every call has ended that was hung up at once
LOOK_S = 0.05


def find_example() -> Path:
    """The demo's configuration: beside the package in a clone, in share/ where it is installed."""
    places = [
        Path(__file__).parents[2] / "examples" / "demo.toml",
        Path(sysconfig.get_path("data")) / "share" / "ccore" / "examples" / "demo.toml",
    ]
    for place in places:
        if place.is_file():
            return place
    raise BadConfig(
        file="demo.toml",
        place="the file",
        found=f"none at {' nor at '.join(str(place) for place in places)}",
        expected="the example, or one named by --config",
    )


class Stage:
    """One demo in one directory. Both processes end with the `with` block, whatever happens."""

    def __init__(self, directory: Path, source: Path) -> None:
        self.directory = directory.absolute()
        self.config = self.directory / CONFIG
        self.socket = find_socket(self.config, self.directory)
        self._source = source
        self._password = os.urandom(16).hex()
        self._switch: subprocess.Popen[str] | None = None
        self._daemon: subprocess.Popen[str] | None = None

    def prepare(self) -> None:
        """An empty directory: what a demo left is removed, anything else is not touched."""
        with contextlib.suppress(NotRunning), Client(self.socket):
            raise AlreadyRunning(who="a demo", what=self.directory)
        try:
            self._clear()
            self._write(0)
        except OSError as error:
            raise DiskTrouble(path=error.filename or self.directory, why=reason(error)) from None

    def _clear(self) -> None:
        if self.directory.exists() and any(self.directory.iterdir()):
            if not (self.config.is_file() and self.config.read_text("utf-8").startswith(MARK)):
                raise BadRequest(
                    what=f"{self.directory} holds something that no demo wrote",
                    expected="an empty directory, or another --dir",
                )
            shutil.rmtree(self.directory)
        self.directory.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def switch(self, rate: float, seed: int) -> Iterator[None]:
        words = [str(self.config), self._password, str(rate), str(seed), str(self.directory)]
        with self._process("switch", ["ccore.cli.demo_switch", *words]) as child:
            assert child.stdout is not None
            if not (port := child.stdout.readline().strip()):
                raise self._failed("switch")
            self._write(int(port))
            self._switch = child
            yield

    @contextlib.contextmanager
    def daemon(self) -> Iterator[None]:
        words = ["ccore", "run", "--config", str(self.config)]
        with self._process("daemon", words) as child:
            self._daemon = child
            self._await_link()
            yield

    def begin(self, seconds: float) -> None:
        """Everybody comes to work, then callers dial; the last early enough to be served."""
        with Client(self.socket) as daemon:
            for agent in daemon.ask("agents")["agents"]:
                if agent["state"] == "signed-out":
                    daemon.ask("agent.sign_in", agent=agent["id"])
        self._tell_switch(f"{seconds - min(LAST_CALLER_S, seconds / 4):g}")

    def close(self) -> None:
        """Closing time: who talks comes to an end, who waits is served."""
        self._tell_switch("close")

    def end(self) -> None:
        """All calls end, then the daemon does, in order; records are complete afterwards."""
        if self._daemon is None:
            return
        with contextlib.suppress(NotRunning), Client(self.socket) as daemon:
            self._tell_switch("end")
            until = time.monotonic() + HANG_UP_S
            while daemon.ask("calls")["calls"] and time.monotonic() < until:
                time.sleep(LOOK_S)
            daemon.ask("stop")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._daemon.wait(END_S)

    def _tell_switch(self, line: str) -> None:
        assert self._switch is not None
        assert self._switch.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._switch.stdin.write(line + "\n")
            self._switch.stdin.flush()

    def _await_link(self) -> None:
        until = time.monotonic() + BEGIN_S
        while time.monotonic() < until:
            if self._daemon is not None and self._daemon.poll() is not None:
                raise self._failed("daemon")
            with contextlib.suppress(NotRunning), Client(self.socket) as daemon:
                nodes = daemon.ask("status")["nodes"]
                if nodes and all(node["up"] for node in nodes):
                    return
            time.sleep(LOOK_S)
        raise self._failed("daemon")

    def _failed(self, who: str) -> CcoreError:
        log = self.directory / f"{who}.log"
        lines = log.read_text("utf-8", "replace").strip().splitlines() or ["nothing"]
        return CcoreError(what=f"the demo's {who} did not begin; its log {log} ends: {lines[-1]}")

    @contextlib.contextmanager
    def _process(self, who: str, module: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
        with (
            (self.directory / f"{who}.log").open("a") as log,
            subprocess.Popen(
                [sys.executable, "-m", *module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl-C is ours to hear: they are ended in order
                preexec_fn=_end_with_parent,
            ) as child,
        ):
            try:
                yield child
            finally:
                child.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(END_S)
                child.kill()

    def _write(self, port: int) -> None:
        text = self._source.read_text("utf-8")
        self.config.write_text(MARK + _with_switch(text, port, self._password), "utf-8")
        self.config.chmod(0o600)


def _with_switch(text: str, port: int, password: str) -> str:
    """The configuration with the simulated switch and our directory in place of its own."""
    given = tomllib.loads(text).get("switch", {})
    first: object = next(iter(given.values()), {}) if isinstance(given, dict) else {}
    kept, is_ours = [], False
    for line in text.splitlines(keepends=True):
        if header := re.match(r"\s*\[+\s*([^\]]*)", line):
            is_ours = header[1].split(".")[0].strip() in ("switch", "daemon")
        if not is_ours:
            kept.append(line)
    kept.append(f'\n[daemon]\ndir = "."\n\n[switch.sim]\nport = {port}\npassword = "{password}"\n')
    if isinstance(first, dict) and isinstance(first.get("fallback_s"), int):
        kept.append(f"fallback_s = {first['fallback_s']}\n")
    return "".join(kept)


def _end_with_parent() -> None:
    """In the child: SIGTERM when our parent dies, so that a killed demo leaves nothing running."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
