"""A random centre: configurations that pass the checks, full of what rarely meets in one."""

from random import Random
from typing import Any

from ccore.config import Config, parse
from ccore.errors import BadConfig
from tests.book.center import toml_of
from tests.book.scenario import Scenario

__all__ = ["AGENTS", "CALLING", "DIALLED", "SITES", "nobody", "random_config"]

AGENTS = tuple(str(1001 + i) for i in range(5))
SITES, TEAMS, GROUPS = ("north", "south"), ("red", "blue"), ("senior", "help")
STRATEGIES = (
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
)
DIALLED = ("4001", "4002", "4003", "4010", "4011", "4020", "4021", "4099", "*11", "999")
CALLING = ("13800000001", "13800000002", "13800000003", "02088880000", "666", "anonymous")


def random_config(rng: Random) -> Config:
    while True:
        text = toml_of(_centre(rng))
        try:
            return parse(text)
        except BadConfig:
            continue  # such as a queue that nobody serves: another throw


def _centre(rng: Random) -> dict[str, Any]:
    names = ["sales", "service", "back"][: rng.randint(1, 3)]
    agents = {id_: _agent(rng) for id_ in AGENTS if id_ == AGENTS[0] or rng.random() < 0.7}
    agents[AGENTS[0]]["skills"] = {"sales": 5, "service": 5, "zh": 5, "en": 5, "south": 5}
    entries = [
        {"number": number, "to": _destination(rng, names, agents)}
        | ({"calendar": "never", "closed": _destination(rng, names, agents)} if late else {})
        | ({"emergency": "welcome"} if warned else {})
        | ({"priority": rng.choice([-30, 10, 300])} if rng.random() < 0.2 else {})
        | ({"language": "en"} if rng.random() < 0.2 else {})
        for number in DIALLED[:8]
        for late, warned in [(rng.random() < 0.1, rng.random() < 0.15)]
    ]
    return {
        "reasons": ["break", "lunch"],
        "routing": {"calls": rng.choice(["score", "score", "strict", "service-target"])},
        "languages": _languages(rng),
        "splits": {"share": {"ways": [{"to": f"queue:{one}", "share": 2} for one in names]}},
        "profiles": _profiles(rng, names),
        "site": {"name": "test", "languages": ["zh", "en"]},
        "switch": {"main": {"fallback_s": rng.choice([0, 5, 20])}},
        "recording": {"pattern": "{queue}/{contact}.wav"},
        "agent_rules": {
            rule: {"pause_s": rng.choice([0, 0, 1, 3]), "limit": rng.choice([0, 1, 3])}
            if rule != "not_registered"
            else {"pause_s": rng.choice([1, 3]), "limit": rng.choice([0, 1, 3])}
            for rule in ("no_answer", "busy", "refused", "not_registered", "failed")
        },
        "calendars": {
            "never": {"hours": {"mon": ["03:00-03:01"]}},  # the story plays on a Saturday
            "always": {"hours": {"mon-sun": ["00:00-24:00"]}},
        },
        "entries": entries,
        "outbound": {"allow": ["555*"]},
        "callers": [
            {"name": "bad", "numbers": ["666"], "blocked": True},
            {"name": "vip", "prefixes": ["020"], "priority": 120},
        ],
        "territories": [{"prefix": "138", "site": "south", "skill": "south", "language": "en"}],
        "queues": {name: _queue(rng, at, names, agents) for at, name in enumerate(names)},
        "boxes": {"general": {"limit_s": 10, "silence_s": 3}},
        "prompts": {
            "texts": {
                "welcome": {"zh": "您好", "en": "Hello"},
                "menu": {"zh": "请选择", "en": "Choose"},
            }
        },
        "flows": {"main": _flow(rng, names, agents)},
        "agents": agents,
    }


def _languages(rng: Random) -> dict[str, Any]:
    if rng.random() < 0.6:
        return {}
    rule: dict[str, Any] = {"then": [{"language": "zh", "after_s": rng.choice([0, 1, 3])}]}
    if rng.random() < 0.5:
        rule |= {"sites": ["north"], "sites_s": rng.choice([0, 1, 2])}
    return {"en": rule}


def _profiles(rng: Random, names: list[str]) -> dict[str, Any]:
    turns = [
        {"queue": name, "order": rng.randint(1, 2), "delay_s": rng.choice([0, 0, 2])}
        for name in names
        if rng.random() < 0.8
    ]
    return {"some": {"turns": turns}}


def _agent(rng: Random) -> dict[str, Any]:
    skills = {
        skill: rng.randint(1, 9)
        for skill in ("sales", "service", "zh", "en", "south")
        if rng.random() < 0.6
    }
    return {
        "site": rng.choice(["", *SITES]),
        "team": rng.choice(["", *TEAMS]),
        "group": rng.choice(["", "", *GROUPS]),
        "profile": rng.choice(["", "", "", "some"]),
        "weight": rng.choice([1.0, 2.0]),
        "skills": skills,
        "start": rng.choice(["ready", "ready", "not-ready", "signed-out"]),
        "nailed_up": rng.random() < 0.25,
    }


