"""What a channel executes: a stack of applications, the innermost of them at work.

At the bottom stands what the dialplan said (`park`, mostly). An order sent by a client runs inside
whatever plays at that moment: a playback sent while music plays nests in it, and the music goes on
afterwards; with `loops: -1` it starts over when it is through. One flag, `breaking`, ends the
innermost playback at its next media frame. A switch that is told to break a sent application
breaks what is beneath it too (`stop_broadcast`); an `endless_playback` answers a break by starting
over, and reads no digits.
"""

import re
from collections.abc import Callable

from ccore.sim.core import Core
from ccore.sim.leg import Frame, Leg, Recording
from ccore.sim.separate import separate
from ccore.sim.wire import Order, encode

__all__ = ["Durations", "Media"]

# Length of a file in microseconds, or None where there is no such file.
Durations = Callable[[str], int | None]

_ENDLESS = "local_stream://"
_VARIABLE = re.compile(r"(?<!\\)\$\{([A-Za-z0-9_]+)\}")
_TONE = re.compile(r"%\(([0-9]+),([0-9]+)")
_LOOPS = re.compile(r"loops=(-?[0-9]+)")
_PLAYING = ("playback", "endless_playback", "record")
DEFAULT_TERMINATORS = "*"
HOLD_MUSIC = "local_stream://moh"
SHORTEST_LOOP_US = 500_000  # what ends sooner than this is not started over


