"""The configuration of a scenario's centre, through the same reader as everybody's."""

from typing import Any

import msgspec

from ccore.config import Config, parse
from tests.book.scenario import Scenario

__all__ = ["config_of", "toml_of"]


def config_of(scenario: Scenario) -> Config:
    return parse(toml_of(scenario.center), f"{scenario.name}.toml")


def toml_of(center: dict[str, Any]) -> str:
    """The centre as text, so that the daemon can read it from a file."""
    return msgspec.toml.encode(center).decode()
