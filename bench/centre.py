"""The centre that every bench measures: one number, one queue, agents who are always there."""

import msgspec

__all__ = ["NODE", "NUMBER", "RING_S", "TALK_S", "agent_ids", "centre"]

NODE = "main"
NUMBER = "4001"
FIRST_AGENT = 1001
RING_S = 0.3  # an agent lets it ring so long
TALK_S = 3.0


def agent_ids(agents: int) -> list[str]:
    return [str(FIRST_AGENT + place) for place in range(agents)]


def centre(agents: int, **switch: str | int) -> str:
    """A ccore.toml. No wrap-up: an agent who ends a call is free."""
    return msgspec.toml.encode(
        {
            "site": {"name": "bench"},
            "switch": {NODE: switch},
            "entries": [{"number": NUMBER, "to": "queue:bench"}],
            "queues": {"bench": {"ring_s": 15}},
            "agents": {agent: {"start": "ready"} for agent in agent_ids(agents)},
        }
    ).decode()
