"""Two FreeSWITCHes for one run: the one that ccore steers, and one that is all the phones.

Both listen on loopback, on ports that the caller chooses, live in a directory of their own and are
gone when the context ends.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ccore.cli.switch_files import Made, SwitchPlan, write_switch
from ccore.errors import ToolMissing
from tests.real.wire import WireError, ask

__all__ = [
    "START_S",
    "PhonesSwitch",
    "Ports",
    "RealSwitch",
    "Running",
    "end_on_sigterm",
    "find_freeswitch",
]

START_S = 90.0  # under a second on a machine of its own; a starved one takes long
STOP_S = 3.0  # an orderly shutdown hangs up every call first; then it is killed
POLL_S = 0.05  # between two looks whether the event socket is there

# A far end that vanished is noticed so soon in tests. Shorter, and a busy machine hears silence.
RTP_TIMEOUT_MS = 4000

PHONES_CONF = Path(__file__).with_name("phones-conf")
PHONES_PASSWORD = "phones"


@dataclass(frozen=True, slots=True)
class Ports:
    """Every port of one run; `Ports.at(28000)` takes the hundred from 28000 and 4,000 for RTP."""

    esl: int
    trunk: int
    agents: int
    phones_esl: int
    phones_sip: int
    rtp_first: int
    rtp_last: int
    phones_rtp_first: int
    phones_rtp_last: int

    @classmethod
    def at(cls, base: int) -> "Ports":
        rtp = base + 100
        return cls(base + 21, base + 80, base + 60, base + 22, base + 90,
                   rtp, rtp + 1998, rtp + 2000, rtp + 3998)  # fmt: skip

    @classmethod
    def free(cls) -> "Ports":
        """The first hundred and four thousand that nobody listens on, such as a run gone astray."""
        for base in (28_000, 18_000, 23_000, 38_000, 43_000):
            ports = cls.at(base)
            if all(map(_is_free, (ports.esl, ports.trunk, ports.agents, ports.phones_esl,
                                  ports.phones_sip))):  # fmt: skip
                return ports
        raise RuntimeError("no free ports for two switches; does a FreeSWITCH of a test still run?")


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def find_freeswitch() -> Path:
    """CCORE_FREESWITCH, or freeswitch on the PATH."""
    named = os.environ.get("CCORE_FREESWITCH", "")
    found = shutil.which(named or "freeswitch")
    if found is None:
        why = f"CCORE_FREESWITCH={named} cannot be run" if named else "it is not on the PATH"
        raise ToolMissing(tool="FreeSWITCH", why=f"{why}; set CCORE_FREESWITCH to the program")
    return Path(found)


def end_on_sigterm() -> None:
    """SIGTERM as Ctrl-C: a run that is ended from outside leaves no switch behind."""

    def end(_number: int, _frame: object) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)


class Running:
    """A FreeSWITCH process over a configuration directory."""

    def __init__(self, conf: Path, run: Path, port: int, password: str, profiles: tuple[str, ...]):
        self.conf = conf
        self.run = run
        self.port = port
        self.password = password
        self.profiles = profiles
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return when the event socket answers and the SIP profiles run."""
        program = find_freeswitch()
        self.run.mkdir(parents=True, exist_ok=True)
        places = [word for name in ("log", "db", "run") for word in (f"-{name}", str(self.run))]
        command = [str(program), "-conf", str(self.conf), *places, "-nonat", "-nf", "-nc", "-nort"]
        with (self.run / "output").open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        end = time.monotonic() + START_S
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"FreeSWITCH did not start: {self.run}/output\n{self.log()}")
            time.sleep(POLL_S)

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def kill(self) -> None:
        """A power cut."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def api(self, *commands: str) -> list[str]:
        return ask(self.port, self.password, *commands)

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    def log(self) -> str:
        """What the switch complained of."""
        files = [self.run / "output", self.run / "freeswitch.log"]
        return "".join(file.read_text("utf-8", "replace") for file in files if file.exists())

    def _ready(self) -> bool:
        try:
            replies = ask(self.port, self.password, *(f"sofia status profile {name}" for name in
                                                      self.profiles))  # fmt: skip
        except (OSError, WireError):
            return False
        return all("Invalid Profile" not in reply for reply in replies)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class RealSwitch(Running):
    """The switch that ccore steers, exactly as `ccore init` renders it. `made.toml` fits to it."""

    made: Made

    def __init__(self, root: Path, ports: Ports, agents: int = 3, **more: str) -> None:
        self.ports = ports
        values = {
            "ccore_rtp_first": str(ports.rtp_first),
            "ccore_rtp_last": str(ports.rtp_last),
            "ccore_rtp_timeout_ms": str(RTP_TIMEOUT_MS),
            # Hundreds of scenario callers come at once; a site's default would refuse some.
            "ccore_sessions_per_second": "1000",
            **more,
        }
        self.made = write_switch(
            root,
            SwitchPlan(
                esl_port=ports.esl,
                trunk_port=ports.trunk,
                agents_port=ports.agents,
                trunk_gateway=f"127.0.0.1:{ports.phones_sip}",
                agents=agents,
                more=values,
            ),
        )
        super().__init__(
            self.made.switch, root / "run", ports.esl, self.made.esl_password, ("trunks", "agents")
        )


class PhonesSwitch(Running):
    """The telephones: a SIP account for every agent of `switch`, and any number of callers.

    `rings`: what a phone that rings does, applications and their data. By default it waits to be
    told over the event socket.
    """

    def __init__(
        self,
        root: Path,
        switch: RealSwitch,
        rings: Sequence[tuple[str, str]] = (("park", ""),),
    ) -> None:
        ports = self.ports = switch.ports
        self.agents = tuple(switch.made.agents)
        shutil.copytree(PHONES_CONF, root)
        values = {
            "esl_port": ports.phones_esl,
            "esl_password": PHONES_PASSWORD,
            "sip_port": ports.phones_sip,
            "rtp_first": ports.phones_rtp_first,
            "rtp_last": ports.phones_rtp_last,
        }
        lines = [f'<X-PRE-PROCESS cmd="set" data="{k}={v}"/>' for k, v in values.items()]
        _include(root / "vars.xml", lines)
        actions = [f'<action application="{app}" data="{data}"/>' for app, data in rings]
        _include(root / "rings.xml", actions)
        accounts = switch.made.agents.items()
        _include(root / "gateways.xml", [_account(a, p, ports.agents) for a, p in accounts])
        super().__init__(root, root / "run", ports.phones_esl, PHONES_PASSWORD, ("phones",))


def _include(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(["<include>", *lines, "</include>", ""]), "utf-8")


def _account(agent: str, password: str, port: int) -> str:
    values = {
        "proxy": f"127.0.0.1:{port}",
        "realm": "agents",
        "username": agent,
        "password": password,
        "extension": agent,
        "register": "true",
        "expire-seconds": "3600",
        # A refused registration is a fact that a scenario may want; do not wait half a minute.
        "retry-seconds": "2",
    }
    params = "".join(f'<param name="{k}" value="{v}"/>' for k, v in values.items())
    return f'<gateway name="{agent}">{params}</gateway>'
