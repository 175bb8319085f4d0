"""Real SIP phones: channels of the phones' switch, and callers made by hand."""

import re
import select
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from tests.real.interface import Happening
from tests.real.rawcaller import RawCaller
from tests.real.switch import PhonesSwitch
from tests.real.wire import Headers, Wire

__all__ = ["RealPhones"]

EVENTS = (
    "CHANNEL_PARK CHANNEL_PROGRESS CHANNEL_ANSWER CHANNEL_HANGUP_COMPLETE"
    " CUSTOM sofia::gateway_state"
)

# A phone that is talking makes a noise, each side its own: recordings can be told apart, and the
# switch sees RTP. (1 s on, no pause, for ever.)
CALLER_NOISE = "tone_stream://%(1000,0,400);loops=-1"
AGENT_NOISE = "tone_stream://%(1000,0,600);loops=-1"

# What can stand in an originate string as it is; callers with other names call by hand.
PLAIN = re.compile(r"[A-Za-z0-9 +*#._-]*")

# 100 ms a digit at 8 kHz, as people press them.
DIGIT_SAMPLES = 800


class RealPhones:
    """Phones of one `PhonesSwitch`. Not for several threads."""

    def __init__(self, switch: PhonesSwitch) -> None:
        self._ports = switch.ports
        self._agents = frozenset(switch.agents)
        self._events = Wire(switch.port, switch.password, self._on_event)
        self._events.call(f"event plain {EVENTS}")
        self._commands = Wire(switch.port, switch.password)
        self._lines: dict[tuple[str, str], str] = {}  # (phone, in or out) to leg
        self._owners: dict[str, tuple[str, str]] = {}  # leg to (phone, in or out)
        self._raw: dict[str, RawCaller] = {}
        self._happenings: list[Happening] = []

    def act(self, phone: str, action: str, **args: Any) -> None:
        handler = getattr(self, f"_do_{action}", None)
        if handler is None:
            raise ValueError(f"phones cannot {action!r}")
        handler(phone, **args)

    def take_happenings(self, wait_s: float = 0.0) -> list[Happening]:
        end = time.monotonic() + wait_s
        self._events.nudge()
        while True:
            self._poll(0.0 if self._happenings else max(0.0, end - time.monotonic()))
            if self._happenings or time.monotonic() >= end:
                taken, self._happenings = self._happenings, []
                return taken

    def await_registered(self, limit_s: float = 20.0) -> None:
        """Until every agent's phone is registered, as it is when a scenario begins."""
        end = time.monotonic() + limit_s
        while (
            missing := len(self._agents) - self._commands.api("sofia status").count("REGED")
        ) > 0:
            if time.monotonic() > end:
                raise RuntimeError(f"{missing} of the agents' phones are not registered")
            self._poll(0.02)
        self._happenings.clear()

    def reset(self, limit_s: float = 5.0) -> None:
        """Everybody hangs up, nothing is remembered: the next scenario can begin."""
        for raw in self._raw.values():
            raw.hang_up()
            raw.sock.close()
        self._raw.clear()
        self._commands.api("hupall")
        end = time.monotonic() + limit_s
        while self._owners and time.monotonic() < end:
            self._events.nudge()
            self._poll(0.02)
        self._owners.clear()
        self._lines.clear()
        self._happenings.clear()

    def hang_up_all(self) -> None:
        """Everybody at once, as when the far end has died."""
        self._commands.send("api hupall")

    def legs(self, phone: str) -> list[str]:
        """The phones' switch's own ids of a phone's calls."""
        return [leg for (owner, _), leg in self._lines.items() if owner == phone]

    def close(self) -> None:
        """Hang up everything and leave."""
        self.reset()
        self._commands.close()
        self._events.close()

    # Actions

    def _do_call(
        self,
        phone: str,
        called: str,
        calling: str = "",
        name: str = "",
        headers: Mapping[str, str] | None = None,
        raw: bool = False,
    ) -> None:
        kind, _, label = phone.partition(":")
        self._raw.pop(phone, None)  # an earlier call by hand is over
        if kind == "agent":
            self._originate(phone, f"sofia/gateway/{label}/{called}", AGENT_NOISE, "")
        elif raw or headers or not (PLAIN.fullmatch(name) and PLAIN.fullmatch(calling)):
            caller = self._raw[phone] = RawCaller(("127.0.0.1", self._ports.trunk), _bytes(called))
            extra = {_bytes(key): _bytes(value) for key, value in (headers or {}).items()}
            caller.call(_bytes(calling or label), _bytes(name), extra)
        else:
            shown = f",origination_caller_id_number={calling or label}"
            shown += f",origination_caller_id_name='{name}'" if name else ""
            to = f"sofia/phones/{called}@127.0.0.1:{self._ports.trunk}"
            self._originate(phone, to, CALLER_NOISE, shown)

    def _originate(self, phone: str, to: str, noise: str, shown: str) -> None:
        leg = str(uuid4())
        self._own(leg, phone, "out")
        # Long enough that the far end decides how long it rings.
        values = f"origination_uuid={leg},originate_timeout=600,ignore_early_media=true{shown}"
        self._background(phone, f"originate {{{values}}}{to} &endless_playback({noise})")

    def _do_answer(self, phone: str) -> None:
        leg = self._lines.get((phone, "in"), "")
        self._order(phone, f"uuid_answer {leg}")

    def _do_busy(self, phone: str) -> None:
        self._order(phone, f"uuid_kill {self._lines.get((phone, 'in'), '')} USER_BUSY")

    def _do_refuse(self, phone: str) -> None:
        self._order(phone, f"uuid_kill {self._lines.get((phone, 'in'), '')} CALL_REJECTED")

    def _do_ignore(self, phone: str) -> None:
        pass

    def _do_hangup(self, phone: str, line: str = "") -> None:
        if phone in self._raw:
            self._raw[phone].hang_up()
        else:
            self._order(phone, f"uuid_kill {self._leg(phone, line)} NORMAL_CLEARING")

    def _do_digits(self, phone: str, digits: str, line: str = "") -> None:
        self._order(phone, f"uuid_send_dtmf {self._leg(phone, line)} {digits}@{DIGIT_SAMPLES}")

    def _do_hold(self, phone: str, line: str = "") -> None:
        self._order(phone, f"uuid_hold {self._leg(phone, line)}")

    def _do_unhold(self, phone: str, line: str = "") -> None:
        self._order(phone, f"uuid_hold off {self._leg(phone, line)}")

    def _do_refer(self, phone: str, to: str, line: str = "") -> None:
        port = self._ports.agents if phone.startswith("agent:") else self._ports.trunk
        target = f"sip:{to}@127.0.0.1:{port}"
        self._background(phone, f"uuid_deflect {self._leg(phone, line)} {target}")

    def _do_vanish(self, phone: str) -> None:
        if phone not in self._raw:
            raise ValueError(f"{phone} can only vanish from a call made with raw=True")
        self._raw.pop(phone).vanish()

    def _do_register(self, phone: str) -> None:
        self._order(phone, f"sofia profile phones register {phone.partition(':')[2]}")

    def _do_unregister(self, phone: str) -> None:
        self._order(phone, f"sofia profile phones unregister {phone.partition(':')[2]}")

    # Wires

    def _leg(self, phone: str, line: str) -> str:
        lines = (line,) if line else ("in", "out")
        return next((self._lines[phone, x] for x in lines if (phone, x) in self._lines), "none")

    def _order(self, phone: str, command: str) -> None:
        def took(headers: Headers, body: str) -> None:
            if body.startswith("-"):
                self._note(phone, "trouble", f"{command}: {body.strip()}")

        self._commands.send(f"api {command}", took)

    def _background(self, phone: str, command: str) -> None:
        self._commands.send(f"bgapi {command}")

    def _own(self, leg: str, phone: str, line: str) -> None:
        self._lines[phone, line] = leg
        self._owners[leg] = (phone, line)

    def _note(self, phone: str, what: str, detail: str = "", at_us: int = 0) -> None:
        self._happenings.append(Happening(at_us or time.time_ns() // 1000, phone, what, detail))

    def _poll(self, wait_s: float) -> None:
        raws = {raw.sock: phone for phone, raw in self._raw.items()}
        wires = {wire.sock: wire for wire in (self._events, self._commands)}
        # Naps of 20 ms: the event listener sleeps that long unless something nudges it.
        ready, _, _ = select.select([*wires, *raws], [], [], min(wait_s, 0.02))
        if not ready and wait_s:
            self._events.nudge()
        for sock in ready:
            if sock in wires:
                wires[sock].read()
                continue
            phone = raws[sock]
            noticed = self._raw[phone].take(sock.recv(65_535))
            if noticed:
                self._note(phone, *noticed)
                if noticed[0] == "hungup":
                    self._raw.pop(phone).sock.close()

    def _on_event(self, event: Headers, body: str) -> None:
        name = event["Event-Name"]
        at_us = int(event["Event-Date-Timestamp"])
        if name == "CUSTOM":
            what = {"REGED": "registered", "UNREGED": "unregistered"}.get(event.get("State", ""))
            if what:
                self._note(f"agent:{event['Gateway']}", what, "", at_us)
            return
        leg = event["Unique-ID"]
        if name == "CHANNEL_PARK" and leg not in self._owners:
            number = event["Caller-Destination-Number"]
            phone = f"agent:{number}" if number in self._agents else f"outside:{number}"
            self._own(leg, phone, "in")
            shown = f"{event['Caller-Caller-ID-Number']} {event['Caller-Caller-ID-Name']}"
            self._note(phone, "ringing", shown, at_us)
            return
        if leg not in self._owners:
            return
        phone, line = self._owners[leg]
        if name == "CHANNEL_PROGRESS" and line == "out":
            self._note(phone, "ringing", "", at_us)
        elif name == "CHANNEL_ANSWER":
            if line == "in":
                self._make_noise(leg)
            self._note(phone, "answered", "", at_us)
        elif name == "CHANNEL_HANGUP_COMPLETE":
            del self._owners[leg]
            if self._lines.get((phone, line)) == leg:
                del self._lines[phone, line]
            self._note(phone, "hungup", event.get("Hangup-Cause", ""), at_us)

    def _make_noise(self, leg: str) -> None:
        self._commands.send(
            f"sendmsg {leg}\ncall-command: execute\nexecute-app-name: endless_playback\n"
            f"execute-app-arg: {AGENT_NOISE}"
        )


def _bytes(text: str) -> bytes:
    """Text as UTF-8; surrogates stand for bytes that are none."""
    return text.encode("utf-8", "surrogateescape")