class Media:
    def __init__(self, core: Core, durations: Durations) -> None:
        self.core = core
        self.durations = durations
        # Applications beyond media (bridge, transfer, hangup, ...) are added by who knows them.
        self.apps: dict[str, Callable[[Leg, Frame], bool]] = {
            "playback": self._playback,
            "endless_playback": self._playback,
            "record": self._record,
            "park": self._park,
            "set": self._set,
            "export": self._set,
            "multiset": self._multiset,
            "unset": self._unset,
            "sleep": self._sleep,
            "ring_ready": self._nothing,
            "mkdir": self._mkdir,
            "log": self._nothing,
            "info": self._nothing,
        }
        self.on_plan_end: Callable[[Leg], None] = lambda leg: None
        self.on_unknown: Callable[[Leg], None] = lambda leg: None

    def send(self, leg: Leg, order: Order) -> None:
        """A client's order for this channel; it is looked at when the next media frame comes."""
        leg.orders.append(order)
        self.core.at_frame(lambda: self._next_order(leg))

    def wake(self, leg: Leg) -> None:
        self.core.at_frame(lambda: self._next_order(leg))

    def run_plan(self, leg: Leg) -> None:
        """Go on with what the dialplan said, until something takes time."""
        while not leg.cause and not leg.gone and not leg.stack:
            if not leg.plan:
                self.on_plan_end(leg)
                return
            app, data = leg.plan.pop(0)
            self.execute(leg, Frame(app, data, self.core.uuid(), sent=False))

    def execute(self, leg: Leg, frame: Frame) -> None:
        self._pause(leg)
        frame.begun_us = self.core.now_us
        frame.data = _expand(frame.data, leg)
        leg.breaking = False
        leg.response = ""
        leg.set_vars(
            {"current_application": frame.app, "current_application_data": frame.data or ""}
        )
        leg.set_var("current_application_response", None)
        self.core.emit("CHANNEL_EXECUTE", leg, tail=_application(frame, None))
        leg.stack.append(frame)
        if leg.unread_digits and frame.app != "endless_playback":
            self.core.at_frame(lambda: self._read_digits(leg))
        run = self.apps.get(frame.app)
        if run is None:
            self.on_unknown(leg)
            return
        if run(leg, frame):  # over already
            self.finish(leg, frame)

    def finish(self, leg: Leg, frame: Frame, response: str | None = None) -> None:
        """The innermost application is over; the one beneath goes on."""
        if frame not in leg.stack or leg.gone:
            return
        while leg.stack[-1] is not frame:
            self.finish(leg, leg.stack[-1], response)
        leg.stack.pop()
        if self._loops_on(leg, frame):
            self._tell_complete(leg, frame, response)
            self.execute(leg, frame)
            return
        self._complete(leg, frame, response)
        if leg.cause or leg.moving:
            return
        if leg.stack or leg.parked or leg.joint is not None:
            self._resume(leg)
        elif not frame.sent:
            self.run_plan(leg)
        if leg.orders:
            self.core.at_frame(lambda: self._next_order(leg))

    def unwind(self, leg: Leg) -> None:
        """The channel is going elsewhere, or away: everything it executes ends now."""
        while leg.stack:
            frame = leg.stack.pop()
            response = "PLAYBACK ERROR" if frame.app in _PLAYING[:2] else None
            self._complete(leg, frame, response)
        leg.plan.clear()

    def stop(self, leg: Leg, everything: bool) -> None:
        """`uuid_break`"""
        if everything:
            leg.orders.clear()
        leg.breaking = True
        if leg.broadcast:
            leg.stop_broadcast = True
        self.core.at_frame(lambda: self._break(leg))

    def hold_music(self, leg: Leg, on: bool) -> None:
        """What a leg hears while its partner holds it, as a real switch broadcasts it."""
        if on and not leg.cause:
            leg.broadcast = True
            self.execute(leg, Frame("playback", HOLD_MUSIC, self.core.uuid(), sent=True))
            return
        for frame in [each for each in leg.stack if each.data == HOLD_MUSIC]:
            self.finish(leg, frame, "FILE PLAYED")

    def digit(self, leg: Leg, digit: str) -> None:
        """A digit from the far end; it waits while nothing reads digits."""
        if leg.stack and leg.stack[-1].app == "endless_playback":
            leg.unread_digits += digit
            return
        tail = b"DTMF-Digit: %b\nDTMF-Duration: 960\nDTMF-Source: RTP\n" % encode(digit)
        self.core.emit("DTMF", leg, tail=tail)
        terminators = leg.vars.get("playback_terminators", DEFAULT_TERMINATORS)
        frame = leg.stack[-1] if leg.stack else None
        if frame is None or frame.app not in _PLAYING or terminators == "none":
            return
        if terminators == "any" or digit in terminators:
            leg.set_var("playback_terminator_used", digit)
            self.finish(leg, frame, "FILE PLAYED")

    def _read_digits(self, leg: Leg) -> None:
        unread, leg.unread_digits = leg.unread_digits, ""
        for digit in unread:
            if not leg.gone:
                self.digit(leg, digit)

    def start_recording(self, leg: Leg, path: str, kind: str = "call") -> None:
        self.core.directories.add(path.rpartition("/")[0])  # uuid_record makes what is missing
        leg.recordings[path] = Recording(path, self.core.now_us, kind)
        self.core.emit("RECORD_START", leg, tail=b"Record-File-Path: %b\n" % encode(path))

    def stop_recording(self, leg: Leg, path: str) -> None:
        recording = leg.recordings.pop(path, None)
        if recording is None:
            return
        length_ms = (self.core.now_us - recording.start_us) // 1000
        leg.set_vars(
            {
                "record_file_size": str(44 + length_ms * 32),
                "record_samples": str(length_ms * 8),
                "record_seconds": str(length_ms // 1000),
                "record_ms": str(length_ms),
                "record_completion_cause": "success-silence",
            }
        )
        self.core.files.append((path, length_ms, recording.kind))
        tail = b"Record-File-Path: %b\nRecord-Completion-Cause: success-silence\n" % encode(path)
        self.core.emit("RECORD_STOP", leg, tail=tail)

    def _next_order(self, leg: Leg) -> None:
        if leg.gone or leg.cause or leg.moving or not leg.orders:
            return
        if leg.stack and leg.stack[-1].locks:
            return
        order = leg.orders.popleft()
        if leg.orders:
            self.core.at_frame(lambda: self._next_order(leg))
        if order.headers.get("call-command") == "hangup":
            self.execute(leg, _frame("hangup", order, self.core.uuid(), "hangup-cause"))
            return
        app = order.headers.get("execute-app-name", "")
        if order.headers.get("call-command") != "execute" or not app:
            return
        frame = _frame(app, order, self.core.uuid(), "execute-app-arg")
        leg.stop_broadcast = False
        frame.inner = leg.joint is None
        if not leg.broadcast:
            leg.broadcast = True
            frame.inner = False
        self.execute(leg, frame)

    def _loops_on(self, leg: Leg, frame: Frame) -> bool:
        if frame.loops > 0:
            frame.loops -= 1
        short = self.core.now_us - frame.begun_us < SHORTEST_LOOP_US
        return (
            frame.loops != 0 and not short and not (leg.cause or leg.moving or leg.stop_broadcast)
        )

    def _tell_complete(self, leg: Leg, frame: Frame, response: str | None) -> None:
        if response is not None:
            leg.response = response
            leg.set_var("current_application_response", response)
        self.core.emit("CHANNEL_EXECUTE_COMPLETE", leg, tail=_application(frame, leg.response))

    def _complete(self, leg: Leg, frame: Frame, response: str | None) -> None:
        if frame.timer is not None:
            frame.timer.cancel()
            frame.timer = None
        if frame.on_end is not None:
            frame.on_end()
        self._tell_complete(leg, frame, response)
        if frame.sent:
            if not frame.inner:
                leg.broadcast = False
            if leg.stop_broadcast:
                leg.broadcast = False
                leg.breaking = True
                self.core.at_frame(lambda: self._break(leg))

    def _break(self, leg: Leg) -> None:
        if not leg.breaking or leg.gone or not leg.stack:
            return
        frame = leg.stack[-1]
        if frame.app not in _PLAYING:
            return
        leg.breaking = False
        if frame.app == "endless_playback":
            self._start(leg, frame)
        else:
            self.finish(leg, frame, None if frame.app == "record" else "FILE PLAYED")

    def _pause(self, leg: Leg) -> None:
        if leg.stack and (timer := leg.stack[-1].timer) is not None and timer.call is not None:
            leg.stack[-1].left_us = max(timer.at_us - self.core.now_us, 0)
            timer.cancel()
            leg.stack[-1].timer = None

    def _resume(self, leg: Leg) -> None:
        frame = leg.stack[-1] if leg.stack else None
        if frame is not None and frame.timer is None and frame.left_us >= 0:
            self._run_for(leg, frame, frame.left_us)
        if leg.breaking:
            self.core.at_frame(lambda: self._break(leg))

    def _run_for(self, leg: Leg, frame: Frame, length_us: int) -> None:
        response = "FILE PLAYED" if frame.app == "playback" else None
        frame.left_us = length_us
        frame.timer = self.core.after(length_us, lambda: self.finish(leg, frame, response))

    def _playback(self, leg: Leg, frame: Frame) -> bool:
        length_us = self._length(frame.data)
        if length_us is None:
            leg.response = "FILE NOT FOUND"
            leg.set_var("current_application_response", leg.response)
            return True
        self.core.happened(leg.phone, "prompt", frame.data)
        self._start(leg, frame)
        return False

    def _start(self, leg: Leg, frame: Frame) -> None:
        length_us = self._length(frame.data)
        if length_us is not None and frame.app == "playback" and length_us >= 0:
            self._run_for(leg, frame, length_us)

    def _length(self, source: str) -> int | None:
        """Playing time of one source or of a list; -1: endless; None: no such file."""
        if source.startswith("file_string://"):
            files = source.removeprefix("file_string://").split("!")
            lengths = [self._length(file) for file in files if file]
            # A missing file in a list is passed over.
            known = [each for each in lengths if each is not None]
            return sum(known) if known and min(known) >= 0 else (-1 if known else None)
        if source.startswith("silence_stream://"):
            ms = source.removeprefix("silence_stream://").split(",")[0]
            return int(ms) * 1000 if ms.isdecimal() and int(ms) else -1
        if source.startswith("tone_stream://"):
            loops = _LOOPS.search(source)
            times = int(loops[1]) if loops is not None else 1
            spans_ms = [int(on) + int(off) for on, off in _TONE.findall(source)]
            return sum(spans_ms) * 1000 * times if times > 0 and spans_ms else -1
        if source.startswith(_ENDLESS):
            return -1
        return self.durations(source)

    def _mkdir(self, leg: Leg, frame: Frame) -> bool:
        self.core.directories.add(frame.data.strip().rstrip("/"))
        return True

    def _record(self, leg: Leg, frame: Frame) -> bool:
        words = separate(frame.data, " ", 6)
        if not words:
            return True
        path = words[0]
        if path.rpartition("/")[0] not in self.core.directories:
            self.on_unknown(leg)  # the app makes no directory, and hangs up for want of one
            return True
        limit_s = int(words[1]) if len(words) > 1 and words[1].isdecimal() else 0
        silence_s = int(words[3]) if len(words) > 3 and words[3].isdecimal() else 0
        self.start_recording(leg, path, "voicemail")
        frame.on_end = lambda: self.stop_recording(leg, path)
        ends = [limit_s * 1_000_000] if limit_s else []
        if silence_s:
            speech_us = max(leg.speaks_until_us - self.core.now_us, 0)
            ends.append(speech_us + silence_s * 1_000_000)
        if ends:
            self._run_for(leg, frame, min(ends))
        return False

    def _park(self, leg: Leg, frame: Frame) -> bool:
        self.core.emit("CHANNEL_PARK", leg)
        return False

    def _sleep(self, leg: Leg, frame: Frame) -> bool:
        self._run_for(leg, frame, int(frame.data) * 1000 if frame.data.isdecimal() else 0)
        return False

    def _nothing(self, leg: Leg, frame: Frame) -> bool:
        return True

    def _set(self, leg: Leg, frame: Frame) -> bool:
        """What three backslashes guard is left to be filled in later, by whoever reads it."""
        name, _, value = frame.data.partition("=")
        leg.set_var(name, value.replace(r"\\\${", "${"))
        return True

    def _unset(self, leg: Leg, frame: Frame) -> bool:
        leg.set_var(frame.data, None)
        return True

    def _multiset(self, leg: Leg, frame: Frame) -> bool:
        """Pairs with blanks between them, or with another separator said first: `^^;a=1;b=2`."""
        data, separator = frame.data, " "
        if data.startswith("^^") and len(data) > 2:
            separator, data = data[2], data[3:]
        for pair in data.split(separator):
            name, equals, value = pair.partition("=")
            if equals:
                leg.set_var(name, value)
        return True


def _expand(data: str, leg: Leg) -> str:
    """`${name}`: a variable of the channel, or a field of the caller's profile."""
    if "${" not in data:
        return data
    profile = {
        "caller_id_number": leg.caller,
        "caller_id_name": leg.name,
        "destination_number": leg.dest,
        "uuid": leg.uuid,
    }
    return _VARIABLE.sub(lambda m: profile.get(m[1], leg.vars.get(m[1], "")), data)


def _frame(app: str, order: Order, uuid: str, argument: str) -> Frame:
    data = order.headers.get(argument, "") or order.body
    locks = order.headers.get("event-lock", "") == "true"
    frame = Frame(app, data, order.headers.get("event-uuid", uuid), sent=True, locks=locks)
    loops = order.headers.get("loops", "1").strip()
    if loops.lstrip("-").isdecimal():
        frame.loops = -1 if loops.startswith("-") else max(int(loops), 1)
    return frame


def _application(frame: Frame, response: str | None) -> bytes:
    lines = b"Application: %b\n" % encode(frame.app)
    if frame.data:
        lines += b"Application-Data: %b\n" % encode(frame.data)
    if response is not None:
        lines += b"Application-Response: %b\n" % encode(response or "_none_")
    return lines + b"Application-UUID: %b\n" % encode(frame.uuid)
