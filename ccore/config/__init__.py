"""ccore.toml: what a call centre declares, checked once and frozen."""

from ccore.config.load import load, parse
from ccore.config.schema import Config

__all__ = ["Config", "load", "parse"]
