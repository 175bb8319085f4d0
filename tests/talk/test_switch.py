"""The blocking client, and the example that uses it, against the simulated switch over TCP."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccore.errors import CommandRefused, SwitchRefused, SwitchUnreachable, UnsafeValue
from ccore.esl import EventView
from ccore.talk import Switch
from tests.esl.nasty import NASTY

ROOT = Path(__file__).parent.parent.parent
PATIENCE_S = 60

# The simulated switch lives in gevent's loop; a client that blocks needs another process.
SERVE = """
import sys
import gevent
from ccore.sim.server import SimServer, now_us
from ccore.sim.switch import SimSwitch

server = SimServer(SimSwitch(password="pear", now_us=now_us()))
print(server.start(), flush=True)
server.act("agent:1001", "register")


def obey(line):
    phone, action = line.split()
    server.act(phone, action)


stdin = gevent.fileobject.FileObject(sys.stdin.buffer)
for line in stdin:
    obey(line)
server.stop()
"""


class Sim:
    def __init__(self) -> None:
        command = [sys.executable, "-c", "import gevent.fileobject" + SERVE]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def act(self, phone: str, action: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{phone} {action}\n".encode())
        self.process.stdin.flush()

    def stop(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()


@pytest.fixture
def sim() -> Iterator[Sim]:
    made = Sim()
    yield made
    made.stop()


def connect(sim: Sim) -> Switch:
    return Switch("127.0.0.1", sim.port, "pear", timeout_s=PATIENCE_S)


def ring(switch: Switch, sim: Sim, **more: str) -> str:
    """Ring agent 1001, who answers as soon as his phone rings; the leg."""
    switch.subscribe("CHANNEL_PROGRESS", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_EXECUTE_COMPLETE")
    legs: list[str] = []
    caller = threading.Thread(
        target=lambda: legs.append(switch.originate("user/1001@agents", variables=more))
    )
    caller.start()
    assert switch.wait("CHANNEL_PROGRESS", timeout_s=PATIENCE_S) is not None
    sim.act("agent:1001", "answer")
    caller.join(PATIENCE_S)
    return legs[0]


def test_connect_subscribe_originate_wait(sim: Sim) -> None:
    with connect(sim) as switch:
        assert "FreeSWITCH" in switch.api("version")
        leg = ring(switch, sim)
        app = switch.execute(leg, "playback", "tone_stream://%(100,0,440)")
        done = switch.wait("CHANNEL_EXECUTE_COMPLETE", leg, app=app, timeout_s=PATIENCE_S)
        assert done is not None
        assert done.get(b"Application-Response") == "FILE PLAYED"
        switch.hang_up(leg)
        ended = switch.wait("CHANNEL_HANGUP_COMPLETE", leg, timeout_s=PATIENCE_S)
        assert ended is not None
        assert ended.get(b"Hangup-Cause") == "NORMAL_CLEARING"
        assert switch.wait("CHANNEL_HANGUP_COMPLETE", leg, timeout_s=0.01) is None


def test_values_come_back_unchanged(sim: Sim) -> None:
    texts = {f"t{number}": text for number, text in enumerate(NASTY)}
    with connect(sim) as switch:
        leg = ring(switch, sim, **texts)
        switch.set_variables(leg, {f"s{number}": text for number, text in enumerate(NASTY)})
        switch.hang_up(leg)
        ended = switch.wait("CHANNEL_HANGUP_COMPLETE", leg, timeout_s=PATIENCE_S)
        assert ended is not None
        for number, text in enumerate(NASTY):
            for kind in ("t", "s"):
                assert ended.get(b"variable_%s%d" % (kind.encode(), number)) == text


def test_what_the_switch_does_not_do_is_said(sim: Sim) -> None:
    with connect(sim) as switch:
        with pytest.raises(CommandRefused, match="No such channel"):
            switch.hang_up("no-such-leg")
        with pytest.raises(CommandRefused, match="NOT_REGISTERED|ABSENT"):
            switch.originate("user/1009@agents")
        for dial in ("user/1001 &hangup()", "user/1001\n\napi hupall", ""):
            with pytest.raises(UnsafeValue):
                switch.originate(dial)
        with pytest.raises(UnsafeValue):
            switch.execute("leg", "playback", "${secret}")
        assert "FreeSWITCH" in switch.api("version")


def test_a_wrong_password_and_nobody_there_are_told_apart(sim: Sim) -> None:
    with pytest.raises(SwitchRefused, match="wrong password"):
        Switch("127.0.0.1", sim.port, "apple", timeout_s=PATIENCE_S)
    with pytest.raises(SwitchUnreachable):
        Switch("127.0.0.1", 1, "pear")


def test_a_leg_may_be_named_by_who_calls(sim: Sim) -> None:
    with connect(sim) as switch:
        leg = ring(switch, sim, origination_uuid="leg-of-mine")
        assert leg == "leg-of-mine"
        switch.hang_up(leg)
        assert switch.wait("CHANNEL_HANGUP_COMPLETE", leg, timeout_s=PATIENCE_S) is not None


def test_an_event_that_does_not_fit_is_looked_at_once_and_stays(sim: Sim) -> None:
    """However many wait, whoever waits for another one looks at the new ones alone."""
    agents = [str(number) for number in range(1001, 1011)]
    looked_at: list[str] = []

    def is_last(event: EventView) -> bool:
        looked_at.append(event.get(b"from-user"))
        if len(looked_at) < len(agents):
            sim.act(f"agent:{agents[len(looked_at)]}", "register")
        return looked_at[-1] == agents[-1]

    with connect(sim) as switch:
        switch.subscribe("sofia::register")
        sim.act(f"agent:{agents[0]}", "register")
        assert switch.wait("CUSTOM", where=is_last, timeout_s=PATIENCE_S) is not None
        assert looked_at == agents
        left = [switch.wait("CUSTOM", timeout_s=PATIENCE_S) for _ in agents[:-1]]
        assert [one and one.get(b"from-user") for one in left] == agents[:-1]


def test_a_switch_that_goes_away_is_told_to_who_waits(sim: Sim) -> None:
    with connect(sim) as switch:
        switch.subscribe("CHANNEL_PARK")
        sim.stop()
        with pytest.raises(SwitchUnreachable):
            switch.wait("CHANNEL_PARK", timeout_s=PATIENCE_S)
        with pytest.raises(SwitchUnreachable):
            switch.api("version")


def test_a_reply_that_comes_too_late_is_nobody_elses() -> None:
    """A switch that answers the second subscription when it is asked for a third."""
    late: list[socket.socket] = []

    def serve(sock: socket.socket) -> None:
        with sock:
            sock.sendall(b"Content-Type: auth/request\n\n")
            for asked in sock.makefile("rb"):
                if asked.startswith(b"auth"):
                    sock.sendall(b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n")
                elif asked.startswith(b"event") and sock not in late:
                    sock.sendall(b"Content-Type: command/reply\nReply-Text: +OK\n\n")
                    late.append(sock)
                elif b"THIRD" in asked:
                    sock.sendall(b"Content-Type: command/reply\nReply-Text: -ERR second\n\n")

    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            for _ in range(2):
                threading.Thread(target=serve, args=(server.accept()[0],)).start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        host, port = server.getsockname()
        with Switch(host, port, "pear", timeout_s=PATIENCE_S) as switch:
            switch._timeout_s = 0.01
            with pytest.raises(SwitchUnreachable, match="no reply"):
                switch.subscribe("SECOND")
            switch._timeout_s = PATIENCE_S
            with pytest.raises(SwitchUnreachable):
                switch.subscribe("THIRD")
        accepting.join(PATIENCE_S)


def test_the_example_runs(sim: Sim) -> None:
    with connect(sim) as switch:
        switch.subscribe("CHANNEL_PROGRESS")
        command = [sys.executable, "examples/ring_and_wait.py", "--port", str(sim.port)]
        command += ["--password", "pear", "--name", "O'Brien, Pat", "user/1001@agents"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as example:
            ringing = switch.wait("CHANNEL_PROGRESS", timeout_s=PATIENCE_S)
            assert ringing is not None
            assert ringing.get(b"Caller-Caller-ID-Name") == "O'Brien, Pat"
            sim.act("agent:1001", "answer")
            said, _ = example.communicate(timeout=PATIENCE_S)
    assert "played: FILE PLAYED" in said
    assert "ended: NORMAL_CLEARING" in said
    assert example.returncode == 0
