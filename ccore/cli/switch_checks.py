"""What a running switch must have for ccore: the questions, and how the answers are judged.

A finding is `ok`, `note` (it works, but somebody should know) or `fail` (calls will go wrong).
"""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ccore.config.schema import Config, Switch

__all__ = ["Finding", "judge", "questions"]

OLDEST = (1, 10)
MODULES = (
    "mod_commands",
    "mod_dptools",
    "mod_dialplan_xml",
    "mod_sofia",
    "mod_sndfile",
    "mod_tone_stream",
    "mod_local_stream",
)
CONTEXTS = (
    "ccore-inbound",
    "ccore-agents",
    "ccore-feature",
    "ccore-transfer",
    "ccore-outbound",
    "ccore-fallback",
    "ccore-nowhere",
)

# Contexts that place calls or steer agents: a profile that leads there serves every stranger.
GUARDED = ("ccore-agents", "ccore-feature", "ccore-transfer", "ccore-outbound", "ccore-fallback")

# What came into a context later: a switch with an older copy serves callers worse.
SINCE = {
    "ccore-agents": "ccore::dialled",
    "ccore-inbound": "ccore_unseen",
    "ccore-outbound": "continue_on_fail=true",
}

# What the dialplan reads; without it an extension cannot be loaded as it was meant.
NEEDED = ("ccore_pick_up_s", "ccore_rtp_timeout_ms", "ccore_outbound_allow")

ROUTE = "connect the carrier's profile or number to context ccore-inbound"
COPY = "copy dialplans/ into the switch's dialplan directory and reloadxml"
VARIABLES = "include freeswitch-conf/vars.xml in the switch's vars.xml and restart it"


@dataclass(frozen=True, slots=True)
class Finding:
    switch: str
    check: str
    state: str  # ok, note, fail
    found: str
    expected: str = ""
    advice: str = ""

    def row(self) -> dict[str, str]:
        return asdict(self)


def questions(config: Config, switch: Switch) -> list[str]:
    """The api commands whose answers `judge` wants, for everything but the profiles."""
    return [
        "api version",
        *(f"api module_exists {name}" for name in MODULES),
        *(f"api xml_locate dialplan context name {name}" for name in CONTEXTS),
        *(f"api global_getvar {name}" for name in NEEDED),
        "api global_getvar ccore_trunk_gateway",
        "api sofia status gateway ccore-trunk",
        "api sofia status",
        "api show registrations as json",
        *(f"api user_exists id {agent} {switch.agent_domain}" for agent in desks(config)),
    ]


def profiles(sofia_status: str) -> list[str]:
    """Names of the SIP profiles in the table of `sofia status`."""
    rows = (line.split() for line in sofia_status.splitlines())
    return [row[0] for row in rows if len(row) > 2 and row[1] == "profile"]


def desks(config: Config) -> list[str]:
    """Agents who are rung where their phone is registered."""
    return [name for name, agent in config.agents.items() if not agent.contact]


def judge(
    name: str,
    config: Config,
    switch: Switch,
    answers: Sequence[str],
    contexts: Sequence[tuple[str, str]],
) -> list[Finding]:
    """Findings from the answers to `questions` and each profile's context."""
    left = iter(answers)

    def say(
        check: str, ok: bool, found: str, expected: str, advice: str, bad: str = "fail"
    ) -> None:
        state = "ok" if ok else bad
        findings.append(Finding(name, check, state, found, expected, "" if ok else advice))

    findings: list[Finding] = []
    found = re.search(r"(\d+)\.(\d+)(?:\.\d+)?", next(left))
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    say("version", version >= OLDEST, found[0] if found else "unknown", "1.10 or newer",
        "upgrade FreeSWITCH")  # fmt: skip
    say("event socket", switch.password not in ("", "ClueCon"),
        "a password of its own" if switch.password not in ("", "ClueCon") else "the default one",
        "a password of its own", "set one in event_socket.conf.xml and ccore.toml")  # fmt: skip
    for module in MODULES:
        there = next(left).strip() == "true"
        say(f"module {module}", there, "loaded" if there else "missing", "loaded",
            f"load {module} in modules.conf.xml")  # fmt: skip
    for context in CONTEXTS:
        said = next(left)
        there, is_new = f'name="{context}"' in said, SINCE.get(context, "") in said
        shown = ("there" if is_new else "an older copy") if there else "missing"
        say(f"context {context}", there and is_new, shown, "there", COPY,
            "note" if there else "fail")  # fmt: skip
    for variable in NEEDED:
        value = next(left).strip()
        there = bool(value) and not value.startswith("-ERR")
        say(f"variable {variable}", there, value if there else "not set", "set", VARIABLES)
    gateway, status = next(left).strip(), next(left)
    reachable = bool(gateway) and not gateway.startswith("-ERR") and "Proxy" in status
    say("way out", reachable, gateway if reachable else "none", "gateway ccore-trunk",
        "set ccore_trunk_gateway if calls shall leave for numbers outside", "note")  # fmt: skip
    next(left)  # the profiles, whose contexts are given
    findings += _judge_profiles(name, contexts)
    findings += _judge_agents(name, config, next(left), list(left))
    findings.append(_judge_recordings(name, config, switch))
    return findings