def _queue(rng: Random, at: int, names: list[str], agents: dict[str, Any]) -> dict[str, Any]:
    later = names[at + 1 :]
    queue: dict[str, Any] = {
        "skills": {"sales": 1} if rng.random() < 0.4 else {},
        "by_language": rng.random() < 0.3,
        "by_territory": rng.random() < 0.2,
        "ageing": rng.choice([0.5, 1.0, 2.0]),
        "ring_s": rng.randint(1, 4),
        "music": "silence_stream://-1",
        "wrap_up_s": rng.choice([0, 0, 1, 4]),
        "last_agent_s": rng.choice([0, 0, 2, 5]),
        "record": rng.choice([0.0, 0.5, 1.0]),
        "strategy": rng.choice(STRATEGIES),
        "weight": rng.choice([1.0, 1.0, 3.0]),
        "last_agent_by": rng.choice(["calling", "calling", "account"]),
    }
    if rng.random() < 0.3:
        queue |= {"prefer": {"sales": 2.0}, "forbid": rng.choice([[], ["south"]])}
    if rng.random() < 0.4:
        queue |= {"steps": _steps(rng, queue), "sites": rng.choice([[], [SITES[0]]])}
    if rng.random() < 0.3:
        queue |= {"reserve": {"groups": ["help"], "join_at": rng.choice([2, 3]), "leave_at": 1}}
    if rng.random() < 0.4:
        queue |= {"max_wait_s": rng.choice([1, 3, 8])}
        queue |= {"overflow": _destination(rng, later, agents)}
    if rng.random() < 0.3:
        queue |= {"max_waiting": rng.choice([1, 2]), "full": _destination(rng, later, agents)}
    if rng.random() < 0.4:
        queue |= {"leave": {"digit": "9", "to": _destination(rng, later, agents)}}
    if rng.random() < 0.5:
        queue |= {"announce_every_s": rng.choice([1, 2]), "announce_position": True}
        queue |= {"announce_wait": rng.random() < 0.5, "announce": rng.choice(["", "welcome"])}
    return queue


def _steps(rng: Random, queue: dict[str, Any]) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    for after_s in (1, 3):
        step: dict[str, Any] = {"after_s": after_s}
        step |= rng.choice(
            [
                {"drop": ["sales"]},
                {"any_language": True},
                {"any_territory": True},
                {"sites": [SITES[1]]},
                {"teams": [TEAMS[0]]},
                {"groups": [GROUPS[0]], "wait_over_s": 2},
            ]
        )
        steps.append(step)
    return steps[: rng.randint(1, 2)]


def _destination(rng: Random, queues: list[str], agents: dict[str, Any]) -> str:
    choice = rng.random()
    if queues and choice < 0.6:
        return f"queue:{rng.choice(queues)}"
    if choice < 0.75:
        return f"agent:{rng.choice(list(agents))}"
    if choice < 0.8 and queues:
        return "split:share"
    return rng.choice(["hangup", "voicemail:general", "number:5551234", "ivr:main", "ivr:main"])


def _flow(rng: Random, names: list[str], agents: dict[str, Any]) -> dict[str, Any]:
    return {
        "start": {
            "do": "menu",
            "prompt": "menu",
            "options": {"1": "go", "2": "ask", "3": "want", "4": "say", "5": "dial"},
            "timeout_s": rng.choice([0, 1, 2]),
            "retries": rng.randint(0, 1),
            "default": rng.choice(["go", "message", "bye", "language"]),
            "barge_in": rng.random() < 0.7,
        },
        "ask": {
            "do": "collect",
            "prompt": "menu",
            "into": "account",
            "next": "which",
            "min_digits": 2,
            "max_digits": 3,
            "timeout_s": 2,
            "digit_timeout_s": 1,
            "retries": 1,
            "default": "bye",
        },
        "which": {
            "do": "branch",
            "on": "account",
            "cases": {"1*": "language", "22": "hours"},
            "default": "say",
        },
        "language": {"do": "language", "language": rng.choice(["zh", "en"]), "next": "go"},
        "hours": {"do": "hours", "calendar": "always", "open": "go", "closed": "bye"},
        "say": {"do": "say", "prompt": "welcome", "next": "go"},
        "message": {"do": "voicemail", "box": "general", "next": rng.choice(["", "bye"])},
        "dial": {"do": "dial", "number": "5551234"},
        "want": {"do": "want", "skills": {"sales": 2}, "prefer": {"en": 1.0}, "next": "message"},
        "bye": {"do": "hangup", "prompt": rng.choice(["", "welcome"])},
        "go": {"do": "go", "to": rng.choice([f"queue:{name}" for name in names])},
    }


def nobody() -> Scenario:
    """The world wants one; its phones are ours to move."""
    return Scenario("random", "random", {}, (), (), (), 0.0)
