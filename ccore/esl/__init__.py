"""The event socket: bytes to the words of `ccore.model` and back, without sockets."""

from ccore.esl.encode import encode, job_of
from ccore.esl.frames import EventView, Frame, FrameDecoder
from ccore.esl.link import Link
from ccore.esl.words import SUBSCRIPTION, translate

__all__ = [
    "SUBSCRIPTION",
    "EventView",
    "Frame",
    "FrameDecoder",
    "Link",
    "encode",
    "job_of",
    "translate",
]
