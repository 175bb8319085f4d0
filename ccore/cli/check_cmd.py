"""`ccore check`: is ccore.toml good, and are its switches what ccore needs?"""

import re
from pathlib import Path

import click

from ccore.cli.options import config_option, example, json_option
from ccore.cli.switch_checks import Finding, judge, profiles, questions
from ccore.cli.tables import Column, Row, show
from ccore.config import Config, load
from ccore.config.schema import Switch
from ccore.errors import CcoreError
from ccore.prompts.speak import silent

__all__ = ["check"]

# Something failed that no error of its own describes.
FAILED = 1

_COLOURS = {"ok": "green", "note": "yellow", "fail": "bold red"}
COLUMNS = (
    Column("switch", lambda row: row["switch"]),
    Column("check", lambda row: row["check"]),
    Column("", lambda row: row["state"], style=lambda row: _COLOURS[row["state"]]),
    Column("found", lambda row: row["found"]),
    Column("expected", lambda row: row["expected"] if row["state"] != "ok" else ""),
    Column("what to do", lambda row: row["advice"]),
)


@click.command(epilog=example("ccore check --config /srv/centre/ccore.toml", "ccore check --json"))
@config_option
@json_option
def check(config_path: Path, json: bool) -> None:
    """Check ccore.toml and the switches that it names.

    Asks each running switch for its version, modules, dialplan, settings and agents. Ends with 0
    when nothing failed, with the error's own code when a switch cannot be asked, else with 1.
    """
    from ccore.kpi.names import check_figures

    config = load(config_path, lambda line: click.echo(f"ccore: {line}", err=True))
    check_figures(config, config_path)
    code = 0
    rows: list[Row] = []
    for name, switch in config.switch.items():
        try:
            findings = _look(name, config, switch)
        except CcoreError as error:
            error = type(error)(**{**error.fields, "node": name})
            code = code or error.exit_code
            findings = [Finding(name, "event socket", "fail", str(error), "an answer")]
        rows += [finding.row() for finding in findings]
    if missing := silent(config, config_path.resolve().parent):
        advice = "ccore prompts build, or put recordings there"
        rows.append(Finding("-", "prompts", "note", missing, "a file for each", advice).row())
    if not config.switch:
        rows.append(Finding("-", "switches", "note", "ccore.toml names no switch", "one").row())
    show(rows, COLUMNS, json=json, empty="")
    if any(row["state"] == "fail" for row in rows):
        raise SystemExit(code or FAILED)


def _look(name: str, config: Config, switch: Switch) -> list[Finding]:
    from ccore.daemon.links import ask

    asked = questions(config, switch)
    answers = ask(switch, asked)
    names = profiles(answers[asked.index("api sofia status")])
    told = ask(switch, [f"api sofia status profile {profile}" for profile in names])
    contexts = [
        (profile, found[1])
        for profile, text in zip(names, told, strict=True)
        if (found := re.search(r"(?m)^Context\s+(\S+)", text))
    ]
    return judge(name, config, switch, answers, contexts)
