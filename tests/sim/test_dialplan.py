"""The tables of the simulated dialplan and the files in dialplans/ say the same."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from ccore.sim.dialplan import PICK_UP_S, Dialplan

ROOT = Path(__file__).parent.parent.parent
SETTINGS = {
    "ccore_pick_up_s": str(PICK_UP_S),
    "ccore_rtp_timeout_ms": "60000",
    "ccore_outbound_allow": "[2-9][0-9]{6,9}",
    "ccore_fallback_number": "5550000",
    "ccore_trunk_number": "",
}
# What stands for itself in the simulation: cleaning is a function, authentication is given, what
# the callee of an outbound call sees is nobody's business here.
LEFT_OUT = {"clean-number", "clean-name", "authenticated-only"}
UNSEEN = re.compile(r"\|(effective_caller_id_\w+|media_\w*timeout)=[^|]*")


def filled(text: str) -> str:
    return re.sub(r"\$\$\{(\w+)\}", lambda m: SETTINGS.get(m[1], m[0]), text)


def seen(data: str) -> str:
    return UNSEEN.sub("", re.sub(r"^\[[^]]*\]", "", data))


def extensions(context: str) -> list[tuple[str, list[tuple[str, str]]]]:
    found = []
    for file in sorted((ROOT / "dialplans").glob("*.xml")):
        for each in ET.parse(file).getroot().iter("context"):
            if each.get("name") != context:
                continue
            for extension in each.iter("extension"):
                if extension.get("name") in LEFT_OUT:
                    continue
                dialled = [
                    filled(c.get("expression", "")).removeprefix("\\A").removesuffix("\\z")
                    for c in extension.iter("condition")
                    if c.get("field") == "destination_number"
                ]
                actions = [
                    (a.get("application", ""), seen(filled(a.get("data", ""))))
                    for a in extension.iter("action")
                ]
                found.append((dialled[0] if dialled else ".*", actions))
    return found


@pytest.mark.parametrize(
    "context",
    [
        "ccore-inbound",
        "ccore-transfer",
        "ccore-agents",
        "ccore-feature",
        "ccore-outbound",
        "ccore-nowhere",
    ],
)
def test_tables_say_what_the_files_say(context: str) -> None:
    rules = Dialplan("5550000", SETTINGS["ccore_outbound_allow"], gateway=True).contexts[context]
    told = [(rule.pattern, [(app, seen(data)) for app, data in rule.plan]) for rule in rules]
    # A `set` of one variable and a `multiset` of one are the same.
    assert [(p, _as_sets(plan)) for p, plan in told] == [
        (p, _as_sets(plan)) for p, plan in extensions(context)
    ]


def _as_sets(plan: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [
        ("set", data.removeprefix("^^|")) if app in ("set", "multiset") else (app, data)
        for app, data in plan
    ]


def test_fallback_ends_the_same_way() -> None:
    (rule, _) = Dialplan("5550000", "x", gateway=True).contexts["ccore-fallback"]
    real = [step for _, actions in extensions("ccore-fallback") for step in actions]
    for app, data in rule.plan:
        assert app == "playback" or (app, data) in real
    apps = [app for app, _ in rule.plan]
    assert apps == ["multiset", "answer", "sleep", "playback", "set", "bridge", "hangup"]
