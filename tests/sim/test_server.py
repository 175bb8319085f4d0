"""The simulated switch behind a real TCP port."""

import wave
from pathlib import Path

import gevent
import pytest
from gevent import socket

from ccore.sim.population import Habits, Population
from ccore.sim.server import SimServer, now_us
from ccore.sim.switch import SimSwitch


def read_until(sock: socket.socket, what: bytes) -> bytes:
    data = b""
    with gevent.Timeout(10):
        while what not in data:
            more = sock.recv(65536)
            assert more, data
            data += more
    return data


def test_a_client_over_tcp_hears_of_a_call_and_gets_its_recording(tmp_path: Path) -> None:
    switch = SimSwitch(password="pear", now_us=now_us())
    server = SimServer(switch, files_under=tmp_path, longest_file_s=0.05)
    server.start()
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        read_until(sock, b"auth/request\n\n")
        sock.sendall(b"auth pear\n\nevent plain CHANNEL_PARK RECORD_STOP SHUTDOWN\n\n")
        read_until(sock, b"event listener enabled plain\n\n")
        server.act("caller:1", "call", called="4000", calling="1", uuid="leg-1")
        assert b"Unique-ID: leg-1" in read_until(sock, b"variable_current_application: park")
        inside, outside = tmp_path / "day" / "a.wav", tmp_path.parent / "stray.wav"
        sock.sendall(
            b"api uuid_answer leg-1\n\n"
            b"api uuid_record leg-1 start %b\n\napi uuid_record leg-1 start %b\n\n"
            b"api uuid_kill leg-1\n\n" % (bytes(inside), bytes(outside))
        )
        heard = read_until(sock, b"stray.wav\nRecord-Completion")
        assert heard.count(b"+OK Success") == 2
        server.stop()
        read_until(sock, b"Event-Name: SHUTDOWN")
    with wave.open(str(inside)) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, 8000)
        assert file.getnframes() <= 400
    assert not outside.exists()


def test_a_refused_client_is_told_and_hung_up() -> None:
    switch = SimSwitch(password="pear", now_us=now_us(), admits=lambda conn: False)
    server = SimServer(switch)
    server.start()
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        assert b"rude-rejection" in read_until(sock, b"go away.\n")
        with gevent.Timeout(10):
            assert sock.recv(100) == b""
    server.stop()


@pytest.mark.parametrize("callers", [3])
def test_people_call_in_real_time(callers: int) -> None:
    switch = SimSwitch(password="pear", now_us=now_us())
    habits = Habits(rate_per_s=200.0, callers=callers, codes_at_start=())
    people = Population(habits, ("1001",), seed=1, now_us=now_us())
    server = SimServer(switch, population=people)
    server.start()
    with gevent.Timeout(10):
        while people.arrived < callers:
            gevent.sleep(0)
    assert switch.legs == callers
    server.stop()
