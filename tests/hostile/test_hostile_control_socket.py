"""Who may speak to the daemon, and what somebody who may can do to it."""

import grp
import json
import os
import pwd
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccore.daemon.control import ControlServer
from ccore.errors import BadRequest, DiskTrouble

PATIENCE_S = 60
HUNG_UP = ("closed", "ConnectionResetError", "BrokenPipeError")
NOBODY = pwd.getpwnam("nobody")

SERVER = """
import sys
from pathlib import Path
from gevent.event import Event
from ccore.daemon.control import ControlServer

group, most = sys.argv[2], int(sys.argv[3])
server = ControlServer(Path(sys.argv[1]), lambda request: {}, group=group, max_clients=most)
server.start()
print("listening", flush=True)
Event().wait()
"""

# Becomes somebody else only when it runs: Python itself may lie where only root can read.
CLIENT = """
import os, socket, sys
user, group, *groups = map(int, sys.argv[2:])
os.setgroups(groups)
os.setgid(group)
os.setuid(user)
with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
    sock.settimeout(60)
    try:
        sock.connect(sys.argv[1])
        sock.sendall(b'{"do": "status"}' + bytes([10]))
        print(sock.recv(100).decode() or "closed")
    except OSError as error:
        print(type(error).__name__)
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that others can look through, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="ccore-", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@contextmanager
def serving(path: Path, group: str = "", most: int = 512) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", SERVER, str(path), group, str(most)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "listening\n"
            yield child
        finally:
            child.terminate()


def said_by(path: Path, user: int, group: int, groups: tuple[int, ...] = ()) -> str:
    """What a process of that user gets for an answer."""
    words = [str(path), *map(str, (user, group, *groups))]
    done = subprocess.run(
        [sys.executable, "-I", "-c", CLIENT, *words],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    return done.stdout.strip()


@as_root
def test_another_user_cannot_even_connect(place: Path) -> None:
    path = place / "s"
    with serving(path):
        assert said_by(path, NOBODY.pw_uid, NOBODY.pw_gid) == "PermissionError"
        assert "true" in said_by(path, 0, 0)


@as_root
def test_another_user_who_gets_through_the_file_is_refused_by_the_kernels_word(place: Path) -> None:
    path = place / "s"
    with serving(path) as daemon:
        path.chmod(0o666)  # a careless hand
        assert said_by(path, NOBODY.pw_uid, NOBODY.pw_gid) in HUNG_UP
        daemon.terminate()
        assert daemon.stderr is not None
        assert "stranger" in daemon.stderr.read()


@as_root
def test_members_of_the_group_may_speak_and_nobody_else(place: Path) -> None:
    path, group = place / "s", grp.getgrgid(NOBODY.pw_gid).gr_name
    with serving(path, group):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert "true" in said_by(path, NOBODY.pw_uid, NOBODY.pw_gid)
        assert "true" in said_by(path, 12345, 12345, groups=(7, NOBODY.pw_gid))
        assert said_by(path, 12345, 12345, groups=(7,)) == "PermissionError"
        path.chmod(0o666)
        assert said_by(path, 12345, 12345, groups=(7,)) in HUNG_UP


@as_root
def test_it_serves_as_an_ordinary_user(place: Path) -> None:
    """And then that user and root may speak, and no other."""
    (place / "own").mkdir()
    os.chown(place / "own", NOBODY.pw_uid, NOBODY.pw_gid)
    path = place / "own" / "s"
    become = f"os.setgroups([]); os.setgid({NOBODY.pw_gid}); os.setuid({NOBODY.pw_uid})"
    # All that Python reads is read before: it may lie where only root can read.
    first = "import os, gevent, gevent.server, ccore.daemon.control; gevent.get_hub()"
    script = f"{first}\n{become}\n{SERVER}"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path), "", "9"], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "listening\n"
        assert path.stat().st_uid == NOBODY.pw_uid
        assert "true" in said_by(path, NOBODY.pw_uid, NOBODY.pw_gid)
        assert "true" in said_by(path, 0, 0)
        assert said_by(path, 12345, 12345) == "PermissionError"
        child.terminate()


def test_a_group_that_is_not_there_is_said_before_anything_is_made(place: Path) -> None:
    with pytest.raises(BadRequest, match=r"no group 'none of us'"):
        ControlServer(place / "s", lambda request: {}, group="none of us").start()
    assert list(place.iterdir()) == []


# Symbolic links and other people's directories.


@pytest.mark.parametrize("name", ["s", "s.lock"])
def test_a_link_in_the_way_is_not_followed(place: Path, name: str) -> None:
    secret = place / "secret"
    secret.write_text("precious")
    (place / name).symlink_to(secret)
    with pytest.raises(DiskTrouble):
        ControlServer(place / "s", lambda request: {}).start()
    assert secret.read_text() == "precious"
    assert stat.S_IMODE(secret.stat().st_mode) & 0o077 == stat.S_IMODE(0o644) & 0o077


def test_a_directory_in_which_everybody_may_write_is_no_place_for_it(place: Path) -> None:
    place.chmod(0o777)
    with pytest.raises(DiskTrouble, match="everybody may write"):
        ControlServer(place / "s", lambda request: {}).start()


# Too much of everything.


def test_more_clients_than_there_is_room_for_are_told_and_the_others_served(place: Path) -> None:
    path = place / "s"
    with serving(path, most=3):
        inside = [connected(path) for _ in range(3)]
        for one in inside:
            assert asked(one)["ok"] is True
        outside = connected(path)
        assert "at most 3 connections" in str(json.loads(line_of(outside))["error"])
        for one in inside:
            assert asked(one)["ok"] is True
        inside.pop().close()
        while True:  # until the daemon has seen that one leave
            with connected(path) as late:
                reply = asked(late)
            if reply["ok"]:
                break
        for one in (*inside, outside):
            one.close()


@pytest.fixture(scope="module")
def daemon() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ccore-", dir="/tmp") as directory:
        path = Path(directory) / "s"
        with serving(path):
            yield path


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
LINES = st.one_of(
    st.binary(max_size=200).map(lambda data: data.replace(b"\n", b" ")),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(["do", "agent", "x"]), JSON).map(
        lambda v: json.dumps(v).encode()
    ),
)


@given(lines=st.lists(LINES, max_size=6), cut=st.integers(0, 1_000))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_said_each_line_gets_one_line_and_the_next_client_is_served(
    daemon: Path, lines: list[bytes], cut: int
) -> None:
    said = b"".join(line + b"\n" for line in lines)
    with connected(daemon) as client:
        client.sendall(said[:cut])
        client.sendall(said[cut:])
        client.shutdown(socket.SHUT_WR)
        with client.makefile("rb") as answers:
            replies = [json.loads(line) for line in answers]
    spoken = [line for line in lines if line.strip()]
    follows = [i for i, line in enumerate(spoken) if is_follow(line)]
    assert len(replies) == (follows[0] + 1 if follows else len(spoken))
    with connected(daemon) as client:
        assert asked(client)["ok"] is True


def is_follow(line: bytes) -> bool:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(request, dict) and request.get("do") == "follow"


def connected(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(PATIENCE_S)
    sock.connect(str(path))
    return sock


def asked(sock: socket.socket) -> dict[str, object]:
    sock.sendall(b'{"do": "status"}\n')
    reply: dict[str, object] = json.loads(line_of(sock))
    return reply


def line_of(sock: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        line += sock.recv(1)
    return line
