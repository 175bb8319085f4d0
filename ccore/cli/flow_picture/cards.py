"""A flow as cards: each step with what it says and its exits, ends as pills, entries in front."""

from dataclasses import dataclass, field

from ccore.cli.flow_picture.words import width, wrap
from ccore.config.destination import split
from ccore.config.flows import START, exits
from ccore.config.schema import (
    Branch,
    Collect,
    Config,
    Dial,
    Entry,
    GoTo,
    HangUp,
    Hours,
    Menu,
    Message,
    Say,
    SetLanguage,
    Step,
)
from ccore.prompts.texts import text

__all__ = ["Card", "Exit", "cards"]

# Pixels.
CARD = 268  # width of a step
PAD = 14
HEAD = 34  # the line with kind and name
LINE = 19  # one line of prompt text
NOTE = 16  # one line of small print
ROW = 26  # one exit
PILL = 40  # height of an end

SIZE = 13  # of prompt text
SMALL = 11  # of small print

TEXT_LINES = 5  # of a prompt; more ends in an ellipsis


@dataclass(slots=True)
class Exit:
    label: str  # a digit, a value, "silence"; empty where there is but one way
    to: str  # key of a card
    quiet: bool = False  # taken without the caller's doing
    y: float = 0.0  # where the arrow starts, from the card's top


@dataclass(slots=True)
class Card:
    key: str
    kind: str  # say, menu, ...: chooses the colour
    title: str
    lines: list[str] = field(default_factory=list)  # what is said
    notes: list[str] = field(default_factory=list)  # small print
    exits: list[Exit] = field(default_factory=list)
    pill: bool = False
    width: float = CARD
    height: float = 0.0

    @property
    def entrance(self) -> float:
        """Where arrows arrive, from the card's top."""
        return self.height / 2 if self.pill else HEAD / 2 + 2


def cards(config: Config, flow: str, language: str) -> list[Card]:
    """All cards of a flow, entries first, then steps in the order of the file."""
    made: list[Card] = []
    for index, entry in enumerate(config.entries):
        if split(entry.to) == ("ivr", flow):
            made += _entry(config, entry, index, language)
    for name, step in config.flows[flow].items():
        card = _end(config, name, step, language) or _step(config, name, step, language)
        made.append(card)
        if isinstance(step, Menu | Collect) and not step.default:
            card.exits.append(Exit(_silence(step), f"{card.key}!", quiet=True))
            made.append(_pill(f"{card.key}!", "hangup", "hang up"))
        if isinstance(step, Message) and not step.next:
            card.exits.append(Exit("", f"{card.key}!"))
            made.append(_pill(f"{card.key}!", "hangup", "hang up"))
    for card in made:
        _measure(card)
    return made


def _entry(config: Config, entry: Entry, index: int, language: str) -> list[Card]:
    card = Card(
        f"entry {index}", "entry", entry.number, pill=not (entry.calendar or entry.emergency)
    )
    made = [card]
    card.exits.append(Exit("open" if entry.calendar else "", START))
    if entry.calendar:
        card.notes.append(f"calendar {entry.calendar}")
        card.exits.append(Exit("closed", f"{card.key} closed", quiet=True))
        made.append(_destination(f"{card.key} closed", entry.closed))
    if entry.emergency:
        said = f"emergency: {_said(config, entry.emergency, language)}"
        card.lines = wrap(said, SIZE, CARD - 2 * PAD, TEXT_LINES)
    return made


