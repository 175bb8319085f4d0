"""docs/configuration.md from the schema: each field, its default, and the comment beside it."""

import inspect
import io
import re
import tokenize
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from ccore.config import schema, table
from ccore.config.system import SYSTEM_PROMPTS

__all__ = ["comments", "keys", "page"]

# Tables in the order of the page: heading in the file, struct, words before the fields.
TABLES: tuple[tuple[str, type[msgspec.Struct], str], ...] = (
    ("", schema.Config, "The keys of the file itself."),
    ("[site]", schema.Site, ""),
    ("[switch.NAME]", schema.Switch, "One table for each FreeSWITCH."),
    ("[daemon]", schema.Daemon, ""),
    ("[records]", schema.Records, ""),
    ("[recording]", schema.Recording, "Which calls are recorded is each queue's `record`."),
    ("[kpi]", schema.Kpi, ""),
    ("[kpi.targets.FIGURE]", schema.Target, "What a figure should be; `ccore kpi` says where not."),
    (
        "[agent_rules]",
        schema.AgentRules,
        "What happens to an agent whose offer fails, per cause: "
        "`no_answer = { pause_s = 5, limit = 3 }`.",
    ),
    ("{ pause_s, limit }", schema.Limit, "One cause of `[agent_rules]`."),
    ("[calendars.NAME]", schema.Calendar, "A span that ends before it begins runs past midnight."),
    (
        "[[entries]]",
        schema.Entry,
        "One for each number that callers dial. The longest matching number counts.",
    ),
    ("[[callers]]", schema.CallerList, "Known callers."),
    ("[[territories]]", schema.Territory, "Where callers come from, by their number."),
    (
        "[outbound]",
        schema.Outbound,
        "Who may be called outside: by `number:NUMBER`, `dial`, a transfer, or at an agent's "
        "`contact` behind a gateway. `400*` is every number that begins so; a whole number decides "
        "before a beginning, a longer beginning before a shorter one. What agents dial from their "
        "own phones the switch decides (`ccore_outbound_allow` of its vars.xml).",
    ),
    (
        "[prompts]",
        schema.Prompts,
        "`ccore prompts build` speaks texts that have no recording. A file of your own at "
        "DIR/LANGUAGE/NAME.wav is played instead and never overwritten.",
    ),
    ('[flows.FLOW.STEP] do = "say"', schema.Say, "Says something and goes on."),
    ('[flows.FLOW.STEP] do = "menu"', schema.Menu, "Asks for one key."),
    ('[flows.FLOW.STEP] do = "collect"', schema.Collect, "Asks for digits and keeps them."),
    ('[flows.FLOW.STEP] do = "branch"', schema.Branch, "Goes on by what is known."),
    ('[flows.FLOW.STEP] do = "hours"', schema.Hours, "Goes on by opening hours."),
    ('[flows.FLOW.STEP] do = "language"', schema.SetLanguage, "The call keeps this language."),
    ('[flows.FLOW.STEP] do = "want"', schema.Want, "What the caller has chosen asks for skills."),
    ('[flows.FLOW.STEP] do = "go"', schema.GoTo, "Hands the call over."),
    ('[flows.FLOW.STEP] do = "voicemail"', schema.Message, "Records a message."),
    ('[flows.FLOW.STEP] do = "dial"', schema.Dial, "Sends the call out."),
    ('[flows.FLOW.STEP] do = "hangup"', schema.HangUp, "Ends the call."),
    ("[boxes.NAME]", schema.Box, "Voicemail boxes."),
    ("[languages.NAME]", schema.Language, "For callers in it, in queues with `by_language`."),
    ("{ language, after_s }", schema.Fallback, "One of a language's `then`."),
    (
        "[splits.NAME]",
        schema.Split,
        '`ways = [{ to = "queue:hq", share = 2 }, { to = "queue:here" }]` sends two thirds '
        "to headquarters and one third stays.",
    ),
    ("{ to, share }", schema.Way, "One of a split's `ways`."),
    ("[routing]", schema.Routing, "How agents and calls are chosen; see docs/routing.md."),
    ("[queues.NAME]", schema.Queue, ""),
    (
        "[[queues.NAME.steps]]",
        schema.Widening,
        "Steps that widen who may be asked, taken in their order, up to 10.",
    ),
    ("reserve = { ... }", schema.Reserve, "Agents who help a queue while many wait in it."),
    ("leave = { ... }", schema.Leave, "Leaving a queue by a key."),
    ("service_level = { ... }", schema.ServiceLevel, "A queue's aim."),
    ("[profiles.NAME]", schema.Profile, "Queues and their order, for many agents."),
    ("{ queue, order, delay_s }", schema.Turn, "One of a profile's `turns`."),
    ("[agents.ID]", schema.Agent, "The ID is the agent's SIP user."),
)

