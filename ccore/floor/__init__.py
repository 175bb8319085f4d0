"""The centre itself, pure: calls, agents, queues, IVR, recording, timers."""

from ccore.floor.floor import Floor

__all__ = ["Floor"]
