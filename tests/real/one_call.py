"""One call by hand: proves the switch's side without ccore. `python -m tests.real.one_call`

A caller comes in and parks; an agent is rung, answers, is bridged, both are recorded in stereo; the
agent sends the caller on, the caller hangs up. Every line is one thing that must have happened.
"""

import sys
import tempfile
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ccore.errors import CcoreError
from tests.real.interface import Happening
from tests.real.phones import RealPhones
from tests.real.switch import PhonesSwitch, Ports, RealSwitch
from tests.real.wire import Headers, Wire

PORTS = Ports.at(23000)
LIMIT_S = 5.0
EVENTS = (
    "CHANNEL_PARK CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HANGUP_COMPLETE"
    " BACKGROUND_JOB RECORD_START RECORD_STOP CUSTOM sofia::register sofia::unregister"
)
T = TypeVar("T")
LEG = "5e1f0000-0000-4000-8000-000000001001"


class Controller:
    """Just enough of a controller to play one call through."""

    def __init__(self, switch: RealSwitch, phones: RealPhones) -> None:
        self.events: list[Headers] = []
        self.happened: list[Happening] = []
        self.phones = phones
        self._listen = Wire(
            switch.port, switch.password, lambda event, _: self.events.append(event)
        )
        self._listen.call(f"event plain {EVENTS}")
        self._speak = Wire(switch.port, switch.password)
        self._listen.sock.setblocking(False)

    def do(self, command: str) -> str:
        headers, body = self._speak.call(command)
        return body.strip() or headers.get("Reply-Text", "")

    def event(self, name: str, **fields: str) -> Headers:
        wanted = {key.replace("_", "-"): value for key, value in fields.items()}

        def look() -> Headers | None:
            for event in self.events:
                if event["Event-Name"] == name and wanted.items() <= event.items():
                    self.events.remove(event)
                    return event
            return None

        return self._await(look, f"{name} {fields}")

    def phone(self, phone: str, what: str) -> Happening:
        def look() -> Happening | None:
            for happening in self.happened:
                if (happening.phone, happening.what) == (phone, what):
                    self.happened.remove(happening)
                    return happening
            return None

        return self._await(look, f"{phone} {what}")

    def _await(self, look: Callable[[], T | None], what: str) -> T:
        end = time.monotonic() + LIMIT_S
        while (found := look()) is None:
            if time.monotonic() > end:
                raise SystemExit(f"did not happen within {LIMIT_S:.0f} s: {what}")
            self.happened += self.phones.take_happenings(0.02)
            try:
                self._listen.read()
            except BlockingIOError:
                self._listen.nudge()
        print(f"  {what}")
        return found


def play(switch: RealSwitch, phones: RealPhones) -> None:
    at = Controller(switch, phones)
    recording = switch.made.record_dir / "one_call.wav"
    phones.act("agent:1001", "unregister")
    at.event("CUSTOM", Event_Subclass="sofia::unregister", username="1001")
    phones.act("agent:1001", "register")
    at.event("CUSTOM", Event_Subclass="sofia::register", username="1001")
    at.phone("agent:1001", "registered")

    phones.act("caller:1", "call", called="4001", calling="02012345678", name="Wang Fang")
    parked = at.event("CHANNEL_PARK", Caller_Context="ccore-inbound")
    caller = parked["Unique-ID"]
    assert parked["variable_ccore_entry"] == "4001", parked["variable_ccore_entry"]
    assert parked["variable_ccore_calling"] == "02012345678", parked["variable_ccore_calling"]
    assert at.do(f"api sched_del {caller}") == "+OK Deleted: 1"
    at.do(f"sendmsg {caller}\ncall-command: execute\nexecute-app-name: answer")
    at.phone("caller:1", "answered")
    at.do(
        f"sendmsg {caller}\ncall-command: execute\nexecute-app-name: playback\n"
        "execute-app-arg: local_stream://moh\nloops: -1"
    )
    at.do(
        f"bgapi originate {{origination_uuid={LEG},originate_timeout=15,ignore_early_media=true,"
        "origination_caller_id_name='Wang Fang',origination_caller_id_number=02012345678}"
        "user/1001@agents &park()"
    )
    shown = at.phone("agent:1001", "ringing").detail
    assert shown == "02012345678 Wang Fang", shown
    phones.act("agent:1001", "answer")
    at.event("CHANNEL_ANSWER", Unique_ID=LEG)
    assert at.do(f"api uuid_bridge {caller} {LEG}").startswith("+OK")
    at.event("CHANNEL_BRIDGE", Unique_ID=caller, Other_Leg_Unique_ID=LEG)
    assert at.do(f"api uuid_record {caller} start {recording}") == "+OK Success"
    at.event("RECORD_START", Unique_ID=caller, Record_File_Path=str(recording))

    phones.act("agent:1001", "refer", to="4002")
    at.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=LEG)
    back = at.event("CHANNEL_PARK", Unique_ID=caller, Caller_Context="ccore-transfer")
    assert back["variable_ccore_transfer"] == "4002", back["variable_ccore_transfer"]
    phones.act("caller:1", "hangup")
    at.event("RECORD_STOP", Unique_ID=caller, Record_File_Path=str(recording))
    ended = at.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=caller)
    assert ended["variable_sip_hangup_disposition"] == "recv_bye"
    with wave.open(str(recording)) as file:
        assert file.getnchannels() == 2, file.getparams()

    phones.act("agent:1001", "call", called="*142")
    asked = at.event("CHANNEL_PARK", Caller_Context="ccore-feature")
    spoken = [asked[f"variable_ccore_{name}"] for name in ("feature", "reason", "user")]
    assert spoken == ["not_ready", "2", "1001"], spoken
    phones.act("agent:1001", "hangup")
    at.phone("agent:1001", "hungup")

    # A fallback that nobody cancels: the caller is told and hung up; nothing keeps him for ever.
    phones.act("caller:2", "call", called="4001", name="\u738b%0A${x}", raw=True)
    alone = at.event("CHANNEL_PARK", Caller_Context="ccore-inbound")
    assert alone["Caller-Caller-ID-Name"] == "\u738b", alone["Caller-Caller-ID-Name"]
    at.do(f"api sched_transfer +1 {alone['Unique-ID']} fallback XML ccore-fallback")
    at.phone("caller:2", "answered")
    assert at.phone("caller:2", "hungup").detail == "NORMAL_TEMPORARY_FAILURE"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="ccore-real-") as directory:
        root = Path(directory)
        try:
            switch = RealSwitch(root / "centre", PORTS)
            with switch, PhonesSwitch(root / "phones", switch) as running:
                phones = RealPhones(running)
                phones.await_registered()
                play(switch, phones)
                phones.close()
                print("one call: everything happened")
        except CcoreError as error:
            print(error, file=sys.stderr)
            return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
