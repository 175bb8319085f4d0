"""The simulated FreeSWITCH: bytes in, bytes out, time as an argument.

A pure core: it is fed (`connect`, `receive`, `disconnect`, `act`, `on_deadline`) and asked
(`take_output`, `take_happenings`, `take_files`, `next_deadline`). With the same seed and the same
calls it says the same bytes.
"""

from collections.abc import Callable, Iterable

from ccore.sim.api import VERSION, Api
from ccore.sim.bridge import Bridges
from ccore.sim.calls import Calls
from ccore.sim.core import Core
from ccore.sim.dialplan import Dialplan
from ccore.sim.listener import EVENT_NAMES, Listener
from ccore.sim.media import Durations, Media
from ccore.sim.originate import Originator
from ccore.sim.pace import REAL, Pace
from ccore.sim.phones import Phones
from ccore.sim.registrar import Registrar
from ccore.sim.wire import (
    AUTH_REQUEST,
    GOODBYE,
    REJECTION,
    Order,
    api_response,
    encode,
    job_reply,
    reply,
)

__all__ = ["SimSwitch"]

HEARTBEAT_US = 20_000_000


def _one_and_a_half_seconds(path: str) -> int | None:
    return 1_500_000


class SimSwitch:
    """`directory` None: every user may register. `admits`: which connections the ACL lets in."""

    def __init__(
        self,
        *,
        core_uuid: str = "5e0c0de5-0000-4000-8000-000000000001",
        password: str,
        seed: int = 0,
        now_us: int,
        hostname: str = "sim",
        domain: str = "agents",
        pace: Pace = REAL,
        durations: Durations = _one_and_a_half_seconds,
        directory: Iterable[str] | None = None,
        fallback_number: str = "",
        outbound_allow: str = "[2-9][0-9]{6,9}",
        gateway: bool = True,
        variables: dict[str, str] | None = None,
        media_timeout_us: int = 60_000_000,
        outside_answers_us: int = 3_000_000,
        admits: Callable[[int], bool] = lambda conn: True,
        version: str = VERSION,
        directories: Iterable[str] = (),
    ) -> None:
        self.core = Core(
            core_uuid=core_uuid,
            hostname=hostname,
            password=password,
            seed=seed,
            now_us=now_us,
            pace=pace,
        )
        self.core.directories.update(directories)
        users = None if directory is None else frozenset(directory)
        self.core.globals = {
            "core_uuid": core_uuid,
            "hostname": hostname,
            "domain": domain,
            "switchname": hostname,
            "local_ip_v4": "127.0.0.1",
        } | (variables or {})
        self._version = version
        media = Media(self.core, durations)
        bridges = Bridges(self.core, media)
        dialplan = Dialplan(fallback_number, outbound_allow, gateway)
        calls = Calls(self.core, media, bridges, dialplan)
        self.registrar = Registrar(self.core, domain, users)
        originator = Originator(self.core, calls, self.registrar)
        self._media = media
        self._api = Api(self.core, media, bridges, calls, originator, self.registrar, version)
        self.phones = Phones(
            self.core,
            calls,
            originator,
            self.registrar,
            media_timeout_us=media_timeout_us,
            outside_answers_us=outside_answers_us,
        )
        self._admits = admits
        self._closed: list[int] = []
        self.core.after(HEARTBEAT_US, self._heartbeat)

    @property
    def legs(self) -> int:
        """How many channels the switch has."""
        return len(self.core.legs)

    def connect(self, conn: int, now_us: int) -> None:
        self.core.advance(now_us)
        admitted = self._admits(conn)
        listener = Listener(conn, self.core.now_us, rejected=not admitted)
        self.core.listeners[conn] = listener
        listener.output.append(AUTH_REQUEST if admitted else REJECTION)

    def receive(self, conn: int, data: bytes, now_us: int) -> None:
        self.core.advance(now_us)
        listener = self.core.listeners.get(conn)
        if listener is None or listener.closed or not data:
            return
        listener.reader.feed(data)
        self._read(listener)
        # Any byte ends the poll that events wait for.
        listener.polled_us = self.core.now_us
        if not listener.blocked:
            listener.flush()

    def disconnect(self, conn: int, now_us: int) -> None:
        self.core.advance(now_us)
        self.core.listeners.pop(conn, None)

    def next_deadline(self) -> int | None:
        return self.core.next_deadline()

    def on_deadline(self, now_us: int) -> None:
        self.core.advance(now_us)

    def take_output(self) -> list[tuple[int, bytes]]:
        output = []
        for conn, listener in self.core.listeners.items():
            if listener.output:
                output.append((conn, b"".join(listener.output)))
                listener.output.clear()
        return output

    def closed(self) -> list[int]:
        """Connections that the switch ends, once their output is sent."""
        return [conn for conn, each in self.core.listeners.items() if each.closed]

    def act(self, phone: str, action: str, now_us: int, **args: object) -> None:
        self.core.advance(now_us)
        self.phones.act(phone, action, args)

    def take_happenings(self) -> list[tuple[int, str, str, str]]:
        taken, self.core.happenings = self.core.happenings, []
        return taken

    def take_files(self) -> list[tuple[str, int, str]]:
        """Recordings that ended: path, length in ms, call or voicemail."""
        taken, self.core.files = self.core.files, []
        return taken

    def shut_down(self, now_us: int) -> None:
        """The switch stops: SHUTDOWN to who asked for it, then every connection ends."""
        self.core.advance(now_us)
        self.core.announce("SHUTDOWN", b"Event-Info: System%20Shutting%20Down\n")
        for listener in self.core.listeners.values():
            listener.flush()
            listener.closed = True

    def _read(self, listener: Listener) -> None:
        while not (listener.closed or listener.blocked):
            order = listener.reader.next()
            if order is None:
                break
            self._obey(listener, order)
        if listener.reader.broken:
            listener.closed = True

    def _obey(self, listener: Listener, order: Order) -> None:
        line = order.line
        verb = line.split(" ", 1)[0].lower()
        if verb == "exit":
            self._say(listener, "+OK bye")
            self._close(listener)
        elif not listener.authenticated:
            if line[:5].lower() != "auth ":
                self._say(listener, "-ERR command not found")
            elif line[5:] == self.core.password:
                listener.authenticated = True
                self._say(listener, "+OK accepted")
            else:
                self._say(listener, "-ERR invalid")
                self._close(listener)
        elif verb == "api":
            self._call_api(listener, line[4:])
        elif verb == "bgapi":
            self._background(listener, line[6:], order)
        elif verb.startswith("sendmsg"):
            self._sendmsg(listener, line[7:].strip() or order.headers.get("session-id", ""), order)
        elif verb == "sendevent":
            self._send_event(listener, line.partition(" ")[2], order)
        else:
            self._say(listener, self._subscription(listener, verb, line))

    def _send_event(self, listener: Listener, name: str, order: Order) -> None:
        """An event made by a client; header names come out as they were sent."""
        uuid = self.core.uuid()
        self._say(listener, f"+OK {uuid}")
        subclass = order.headers.get("event-subclass", "")
        own = {k: v for k, v in order.headers.items() if k not in ("event-subclass", "")}
        lines = b"".join(
            b"%b: %b\n" % (key.title().encode(), encode(value)) for key, value in own.items()
        )
        self.core.announce(name.strip().upper() or "MESSAGE", lines, subclass)

    def _subscription(self, listener: Listener, verb: str, line: str) -> str:
        words = line.split()[1:]
        if verb == "event":
            found = listener.subscribe(words, EVENT_NAMES)
            on = f"+OK event listener enabled {listener.format}"
            return on if found else "-ERR no keywords supplied"
        if verb == "nixevent":
            found = listener.unsubscribe(words, EVENT_NAMES)
            return "+OK events nixed" if found else "-ERR no keywords supplied"
        if verb == "noevents":
            if not listener.names:
                return "-ERR not listening for events"
            listener.names.clear()
            listener.subclasses.clear()
            listener.waiting.clear()
            return "+OK no longer listening for events"
        if verb == "filter":
            return _filter(listener, line[7:].strip())
        return "-ERR command not found"

    def _call_api(self, listener: Listener, text: str) -> None:
        command, _, argument = text.partition(" ")
        listener.blocked = True

        def done(result: str) -> None:
            listener.output.append(api_response(result or "-ERR no reply\n"))
            waited, listener.blocked = listener.blocked, False
            if waited and listener.conn in self.core.listeners and resumed[0]:
                listener.flush()
                self._read(listener)

        resumed = [False]
        self._api.run(command, argument, done)
        resumed[0] = True

    def _background(self, listener: Listener, text: str, order: Order) -> None:
        command, _, argument = text.partition(" ")
        job = order.headers.get("job-uuid", "") or self.core.uuid()
        listener.output.append(job_reply(job))

        def done(result: str) -> None:
            lines = b"Job-UUID: %b\nJob-Command: %b\n" % (encode(job), encode(command))
            if argument:
                lines += b"Job-Command-Arg: %b\n" % encode(argument)
            body = (result or "-ERR no reply\n").encode("utf-8", "surrogateescape")
            self.core.announce("BACKGROUND_JOB", lines, body=body)

        self._api.run(command, argument, done)

    def _sendmsg(self, listener: Listener, uuid: str, order: Order) -> None:
        leg = self.core.legs.get(uuid)
        if leg is None:
            self._say(listener, f"-ERR invalid session id [{uuid}]")
            return
        self._say(listener, "+OK")
        if not leg.cause:
            self._media.send(leg, order)

    def _say(self, listener: Listener, text: str) -> None:
        listener.output.append(reply(text))

    def _close(self, listener: Listener) -> None:
        listener.output.append(GOODBYE)
        listener.closed = True

    def _heartbeat(self) -> None:
        core = self.core
        up_ms = (core.now_us - core.started_us) // 1000
        pairs = {
            "Event-Info": "System Ready",
            "Up-Time": f"0 years, 0 days, 0 hours, {up_ms // 60_000} minutes",
            "FreeSWITCH-Version": f"{self._version}~64bit",
            "Uptime-msec": str(up_ms),
            "Session-Count": str(len(core.legs)),
            "Max-Sessions": "20000",
            "Session-Per-Sec": "2000",
            "Session-Per-Sec-Last": "0",
            "Session-Since-Startup": str(core.sessions),
            "Session-Peak-Max": str(core.peak),
            "Idle-CPU": "90.000000",
        }
        lines = b"".join(b"%b: %b\n" % (name.encode(), encode(v)) for name, v in pairs.items())
        core.announce("HEARTBEAT", lines)
        core.after(HEARTBEAT_US, self._heartbeat)


def _filter(listener: Listener, text: str) -> str:
    name, blank, value = text.partition(" ")
    if not blank:
        return "-ERR invalid syntax"
    if name.lower() == "delete":
        name, _, value = value.partition(" ")
        listener.filters = [
            (known, wanted)
            for known, wanted in listener.filters
            if name.lower() != "all" and (known != name or (value and wanted != value))
        ]
        return f"+OK filter deleted. [{name}][{value}]"
    if name.lower() == "add":
        name, _, value = value.partition(" ")
    listener.filters.append((name, value))
    return f"+OK filter added. [{name}]=[{value}]"
