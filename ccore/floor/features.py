"""Feature codes: an agent dials a short number on his phone and changes his state.

Who he is comes from the SIP authentication of his phone alone. A change that frees him takes
effect when this call is over: until then his phone is busy and an offer would fail.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccore.floor.agent import Agent
from ccore.model import Answer, DisarmFallback, Hangup, LegParked, Play
from ccore.prompts.phrases import files

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["Features"]


@dataclass(slots=True)
class Request:
    node: str
    agent: Agent | None
    app: str = ""  # the prompt that confirms
    frees: str = ""  # what to do when the phone is free again: sign_in, ready


class Features:
    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.by_leg: dict[str, Request] = {}

    def parked(self, node: str, event: LegParked) -> None:
        floor = self.floor
        if event.leg in self.by_leg:
            return
        agent = floor.agents.by_id.get(event.variables.get("user", ""))
        request = Request(node, agent)
        self.by_leg[event.leg] = request
        prompt = self._act(request, agent, event.variables) if agent else "unknown_phone"
        language = floor.config.site.languages[0]
        floor.command(node, DisarmFallback(event.leg))  # it would cut a long prompt short
        floor.command(node, Answer(event.leg))
        said = files(floor.config, prompt, language)
        request.app = floor.new_id()
        floor.after_speech[request.app] = lambda: floor.command(node, Hangup(event.leg))
        floor.command(node, Play(event.leg, tuple(said), request.app))

    def _act(self, request: Request, agent: Agent, variables: Mapping[str, str]) -> str:
        """Do what was dialled; the answer is the prompt that confirms it."""
        agents = self.floor.agents
        match variables.get("feature"):
            case "sign_in":
                request.frees = "sign_in"
                return "signed_in"
            case "ready":
                if not agent.is_signed_in:
                    return "wrong_entry"
                request.frees = "ready"
                return "ready"
            case "sign_out":
                agents.sign_out(agent)
                return "signed_out"
            case "not_ready":
                reason = self._reason(variables.get("reason", ""))
                if not agent.is_signed_in or not reason:
                    return "wrong_entry"
                agents.not_ready(agent, reason)
                return "not_ready"
            case "wrap_up_done":
                request.frees = "wrap_up_done"
                return "ready"
            case _:
                return "wrong_entry"

    def _reason(self, digits: str) -> str:
        """The reason behind *14N; N counts from 1, no digits mean the first."""
        reasons = self.floor.config.reasons
        if not digits:
            return reasons[0] if reasons else ""
        if not (digits.isascii() and digits.isdigit()):
            return ""
        at = int(digits) - 1
        return reasons[at] if 0 <= at < len(reasons) else ""

    def hung_up(self, leg: str) -> None:
        request = self.by_leg.pop(leg)
        agents, agent = self.floor.agents, request.agent
        self.floor.after_speech.pop(request.app, None)
        if agent is None or agents.by_id.get(agent.id) is not agent:  # gone in a reload
            return
        match request.frees:
            case "sign_in":
                agents.sign_in(agent)
            case "ready" if agent.is_signed_in:
                agents.ready(agent)
            case "wrap_up_done":
                agents.end_wrap_up(agent)
            case _:
                pass
