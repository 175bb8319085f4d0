"""The control socket as its users meet it: a real daemon end in another process, real clients."""

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccore.cli.client import Client, find_socket
from ccore.errors import AlreadyRunning, BadRequest, NotRunning, UnknownName

# The daemon's end, with a handler that knows a few verbs. Prints a line when it listens.
SERVER = """
import sys
from pathlib import Path
import gevent
from ccore.daemon.control import ControlServer
from ccore.errors import UnknownName
from ccore.model import News

def handle(request):
    match request["do"]:
        case "echo":
            return {"back": request.get("text")}
        case "agent.ready":
            raise UnknownName(kind="agent", name=request.get("agent"), known="1001, 1002")
        case "publish":
            for number in range(request["count"]):
                server.publish(News("offer", number, {"name": "x" * request.get("size", 1)}))
            return {"published": request["count"]}
        case "stop":
            gevent.spawn(done.set)
            return {}
        case "break":
            raise RuntimeError("a fault of ours")
    return {}

from gevent.event import Event
done = Event()
server = ControlServer(Path(sys.argv[1]), handle, max_unread=int(sys.argv[2]))
server.start()
print("listening", flush=True)
done.wait()
server.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ccore.sock"


@pytest.fixture
def daemon(path: Path) -> Iterator[subprocess.Popen[str]]:
    yield from start_daemon(path, 50)


def start_daemon(path: Path, max_unread: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", SERVER, str(path), str(max_unread)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "listening\n"
            yield child
        finally:
            child.terminate()


def test_a_question_gets_its_answer(daemon: object, path: Path) -> None:
    with Client(path) as client:
        assert client.ask("echo", text="李娜\n\x1b") == {"back": "李娜\n\x1b"}
        assert client.ask("echo", text="again") == {"back": "again"}


def test_only_the_owner_may_open_it(daemon: object, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_refusal_arrives_as_the_error_it_was(daemon: object, path: Path) -> None:
    with Client(path) as client, pytest.raises(UnknownName, match="1001, 1002") as caught:
        client.ask("agent.ready", agent="9")
    assert caught.value.exit_code == UnknownName.exit_code


def test_a_fault_of_the_daemon_does_not_end_the_conversation(daemon: object, path: Path) -> None:
    with Client(path) as client:
        with pytest.raises(Exception, match="log says more"):
            client.ask("break")
        assert client.ask("echo", text="alive")["back"] == "alive"


@pytest.mark.parametrize(
    "line",
    [b"hello", b"[1]", b"{}", b'{"do": 1}', b"\xff\xfe", b'{"do"', b"[" * 20_000],
    ids=["text", "list", "no verb", "number verb", "no utf-8", "half", "nested"],
)
def test_what_is_no_request_is_told_so_and_the_next_one_served(
    daemon: object, path: Path, line: bytes
) -> None:
    reply, echo = raw(path, line + b"\n" + b'{"do":"echo","text":"ok"}\n', 2)
    assert reply["ok"] is False
    assert reply["code"] == BadRequest.exit_code
    assert "\n" not in str(reply["error"])
    assert echo == {"ok": True, "back": "ok"}


def test_a_request_without_end_is_refused(daemon: object, path: Path) -> None:
    (reply,) = raw(path, b"x" * 70_000, 1)
    assert "65536" in str(reply["error"])


def test_followers_hear_the_news(daemon: object, path: Path) -> None:
    with Client(path) as listener, Client(path) as speaker:
        listener.ask("follow")
        speaker.ask("publish", count=2)
        heard = [listener.news_within(10), listener.news_within(10)]
    assert heard == [
        {"news": "offer", "at_us": 0, "name": "x"},
        {"news": "offer", "at_us": 1, "name": "x"},
    ]


def test_a_follower_who_does_not_read_is_dropped_and_told(daemon: object, path: Path) -> None:
    with Client(path) as sleeper, Client(path) as speaker:
        sleeper.ask("follow")
        # More than the kernel's buffers and the queue can hold together; the speaker never waits.
        assert speaker.ask("publish", count=5_000, size=1_000)["published"] == 5_000
        news = list(iter(lambda: sleeper.news_within(10)["news"], "dropped"))
    assert len(news) == 50


def test_followers_are_told_when_the_daemon_stops(
    daemon: subprocess.Popen[str], path: Path
) -> None:
    with Client(path) as listener, Client(path) as speaker:
        listener.ask("follow")
        speaker.ask("stop")
        assert [news["news"] for news in listener_rest(listener)] == ["bye"]
    assert daemon.wait(10) == 0
    assert not path.exists()


def test_a_second_daemon_is_refused(daemon: subprocess.Popen[str], path: Path) -> None:
    from ccore.daemon.control import ControlServer

    with pytest.raises(AlreadyRunning, match=str(daemon.pid)):
        ControlServer(path, lambda request: {}).start()
    with Client(path) as client:  # the first one is none the worse
        assert client.ask("echo", text="still")["back"] == "still"


def test_a_second_daemon_is_refused_even_without_the_lock_file(daemon: object, path: Path) -> None:
    from ccore.daemon.control import ControlServer

    path.with_name("ccore.sock.lock").unlink()
    with pytest.raises(AlreadyRunning):
        ControlServer(path, lambda request: {}).start()


def test_a_socket_left_by_a_dead_daemon_is_replaced(
    daemon: subprocess.Popen[str], path: Path
) -> None:
    daemon.kill()
    daemon.wait()
    assert path.exists()
    with pytest.raises(NotRunning):
        Client(path)
    for _ in start_daemon(path, 50):
        with Client(path) as client:
            assert client.ask("echo", text="new")["back"] == "new"
        break


def test_a_file_in_the_way_is_not_removed(path: Path) -> None:
    from ccore.daemon.control import ControlServer
    from ccore.errors import DiskTrouble

    path.write_text("somebody's notes")
    with pytest.raises(DiskTrouble, match="no socket"):
        ControlServer(path, lambda request: {}).start()
    assert path.read_text() == "somebody's notes"


def test_a_path_too_long_for_a_socket_says_so(tmp_path: Path) -> None:
    from ccore.daemon.control import ControlServer

    with pytest.raises(BadRequest, match="107"):
        ControlServer(tmp_path / ("d" * 120) / "ccore.sock", lambda request: {}).start()


def test_nobody_there(path: Path) -> None:
    with pytest.raises(NotRunning, match="ccore run"):
        Client(path)


def test_the_socket_is_found_through_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "ccore.toml"
    assert find_socket(config) == tmp_path / "var" / "ccore.sock"
    config.write_text('[daemon]\ndir = "state"\nsocket = "c.sock"\n')
    assert find_socket(config) == tmp_path / "state" / "c.sock"
    assert find_socket(config, Path("other")) == Path("other/c.sock")
    assert find_socket(config, None, Path("x.sock")) == Path("x.sock")
    config.write_text("[daemon\n")  # just broken: `ccore reload` must still reach the daemon
    assert find_socket(config) == tmp_path / "var" / "ccore.sock"


def raw(path: Path, data: bytes, replies: int) -> list[dict[str, object]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(10)
        sock.connect(os.fspath(path))
        sock.sendall(data)
        with sock.makefile("rb") as answers:
            return [json.loads(answers.readline()) for _ in range(replies)]


def listener_rest(listener: Client) -> Iterator[dict[str, object]]:
    while True:
        try:
            news = listener.news_within(10)
        except EOFError:
            return
        assert news is not None
        yield news