def _step(config: Config, name: str, step: Step, language: str) -> Card:
    card = Card(name, _kind(step), name)
    if isinstance(step, Say | Menu | Collect):
        said = _said(config, step.prompt, language)
        card.lines = wrap(said, SIZE, CARD - 2 * PAD, TEXT_LINES)
    if isinstance(step, Menu):
        card.notes.append(_times(step.retries, step.timeout_s))
    elif isinstance(step, Collect):
        digits = (
            f"{step.min_digits}"
            if step.min_digits == step.max_digits
            else (f"{step.min_digits} to {step.max_digits}")
        )
        until = f", ended by {step.terminator}" if step.terminator else ""
        card.notes.append(f"{digits} digits into {step.into}{until}")
        card.notes.append(_times(step.retries, step.timeout_s))
    elif isinstance(step, Branch):
        card.notes.append(f"looks at {step.on}")
    elif isinstance(step, Hours):
        card.notes.append(f"calendar {step.calendar}")
    elif isinstance(step, SetLanguage):
        card.notes.append(f"from here on: {step.language}")
    elif isinstance(step, Message):
        box = config.boxes[step.box]
        if box.greeting:
            said = _said(config, box.greeting, language)
            card.lines = wrap(said, SIZE, CARD - 2 * PAD, TEXT_LINES)
        card.notes.append(f"into box {step.box}, {box.limit_s} s at most")
    if isinstance(step, Menu | Collect) and step.invalid:
        said = f"wrong: {_said(config, step.invalid, language)}"
        card.notes += wrap(said, SMALL, CARD - 2 * PAD, 2)
    card.exits += [Exit(*_label(step, way), quiet=_quiet(step, way)) for way in exits(step)]
    return card


def _end(config: Config, name: str, step: Step, language: str) -> Card | None:
    """Steps that a caller does not come back from."""
    if isinstance(step, GoTo):
        return _destination(name, step.to)
    if isinstance(step, Dial):
        return _pill(name, "number", f"number {step.number}")
    if isinstance(step, HangUp):
        card = _pill(name, "hangup", "hang up")
        if step.prompt:
            card.lines = wrap(_said(config, step.prompt, language), SIZE, CARD - 2 * PAD, 2)
        return card
    return None


def _destination(key: str, to: str) -> Card:
    kind, name = split(to)
    words = {"ivr": "flow", "hangup": "hang up"}
    return _pill(key, kind, f"{words.get(kind, kind)} {name}".strip())


def _pill(key: str, kind: str, title: str) -> Card:
    return Card(key, kind, title, pill=True)


def _measure(card: Card) -> None:
    """Heights, and where on the right edge the exits are."""
    if card.pill:
        room = [width(card.title, SIZE + 1)] + [width(line, SIZE) for line in card.lines]
        card.width = max(120.0, max(room) + 2 * PAD + 34)
        card.height = PILL + (len(card.lines) * LINE + 4 if card.lines else 0)
        for way in card.exits:
            way.y = card.height / 2
        return
    y = HEAD + len(card.lines) * LINE + len(card.notes) * NOTE + (6 if card.notes else 0)
    if len(card.exits) == 1 and not card.exits[0].label:
        card.exits[0].y = card.entrance
        card.height = y + PAD - 2
        return
    y += 10
    for way in card.exits:
        way.y = y + ROW / 2
        y += ROW
    card.height = y + 6


def _label(step: Step, way: tuple[tuple[str, ...], str]) -> tuple[str, str]:
    key, to = way
    if isinstance(step, Menu | Collect) and key == ("default",):
        return _silence(step), to
    if isinstance(step, Collect):
        return "entered", to
    if isinstance(step, Branch) and key == ("default",):
        return "otherwise", to
    if isinstance(step, Hours):
        return key[0], to
    return (key[1] if len(key) > 1 else ""), to


def _quiet(step: Step, way: tuple[tuple[str, ...], str]) -> bool:
    return way[0] in (("default",), ("closed",))


def _silence(step: Menu | Collect) -> str:
    return "no entry" if step.retries == 0 else f"no entry, {step.retries + 1} times"


def _times(retries: int, timeout_s: int) -> str:
    again = {0: "asked once", 1: "asked twice"}.get(retries, f"asked {retries + 1} times")
    return f"{again}, {timeout_s} s each"


def _kind(step: Step) -> str:
    return str(type(step).__struct_config__.tag)


def _said(config: Config, prompt: str, language: str) -> str:
    for one in (language, *config.site.languages):
        if (said := text(config, prompt, one)) is not None:
            return said
    return prompt
