"""What `ccore check` says of a switch, from the answers that a real one gave."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ccore.cli import switch_checks
from ccore.cli.check_cmd import check
from ccore.config import parse
from ccore.config.schema import Config
from ccore.errors import BadConfig

ROUTED = (("trunks", "ccore-inbound"), ("agents", "ccore-nowhere"))
Judge = Callable[..., dict[str, str]]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return parse(f'''
        [switch.main]
        password = "a word of its own"
        [outbound]
        allow = ["1002"]
        [recording]
        dir = "{tmp_path}"
        [queues.service]
        [[entries]]
        number = "4001"
        to = "queue:service"
        [agents.1001]
        [agents.1002]
        contact = "sofia/gateway/elsewhere/1002"
    ''')


@pytest.fixture
def states(config: Config) -> Judge:
    """Judge a good switch whose profiles lead to these contexts; check to state."""

    def judge(contexts: tuple[tuple[str, str], ...] = ROUTED) -> dict[str, str]:
        switch = config.switch["main"]
        answers = [answer(command) for command in switch_checks.questions(config, switch)]
        found = switch_checks.judge("main", config, switch, answers, contexts)
        return {finding.check: finding.state for finding in found}

    return judge


def answer(command: str) -> str:
    """What FreeSWITCH 1.10.12 says when all is well."""
    words = command.split()
    match words[1]:
        case "version":
            return "FreeSWITCH Version 1.10.12-release~64bit ( 64bit)\n"
        case "xml_locate":
            inside = switch_checks.SINCE.get(words[-1], "")
            return f'<context name="{words[-1]}">\n{inside}</context>\n'
        case "global_getvar":
            return "5"
        case "show":
            return '{"row_count":1,"rows":[{"reg_user":"1001","realm":"agents"}]}\n'
        case "sofia":
            return "Name \tccore-trunk\nProxy   \tsip:192.0.2.1\n"
    return "true"


def test_a_good_switch_is_good(states: Judge) -> None:
    assert set(states().values()) == {"ok"}


@pytest.mark.parametrize(
    ("command", "reply", "failed"),
    [
        ("version", "FreeSWITCH Version 1.8.7-release", "version"),
        ("version", "gibberish", "version"),
        ("module_exists mod_sndfile", "false", "module mod_sndfile"),
        ("xml_locate dialplan context name ccore-outbound", "can't find anything", None),
        ("global_getvar ccore_pick_up_s", "-ERR no reply", "variable ccore_pick_up_s"),
        ("user_exists id 1001 agents", "false", "agents known"),
    ],
)
def test_what_is_missing_fails(
    config: Config, command: str, reply: str, failed: str | None
) -> None:
    switch = config.switch["main"]
    asked = switch_checks.questions(config, switch)
    answers = [reply if line == f"api {command}" else answer(line) for line in asked]
    found = switch_checks.judge("main", config, switch, answers, ROUTED)
    bad = [finding for finding in found if finding.state == "fail"]
    assert [finding.check for finding in bad] == [failed or "context ccore-outbound"]
    assert bad[0].advice


@pytest.mark.parametrize(
    ("context", "new"),
    [("ccore-inbound", "ccore_unseen"), ("ccore-outbound", "continue_on_fail=true")],
)
def test_an_older_copy_of_the_dialplan_is_told(config: Config, context: str, new: str) -> None:
    switch = config.switch["main"]
    asked = switch_checks.questions(config, switch)
    answers = [answer(line).replace(new, "") for line in asked]
    found = switch_checks.judge("main", config, switch, answers, ROUTED)
    (told,) = [finding for finding in found if finding.state != "ok"]
    assert (told.check, told.state) == (f"context {context}", "note")
    assert "copy dialplans/" in told.advice


def test_a_profile_that_lets_strangers_dial_out_fails(states: Judge) -> None:
    assert states((*ROUTED, ("public", "ccore-outbound")))["profile public"] == "fail"


def test_a_carrier_who_routes_by_his_own_dialplan_is_only_reminded(states: Judge) -> None:
    assert states((("external", "public"),))["calls come in"] == "note"


def test_agents_elsewhere_are_not_looked_for_in_the_directory(config: Config) -> None:
    assert not any(
        "1002" in line for line in switch_checks.questions(config, config.switch["main"])
    )


def test_profiles_are_read_from_the_table() -> None:
    table = (
        "                   trunks\tprofile\t   sip:mod_sofia@127.0.0.1:5080\tRUNNING (0)\n"
        "      trunks::ccore-trunk\tgateway\t      sip:ccore@127.0.0.1:5090\tNOREG\n"
        "                127.0.0.1\t  alias\t                  trunks\tALIASED\n"
    )
    assert switch_checks.profiles(table) == ["trunks"]


def run(path: Path) -> Result:
    return CliRunner().invoke(check, ["--config", str(path)])


def test_a_switch_that_does_not_answer_is_a_row_and_its_own_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "ccore.toml"
    # Port 1 is nobody's; without a switch the file alone is checked.
    path.write_text("[switch.main]\nport = 1\n", "utf-8")
    answer = run(path)
    assert answer.exit_code == 15, answer.output
    assert "fail" in answer.output


def test_a_centre_without_a_switch_is_checked_alone(tmp_path: Path) -> None:
    path = tmp_path / "ccore.toml"
    path.write_text('[site]\nname = "shop"\n', "utf-8")
    answer = run(path)
    assert answer.exit_code == 0
    assert "names no switch" in answer.output


def test_prompts_without_a_file_are_told_before_callers_miss_them(tmp_path: Path) -> None:
    config = tmp_path / "ccore.toml"
    config.write_text(
        '[queues.service]\n[agents.1001]\n[[entries]]\nnumber = "1"\nto = "queue:service"\n'
    )
    said = CliRunner().invoke(check, ["--config", str(config), "--json"])
    (found,) = [row for row in json.loads(said.stdout) if row["check"] == "prompts"]
    assert (found["state"], said.exit_code) == ("note", 0)
    assert "en/" in found["found"]
    assert "ccore prompts build" in found["advice"]


def test_recordings_are_looked_for_where_the_daemon_puts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[switch.main]\npassword = "a word of its own"\n'

    def found(text: str) -> tuple[str, str]:
        config = parse(text, base=tmp_path)
        switch = config.switch["main"]
        answers = [answer(command) for command in switch_checks.questions(config, switch)]
        findings = switch_checks.judge("main", config, switch, answers, ROUTED)
        last = next(one for one in findings if one.check == "recordings")
        return last.state, last.found

    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "recordings").mkdir(parents=True)
    monkeypatch.chdir(elsewhere)  # has one of that name, which is nobody's
    there = tmp_path / "var" / "recordings"
    assert found(text) == ("note", f"no {there} yet")
    there.mkdir(parents=True, mode=0o750)
    assert found(text) == ("ok", str(there))
    missing = tmp_path / "missing"
    assert found(f'{text}[recording]\ndir = "{missing}"\n') == ("fail", f"no {missing}")


def test_agents_of_another_domain_are_told_with_the_domain(config: Config) -> None:
    switch = config.switch["main"]
    asked = switch_checks.questions(config, switch)
    answers = ["false" if "user_exists" in one else answer(one) for one in asked]
    findings = switch_checks.judge("main", config, switch, answers, ROUTED)
    found = {one.check: (one.state, one.found) for one in findings}
    assert found["agents known"] == ("fail", "unknown in agents: 1001")
    assert found["agents registered"] == ("note", "0 of 1")


def test_a_figure_that_is_none_is_found_before_the_daemon_meets_it(tmp_path: Path) -> None:
    path = tmp_path / "ccore.toml"
    path.write_text("[kpi.targets.asaa]\nmost = 20\n")
    result = CliRunner().invoke(check, ["--config", str(path)])
    assert isinstance(result.exception, BadConfig)
    assert "line 1, kpi.targets.asaa" in str(result.exception)
