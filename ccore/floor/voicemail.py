"""Voicemail: a greeting, a message with limits, then on in the flow or good-bye."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccore.config.schema import Box
from ccore.floor.contact import CallState, Contact
from ccore.floor.notes import Fields, past
from ccore.floor.recording import file_name
from ccore.floor.timers import Timer
from ccore.model import (
    LegKind,
    LegResult,
    Outcome,
    Play,
    RecordingClosed,
    RecordMessage,
    StopPlaying,
)
from ccore.prompts.phrases import files

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["Voicemail"]

# Shorter than this is no message: the caller heard the tone and hung up.
SHORTEST_US = 1_000_000
GRACE_S = 2  # beyond its limit the switch ends a message by itself


@dataclass(slots=True)
class Message:
    box: str
    settings: Box
    next: str  # step of the flow afterwards; "": hang up
    entered_us: int
    app: str  # what is being played or recorded
    path: str = ""
    record_us: int = 0  # since when the caller is recorded; 0: the greeting still plays
    limit: Timer | None = None


class Voicemail:
    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.messages: dict[str, Message] = {}  # contact id -> message

    def start(self, contact: Contact, box: str, next_step: str = "") -> None:
        floor = self.floor
        contact.become(CallState.VOICEMAIL)
        floor.answer(contact)
        message = Message(box, floor.config.boxes[box], next_step, floor.when_us, floor.new_id())
        self.messages[contact.id] = message
        self._greet(contact, message)

    def _greet(self, contact: Contact, message: Message) -> None:
        prompt = message.settings.greeting or "please_leave_message"
        said = files(self.floor.config, prompt, contact.language)
        self.floor.command(contact.node, Play(contact.id, tuple(said), message.app))

    def resume(self, contact: Contact, fields: Fields, *, is_done: bool) -> None:
        """Of a process before us: the greeting or the message still runs, or has ended since."""
        floor = self.floor
        contact.become(CallState.VOICEMAIL)
        box = fields["box"]
        entered_us = past(floor, fields, "message_us") or floor.now_us
        message = Message(
            box, floor.config.boxes[box], fields.get("next", ""), entered_us, floor.new_id()
        )
        self.messages[contact.id] = message
        message.record_us = past(floor, fields, "record_us")
        if not message.record_us:
            floor.command(contact.node, StopPlaying(contact.id))
            self._greet(contact, message)
            return
        message.path = self._path(contact, message)
        self._end_in_any_case(contact, message)
        if is_done:
            self.app_done(contact, message.app)

    def recording_stopped(self, contact: Contact, path: str) -> None:
        """Of a message that a process before us began this is the end: the link that began the
        application is gone, and tells of it no more."""
        message = self.messages.get(contact.id)
        if message is not None and contact.is_recovered and message.path == path:
            self.app_done(contact, message.app)

    def _path(self, contact: Contact, message: Message) -> str:
        name = file_name(
            "voicemail/{box}/{contact}.wav", {"box": message.box, "contact": contact.id}
        )
        return f"{self.floor.recording_dir}/{name}"

    def _end_in_any_case(self, contact: Contact, message: Message) -> None:
        """Should nobody hear the switch say that it is over."""
        due_us = message.record_us + (message.settings.limit_s + GRACE_S) * 1_000_000

        def act() -> None:
            if self.messages.get(contact.id) is message:
                self.cut(contact)

        message.limit = self.floor.timers.at(max(due_us, self.floor.now_us), act)

    def app_done(self, contact: Contact, app: str) -> None:
        message = self.messages.get(contact.id)
        if message is None or message.app != app:
            return
        if message.record_us:
            self._finished(contact, message)
        else:
            self._record(contact, message)

    def go_on(self, contact: Contact) -> None:
        """The greeting or the message is over, and nobody heard it."""
        message = self.messages.get(contact.id)
        if message is not None:
            self.app_done(contact, message.app)

    def cut(self, contact: Contact) -> None:
        """Enough of the greeting, or of the message."""
        message = self.messages[contact.id]
        self.floor.command(contact.node, StopPlaying(contact.id))
        self.app_done(contact, message.app)

    def _record(self, contact: Contact, message: Message) -> None:
        floor = self.floor
        message.path = self._path(contact, message)
        message.app, message.record_us = floor.new_id(), floor.when_us
        contact.changed.add(contact.id)
        self._end_in_any_case(contact, message)
        floor.command(
            contact.node,
            RecordMessage(
                contact.id,
                message.path,
                message.settings.limit_s,
                message.settings.silence_s,
                message.app,
            ),
        )

    def _finished(self, contact: Contact, message: Message) -> None:
        self.close(contact)
        floor = self.floor
        if message.next and contact.visit is not None:
            floor.ivr.resume(contact, message.next)
        else:
            if contact.visit is not None:
                floor.ivr.leave(contact, LegResult.DONE)
            floor.entry.say_and_hang_up(contact, "goodbye")

    def close(self, contact: Contact) -> None:
        """The message is over, by silence, limit or hang-up; what was recorded is kept."""
        message = self.messages.pop(contact.id, None)
        if message is None:
            return
        if message.limit is not None:
            message.limit.cancel()
        floor = self.floor
        is_kept = bool(message.record_us) and floor.when_us - message.record_us >= SHORTEST_US
        if is_kept:
            contact.outcome = Outcome.VOICEMAIL
            name = message.path.removeprefix(f"{floor.recording_dir}/")
            contact.recording = contact.recording or name
            floor.tell(
                RecordingClosed(
                    contact.id,
                    message.path,
                    message.record_us,
                    floor.when_us,
                    contact.queue,
                    kind="voicemail",
                )
            )
        floor.tell(
            contact.leg_closed(
                LegKind.VOICEMAIL,
                LegResult.DONE if is_kept else LegResult.CANCELLED,
                message.entered_us,
                floor.when_us,
                queue=contact.queue,
                detail=message.path if is_kept else "",
            )
        )
