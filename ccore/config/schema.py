"""The shape of ccore.toml. Each field's comment is its documentation (`docs/configuration.md`).

Times are seconds (`_s`). A *destination* is one of `ivr:FLOW`, `queue:NAME`, `agent:ID`,
`voicemail:BOX`, `number:NUMBER`, `hangup`. A *prompt* is the name of an entry under `[prompts]`.
"""

from typing import Annotated, dataclass_transform

import msgspec
from msgspec import Meta, Struct

__all__ = [
    "Agent",
    "AgentRules",
    "Branch",
    "Box",
    "Calendar",
    "CallerList",
    "Collect",
    "Config",
    "Daemon",
    "Dial",
    "Entry",
    "GoTo",
    "HangUp",
    "Hours",
    "Kpi",
    "Leave",
    "Limit",
    "Menu",
    "Message",
    "Prompts",
    "Queue",
    "Recording",
    "Records",
    "Say",
    "ServiceLevel",
    "SetLanguage",
    "Site",
    "Step",
    "Switch",
    "Target",
    "Territory",
]

Seconds = Annotated[int, Meta(ge=0, le=86_400)]
Level = Annotated[int, Meta(ge=1, le=10)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\-]{0,63}\Z")]
Digit = Annotated[str, Meta(pattern=r"^[0-9*#A-D]\Z")]
Pattern = Annotated[str, Meta(pattern=r"^[0-9*#+A-D]{0,32}\Z")]


@dataclass_transform(frozen_default=True, kw_only_default=True)
class _Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Site(_Table):
    name: Name = "main"  # name of this centre; stands in every record
    timezone: str = "UTC"  # IANA zone of days in reports, such as Asia/Shanghai
    languages: tuple[Name, ...] = ("en",)  # languages of prompts; the first is the default


class Switch(_Table):
    host: str = "127.0.0.1"  # where the event socket listens
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8021  # its port
    password: str = ""  # event-socket password (keep the file at mode 0600)
    agent_domain: str = "agents"  # SIP domain of the agents' directory
    fallback_s: Seconds = 30  # a call that ccore leaves untouched so long goes to the fallback


class Daemon(_Table):
    dir: str = "var"  # directory of everything that ccore writes; relative to this file
    socket: str = "ccore.sock"  # control socket, inside dir


class Records(_Table):
    dir: str = "cdr"  # journal of records, inside the daemon's dir
    hash_numbers: bool = False  # keep a keyed hash instead of callers' numbers


class Recording(_Table):
    # where the switch writes recordings, inside the daemon's dir; it must be able to write there
    dir: str = "recordings"
    pattern: str = "{day}/{queue}/{contact}.wav"  # file name; also `{agent}` `{time}` `{called}`


class Limit(_Table):
    pause_s: Seconds = 5  # rest after one such failure
    limit: Annotated[int, Meta(ge=0)] = 3  # put aside after so many in a row; 0 = never


class AgentRules(_Table):
    """What happens to an agent whose offer fails, per cause."""

    no_answer: Limit = Limit(pause_s=5, limit=3)  # the phone rang and nobody answered
    busy: Limit = Limit(pause_s=10, limit=6)  # the phone was busy
    refused: Limit = Limit(pause_s=10, limit=3)  # the agent pressed reject
    not_registered: Limit = Limit(pause_s=15, limit=1)  # no phone is registered
    failed: Limit = Limit(pause_s=10, limit=5)  # anything else
    prompt: str = ""  # said to an agent who is put aside and signs in again


class Calendar(_Table):
    timezone: str = ""  # IANA zone; empty: the site's
    hours: dict[str, tuple[str, ...]] = {}  # day (mon, or mon-fri) to spans such as 09:00-18:00
    holidays: tuple[str, ...] = ()  # closed dates: 2026-10-01 or 2026-10-01..2026-10-07
    exceptions: dict[str, tuple[str, ...]] = {}  # date to spans that replace that day's hours


class Entry(_Table):
    number: Pattern  # dialled number, or its beginning if it ends in *
    to: str  # destination
    calendar: str = ""  # opening hours; empty: always open
    closed: str = "hangup"  # destination outside the hours
    emergency: str = ""  # while set: this prompt is played to every caller first, then `to`
    language: str = ""  # language of the first prompts; empty: the site's default
    priority: int = 0  # credit in seconds of waiting


class CallerList(_Table):
    name: Name  # of the list
    numbers: tuple[Pattern, ...] = ()  # whole numbers
    prefixes: tuple[Pattern, ...] = ()  # beginnings
    priority: int = 0  # credit in seconds of waiting
    blocked: bool = False  # refuse these callers


class Territory(_Table):
    prefix: Pattern  # beginning of the caller's number; the longest match counts
    site: Name  # site that the call is recorded for, and {site} of skills
    skill: str = ""  # a skill that agents for this territory have; empty: none is asked for
    language: str = ""  # language of the first prompts


class Prompts(_Table):
    dir: str = "prompts"  # WAV files: DIR/LANGUAGE/NAME.wav; relative to this file
    switch_dir: str = ""  # the same directory as the switch sees it; empty: the same path
    voices: dict[Name, str] = {}  # language to espeak-ng voice
    texts: dict[Name, dict[Name, str]] = {}  # prompt to language to text


class Say(_Table, tag="say", tag_field="do"):
    prompt: str  # what is said
    next: str  # step


class Menu(_Table, tag="menu", tag_field="do"):
    prompt: str  # what is asked
    options: dict[Digit, str]  # digit to step
    timeout_s: Seconds = 5  # silence after the prompt that counts as no entry
    retries: Annotated[int, Meta(ge=0, le=10)] = 2  # prompts again so often
    invalid: str = ""  # prompt after a wrong digit
    barge_in: bool = True  # a digit cuts the prompt
    default: str = ""  # step when the retries are used up; empty: hang up


