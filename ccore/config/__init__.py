"""ccore.toml: what a call centre declares, checked once and frozen."""

from ccore.config.changes import differences
from ccore.config.load import load, parse
from ccore.config.schema import Config

__all__ = ["Config", "differences", "load", "parse"]