def _judge_profiles(name: str, contexts: Sequence[tuple[str, str]]) -> list[Finding]:
    inbound = [profile for profile, context in contexts if context == "ccore-inbound"]
    shown = ", ".join(f"{profile}: {context}" for profile, context in contexts) or "no profile"
    expected = "one with context ccore-inbound"
    findings = [
        Finding(name, "calls come in", "ok", shown, expected)
        if inbound
        # Numbers may be routed there by the carrier's own dialplan: nothing to see from here.
        else Finding(name, "calls come in", "note", shown, expected, ROUTE)
    ]
    for profile, context in contexts:
        if context in GUARDED:
            findings.append(
                Finding(
                    name,
                    f"profile {profile}",
                    "fail",
                    f"leads every caller to {context}",
                    "ccore-inbound, or a context without ways out",
                    "give ccore-agents to users by user_context, the others to nobody",
                )
            )
    return findings


def _judge_agents(
    name: str, config: Config, registrations: str, known: Sequence[str]
) -> list[Finding]:
    agents, domain = desks(config), config.switch[name].agent_domain
    unknown = [a for a, reply in zip(agents, known, strict=True) if reply.strip() != "true"]
    try:
        rows = json.loads(registrations).get("rows", [])
    except ValueError:
        rows = []
    here = {str(row.get("reg_user", "")) for row in rows}
    away = [agent for agent in agents if agent not in here and agent not in unknown]
    findings = []
    if unknown:
        findings.append(
            Finding(
                name,
                "agents known",
                "fail",
                f"unknown in {domain}: {_some(unknown)}",
                "all of ccore.toml",
                "add them to the directory, or set agent_domain or a contact in ccore.toml",
            )  # fmt: skip
        )
    elif agents:
        findings.append(Finding(name, "agents known", "ok", f"{len(agents)}", "all of ccore.toml"))
    if agents:
        there = len(agents) - len(away) - len(unknown)
        advice = f"no phone yet: {_some(away)}" if away else ""
        findings.append(
            Finding(
                name,
                "agents registered",
                "ok" if there == len(agents) else "note",
                f"{there} of {len(agents)}",
                "those at work",
                advice,
            )  # fmt: skip
        )
    return findings


def _judge_recordings(name: str, config: Config, switch: Switch) -> Finding:
    path = Path(config.daemon.dir, config.recording.dir)
    expected = "a directory that the switch can write"
    if switch.host not in ("127.0.0.1", "::1", "localhost"):
        advice = "it must be the same directory there and here (a shared mount)"
        return Finding(name, "recordings", "note", f"{path} on {switch.host}", expected, advice)
    if not path.is_dir() and not Path(config.recording.dir).is_absolute():
        advice = "ccore run makes it; see that the switch's user can write there"
        return Finding(name, "recordings", "note", f"no {path} yet", expected, advice)
    if not path.is_dir():
        return Finding(name, "recordings", "fail", f"no {path}", expected,
                       f"mkdir -p {path}, owned by the switch's user")  # fmt: skip
    if not os.access(path, os.R_OK | os.X_OK):
        return Finding(name, "recordings", "note", f"{path} is closed to us", expected,
                       "ccore reads there for length and checksum")  # fmt: skip
    if path.stat().st_mode & 0o007:
        return Finding(name, "recordings", "note", f"{path} is open to everybody", expected,
                       f"chmod o-rwx {path}: talks are nobody's business")  # fmt: skip
    return Finding(name, "recordings", "ok", str(path), expected)


def _some(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