class Collect(_Table, tag="collect", tag_field="do"):
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


class Branch(_Table, tag="branch", tag_field="do"):
    on: Name  # what was collected, or `calling`, `called`, `language`, `priority`
    cases: dict[str, str]  # value, or its beginning if it ends in *, to step; the longest wins
    default: str  # step for every other value


class Hours(_Table, tag="hours", tag_field="do"):
    calendar: str  # whose hours
    open: str  # step
    closed: str  # step


class SetLanguage(_Table, tag="language", tag_field="do"):
    language: str  # one of site.languages
    next: str  # step


class GoTo(_Table, tag="go", tag_field="do"):
    to: str  # destination


class Message(_Table, tag="voicemail", tag_field="do"):
    box: str  # name of a box
    next: str = ""  # step afterwards; empty: hang up


class Dial(_Table, tag="dial", tag_field="do"):
    number: Pattern  # leaves ccore for this number by the dialplan's outbound context


class HangUp(_Table, tag="hangup", tag_field="do"):
    prompt: str = ""  # said before


Step = Say | Menu | Collect | Branch | Hours | SetLanguage | GoTo | Message | Dial | HangUp


class Box(_Table):
    greeting: str = ""  # prompt
    limit_s: Annotated[int, Meta(ge=1, le=3_600)] = 120  # longest message
    silence_s: Annotated[int, Meta(ge=1, le=60)] = 5  # silence that ends a message


class Leave(_Table):
    digit: Digit  # the key; nobody is asked to press it
    to: str  # destination


class ServiceLevel(_Table):
    within_s: Seconds = 20  # answered within
    target: Share = 0.8  # share of callers


class Queue(_Table):
    skills: dict[Name, Level] = {}  # required skills and least levels
    by_language: bool = False  # also require the caller's language as a skill
    by_territory: bool = False  # also require the skill of the caller's territory
    credit_s: int = 0  # added to a caller's priority
    ageing: Annotated[float, Meta(gt=0.0, le=100.0)] = 1.0  # points per second waited
    music: str = "local_stream://moh"  # what a waiting caller hears
    announce: str = ""  # prompt, played every announce_every_s
    announce_every_s: Seconds = 0  # 0 = never
    announce_position: bool = False  # say the place in the queue
    announce_wait: bool = False  # say the expected wait
    leave: Leave | None = None  # leaving by digit
    max_wait_s: Seconds = 0  # longest wait; 0 = no limit
    overflow: str = "hangup"  # destination after the longest wait
    max_waiting: Annotated[int, Meta(ge=0)] = 0  # callers at most; 0 = no limit
    full: str = "hangup"  # destination when full
    full_prompt: str = ""  # said before a full queue hangs up
    ring_s: Annotated[int, Meta(ge=1, le=120)] = 15  # how long one agent's phone rings
    wrap_up_s: Seconds = 0  # time for work after the call
    last_agent_s: Seconds = 0  # wait for the last agent if he is busy; 0 = do not prefer him
    last_agent_memory_s: Annotated[int, Meta(ge=0)] = 86_400  # seconds that he is remembered
    record: Share = 0.0  # share of calls recorded: 1 = all, 0 = none
    service_level: ServiceLevel = ServiceLevel()  # what is aimed at
    handle_s: Seconds = 180  # handling time assumed until measured, for the expected wait


class Agent(_Table):
    name: str = ""  # as people read it
    contact: str = ""  # dial string; empty: user/ID@agent_domain of the switch
    skills: dict[Name, Level] = {}  # languages count as skills
    nailed_up: bool = False  # the leg stays up between calls
    queues: tuple[Name, ...] = ()  # only these queues; empty: every queue whose skills match
    site: str = ""  # where the agent sits; stands in the records
    team: str = ""  # stands in the records
    # state when ccore has never seen the agent before
    start: Annotated[str, Meta(pattern=r"^(signed-out|ready|not-ready)\Z")] = "signed-out"


class Target(_Table):
    least: float | None = None  # not below; shares are parts of 1, times seconds
    most: float | None = None  # not above


class Kpi(_Table):
    service_level: str = "negative"  # default variant; see docs/kpi.md
    threshold_s: Seconds = 20  # answered within, where a queue says nothing else
    short_s: Seconds = 5  # abandoned sooner is a short abandon
    attribution: str = ""  # when a contact counts; empty: on arrival; see docs/kpi.md
    expert_queues: tuple[Name, ...] = ()  # a transfer that ends here is an expert transfer
    expert_agents: tuple[Name, ...] = ()  # or with one of these
    targets: dict[Name, Target] = {}  # figure of docs/kpi.md, or service_level, to its band


class Config(_Table):
    site: Site = Site()
    switch: dict[Name, Switch] = {}
    daemon: Daemon = Daemon()
    records: Records = Records()
    recording: Recording = Recording()
    kpi: Kpi = Kpi()
    agent_rules: AgentRules = AgentRules()
    # reasons for being not ready; an agent dials `*14` for the first, `*142` for the second
    reasons: tuple[Name, ...] = ("break", "lunch", "training", "meeting", "other")
    prompts: Prompts = Prompts()
    calendars: dict[Name, Calendar] = {}
    entries: tuple[Entry, ...] = ()
    callers: tuple[CallerList, ...] = ()
    territories: tuple[Territory, ...] = ()
    flows: dict[Name, dict[Name, Step]] = {}  # flow to step to what it does; begins at `start`
    boxes: dict[Name, Box] = {}
    queues: dict[Name, Queue] = {}
    agents: dict[Name, Agent] = {}


def replace(config: Config, **changes: object) -> Config:
    return msgspec.structs.replace(config, **changes)
