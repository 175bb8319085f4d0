"""Bytes of an event socket to frames and events, without sockets: the compiled codec, or its twin.

Both give the same for any bytes; the twin (`ccore.esl.plain`) serves where nothing was compiled,
and says in few lines what a frame is.
"""

from typing import TYPE_CHECKING

from ccore.esl.plain import PlainDecoder, PlainFrame, PlainView

if TYPE_CHECKING:
    from ccore.esl._codec import EventView, Frame, FrameDecoder
else:
    try:
        from ccore.esl._codec import EventView, Frame, FrameDecoder
    except ImportError:
        EventView, Frame, FrameDecoder = PlainView, PlainFrame, PlainDecoder

__all__ = ["EventView", "Frame", "FrameDecoder"]
