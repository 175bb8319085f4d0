"""Who is it that listens at a port? Each kind of not being let in is told apart."""

from collections.abc import Callable, Iterator

import pytest
from gevent import socket
from gevent.server import StreamServer

from ccore.daemon import event_socket
from ccore.daemon.event_socket import connect
from ccore.errors import SwitchRefused, SwitchUnreachable
from ccore.sim.server import SimServer, now_us
from ccore.sim.switch import SimSwitch

AUTH = b"Content-Type: auth/request\n\n"
Script = Callable[[socket.socket], None]
Serve = Callable[[Script], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a stranger; his port."""
    servers: list[StreamServer] = []

    def start(script: Script) -> int:
        server = StreamServer(("127.0.0.1", 0), lambda sock, _: script(sock))
        server.start()
        servers.append(server)
        return int(server.server_port)

    yield start
    for server in servers:
        server.stop(timeout=1)


def says(*lines: bytes) -> Script:
    def script(sock: socket.socket) -> None:
        for line in lines:
            sock.sendall(line)
        while sock.recv(1000):
            pass

    return script


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (lambda sock: sock.close(), "it hangs up at once"),
        (says(b"SSH-2.0-OpenSSH_9.2\n\n"), "is no FreeSWITCH: it said b'SSH-2.0-OpenSSH_9.2"),
        (says(b"Content-Type: text/html\n\n"), "is no FreeSWITCH"),
        (lambda sock: sock.sendall(b"220 mail ESMTP\n"), "is no FreeSWITCH: it said b'220 mail"),
    ],
    ids=["hangs up", "ssh", "web", "mail"],
)
def test_a_stranger_is_no_freeswitch(serve: Serve, script: Script, said: str) -> None:
    with pytest.raises(SwitchUnreachable) as caught:
        connect("main", "127.0.0.1", serve(script), "pear")
    assert said in str(caught.value)


@pytest.mark.parametrize("script", [says(), says(AUTH)], ids=["silent", "asks only"])
def test_a_silent_one_is_not_waited_for(
    serve: Serve, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_socket, "TIMEOUT_S", 0.3)
    with pytest.raises(SwitchUnreachable, match="says nothing"):
        connect("main", "127.0.0.1", serve(script), "pear")


def test_nobody_listens() -> None:
    with pytest.raises(SwitchUnreachable, match="refused"):
        connect("main", "127.0.0.1", 1, "pear")


@pytest.mark.parametrize("host", ["switch..example.org", "x" * 70])
def test_what_is_no_host_name_is_no_wrong_password(host: str) -> None:
    with pytest.raises(SwitchUnreachable, match="no host name"):
        connect("main", host, 8021, "pear")


@pytest.mark.parametrize(
    ("how", "password", "said"),
    [
        ({"password": "pear"}, "apple", "wrong password"),
        ({"password": "pear", "admits": lambda conn: False}, "pear", "access list"),
        ({"password": "pear"}, "pe\nar", "control character"),
    ],
    ids=["password", "access list", "unsayable"],
)
def test_a_switch_says_why_it_refuses(how: dict[str, object], password: str, said: str) -> None:
    server = SimServer(SimSwitch(now_us=now_us(), **how))  # type: ignore[arg-type]
    port = server.start()
    with pytest.raises(SwitchRefused) as caught:
        connect("main", "127.0.0.1", port, password)
    server.stop()
    assert said in str(caught.value)


def test_a_switch_that_dies_while_it_is_given_the_password_refuses_nothing(serve: Serve) -> None:
    def script(sock: socket.socket) -> None:
        sock.sendall(AUTH)
        sock.recv(1000)

    with pytest.raises(SwitchUnreachable, match="hung up when it was given the password"):
        connect("main", "127.0.0.1", serve(script), "pear")


def test_a_password_is_taken() -> None:
    server = SimServer(SimSwitch(password="pear", now_us=now_us()))
    sock = connect("main", "127.0.0.1", server.start(), "pear")
    sock.sendall(b"api version\n\n")
    assert b"FreeSWITCH" in sock.recv(1000)
    sock.close()
    server.stop()
