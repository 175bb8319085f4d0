"""The connection that speaks: commands in, bytes out, replies in, and what they mean.

Every command gets an end, once: its reply; or for a job or application of ours the event that tells
it; or word that it was too late, lost with the link, or never sent.
"""

from collections.abc import Callable
from typing import Any

from ccore.errors import UnsafeValue
from ccore.esl.encode import encode, job_of
from ccore.esl.outbox import DOWN, LOST, TIMED_OUT, Answer, Outbox
from ccore.esl.promises import Promises
from ccore.esl.quote import check
from ccore.esl.words import leg_from_dump
from ccore.model import (
    AppDone,
    Bridge,
    Command,
    Event,
    FindPhone,
    JobDone,
    LegHungUp,
    LegSeen,
    LinkBusy,
    LinkFree,
    Look,
    PhoneFound,
    Play,
    RecordMessage,
    Ring,
)

__all__ = ["Speaker"]

# What a job may take beyond its own limit until its end is told: the switch counts whole seconds.
SLACK_US = 20_000_000
# No prompt is longer. Whoever waits for its end would wait for ever if that event were lost.
LONGEST_FILE_US = 600_000_000

_UNANSWERED = (DOWN, LOST, TIMED_OUT)


class Speaker:
    """`now_us()` is the link's time, `tell` takes what there is to tell the floor."""

    def __init__(self, now_us: Callable[[], int], tell: Callable[[Event], None]) -> None:
        self._now_us = now_us
        self._tell = tell
        self._outbox = Outbox()
        self._jobs, self._apps = Promises(), Promises()
        self._is_busy = False  # LinkBusy was told
        self.refused = 0  # commands that the switch answered with -ERR
        self.unsafe = 0  # commands that were not sent because a value was unsafe
        self.late = 0  # jobs and applications whose end did not come in time
        self.lost = 0  # commands in flight when the link broke
        self.pushed_back = 0  # times that nothing new was taken for a while
        self.last_error = ""

    # Commands.

    def send(self, command: Command) -> None:
        """Tell the switch. An unsafe value is counted, and ends the job if there is one."""
        job, now_us = job_of(command), self._now_us()
        try:
            data, replies = encode(command)
        except UnsafeValue as error:
            self.unsafe += 1
            self.last_error = str(error)
            if job:
                self._tell(JobDone(job, now_us, False, "UNSAFE_VALUE"))
            return
        match command:
            case Ring():
                self._jobs.expect(job, now_us + command.timeout_s * 1_000_000 + SLACK_US)
            case Bridge():
                self._jobs.expect(job, now_us + SLACK_US)
            case Play():
                due_us = now_us + LONGEST_FILE_US * len(command.files)
                self._apps.expect(command.app, due_us, command.leg)
            case RecordMessage():
                due_us = now_us + command.limit_s * 1_000_000 + SLACK_US
                self._apps.expect(command.app, due_us, command.leg)
        self._outbox.put(data, [self._answer_to(command, job)] * replies)

    def ask(self, line: str, answer: Answer) -> None:
        """Send a line; `answer` gets the reply's text, or one of LINK_DOWN, LINK_LOST, TIMED_OUT
        behind "-ERR ". Raises UnsafeValue."""
        self._outbox.put(check(line).encode("utf-8", "surrogateescape") + b"\n\n", [answer])

    def ask_again(self, line: str, answer: Answer) -> None:
        """As `ask`, for who asks anew after a break: told replies and nothing else."""
        self.ask(line, lambda text: None if text in _UNANSWERED else answer(text))

    def say(self, line: str) -> None:
        self.ask(line, self._judge)

    def take_bytes(self) -> bytes:
        return self._outbox.take(self._now_us())

    # What comes back.

    def reply(self, text: str) -> None:
        """The next reply. Raises ProtocolError if nothing was asked."""
        self._outbox.reply(text)

    def is_awaited(self, event: Event) -> bool:
        """Ends of jobs and applications are for those who wait for them, and told once."""
        match event:
            case JobDone():
                return self._jobs.kept(event.job)
            case AppDone():
                return self._apps.kept(event.app)
            case LegHungUp():
                self._apps.leg_ended(event.leg)
        return True

    def tick(self, now_us: int) -> None:
        """At `next_deadline`. Raises SwitchGone if the connection is dead."""
        self._outbox.tick(now_us)
        for job, _ in self._jobs.overdue(now_us):
            self.late += 1
            self._tell(JobDone(job, now_us, False, "TIMED_OUT"))
        for app, leg in self._apps.overdue(now_us):
            self.late += 1
            self._tell(AppDone(leg, now_us, app, "TIMED_OUT"))

    def next_deadline(self) -> int | None:
        dues = [each.next_deadline() for each in (self._outbox, self._jobs, self._apps)]
        return min((due for due in dues if due is not None), default=None)

    def press(self) -> None:
        """Tell when the way is full, and when it is free again."""
        if self._is_busy and self._outbox.is_free:
            self._is_busy = False
            self._tell(LinkFree(self._now_us()))
        elif not self._is_busy and self._outbox.is_full:
            self._is_busy = True
            self.pushed_back += 1
            self._tell(LinkBusy(self._now_us()))

    def closed(self) -> None:
        """The connection is gone. Jobs that the switch has taken on may still end."""
        self.lost += self._outbox.in_flight
        self._is_busy = False
        self._outbox.give_up()

    def forget(self) -> None:
        """The switch lives anew: of what was begun nothing ends any more."""
        self._jobs.clear()
        self._apps.clear()

    def _answer_to(self, command: Command, job: str) -> Answer:
        match command:
            case Look():
                return self._seen(command.leg, self._now_us())
            case FindPhone():
                return self._found(command.user)
            case Play() | RecordMessage():
                return self._app_begun(command.app)
            case Ring() | Bridge():
                return self._job_begun(job, goes_on=isinstance(command, Ring))
            case _:
                return self._judge

    def _judge(self, text: str) -> None:
        if text.startswith("-") and text not in _UNANSWERED:
            self.refused += 1
            self.last_error = text.strip()[:200]

    def _app_begun(self, app: str) -> Answer:
        def answer(text: str) -> None:
            self._judge(text)
            if text.startswith("-") and text != TIMED_OUT:
                self._apps.kept(app)  # nothing follows

        return answer

    def _job_begun(self, job: str, *, goes_on: bool) -> Answer:
        def answer(text: str) -> None:
            self._judge(text)
            is_refused = text.startswith("-")
            # Its end may have come on the other connection, ahead of this reply.
            if (is_refused or not goes_on) and self._jobs.kept(job) and is_refused:
                self._tell(JobDone(job, self._now_us(), False, text[5:].strip()))

        return answer

    def _seen(self, leg: str, asked_us: int) -> Answer:
        def answer(text: str) -> None:
            if text not in _UNANSWERED:
                self._tell(LegSeen(leg, self._now_us(), asked_us, leg_from_dump(text)))

        return answer

    def _found(self, user: str) -> Answer:
        def answer(text: str) -> None:
            if text not in _UNANSWERED:
                is_there = not text.startswith(("error/", "-"))
                self._tell(PhoneFound(user, self._now_us(), is_there))

        return answer

    # For people.

    @property
    def in_flight(self) -> int:
        """Commands written and not answered."""
        return self._outbox.in_flight

    def figures(self) -> dict[str, Any]:
        box = self._outbox
        return {
            "in_flight": box.in_flight,
            "held": box.held,
            "held_bytes": box.held_bytes,
            "is_busy": self._is_busy,
            "pushed_back": self.pushed_back,
            "awaited": len(self._jobs) + len(self._apps),
            "refused": self.refused,
            "unsafe": self.unsafe,
            "timed_out": box.timed_out + self.late,
            "lost": self.lost,
            "last_error": self.last_error,
        }
