"""The brain of a call centre beside FreeSWITCH."""

__all__ = ["__version__"]

__version__ = "0.1.0"
