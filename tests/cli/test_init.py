"""What `ccore init` leaves behind for somebody who starts a centre."""

import json
import re
import stat
import tomllib
import wave
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ccore.cli.init_cmd import init
from ccore.cli.switch_files import SwitchPlan, fill, find_templates, write_switch
from ccore.config import load
from ccore.errors import BadRequest

LINE = re.compile(r'<X-PRE-PROCESS cmd="(set|exec-set)" data="(\w+)=([^"]*)"/>')


def run(*args: object) -> Result:
    return CliRunner().invoke(init, [str(arg) for arg in args])


def values(centre: Path) -> dict[str, str]:
    text = (centre / "freeswitch" / "vars.xml").read_text("utf-8")
    return {name: value for _, name, value in LINE.findall(text)}


@pytest.fixture
def centre(tmp_path: Path) -> Path:
    assert run(tmp_path / "centre", "--agents", 2, "--first-agent", 7001).exit_code == 0
    return tmp_path / "centre"


def test_switch_and_ccore_share_a_new_password(centre: Path, tmp_path: Path) -> None:
    config = load(centre / "ccore.toml")
    password = config.switch["main"].password
    assert values(centre)["ccore_esl_password"] == password
    assert len(password) >= 20
    run(tmp_path / "other")
    assert values(tmp_path / "other")["ccore_esl_password"] != password


def test_its_ccore_toml_is_good(centre: Path) -> None:
    warnings: list[str] = []
    config = load(centre / "ccore.toml", warnings.append)
    assert list(config.agents) == ["7001", "7002"]
    assert config.recording.dir == values(centre)["ccore_record_dir"]
    assert not warnings


def test_as_json_it_names_the_files_and_no_password(tmp_path: Path) -> None:
    told = json.loads(run(tmp_path / "centre", "--agents", 2, "--json").output)
    assert all(Path(told[name]).exists() for name in ("freeswitch", "config", "phones"))
    assert told["agents"] == ["1001", "1002"]
    assert load(Path(told["config"])).switch["main"].password not in str(told)


def test_agents_get_an_account_and_a_password_each(centre: Path) -> None:
    told = dict(
        line.split("\t")[:2]
        for line in (centre / "agents.txt").read_text("utf-8").splitlines()
        if not line.startswith("#")
    )
    for number in ("7001", "7002"):
        user = ElementTree.parse(centre / "freeswitch" / "directory" / "agents" / f"{number}.xml")
        assert user.find(".//param[@name='password']").get("value") == told[number]  # type: ignore[union-attr]
        assert user.find(".//user").get("id") == number  # type: ignore[union-attr]
    assert told["7001"] != told["7002"]


def test_nobody_else_can_read_any_of_it(centre: Path) -> None:
    for path in [centre, *centre.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_sites_own_values_are_filled_in(tmp_path: Path) -> None:
    answer = run(
        tmp_path / "centre", "--sip-ip", "192.0.2.10", "--esl-port", 9021, "--trunk-port", 9080,
        "--agents-port", 9060, "--trunk-acl", "198.51.100.7/28", "--trunk-acl", "203.0.113.5",
        "--trunk-gateway", "sip.example.net:5061", "--fallback-number", "+862012345678",
        "--record-dir", tmp_path / "voices",
    )  # fmt: skip
    assert answer.exit_code == 0, answer.output
    found = values(tmp_path / "centre")
    assert found["ccore_sip_ip"] == "192.0.2.10"
    assert found["ccore_esl_ip"] == "127.0.0.1"
    assert found["ccore_trunk_acl"] == "198.51.100.0/28,203.0.113.5/32"
    assert found["ccore_trunk_gateway"] == "sip.example.net:5061"
    assert found["ccore_fallback_number"] == "+862012345678"
    assert tomllib.loads((tmp_path / "centre" / "ccore.toml").read_text("utf-8"))["switch"] == {
        "main": {
            "host": "127.0.0.1",
            "port": 9021,
            "password": found["ccore_esl_password"],
        }
    }


def test_waiting_callers_have_music(centre: Path) -> None:
    with wave.open(str(centre / "freeswitch" / "music" / "waiting.wav")) as file:
        assert (file.getnchannels(), file.getframerate()) == (1, 8000)
        assert file.getnframes() > 10 * 8000
        assert len(set(file.readframes(8000))) > 100


def test_nothing_that_exists_is_replaced(centre: Path) -> None:
    before = {path: path.read_bytes() for path in centre.rglob("*") if path.is_file()}
    answer = run(centre)
    assert isinstance(answer.exception, BadRequest)
    assert "nothing was changed" in str(answer.exception)
    assert before == {path: path.read_bytes() for path in centre.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--sip-ip", "example.net"),
        ("--trunk-acl", "everybody"),
        ("--trunk-gateway", "x}sofia/evil"),
        ("--fallback-number", "12 34"),
        ("--esl-port", "0"),
        ("--trunk-port", "8021"),
        ("--agents", "-1"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_written(
    tmp_path: Path, option: str, value: str
) -> None:
    answer = run(tmp_path / "centre", option, value)
    assert answer.exit_code == 2
    assert option in answer.output
    assert not (tmp_path / "centre").exists()


@pytest.mark.parametrize("value", ['a"/><evil', "$${sound_prefix}", "a\nb", "a&b"])
def test_a_value_cannot_become_configuration(value: str) -> None:
    with pytest.raises(BadRequest):
        fill('cmd="set" data="ccore_sip_ip=x"', {"ccore_sip_ip": value})


def test_a_place_whose_name_cannot_be_configured_stays_as_it_was(tmp_path: Path) -> None:
    place = tmp_path / "a<b"
    with pytest.raises(BadRequest, match="cannot be ccore_fallback_prompt"):
        write_switch(place, SwitchPlan())
    assert not place.exists()


def test_every_file_is_xml_and_every_value_that_is_used_is_set() -> None:
    root = find_templates()
    texts = {
        path: path.read_text("utf-8")
        for folder in ("freeswitch-conf", "dialplans")
        for path in (root / folder).rglob("*.xml")
    }
    for text in texts.values():
        ElementTree.fromstring(text)
    known = {name for _, name, _ in LINE.findall(texts[root / "freeswitch-conf" / "vars.xml"])}
    used = {name for text in texts.values() for name in re.findall(r"\$\$?{(ccore_\w+)}", text)}
    # The password stands nowhere but in vars.xml and where the socket reads it.
    channel = {"ccore_calling", "ccore_entry", "ccore_unseen", "ccore_user", "ccore_way"}
    assert used - channel <= known
    holders = [path.name for path, text in texts.items() if "${ccore_esl_password}" in text]
    assert holders == ["event_socket.conf.xml"]
