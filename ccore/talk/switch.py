"""A switch to talk to: commands with replies, calls that are made, events that are waited for."""

import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from ccore.errors import CcoreError, CommandRefused, SwitchUnreachable, UnsafeValue
from ccore.esl import EventView, Frame
from ccore.esl.quote import argument, check, header, setting, variable, word
from ccore.talk.kept import Kept
from ccore.talk.line import Line

__all__ = ["Switch"]

MOST_EVENTS = 100_000  # kept for `wait`; of more the oldest are dropped and counted


class Switch:
    """Two connections, one that listens and one that speaks. Raises SwitchUnreachable,
    SwitchRefused; every call raises SwitchUnreachable once the switch is gone.

    Values are data: what cannot be sent unchanged raises UnsafeValue. May be used by several
    threads. `timeout_s`: for connecting and for each reply.
    """

    def __init__(self, host: str, port: int, password: str, *, timeout_s: float = 10.0) -> None:
        self._timeout_s = timeout_s
        self._address = (host, port)
        self._news = threading.Condition()
        self._asking = threading.Lock()
        self._events = Kept(MOST_EVENTS)
        self._subscribed: deque[str] = deque()
        self._replies: deque[str] = deque()
        self._over: CcoreError | None = None
        address = (host, port)
        self._listening = Line(address, password, timeout_s, self._take_event, self._end)
        try:
            self._speaking = Line(address, password, timeout_s, self._take_reply, self._end)
        except CcoreError:
            self._listening.close()
            raise
        try:
            self.subscribe("BACKGROUND_JOB")
        except CcoreError:
            self.close()
            raise

    @property
    def lost_events(self) -> int:
        return self._events.lost

    def close(self) -> None:
        self._listening.close()
        self._speaking.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Speaking.

    def api(self, command: str, *arguments: str) -> str:
        """The text that an API command answers. Arguments are escaped, each for itself.

        For commands that take their arguments apart at blanks, which most do. Raises
        CommandRefused where the text begins with -ERR or -USAGE.
        """
        line = " ".join((word(command, "command"), *(argument(a, "argument") for a in arguments)))
        return self._ask(f"api {line}")

    def set_variables(self, leg: str, variables: Mapping[str, str]) -> None:
        """Of a channel; they come back unchanged in its events, as `variable_...`."""
        pairs = ";".join(f"{word(n, 'name')}={setting(v, n)}" for n, v in variables.items())
        self._ask(f"api uuid_setvar_multi {word(leg, 'leg')} {pairs}")

    def originate(
        self,
        dial: str,
        target: str = "&park()",
        *,
        variables: Mapping[str, str] | None = None,
        timeout_s: int = 60,
    ) -> str:
        """Call out, and wait until it is answered; the id of the new leg.

        `dial` and `target` are the switch's own words (`user/1001@domain`, `&park()`, an
        extension): never put into them what somebody else has chosen. Raises CommandRefused with
        the cause (USER_BUSY, NO_ANSWER) if nobody answers.
        """
        settings = {
            "origination_uuid": str(uuid.uuid4()),
            "originate_timeout": str(timeout_s),
            **(variables or {}),
        }
        leg, job = word(settings["origination_uuid"], "leg"), str(uuid.uuid4())
        inside = ",".join(f"{word(n, 'name')}={variable(v, n)}" for n, v in settings.items())
        line = f"originate {{{inside}}}{_dial(dial)} {_dial(target)}"
        self._ask(f"bgapi {line}\nJob-UUID: {job}")
        done = self.wait("BACKGROUND_JOB", timeout_s=timeout_s + self._timeout_s, job=job)
        if done is None:
            raise CommandRefused(command="originate", reply="no result")
        _refuse("originate", done.body)
        return leg

    def execute(self, leg: str, application: str, data: str = "") -> str:
        """Begin an application on a leg; its id, for `wait("CHANNEL_EXECUTE_COMPLETE", app=...)`.

        The switch looks for `${...}` in `data`; such data is refused (UnsafeValue).
        """
        app = str(uuid.uuid4())
        lines = [
            f"sendmsg {word(leg, 'leg')}",
            "call-command: execute",
            f"execute-app-name: {word(application, 'application')}",
            f"Event-UUID: {app}",
        ]
        if data:
            lines.append(f"execute-app-arg: {header(data, 'data')}")
        self._ask("\n".join(lines))
        return app

    def hang_up(self, leg: str, cause: str = "NORMAL_CLEARING") -> None:
        self.api("uuid_kill", leg, cause)

    # Listening.

    def subscribe(self, *names: str) -> None:
        """To events by name; a subclass such as `sofia::register` by its own. Before whatever
        brings them is begun: of what was before nothing is told."""
        plain = [word(name, "event") for name in names if "::" not in name]
        custom = [word(name, "event") for name in names if "::" in name]
        # What follows CUSTOM are subclasses.
        words = [*plain, *(["CUSTOM", *custom] if custom else [])]
        text = self._exchange(self._listening, f"event plain {' '.join(words)}", self._subscribed)
        _refuse("event", text)

    def wait(
        self,
        name: str = "",
        leg: str = "",
        *,
        timeout_s: float | None = None,
        job: str = "",
        app: str = "",
        where: Callable[[EventView], bool] = lambda event: True,
    ) -> EventView | None:
        """The oldest event that fits and was not given yet; None if none comes in time.

        What does not fit stays for later calls.
        """
        wanted = [
            (key, value)
            for key, value in (
                (b"Event-Name", name),
                (b"Unique-ID", leg),
                (b"Job-UUID", job),
                (b"Application-UUID", app),
            )
            if value
        ]

        def fits(event: EventView) -> bool:
            return all(event.get(key) == value for key, value in wanted) and where(event)

        found: EventView | None = None
        looked_at = 0

        def look() -> bool:
            nonlocal found, looked_at
            found = self._events.take(fits, looked_at)
            looked_at = self._events.came
            return found is not None

        self._await(look, timeout_s, must=False)
        return found

    # What the reading threads bring.

    def _take_event(self, frame: Frame) -> None:
        with self._news:
            if frame.content_type == b"command/reply":
                self._subscribed.append(frame.reply)
            elif frame.content_type == b"text/event-plain":
                self._events.add(frame.event())
            self._news.notify_all()

    def _take_reply(self, frame: Frame) -> None:
        is_api = frame.content_type == b"api/response"
        text = frame.body.decode("utf-8", "surrogateescape") if is_api else frame.reply
        with self._news:
            self._replies.append(text)
            self._news.notify_all()

    def _end(self, why: CcoreError) -> None:
        with self._news:
            self._over = self._over or why
            self._news.notify_all()

    def _ask(self, line: str) -> str:
        text = self._exchange(self._speaking, check(line), self._replies)
        self._listening.nudge()  # what was asked for may have brought an event
        _refuse(line.partition("\n")[0][:60], text)
        return text

    def _exchange(self, line: Line, command: str, replies: deque[str]) -> str:
        """One command at a time, so that every reply is for who asks."""
        with self._asking:
            line.send(command)
            try:
                self._await(lambda: bool(replies))
            except SwitchUnreachable:
                self.close()  # a reply that comes after all would be taken for the next one's
                raise
            return replies.popleft()

    def _await(
        self, look: Callable[[], bool], timeout_s: float | None = None, *, must: bool = True
    ) -> None:
        is_found = False

        def is_over() -> bool:
            nonlocal is_found
            is_found = is_found or look()
            return is_found or self._over is not None

        with self._news:
            self._news.wait_for(is_over, self._timeout_s if must else timeout_s)
            if is_found:
                return
            if self._over is not None:
                raise self._over
        if must:
            host, port = self._address
            raise SwitchUnreachable(host=host, port=port, why=f"no reply for {self._timeout_s:g} s")


def _refuse(command: str, text: str) -> None:
    if text.startswith(("-ERR", "-USAGE")):
        raise CommandRefused(command=command, reply=text.strip()[:200])


def _dial(text: str) -> str:
    """One word of the switch's own language; of line ends and blanks it cannot consist."""
    if not text or any(char.isspace() or char == "\0" for char in text):
        raise UnsafeValue(value=text, where="dial string or target", why="no blanks or line ends")
    return text
