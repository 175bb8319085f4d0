"""The api commands of the switch that a controller uses, with its answers word for word."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

from ccore.sim.bridge import Bridges
from ccore.sim.calls import CAUSES, Calls
from ccore.sim.core import Core
from ccore.sim.events import headers_of
from ccore.sim.leg import Leg
from ccore.sim.media import Media
from ccore.sim.originate import Originator
from ccore.sim.registrar import Registrar
from ccore.sim.separate import separate
from ccore.sim.wire import Order

__all__ = ["MODULES", "VERSION", "Api"]

VERSION = "1.10.12-release"
NO_CHANNEL = "-ERR No such channel!\n"

# What a controller may look for: the simulated switch has the modules that ccore needs.
MODULES = frozenset(
    (
        "mod_commands",
        "mod_dialplan_xml",
        "mod_dptools",
        "mod_event_socket",
        "mod_local_stream",
        "mod_native_file",
        "mod_sndfile",
        "mod_sofia",
        "mod_tone_stream",
    )
)

Done = Callable[[str], None]


class Api:
    def __init__(
        self,
        core: Core,
        media: Media,
        bridges: Bridges,
        calls: Calls,
        originator: Originator,
        registrar: Registrar,
        version: str,
    ) -> None:
        self.core = core
        self.media = media
        self.bridges = bridges
        self.calls = calls
        self.originator = originator
        self.registrar = registrar
        self.version = version
        self._commands: dict[str, Callable[[str], str]] = {
            "uuid_kill": self._kill,
            "uuid_bridge": self._bridge,
            "uuid_break": self._break,
            "uuid_record": self._record,
            "uuid_setvar": self._setvar,
            "uuid_setvar_multi": self._setvar_multi,
            "uuid_getvar": self._getvar,
            "uuid_exists": lambda text: "true" if text in core.legs else "false",
            "uuid_dump": self._dump,
            "uuid_transfer": self._transfer,
            "uuid_hold": self._hold,
            "uuid_answer": self._answer,
            "uuid_broadcast": self._broadcast,
            "sched_transfer": self._sched_transfer,
            "sched_del": self._sched_del,
            "show": self._show,
            "sofia_contact": self._sofia_contact,
            "status": lambda text: self._status(),
            "version": lambda text: f"FreeSWITCH Version {version}~64bit ( 64bit)\n",
            "global_getvar": self._global_getvar,
            "global_setvar": self._global_setvar,
            "module_exists": lambda text: "true" if text in MODULES else "false",
            "hostname": lambda text: core.hostname,
            "uptime": lambda text: str((core.now_us - core.started_us) // 1_000_000),
        }

    def run(self, command: str, argument: str, done: Done) -> None:
        """Only `originate` takes time; `done` gets what the command says."""
        if command == "originate":
            self.originator.originate(argument, done)
            return
        run = self._commands.get(command)
        done(run(argument.strip(" ")) if run else f"-ERR {command} Command not found!\n")

    def _leg(self, uuid: str) -> Leg | None:
        return self.core.legs.get(uuid)

    def _kill(self, text: str) -> str:
        uuid, _, cause = text.partition(" ")
        if not uuid:
            return "-USAGE: <uuid> [cause]\n"
        leg = self._leg(uuid)
        if leg is None:
            return NO_CHANNEL
        cause = cause.strip().upper()
        self.calls.hangup(leg, cause if cause in CAUSES else "NORMAL_CLEARING")
        return "+OK\n"

    def _bridge(self, text: str) -> str:
        words = text.split()
        if len(words) < 2:
            return "-USAGE: <uuid> <other_uuid>\n"
        return self.bridges.uuid_bridge(words[0], words[1])

    def _break(self, text: str) -> str:
        uuid, _, flag = text.partition(" ")
        if not uuid:
            return "-USAGE: <uuid> [all]\n"
        leg = self._leg(uuid)
        if leg is None:
            return NO_CHANNEL
        self.media.stop(leg, "all" in flag)
        return "+OK\n"

    def _record(self, text: str) -> str:
        words = separate(text, " ", 5)
        usage = "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n"
        if len(words) < 3 or not words[2]:
            return usage
        uuid, action, path = words[0], words[1].lower(), words[2]
        leg = self._leg(uuid)
        if leg is None:
            return "-ERR Cannot locate session!\n"
        if action == "start":
            if path in leg.recordings or not leg.answered or leg.cause:
                return "-ERR Cannot record session!\n"
            self.media.start_recording(leg, path)
        elif action == "stop":
            if path == "all":
                for each in list(leg.recordings):
                    self.media.stop_recording(leg, each)
            elif path not in leg.recordings:
                return "-ERR Cannot stop record session!\n"
            else:
                self.media.stop_recording(leg, path)
        elif action in ("mask", "unmask"):
            if path not in leg.recordings:
                return f"-ERR Cannot {action} recording session!\n"
            leg.recordings[path].masked = action == "mask"
        else:
            return usage
        return "+OK Success\n"

    def _setvar(self, text: str) -> str:
        words = separate(text, " ", 3)
        if len(words) < 2:
            return "-USAGE: <uuid> <var> [value]\n"
        leg = self._leg(words[0])
        if leg is None:
            return NO_CHANNEL
        if not words[1]:
            return "-ERR No variable specified\n"
        leg.set_var(words[1], words[2] if len(words) > 2 else None)
        return "+OK\n"

    def _setvar_multi(self, text: str) -> str:
        usage = "-USAGE: <uuid> <var>=<value>;<var>=<value>...\n"
        uuid, blank, pairs = text.partition(" ")
        if not uuid:
            return usage
        leg = self._leg(uuid)
        if not blank:
            return "-ERR no reply\n"
        if leg is None:
            return NO_CHANNEL + usage
        for pair in separate(pairs, ";", 64):
            name, _, value = pair.partition("=")
            if name and "${" not in value:  # a channel takes no value that asks for another
                leg.set_var(name, value)
        return "+OK\n"

    def _getvar(self, text: str) -> str:
        words = text.split(" ", 1)
        if len(words) < 2:
            return "-USAGE: <uuid> <var>\n"
        leg = self._leg(words[0])
        if leg is None:
            return NO_CHANNEL
        return leg.vars.get(words[1], "_undef_")

    def _dump(self, text: str) -> str:
        uuid, _, form = text.partition(" ")
        if not uuid:
            return "-USAGE: <uuid> [format]\n"
        leg = self._leg(uuid)
        if leg is None:
            return NO_CHANNEL
        plain = self.core.heading.lines("CHANNEL_DATA", self.core.stamp()) + leg.block() + b"\n"
        if form.strip().lower() == "json":
            return json.dumps(headers_of(plain), ensure_ascii=False, separators=(",", ":"))
        return plain.decode("utf-8", "surrogateescape")

    def _transfer(self, text: str) -> str:
        words = text.split()
        usage = "-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n"
        if len(words) < 2:
            return usage
        leg = self._leg(words[0])
        if leg is None:
            return NO_CHANNEL
        which = ""
        if words[1].startswith("-"):
            which = words.pop(1)
            if len(words) < 2:
                return usage
        dialplan = words[2] if len(words) > 2 else "XML"
        context = words[3] if len(words) > 3 else ""
        other = leg.joint.other(leg) if leg.joint is not None else None
        if which and other is None:
            return "-ERR No such channel!\n" if which == "-bleg" else "+OK\n"
        for each in {"-bleg": [other], "-both": [other, leg]}.get(which, [leg]):
            if each is not None:
                self.calls.transfer(each, words[1], dialplan, context)
        return "+OK\n"

    def _hold(self, text: str) -> str:
        words = text.split()
        if not words:
            return "-USAGE: [off|toggle] <uuid> [<display>]\n"
        verb = words[0].lower() if words[0].lower() in ("off", "toggle") else ""
        uuid = (words[1] if len(words) > 1 else "") if verb else words[0]
        leg = self._leg(uuid)
        if leg is None:
            return "-ERR Operation failed\n"
        on = not leg.held if verb == "toggle" else verb != "off"
        return "+OK Success\n" if self.calls.hold(leg, on) else "-ERR Operation failed\n"

    def _answer(self, text: str) -> str:
        leg = self._leg(text)
        if leg is None:
            return NO_CHANNEL
        self.calls.answer(leg)
        return "+OK\n"

    def _broadcast(self, text: str) -> str:
        words = text.split()
        if len(words) < 2:
            return "-USAGE: <uuid> <path> [aleg|bleg|holdb|both]\n"
        leg = self._leg(words[0])
        if leg is None:
            return NO_CHANNEL
        app, colons, data = words[1].partition("::")
        if not colons:
            app, data = "playback", words[1]
        headers = {"call-command": "execute", "execute-app-name": app, "execute-app-arg": data}
        self.media.send(leg, Order("sendmsg", headers))
        return "+OK Message sent\n"

    def _sched_transfer(self, text: str) -> str:
        words = text.split()
        if not 3 <= len(words) <= 5:
            return "-USAGE: [+]<time> <uuid> <extension> [<dialplan>] [<context>]\n"
        leg = self._leg(words[1])
        if leg is None:
            return NO_CHANNEL
        when = words[0].lstrip("+")
        delay_s = int(when) if when.isdecimal() else 0
        if not words[0].startswith("+"):
            delay_s = max(delay_s - self.core.now_us // 1_000_000, 0)
        dialplan = words[3] if len(words) > 3 else "XML"
        context = words[4] if len(words) > 4 else ""
        self.calls.schedule_transfer(leg, min(delay_s, 10**6), words[2], dialplan, context)
        return "+OK\n"

    def _sched_del(self, text: str) -> str:
        leg = self._leg(text)
        return f"+OK Deleted: {self.calls.unschedule(leg) if leg else 0}\n"

    def _global_setvar(self, text: str) -> str:
        return "+OK" if self.core.set_global(text) else "-USAGE: <var>=<value> [=<value2>]\n"

    def _global_getvar(self, text: str) -> str:
        if text:
            return self.core.globals.get(text, "")
        return "".join(f"{name}={value}\n" for name, value in self.core.globals.items())

    def _sofia_contact(self, text: str) -> str:
        user = text.rpartition("/")[2].partition("@")[0]
        if user not in self.registrar.entries:
            return "error/user_not_registered"
        return f"sofia/agents/sip:{user}@127.0.0.1:5080;transport=udp"

    def _show(self, text: str) -> str:
        words = text.split()
        what = words[0] if words else ""
        if words[-2:] != ["as", "json"] or what not in ("channels", "registrations", "calls"):
            return "-USAGE: show what the simulated switch has: channels|registrations as json\n"
        rows = self.registrar.rows() if what == "registrations" else self._channels()
        if not rows:
            return '{"row_count":0}'
        table = {"row_count": len(rows), "rows": rows}
        return json.dumps(table, ensure_ascii=False, separators=(",", ":"))

    def _channels(self) -> list[dict[str, str]]:
        rows = []
        for leg in self.core.legs.values():
            moment = datetime.fromtimestamp(leg.created_us // 1_000_000, UTC)
            frame = leg.stack[-1] if leg.stack else None
            rows.append(
                {
                    "uuid": leg.uuid,
                    "direction": "inbound" if leg.inbound else "outbound",
                    "created": moment.strftime("%Y-%m-%d %H:%M:%S"),
                    "created_epoch": str(leg.created_us // 1_000_000),
                    "name": leg.channel_name,
                    "state": leg.state,
                    "cid_name": leg.name,
                    "cid_num": leg.caller,
                    "ip_addr": "127.0.0.1" if leg.inbound else "",
                    "dest": leg.dest,
                    "application": frame.app if frame else "",
                    "application_data": frame.data if frame else "",
                    "dialplan": "XML" if leg.inbound else "",
                    "context": leg.context,
                    "read_codec": "PCMU",
                    "read_rate": "8000",
                    "write_codec": "PCMU",
                    "write_rate": "8000",
                    "hostname": self.core.hostname,
                    "presence_id": "",
                    "callstate": leg.call_state,
                    "initial_cid_num": leg.number,
                    "initial_dest": leg.called,
                    "initial_context": leg.entered,
                    "call_uuid": leg.joint.a.uuid if leg.joint is not None else "",
                }
            )
        return rows

    def _status(self) -> str:
        core = self.core
        up_us = core.now_us - core.started_us
        parts = []
        for unit, size_us in (
            ("years", 31_536_000_000_000),
            ("days", 86_400_000_000),
            ("hours", 3_600_000_000),
            ("minutes", 60_000_000),
            ("seconds", 1_000_000),
            ("milliseconds", 1000),
            ("microseconds", 1),
        ):
            parts.append(f"{up_us // size_us} {unit}")
            up_us %= size_us
        return (
            f"UP {', '.join(parts)}\n"
            f"FreeSWITCH (Version {self.version}  64bit) is ready\n"
            f"{core.sessions} session(s) since startup\n"
            f"{len(core.legs)} session(s) - peak {core.peak}, last 5min {core.peak} \n"
            "0 session(s) per Sec out of max 2000, peak 0, last 5min 0 \n"
            "20000 session(s) max\n"
            "min idle cpu 0.00/90.00\n"
            "Current Stack Size/Max 240K/8192K\n"
        )