_SIMPLE = {int: "whole number", float: "number", str: "text", bool: "true/false", Any: "value"}
_FIELD = re.compile(r" {4}\w+: ")

HEAD = """# ccore.toml

Made from `ccore/config/schema.py` by `python -m docs`; edit there.

`ccore config check` reads the file as the daemon does and says in one line what is wrong and where;
`ccore config show` prints every setting with its default. `examples/small.toml` is the smallest
useful centre, `examples/carrier.toml` uses nearly everything.

- **Times** are whole seconds (`_s`).
- **Destination**: `ivr:FLOW`, `queue:NAME`, `agent:ID`, `voicemail:BOX`, `number:NUMBER`,
  `split:NAME`, `busy` or `hangup`. By `busy` a caller who was not answered yet is refused (486: his
  carrier may try elsewhere, nobody pays); one who was hears a word first.
- **Prompt**: the name of a text below `[prompts.texts]`, or one that ccore brings along
  (SYSTEM).
- **Name**: up to 64 letters, digits, `_` `.` `-`, not beginning with `.` or `-`.
- A **flow** begins at its step `start`. A caller who presses nothing must come to an end: a circle
  that he could not leave is refused, as are queues that overflow in a circle, queues whose skills
  no agent has, and calendars that never open.
"""


def page() -> str:
    system = ", ".join(f"`{name}`" for name in SYSTEM_PROMPTS)
    parts = [HEAD.replace("SYSTEM", system)]
    for heading, struct, words in TABLES:
        parts.append(f"## `{heading}`\n" if heading else "## Top level\n")
        if words:
            parts.append(f"{words}\n")
        parts.append(keys(struct))
    return "\n".join(parts)


def comments(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Field to the comment beside it, or to the comment lines right above it."""
    source = inspect.getsource(struct)
    found: dict[str, str] = {}
    above: list[str] = []
    name = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        words = token.string.lstrip("# ")
        alone = token.line.strip().startswith("#")
        if token.type == tokenize.COMMENT and alone:
            above.append(words)
        elif token.type == tokenize.COMMENT and name:
            found[name] = words
        elif token.type == tokenize.NAME and token.start[1] == 4 and _FIELD.match(token.line):
            name = token.string
            if above:
                found[name] = " ".join(above)
            above = []
    return found


def keys(struct: type[msgspec.Struct]) -> str:
    """A table of a struct's fields: key, value, default and the words beside it."""
    said = comments(struct)
    hints = get_type_hints(struct, include_extras=True)
    lines = ["| key | value | default | |", "|---|---|---|---|"]
    for field in msgspec.structs.fields(struct):
        default = "required" if field.required else f"`{_toml(_default(field))}`"
        if isinstance(_default(field), msgspec.Struct) or default in ("`{}`", "`none`"):
            default = ""
        cells = (f"`{field.name}`", _kind(hints[field.name]), default, said.get(field.name, ""))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _default(field: Any) -> Any:
    if field.default is not msgspec.NODEFAULT:
        return field.default
    return field.default_factory() if field.default_factory is not msgspec.NODEFAULT else None


def _kind(kind: Any) -> str:
    """A type in words."""
    named = {
        table.Seconds: "seconds",
        table.Level: "level 1-10",
        table.Share: "share 0-1",
        table.Weight: "weight",
        table.Name: "name",
        table.Digit: "key",
        table.Pattern: "number",
    }
    for one, words in named.items():
        if kind == one:
            return words
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _kind(args[0]) + _bounds(args[1])
    if origin in (Union, types.UnionType):
        kinds = [one for one in args if one is not types.NoneType]
        words = list(dict.fromkeys(map(_kind, kinds)))
        return "step" if words == ["table"] and len(kinds) > 1 else " or ".join(words)
    if origin is Literal:
        return " ".join(args)
    if origin is dict:
        return f"table of {_kind(args[0])} to {_kind(args[1])}"
    if origin is tuple:
        return f"list of {_kind(args[0])}"
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return "table"
    return _SIMPLE[kind]


def _bounds(meta: msgspec.Meta) -> str:
    low = meta.ge if meta.ge is not None else meta.gt
    high = meta.le if meta.le is not None else meta.lt
    if low is not None and high is not None:
        return f" {low}-{high}"
    if meta.pattern and (words := re.findall(r"[a-z\-]{4,}", meta.pattern)):
        return ": " + ", ".join(words)
    return f" from {low}" if low is not None else ""


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return "{}"
    return f'"{value}"' if isinstance(value, str) else "none" if value is None else str(value)
