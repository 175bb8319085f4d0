"""Recordings: which calls, under which name, masked or not; the switch writes the file.

A tape runs on the caller's leg from bridge to bridge's end. The share of a queue is drawn exactly
(after n calls, share*n are recorded), not by chance.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ccore.floor.contact import Contact
from ccore.model import (
    MaskRecording,
    RecordingClosed,
    RecordingStarted,
    RecordingStopped,
    StartRecording,
    StopRecording,
    UnmaskRecording,
)
from ccore.routing.share import Share

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["Recordings", "Tape", "file_name"]

_UNSAFE = re.compile(r"[^A-Za-z0-9_.\-/]")


@dataclass(slots=True)
class Tape:
    """One file that the switch writes now."""

    contact: str
    path: str
    start_us: int
    queue: str
    agent: str
    is_masked: bool = False
    is_stopping: bool = False


def file_name(pattern: str, fields: dict[str, str]) -> str:
    """A recording's file below its directory: nothing in it can climb out or split a command."""
    safe = {name: _UNSAFE.sub("_", value.replace("/", "_")) for name, value in fields.items()}
    name = _UNSAFE.sub("_", pattern.format_map(safe))
    parts = [part for part in name.split("/") if part.strip(".")]
    return "/".join(parts)


class Recordings:
    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self._shares: dict[str, Share] = {}

    def bridged(self, contact: Contact, queue: str, share: float) -> None:
        drawn = self._shares.get(queue)
        if drawn is None or drawn.share != share:
            drawn = self._shares[queue] = Share(share)
        if drawn.take():
            self.start(contact)

    def start(self, contact: Contact) -> Tape:
        floor = self.floor
        if contact.tape is not None and contact.tape.is_stopping:
            self.close(contact)  # the switch has not said so yet
        if contact.tape is not None:
            return contact.tape
        contact.recordings += 1
        when = datetime.fromtimestamp(floor.now_us / 1e6, UTC)
        fields = {
            "day": when.strftime("%Y-%m-%d"),
            "time": when.strftime("%H%M%S"),
            "queue": contact.queue or "none",
            "agent": contact.agent or "none",
            "called": contact.called or "none",
            "contact": contact.id,
        }
        name = file_name(floor.config.recording.pattern, fields)
        if contact.recordings > 1:
            stem, dot, end = name.rpartition(".")
            name = f"{stem}-{contact.recordings}{dot}{end}"
        tape = Tape(
            contact.id,
            f"{floor.recording_dir}/{name}",
            floor.when_us,
            contact.queue,
            contact.agent,
        )
        contact.tape = tape
        contact.recording = contact.recording or name
        floor.command(contact.node, StartRecording(contact.id, tape.path))
        return tape

    def stop(self, contact: Contact) -> None:
        if contact.tape is not None and not contact.tape.is_stopping:
            contact.tape.is_stopping = True
            self.floor.command(contact.node, StopRecording(contact.id, contact.tape.path))

    def mask(self, contact: Contact, is_masked: bool) -> None:
        tape = contact.tape
        if tape is None or tape.is_masked == is_masked:
            return
        tape.is_masked = is_masked
        make = MaskRecording if is_masked else UnmaskRecording
        self.floor.command(contact.node, make(contact.id, tape.path))

    # What the switch says.

    def started(self, contact: Contact, event: RecordingStarted) -> None:
        if contact.tape is not None and contact.tape.path == event.path:
            contact.tape.start_us = self.floor.when_us

    def stopped(self, contact: Contact, event: RecordingStopped) -> None:
        if contact.tape is not None and contact.tape.path == event.path:
            self.close(contact)

    def close(self, contact: Contact) -> None:
        """The file is complete."""
        tape = contact.tape
        if tape is None:
            return
        contact.tape = None
        end_us = max(tape.start_us, self.floor.when_us)
        self.floor.tell(
            RecordingClosed(tape.contact, tape.path, tape.start_us, end_us, tape.queue, tape.agent)
        )
