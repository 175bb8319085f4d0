"""The shape of ccore.toml. Each field's comment is its documentation (`docs/configuration.md`).

Times are seconds (`_s`). A *destination* is one of `ivr:FLOW`, `queue:NAME`, `agent:ID`,
`voicemail:BOX`, `number:NUMBER`, `split:NAME`, `busy`, `hangup`. A *prompt* is the name of an entry
under `[prompts]`.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ccore.config.outbound import Outbound
from ccore.config.steps import (
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
from ccore.config.table import (
    Credit,
    Digit,
    Level,
    Levels,
    Name,
    Pattern,
    Seconds,
    Share,
    Table,
    Weight,
    Weights,
)

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
    "Fallback",
    "GoTo",
    "HangUp",
    "Hours",
    "Kpi",
    "Language",
    "Leave",
    "Limit",
    "Menu",
    "Message",
    "Outbound",
    "Profile",
    "Prompts",
    "Queue",
    "Recording",
    "Records",
    "Reserve",
    "Routing",
    "Say",
    "ServiceLevel",
    "SetLanguage",
    "Site",
    "Split",
    "Step",
    "Switch",
    "Target",
    "Territory",
    "Turn",
    "Want",
    "Way",
    "Widening",
]

Strategy = Literal[
    "longest-idle",
    "longest-ready",
    "least-occupied",
    "fewest-calls",
    "round-robin",
    "most-skilled",
    "least-versatile",
    "weighted",
    "fixed-order",
    "random",
]


class Site(Table):
    name: Name = "main"  # name of this centre; stands in every record
    timezone: str = "UTC"  # IANA zone of days in reports, such as Asia/Shanghai
    languages: tuple[Name, ...] = ("en",)  # languages of prompts; the first is the default


class Switch(Table):
    host: str = "127.0.0.1"  # where the event socket listens
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8021  # its port
    password: str = ""  # event-socket password (keep the file at mode 0600)
    password_file: str = ""  # or a file that holds it and nothing else; relative to this file
    agent_domain: str = "agents"  # SIP domain of the agents' directory
    # callers at once; one more is refused at once, unless he has a priority; 0 = no limit
    max_calls: Annotated[int, Meta(ge=0)] = 0
    fallback_s: Seconds = 30  # a call that ccore leaves untouched so long goes to the fallback

    def __repr__(self) -> str:
        """Without the password: what is logged or raised may show a switch."""
        return f"Switch({self.host}:{self.port})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("host", self.host), ("port", self.port)]


class Daemon(Table):
    dir: str = "var"  # directory of everything that ccore writes; relative to this file
    socket: str = "ccore.sock"  # control socket, inside dir
    group: str = ""  # who is in this group may use the control socket; empty: root and our own user


class Records(Table):
    dir: str = "cdr"  # journal of records, inside the daemon's dir
    hash_numbers: bool = False  # keep a keyed hash instead of callers' numbers
    # days are packed when they are so old: the same rows in less space; 0 = never
    pack_after_days: Annotated[int, Meta(ge=0, le=3_650)] = 2


class Recording(Table):
    # where the switch writes recordings, inside the daemon's dir; it must be able to write there
    dir: str = "recordings"
    pattern: str = "{day}/{queue}/{contact}.wav"  # file name; also `{agent}` `{time}` `{called}`


class Limit(Table):
    pause_s: Seconds = 5  # rest after one such failure
    limit: Annotated[int, Meta(ge=0)] = 3  # put aside after so many in a row; 0 = never


class AgentRules(Table):
    """What happens to an agent whose offer fails, per cause."""

    no_answer: Limit = Limit(pause_s=5, limit=3)  # the phone rang and nobody answered
    busy: Limit = Limit(pause_s=10, limit=6)  # the phone was busy
    refused: Limit = Limit(pause_s=10, limit=3)  # the agent pressed reject
    not_registered: Limit = Limit(pause_s=15, limit=1)  # no phone is registered
    failed: Limit = Limit(pause_s=10, limit=5)  # anything else
    prompt: str = ""  # said to an agent who is put aside and signs in again


class Calendar(Table):
    timezone: str = ""  # IANA zone; empty: the site's
    hours: dict[str, tuple[str, ...]] = {}  # day (mon, or mon-fri) to spans such as 09:00-18:00
    holidays: tuple[str, ...] = ()  # closed dates: 2026-10-01 or 2026-10-01..2026-10-07
    exceptions: dict[str, tuple[str, ...]] = {}  # date to spans that replace that day's hours


class Entry(Table):
    number: Pattern  # dialled number, or its beginning if it ends in *
    to: str  # destination
    calendar: str = ""  # opening hours; empty: always open
    closed: str = "hangup"  # destination outside the hours
    emergency: str = ""  # while set: this prompt is played to every caller first, then `to`
    language: str = ""  # language of the first prompts; empty: the site's default
    tenant: str = ""  # on whose behalf these calls are taken; stands in every record
    priority: Credit = 0  # credit in seconds of waiting
    skills: Levels = {}  # agents for these callers have these skills, in every queue
    prefer: Weights = {}  # agents with these come first; skill to weight
    forbid: tuple[Name, ...] = ()  # agents with one of these skills are not asked


class CallerList(Table):
    name: Name  # of the list
    numbers: tuple[Pattern, ...] = ()  # whole numbers
    prefixes: tuple[Pattern, ...] = ()  # beginnings
    priority: Credit = 0  # credit in seconds of waiting
    blocked: bool = False  # refuse these callers


class Territory(Table):
    prefix: Pattern  # beginning of the caller's number; the longest match counts
    site: Name  # site that the call is recorded for, and {site} of skills
    skill: str = ""  # a skill that agents for this territory have; empty: none is asked for
    language: str = ""  # language of the first prompts


class Fallback(Table):
    language: Name  # in which the caller may be served as well
    after_s: Seconds  # after so long in the queue


class Language(Table):
    """What is done for callers of a language in queues with `by_language`."""

    then: tuple[Fallback, ...] = ()  # languages that do too, in their order
    sites: tuple[Name, ...] = ()  # only agents of these sites are asked first; empty: all
    sites_s: Seconds = 0  # so long; then everybody who speaks it. 0 = for good


class Way(Table):
    to: str  # destination
    share: Annotated[int, Meta(ge=1, le=10_000)] = 1  # so many of the sum of all shares


class Split(Table):
    ways: tuple[Way, ...]  # where the calls go; after each round of the shares exactly so many


class Routing(Table):
    """How agents and calls are chosen, for the whole centre."""

    # which call a free agent gets: `score` is credit and ageing in one sum; `strict` is the higher
    # priority first, however long others wait; `service-target` is the queue furthest behind its
    # own service_level first
    calls: Literal["score", "strict", "service-target"] = "score"
    seed: Annotated[int, Meta(ge=0)] = 0  # of the strategy `random`
    decisions: bool = True  # write the decision log (`ccore route explain`, `replay`, `shadow`)
    decisions_mb: Annotated[int, Meta(ge=1, le=100_000)] = 64  # the log keeps the newest so much


class Prompts(Table):
    dir: str = "prompts"  # WAV files: DIR/LANGUAGE/NAME.wav; relative to this file
    switch_dir: str = ""  # the same directory as the switch sees it; empty: the same path
    voices: dict[Name, str] = {}  # language to espeak-ng voice
    texts: dict[Name, dict[Name, str]] = {}  # prompt to language to text


class Box(Table):
    greeting: str = ""  # prompt
    limit_s: Annotated[int, Meta(ge=1, le=3_600)] = 120  # longest message
    silence_s: Annotated[int, Meta(ge=1, le=60)] = 5  # silence that ends a message


class Leave(Table):
    digit: Digit  # the key; nobody is asked to press it
    to: str  # destination


class ServiceLevel(Table):
    within_s: Seconds = 20  # answered within
    target: Share = 0.8  # share of callers


class Widening(Table):
    """One step that lets more agents have a call; what it gives is not taken away again."""

    after_s: Seconds = 0  # taken after so long in the queue; 0 = not by time
    wait_over_s: Seconds = 0  # or when the expected wait is longer; 0 = not by that
    drop: tuple[Name, ...] = ()  # skills that are not asked for any more
    lower: dict[Name, Level] = {}  # least levels from now on
    any_language: bool = False  # the caller's language is not asked for any more
    any_territory: bool = False  # nor the skill of his territory
    sites: tuple[Name, ...] = ()  # agents of these sites too
    teams: tuple[Name, ...] = ()  # agents of these teams too
    groups: tuple[Name, ...] = ()  # agents of these groups too


class Reserve(Table):
    """Agents who help a queue only while many wait in it."""

    groups: tuple[Name, ...] = ()  # agents of these groups are its reserve
    join_at: Annotated[int, Meta(ge=1)] = 5  # they join when so many wait
    leave_at: Annotated[int, Meta(ge=0)] = 1  # and go when no more than so many do


class Queue(Table):
    channel: Literal["voice", "chat"] = "voice"  # what it carries; agents have a capacity for each
    skills: Levels = {}  # required skills and least levels
    prefer: Weights = {}  # agents with these come first; skill to weight of its level
    forbid: tuple[Name, ...] = ()  # agents with one of these skills are not asked
    sites: tuple[Name, ...] = ()  # only agents of these sites; empty: of all
    teams: tuple[Name, ...] = ()  # only agents of these teams; empty: of all
    groups: tuple[Name, ...] = ()  # only agents of these groups; empty: of all
    steps: Annotated[tuple[Widening, ...], Meta(max_length=10)] = ()  # widen who may be asked
    reserve: Reserve | None = None  # agents who join while many wait
    strategy: Strategy = "longest-idle"  # which of the free agents; docs/routing.md
    weight: Weight = 1.0  # points per second waited of this queue against another's, times ageing
    by_language: bool = False  # also require the caller's language as a skill
    by_territory: bool = False  # also require the skill of the caller's territory
    credit_s: Credit = 0  # added to a caller's priority
    ageing: Annotated[float, Meta(ge=0.001, le=100.0)] = 1.0  # points per second waited
    music: str = "local_stream://moh"  # what a waiting caller hears
    announce: str = ""  # prompt, played every announce_every_s
    announce_every_s: Seconds = 0  # 0 = never
    announce_position: bool = False  # say the place in the queue
    announce_wait: bool = False  # say the expected wait
    leave: Leave | None = None  # leaving by digit
    max_wait_s: Seconds = 0  # longest wait; 0 = no limit
    overflow: str = "hangup"  # destination after the longest wait
    max_waiting: Annotated[int, Meta(ge=0)] = 0  # callers at most; 0 = no limit
    full: str = "hangup"  # destination when full; busy: refused, as other carriers expect it
    full_prompt: str = ""  # said before a full queue hangs up; empty: queue_full
    ring_s: Annotated[int, Meta(ge=1, le=120)] = 15  # how long one agent's phone rings
    wrap_up_s: Seconds = 0  # time for work after the call
    last_agent_s: Seconds = 0  # wait for the last agent if he is busy; 0 = do not prefer him
    last_agent_memory_s: Annotated[int, Meta(ge=0)] = 86_400  # seconds that he is remembered
    # who is the same customer: the `calling` number, or what was collected under this name
    last_agent_by: Name = "calling"
    record: Share = 0.0  # share of calls recorded: 1 = all, 0 = none
    service_level: ServiceLevel = ServiceLevel()  # what is aimed at
    handle_s: Seconds = 180  # handling time assumed until measured, for the expected wait


class Turn(Table):
    queue: Name  # of which calls are taken
    order: Annotated[int, Meta(ge=1, le=1_000)] = 1  # a lower order goes first
    delay_s: Seconds = 0  # only calls that have waited so long


class Profile(Table):
    turns: tuple[Turn, ...]  # the queues of agents with this profile


class Agent(Table):
    name: str = ""  # as people read it
    contact: str = ""  # dial string; empty: user/ID@agent_domain of the switch
    skills: dict[Name, Level] = {}  # languages count as skills
    nailed_up: bool = False  # the leg stays up between calls, on the first switch; others ring him
    queues: tuple[Name, ...] = ()  # only these queues; empty: every queue whose skills match
    profile: str = ""  # a profile of queues with their order, instead of `queues`
    site: str = ""  # where the agent sits; stands in the records
    team: str = ""  # stands in the records
    group: str = ""  # the agent's class, such as senior, trainee or reserve
    weight: Weight = 1.0  # share of the calls under the strategy `weighted`
    # contacts at once in a channel, such as { voice = 1, chat = 3 }; empty: one voice
    capacity: dict[Literal["voice", "chat"], Annotated[int, Meta(ge=0, le=10)]] = {}
    # state when ccore has never seen the agent before
    start: Annotated[str, Meta(pattern=r"^(signed-out|ready|not-ready)\Z")] = "signed-out"


class Target(Table):
    least: float | None = None  # not below; shares are parts of 1, times seconds
    most: float | None = None  # not above


class Kpi(Table):
    service_level: str = "negative"  # default variant; see docs/kpi.md
    threshold_s: Seconds = 20  # answered within
    # each queue by its own service_level.within_s, others by threshold_s
    queue_thresholds: bool = False
    short_s: Seconds = 5  # abandoned sooner is a short abandon
    attribution: str = ""  # when a contact counts; empty: on arrival; see docs/kpi.md
    expert_queues: tuple[Name, ...] = ()  # a transfer that ends here is an expert transfer
    expert_agents: tuple[Name, ...] = ()  # or with one of these
    targets: dict[Name, Target] = {}  # figure of docs/kpi.md, or service_level, to its band


class Config(Table):
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
    outbound: Outbound = Outbound()
    languages: dict[Name, Language] = {}  # of site.languages, those for which there are rules
    splits: dict[Name, Split] = {}  # shares of calls, for the destination split:NAME
    routing: Routing = Routing()
    flows: dict[Name, dict[Name, Step]] = {}  # flow to step to what it does; begins at `start`
    boxes: dict[Name, Box] = {}
    queues: dict[Name, Queue] = {}
    profiles: dict[Name, Profile] = {}
    agents: dict[Name, Agent] = {}


def replace(config: Config, **changes: object) -> Config:
    return msgspec.structs.replace(config, **changes)
