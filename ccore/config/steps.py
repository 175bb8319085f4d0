"""The steps of an IVR flow, told apart by their `do`. Each field's comment is its documentation."""

from typing import Annotated

from msgspec import Meta

from ccore.config.table import Digit, Levels, Name, Pattern, Seconds, Table, Weights

__all__ = [
    "Branch",
    "Collect",
    "Dial",
    "GoTo",
    "HangUp",
    "Hours",
    "Menu",
    "Message",
    "Say",
    "SetLanguage",
    "Step",
    "Want",
]


class Say(Table, tag="say", tag_field="do"):
    prompt: str  # what is said
    next: str  # step


class Menu(Table, tag="menu", tag_field="do"):
    prompt: str  # what is asked
    options: dict[Digit, str]  # digit to step
    timeout_s: Seconds = 5  # silence after the prompt that counts as no entry
    retries: Annotated[int, Meta(ge=0, le=10)] = 2  # prompts again so often
    invalid: str = ""  # prompt after a wrong digit
    barge_in: bool = True  # a digit cuts the prompt
    default: str = ""  # step when the retries are used up; empty: hang up


class Collect(Table, tag="collect", tag_field="do"):
    prompt: str  # what is asked
    into: Name  # name under which the digits are kept
    next: str  # step after an entry of the right length
    min_digits: Annotated[int, Meta(ge=1, le=32)] = 1  # fewer are a wrong entry
    max_digits: Annotated[int, Meta(ge=1, le=32)] = 16  # the entry ends with the last of them
    terminator: str = "#"  # ends the entry early; empty: none
    timeout_s: Seconds = 5  # silence before the first digit
    digit_timeout_s: Seconds = 3  # silence between digits
    retries: Annotated[int, Meta(ge=0, le=10)] = 2  # asks again so often
    invalid: str = ""  # prompt after a wrong entry
    barge_in: bool = True  # a digit cuts the prompt
    default: str = ""  # step when the retries are used up; empty: hang up


class Branch(Table, tag="branch", tag_field="do"):
    on: Name  # what was collected, or `calling`, `called`, `language`, `priority`
    cases: dict[str, str]  # value, or its beginning if it ends in *, to step; the longest wins
    default: str  # step for every other value


class Hours(Table, tag="hours", tag_field="do"):
    calendar: str  # whose hours
    open: str  # step
    closed: str  # step


class SetLanguage(Table, tag="language", tag_field="do"):
    language: str  # one of site.languages
    next: str  # step


class Want(Table, tag="want", tag_field="do"):
    next: str  # step
    skills: Levels = {}  # from now on agents for this caller have these skills
    prefer: Weights = {}  # agents with these come first; skill to weight
    forbid: tuple[Name, ...] = ()  # agents with one of these skills are not asked


class GoTo(Table, tag="go", tag_field="do"):
    to: str  # destination


class Message(Table, tag="voicemail", tag_field="do"):
    box: str  # name of a box
    next: str = ""  # step afterwards; empty: hang up


class Dial(Table, tag="dial", tag_field="do"):
    number: Pattern  # leaves ccore for this number by the dialplan's outbound context


class HangUp(Table, tag="hangup", tag_field="do"):
    prompt: str = ""  # said before


Step = Say | Menu | Collect | Branch | Hours | SetLanguage | Want | GoTo | Message | Dial | HangUp
