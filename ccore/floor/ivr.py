"""Walking a caller through a flow: prompts, menus, entries, branches.

Digits are collected here, not by the switch: one place decides about barge-in, time-outs and
retries, and the same code runs in virtual time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccore.config.schema import (
    Branch,
    Collect,
    Dial,
    GoTo,
    HangUp,
    Hours,
    Menu,
    Message,
    Say,
    SetLanguage,
    Step,
    Want,
)
from ccore.floor.contact import CallState, Contact
from ccore.floor.timers import Timer
from ccore.model import LegKind, LegResult, News, Play, StopPlaying
from ccore.prompts.phrases import files
from ccore.routing.match import longest

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["Ivr", "Visit"]

# Steps that need no caller (branches, languages) may follow one another so often; the check of the
# configuration refuses endless ones, this bounds what a reload in mid-call could make of it.
MAX_SILENT_STEPS = 100


@dataclass(slots=True)
class Visit:
    """One caller in one flow."""

    flow: str
    steps: Mapping[str, Step]
    entered_us: int
    step: str = ""
    tries: int = 0  # wrong or missing entries at this step
    digits: str = ""
    speech: str = ""  # app id of the prompt being said; "" when it is over
    then: Callable[[], None] | None = None  # what follows the prompt
    barge_in: bool = False
    silence: Timer | None = None

    def cancel(self) -> None:
        if self.silence is not None:
            self.silence.cancel()
            self.silence = None


class Ivr:
    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self._next = ""  # the step that a step without a caller leads to
        self._enter: dict[type, Callable[[Contact, Visit, Step], None]] = {
            Say: self._say,
            Menu: self._ask,
            Collect: self._ask,
            Branch: self._branch,
            Hours: self._hours,
            SetLanguage: self._language,
            Want: self._want,
            GoTo: lambda c, v, s: self._go(c, s.to),  # type: ignore[union-attr]
            Message: lambda c, v, s: self._message(c, v, s),  # type: ignore[arg-type]
            Dial: lambda c, v, s: self._go(c, f"number:{s.number}"),  # type: ignore[union-attr]
            HangUp: lambda c, v, s: self._hang_up(c, s.prompt),  # type: ignore[union-attr]
        }

    # The way through.

    def start(self, contact: Contact, flow: str, step: str = "start") -> None:
        floor = self.floor
        entered_us = contact.visit.entered_us if contact.visit else floor.when_us  # taken up again
        contact.visit = Visit(flow, floor.config.flows[flow], entered_us)
        contact.become(CallState.IVR)
        floor.answer(contact)
        self._step(contact, step)

    def _step(self, contact: Contact, step: str) -> None:
        """Enter a step, and those behind it that need no caller."""
        for _ in range(MAX_SILENT_STEPS):
            visit = contact.visit
            if visit is None or contact.state is not CallState.IVR:
                return
            visit.step, visit.tries, visit.digits, visit.then = step, 0, "", None
            contact.changed.add(contact.id)
            self._tell(contact, visit)
            settings = visit.steps.get(step)
            if settings is None:  # gone in a reload
                break
            self._next = ""
            self._enter[type(settings)](contact, visit, settings)
            step = self._next
            if not step:
                return
        self._hang_up(contact, "")

    def _tell(self, contact: Contact, visit: Visit) -> None:
        fields = {"contact": contact.id, "flow": visit.flow, "step": visit.step}
        self.floor.tell(News("step", self.floor.now_us, fields))

    def resume(self, contact: Contact, step: str) -> None:
        """Back from voicemail."""
        contact.become(CallState.IVR)
        self._step(contact, step)

    def repeat(self, contact: Contact) -> None:
        """The same step from its beginning."""
        visit = contact.visit
        if visit is not None:
            visit.cancel()
            self.floor.command(contact.node, StopPlaying(contact.id))
            self._step(contact, visit.step)

    def leave(self, contact: Contact, result: LegResult) -> None:
        """The stretch in the IVR is over."""
        visit = contact.visit
        if visit is None:
            return
        visit.cancel()
        contact.visit = None
        self.floor.tell(
            contact.leg_closed(
                LegKind.IVR, result, visit.entered_us, self.floor.when_us, detail=visit.flow
            )
        )

    # Saying.

    def _play(
        self, contact: Contact, prompt: str, then: Callable[[], None], barge_in: bool
    ) -> None:
        floor, visit = self.floor, contact.visit
        assert visit is not None
        said = files(floor.config, prompt, contact.language) if prompt else ()
        if not said:
            then()
            return
        visit.speech, visit.then, visit.barge_in = floor.new_id(), then, barge_in
        floor.command(contact.node, Play(contact.id, tuple(said), visit.speech))

    def app_done(self, contact: Contact, app: str) -> None:
        visit = contact.visit
        if visit is None or visit.speech != app:
            return
        visit.speech = ""
        then, visit.then = visit.then, None
        if then is not None:
            then()

    def _say(self, contact: Contact, visit: Visit, step: Step) -> None:
        assert isinstance(step, Say)
        self._play(contact, step.prompt, lambda: self._step(contact, step.next), barge_in=False)

    # Asking.

    def _ask(self, contact: Contact, visit: Visit, step: Step) -> None:
        assert isinstance(step, Menu | Collect)
        visit.digits = ""
        self._play(
            contact,
            step.prompt,
            lambda: self._listen(contact, step.timeout_s),
            barge_in=step.barge_in,
        )

    def _listen(self, contact: Contact, seconds: int) -> None:
        visit = contact.visit
        assert visit is not None
        visit.cancel()
        due_us = self.floor.now_us + seconds * 1_000_000
        visit.silence = self.floor.timers.at(due_us, lambda: self._silence(contact))

    def digit(self, contact: Contact, digit: str) -> None:
        visit = contact.visit
        if visit is None or contact.state is not CallState.IVR:
            return
        step = visit.steps.get(visit.step)
        if not isinstance(step, Menu | Collect):
            return
        if visit.speech:
            if not visit.barge_in:
                return
            visit.speech, visit.then = "", None
            self.floor.command(contact.node, StopPlaying(contact.id))
        visit.cancel()
        if isinstance(step, Menu):
            chosen = step.options.get(digit)
            if chosen is None:
                self._wrong(contact, visit, step)
            else:
                self._step(contact, chosen)
        else:
            self._collect(contact, visit, step, digit)

    def _collect(self, contact: Contact, visit: Visit, step: Collect, digit: str) -> None:
        if digit == step.terminator:
            self._entered(contact, visit, step)
            return
        visit.digits += digit
        if len(visit.digits) >= step.max_digits:
            self._entered(contact, visit, step)
        else:
            self._listen(contact, step.digit_timeout_s)

    def _silence(self, contact: Contact) -> None:
        visit = contact.visit
        if visit is None:
            return
        visit.silence = None
        step = visit.steps.get(visit.step)
        if isinstance(step, Collect) and visit.digits:
            self._entered(contact, visit, step)
        elif isinstance(step, Menu | Collect):
            self._again(contact, visit, step)

    def _entered(self, contact: Contact, visit: Visit, step: Collect) -> None:
        if len(visit.digits) < step.min_digits or not visit.digits.isascii():
            self._wrong(contact, visit, step)
            return
        contact.collected[step.into] = visit.digits
        self._step(contact, step.next)

    def _wrong(self, contact: Contact, visit: Visit, step: Menu | Collect) -> None:
        """A wrong entry: say so, then ask again."""
        prompt = step.invalid or "wrong_entry"
        self._play(contact, prompt, lambda: self._again(contact, visit, step), barge_in=False)

    def _again(self, contact: Contact, visit: Visit, step: Menu | Collect) -> None:
        visit.tries += 1
        if visit.tries <= step.retries:
            self._ask(contact, visit, step)
        elif step.default:
            self._step(contact, step.default)
        else:
            self._hang_up(contact, "goodbye")

    # Deciding.

    def _branch(self, contact: Contact, visit: Visit, step: Step) -> None:
        assert isinstance(step, Branch)
        known = {
            "calling": contact.calling,
            "called": contact.called,
            "language": contact.language,
            "priority": str(contact.priority),
        }
        value = contact.collected.get(step.on, known.get(step.on, ""))
        self._next = longest(step.cases, value) or step.default

    def _hours(self, contact: Contact, visit: Visit, step: Step) -> None:
        assert isinstance(step, Hours)
        calendar = self.floor.calendars.get(step.calendar)  # None: gone in a reload
        is_open = calendar is None or calendar.is_open(self.floor.now_us)
        self._next = step.open if is_open else step.closed

    def _language(self, contact: Contact, visit: Visit, step: Step) -> None:
        assert isinstance(step, SetLanguage)
        contact.language = step.language
        self._next = step.next

    def _want(self, contact: Contact, visit: Visit, step: Step) -> None:
        assert isinstance(step, Want)
        contact.wants = contact.wants.also(step)
        self._next = step.next

    # Leaving.

    def _go(self, contact: Contact, destination: str) -> None:
        self.leave(contact, LegResult.DONE)
        contact.become(CallState.ARRIVING)
        self.floor.entry.go(contact, destination)

    def _message(self, contact: Contact, visit: Visit, step: Message) -> None:
        if step.box in self.floor.config.boxes:
            self.floor.voicemail.start(contact, step.box, step.next)
        else:  # gone in a reload
            self._hang_up(contact, "goodbye")

    def _hang_up(self, contact: Contact, prompt: str) -> None:
        self.leave(contact, LegResult.DONE)
        contact.become(CallState.ARRIVING)
        self.floor.entry.say_and_hang_up(contact, prompt)
