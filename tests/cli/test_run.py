"""`ccore run` as an operator and systemd meet it: no switch is there, and it runs all the same."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccore.cli.client import Client
from ccore.errors import AlreadyRunning, BadConfig, BadRequest

PATIENCE_S = 30


def text(port: int) -> str:
    return f"""
[switch.one]
port = {port}
password = "none"

[queues.sales]

[agents.1001]
start = "ready"

[[entries]]
number = "*"
to = "queue:sales"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    with socket.socket() as taken:  # a port on which nobody listens
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    path = tmp_path / "ccore.toml"
    path.write_text(text(port))
    path.chmod(0o600)
    return path


def start(config: Path, *words: str, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ccore", "run", "--config", str(config), *words],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environ},
    )


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(PATIENCE_S)
        listener.bind(os.fspath(tmp_path / "notify"))
        yield listener


@pytest.fixture
def daemon(config: Path, systemd: socket.socket) -> Iterator[subprocess.Popen[str]]:
    """A daemon that has told systemd that it is ready."""
    with start(config, "--log-json", NOTIFY_SOCKET=systemd.getsockname()) as child:
        assert systemd.recv(1000).startswith(b"READY=1")
        yield child
        child.kill()


def lines_until(child: subprocess.Popen[str], words: str) -> list[dict[str, object]]:
    """The log up to a line with these words."""
    assert child.stderr is not None
    lines = []
    for line in child.stderr:
        lines.append(json.loads(line))
        if words in str(lines[-1]["message"]):
            return lines
    raise AssertionError(f"the log ended without {words!r}: {lines}")


@pytest.fixture
def control(config: Path) -> Path:
    return config.parent / "var" / "ccore.sock"


def test_it_serves_without_a_switch_and_says_which_is_away(
    daemon: subprocess.Popen[str], control: Path
) -> None:
    with Client(control) as client:
        view = client.ask("status")
    assert [(node["name"], node["up"]) for node in view["nodes"]] in ([], [("one", False)])
    assert [agent["id"] for agent in view["agents"]] == ["1001"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(
    daemon: subprocess.Popen[str], systemd: socket.socket, control: Path, number: int
) -> None:
    daemon.send_signal(number)
    lines_until(daemon, "ended in order")
    assert daemon.wait(PATIENCE_S) == 0
    assert systemd.recv(1000) == b"STOPPING=1"
    assert not control.exists()


def test_a_second_daemon_on_the_directory_is_refused(
    daemon: subprocess.Popen[str], config: Path, control: Path
) -> None:
    with start(config) as second:
        _, trouble = second.communicate(timeout=PATIENCE_S)
    assert second.returncode == AlreadyRunning.exit_code
    assert str(daemon.pid) in trouble.splitlines()[-1]
    with Client(control) as client:
        assert client.ask("queues")["queues"]


def test_a_faulty_configuration_changes_nothing_and_is_told(
    daemon: subprocess.Popen[str], config: Path, control: Path
) -> None:
    config.write_text(config.read_text().replace("[queues.sales]", "[queues.sales]\nring_s = 0"))
    daemon.send_signal(signal.SIGHUP)
    assert "ring_s" in str(lines_until(daemon, "not reloaded")[-1]["message"])
    with Client(control) as client:
        with pytest.raises(BadConfig, match="ring_s"):
            client.ask("reload")
        assert [queue["name"] for queue in client.ask("queues")["queues"]] == ["sales"]
        # What would else be found at midnight, when the new figures begin.
        config.write_text(config.read_text().replace("ring_s = 0", "[kpi]\nservice_level = 'best'"))
        with pytest.raises(BadConfig, match=r"line \d+, kpi.service_level"):
            client.ask("reload")


def test_a_changed_configuration_is_taken(
    daemon: subprocess.Popen[str], config: Path, control: Path
) -> None:
    config.write_text(config.read_text() + "\n[queues.support]\n")
    with Client(control) as client:
        client.ask("reload")
        names = [queue["name"] for queue in client.ask("queues")["queues"]]
    assert names == ["sales", "support"]


def test_the_limits_of_a_switch_follow_at_once_and_its_address_does_not(
    daemon: subprocess.Popen[str], config: Path, control: Path
) -> None:
    """In an overload nobody wants to restart."""
    before = config.read_text()
    name = before.partition("[switch.")[2].partition("]")[0]
    table = f"[switch.{name}]"
    with Client(control) as client:
        config.write_text(before.replace(table, f"{table}\nmax_calls = 7"))
        client.ask("reload")
        for wrong in (f"{table}\nhost = '127.0.0.9'", f"[switch.another]\n\n{table}"):
            config.write_text(before.replace(table, wrong))
            with pytest.raises(BadRequest, match=name):
                client.ask("reload")


@pytest.mark.parametrize("text", ["[queues.sales]\nring = 5\n", "[kpi]\nattribution = 'x'\n"])
def test_a_faulty_configuration_does_not_start(config: Path, text: str) -> None:
    config.write_text(text)
    with start(config) as child:
        _, trouble = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == BadConfig.exit_code
    assert "line 2" in trouble
    assert not (config.parent / "var").exists()
