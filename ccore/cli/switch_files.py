"""A FreeSWITCH's configuration and a ccore.toml to begin with, made from the templates.

The templates are complete files; what a site changes stands in `vars.xml` as name=value, and only
these values are replaced. Everything with a password in it is readable by its owner alone.
"""

import os
import re
import secrets
import shutil
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from ccore.cli.switch_music import write_music
from ccore.errors import BadRequest, DiskTrouble, ToolMissing, reason

__all__ = ["Made", "SwitchPlan", "find_templates", "write_switch"]

# Where what is shared lies under an installation's data path, and the directories in it.
SHARED = Path("share") / "ccore"
TEMPLATES = "freeswitch-conf"
DIALPLANS = "dialplans"

# 144 bits: no guessing, and only letters, digits, - and _ , which mean nothing to XML or SIP.
SECRET_BYTES = 18


@dataclass(frozen=True, slots=True)
class SwitchPlan:
    """What differs from site to site."""

    sip_ip: str = "127.0.0.1"
    esl_port: int = 8021
    trunk_port: int = 5080
    agents_port: int = 5060
    trunk_acl: tuple[str, ...] = ("127.0.0.1/32",)
    trunk_gateway: str = ""
    agents: int = 10
    first_agent: int = 1001
    fallback_number: str = ""
    record_dir: str = ""  # empty: recordings/ beside ccore.toml
    more: Mapping[str, str] = field(default_factory=dict)  # further values of vars.xml


@dataclass(frozen=True, slots=True)
class Made:
    root: Path
    switch: Path  # for freeswitch -conf
    toml: Path
    agents_file: Path
    record_dir: Path
    esl_password: str
    agents: dict[str, str]  # number to SIP password


def find_templates() -> Path:
    """The directory that holds freeswitch-conf and dialplans: a source tree or an installation."""
    import ccore

    package = Path(str(resources.files(ccore))).resolve()
    schemes = (sysconfig.get_path("data"), sysconfig.get_path("data", f"{os.name}_user"))
    for root in (package.parent, *(Path(path) / SHARED for path in schemes)):
        if (root / TEMPLATES / "vars.xml").is_file() and (root / DIALPLANS).is_dir():
            return root
    raise ToolMissing(
        tool="the FreeSWITCH configuration's templates",
        why=f"neither beside the package nor in {SHARED} of this Python; install ccore again",
    )


def write_switch(root: Path, plan: SwitchPlan) -> Made:
    """Write root/freeswitch, root/ccore.toml and root/agents.txt. Refuses to replace anything."""
    root = root.absolute()
    made = Made(
        root=root,
        switch=root / "freeswitch",
        toml=root / "ccore.toml",
        agents_file=root / "agents.txt",
        record_dir=Path(plan.record_dir).absolute() if plan.record_dir else root / "recordings",
        esl_password=secrets.token_urlsafe(SECRET_BYTES),
        agents={
            str(number): secrets.token_urlsafe(SECRET_BYTES)
            for number in range(plan.first_agent, plan.first_agent + plan.agents)
        },
    )
    for path in (made.switch, made.toml, made.agents_file):
        if path.exists():
            raise BadRequest(
                what=f"{path} is there already and nothing was changed",
                expected="a new directory, or that one moved away",
            )
    templates = find_templates()
    try:
        _write(made, plan, templates)
    except OSError as error:
        raise DiskTrouble(path=error.filename or root, why=reason(error)) from None
    return made


def _write(made: Made, plan: SwitchPlan, templates: Path) -> None:
    # First what may be refused: then nothing is written.
    text = fill((templates / TEMPLATES / "vars.xml").read_text("utf-8"), _values(made, plan))
    for directory in (made.root, made.switch, made.record_dir, made.root / "prompts"):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _copy(templates / TEMPLATES, made.switch)
    _copy(templates / DIALPLANS, made.switch / "dialplan")
    variables = made.switch / "vars.xml"
    variables.unlink()
    _put(variables, text)
    for number, password in made.agents.items():
        _put(made.switch / "directory" / "agents" / f"{number}.xml", _user(number, password))
    _put(made.agents_file, _phones(made, plan))
    _put(made.toml, _toml(made, plan))
    (made.switch / "music").mkdir(mode=0o700)
    write_music(made.switch / "music" / "waiting.wav")


def _values(made: Made, plan: SwitchPlan) -> dict[str, str]:
    return {
        "ccore_esl_port": str(plan.esl_port),
        "ccore_esl_password": made.esl_password,
        "ccore_sip_ip": plan.sip_ip,
        "ccore_trunk_port": str(plan.trunk_port),
        "ccore_agents_port": str(plan.agents_port),
        "ccore_trunk_acl": ",".join(plan.trunk_acl),
        "ccore_trunk_gateway": plan.trunk_gateway,
        "ccore_fallback_number": plan.fallback_number,
        "ccore_fallback_prompt": str(made.root / "prompts" / "fallback.wav"),
        "ccore_record_dir": str(made.record_dir),
        **plan.more,
    }


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values into the name=value pairs of a vars.xml; each must be there exactly once."""
    for name, value in values.items():
        # The preprocessor works line by line and decodes nothing, so nothing can be escaped.
        if not value.isprintable() or any(sign in value for sign in "$&<>\"'"):
            raise BadRequest(
                what=f"{value!r} cannot be {name}", expected="printable characters without $&<>\"'"
            )
        place = re.compile(rf'cmd="(?:set|exec-set)" data="{re.escape(name)}=[^"]*"')
        parts = place.split(text)
        if len(parts) != 2:
            raise BadRequest(what=f"vars.xml has {name} {len(parts) - 1} times", expected="once")
        text = f'cmd="set" data="{name}={value}"'.join(parts)
    return text


def _copy(source: Path, target: Path) -> None:
    """Copy the files of a template directory; README and examples too, they are for people."""
    target.mkdir(mode=0o700, exist_ok=True)
    for path in sorted(source.iterdir()):
        if path.is_dir():
            _copy(path, target / path.name)
        else:
            shutil.copyfile(path, target / path.name)
            (target / path.name).chmod(0o600)


def _put(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def _user(number: str, password: str) -> str:
    return f"""<include>
  <user id="{number}">
    <params>
      <param name="password" value="{password}"/>
    </params>
    <variables>
      <variable name="user_context" value="ccore-agents"/>
    </variables>
  </user>
</include>
"""


def _phones(made: Made, plan: SwitchPlan) -> str:
    where = f"{plan.sip_ip}:{plan.agents_port}"
    lines = [f"{number}\t{password}\t{where}" for number, password in made.agents.items()]
    return "\n".join(["# user\tpassword\tregistrar (UDP or TCP)", *lines, ""])


def _toml(made: Made, plan: SwitchPlan) -> str:
    agents = "\n".join(f"[agents.{number}]" for number in made.agents)
    return f"""# A call centre to begin with: every call goes to one queue, every agent serves it.
# What else can stand here: docs/configuration.md. After a change: ccore check, then ccore reload.

[site]
name = "main"

[switch.main]
host = "127.0.0.1"
port = {plan.esl_port}
password = "{made.esl_password}"

[recording]
dir = {_quoted(str(made.record_dir))}

# Every number that the carrier delivers.
[[entries]]
number = "*"
to = "queue:service"

[queues.service]
max_wait_s = 600
wrap_up_s = 10

# Agents sign in with *11 from their phones, or with `ccore agents sign-in`.
{agents}
"""


def _quoted(text: str) -> str:
    """A TOML basic string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
