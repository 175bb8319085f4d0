"""The event socket: bytes to the words of `ccore.model` and back, without sockets.

docs/python-api.md says how to use it in programs of your own.
"""

from ccore.esl.encode import encode, job_of
from ccore.esl.frames import EventView, Frame, FrameDecoder
from ccore.esl.limits import MAX_BODY_BYTES, MAX_HEAD_BYTES
from ccore.esl.link import Link
from ccore.esl.quote import argument, header, setting, shown, variable, word
from ccore.esl.states import LinkState
from ccore.esl.words import IMPORTANCE, SUBSCRIPTION, translate

__all__ = [
    "IMPORTANCE",
    "MAX_BODY_BYTES",
    "MAX_HEAD_BYTES",
    "SUBSCRIPTION",
    "EventView",
    "Frame",
    "FrameDecoder",
    "Link",
    "LinkState",
    "argument",
    "encode",
    "header",
    "job_of",
    "setting",
    "shown",
    "translate",
    "variable",
    "word",
]
