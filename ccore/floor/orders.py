"""What people ask of the floor from outside: one request in, one answer out."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ccore.config.outbound import refusal
from ccore.errors import BadRequest, NumberRefused, UnknownName
from ccore.floor.agent import Agent, state_name
from ccore.floor.contact import CallState, Contact
from ccore.floor.explain import explain
from ccore.model import (
    AgentState,
    EndedBy,
    Hangup,
    Hold,
    LegClosed,
    LegKind,
    LegResult,
    News,
    Outcome,
    Transfer,
    Unhold,
)

if TYPE_CHECKING:
    from ccore.floor.floor import Floor

__all__ = ["Orders"]

Request = Mapping[str, Any]
BEST_MARK = 5
LONGEST_EXTENSION_S = 3_600  # nobody writes up one call for more than an hour at a time


class Orders:
    """Raises BadRequest, UnknownName or NumberRefused; nothing is changed then."""

    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.verbs: dict[str, Callable[[Request], dict[str, Any]]] = {
            "agent.sign_in": self._sign_in,
            "agent.sign_out": self._sign_out,
            "agent.ready": self._ready,
            "agent.not_ready": self._not_ready,
            "agent.wrap_up": self._wrap_up,
            "call.transfer": self._transfer,
            "call.hangup": self._hang_up,
            "call.hold": lambda r: self._hold(r, True),
            "call.unhold": lambda r: self._hold(r, False),
            "call.survey": self._survey,
            "call.callback": self._callback,
            "callback.tried": self._callback_tried,
            "site.evacuate": lambda r: self.floor.sites.evacuate(str(r.get("site", ""))),
            "site.restore": lambda r: self.floor.sites.restore(str(r.get("site", ""))),
            "route.explain": lambda r: explain(self.floor, str(r.get("contact", ""))),
            "record.start": self._record_start,
            "record.stop": self._record_stop,
            "record.mask": lambda r: self._mask(r, True),
            "record.unmask": lambda r: self._mask(r, False),
        }

    def do(self, request: Request) -> dict[str, Any]:
        act = self.verbs.get(str(request.get("do")))
        if act is None:
            known = ", ".join(self.verbs)
            raise UnknownName(kind="request", name=request.get("do"), known=known)
        return act(request)

    # Who and what is meant.

    def _agent(self, request: Request) -> Agent:
        name = str(request.get("agent", ""))
        agent = self.floor.agents.by_id.get(name)
        if agent is None:
            raise UnknownName(
                kind="agent", name=name, known=", ".join(list(self.floor.agents.by_id)[:20])
            )
        return agent

    def _contact(self, request: Request) -> Contact:
        """A call by its id or a beginning of it that is unique."""
        name = str(request.get("contact", ""))
        contacts = self.floor.contacts
        if name in contacts:
            return contacts[name]
        found = [c for id_, c in contacts.items() if name and id_.startswith(name)]
        if len(found) != 1:
            known = ", ".join(id_[:8] for id_ in list(contacts)[:20]) or "none"
            raise UnknownName(kind="call", name=name, known=known)
        return found[0]

    def _talking(self, request: Request) -> Contact:
        contact = self._contact(request)
        if not contact.is_talking:
            raise BadRequest(
                what=f"Call {contact.id[:8]} is in state {contact.state.value}",
                expected="a call in which somebody talks",
            )
        return contact

    # Agents.

    def _told(self, agent: Agent) -> dict[str, Any]:
        wish = state_name(agent.wish) if agent.wish is not None else ""
        return {"agent": agent.id, "state": state_name(agent.state), "after_call": wish}

    def _sign_in(self, request: Request) -> dict[str, Any]:
        agent = self._agent(request)
        self._not_evacuated(agent)
        self.floor.agents.sign_in(agent)
        return self._told(agent)

    def _sign_out(self, request: Request) -> dict[str, Any]:
        agent = self._agent(request)
        self.floor.agents.sign_out(agent)
        return self._told(agent)

    def _ready(self, request: Request) -> dict[str, Any]:
        agent = self._signed_in(request)
        self._not_evacuated(agent)
        self.floor.agents.ready(agent)
        return self._told(agent)

    def _not_evacuated(self, agent: Agent) -> None:
        if self.floor.sites.is_shut(agent):
            raise BadRequest(
                what=f"Site {agent.settings.site} of agent {agent.id} is evacuated",
                expected="a site that is not: ccore sites restore",
            )

    def _signed_in(self, request: Request) -> Agent:
        agent = self._agent(request)
        if not agent.is_signed_in:
            raise BadRequest(what=f"Agent {agent.id} is signed out", expected="sign in first")
        return agent

    def _not_ready(self, request: Request) -> dict[str, Any]:
        agent = self._signed_in(request)
        reason = str(request.get("reason") or "")
        reasons = self.floor.config.reasons
        reason = reason or (reasons[0] if reasons else "")
        if reason not in reasons:
            raise UnknownName(kind="reason", name=reason, known=", ".join(reasons))
        self.floor.agents.not_ready(agent, reason)
        return self._told(agent)

    def _wrap_up(self, request: Request) -> dict[str, Any]:
        agent = self._agent(request)
        if agent.state is not AgentState.WRAPUP:
            raise BadRequest(
                what=f"Agent {agent.id} is {state_name(agent.state)}",
                expected="an agent in wrap-up",
            )
        if request.get("end"):
            self.floor.agents.end_wrap_up(agent)
        else:
            seconds = request.get("extend_s")
            if not isinstance(seconds, int) or not 0 < seconds <= LONGEST_EXTENSION_S:
                raise BadRequest(
                    what=f"extend_s is {seconds!r}", expected=f"1 to {LONGEST_EXTENSION_S} seconds"
                )
            self.floor.agents.extend_wrap_up(agent, seconds)
        return self._told(agent)

    # Calls.

    def _transfer(self, request: Request) -> dict[str, Any]:
        contact = self._contact(request)
        to = str(request.get("to", ""))
        self._check_destination(to)
        floor = self.floor
        if contact.is_talking:
            # Back to the park of the dialplan; `Entry.transferred` takes it from there.
            is_under_way = bool(contact.transfer_to)
            contact.transfer_to = to
            if not is_under_way:
                floor.command(contact.node, Transfer(contact.id, "park", "inline"))
        elif contact.state in (CallState.WAITING, CallState.RINGING):
            floor.queues.redirect(contact, to)
        else:
            raise BadRequest(
                what=f"Call {contact.id[:8]} is in state {contact.state.value}",
                expected="a call that waits or talks",
            )
        return {"contact": contact.id, "to": to}

    def _check_destination(self, to: str) -> None:
        config = self.floor.config
        kind, _, name = to.partition(":")
        if kind == "number":
            if why := refusal(config.outbound, name):
                raise NumberRefused(number=name, why=why)
            return
        places: dict[str, Mapping[str, Any]] = {
            "ivr": config.flows,
            "queue": config.queues,
            "agent": config.agents,
            "voicemail": config.boxes,
            "split": config.splits,
        }
        known = places.get(kind)
        if known is None:
            raise BadRequest(
                what=f"Cannot transfer to {to!r}",
                expected="ivr:FLOW, queue:NAME, agent:ID, voicemail:BOX, split:NAME or number:NR",
            )
        if name not in known:
            raise UnknownName(kind=kind, name=name, known=", ".join(known))

    def _hang_up(self, request: Request) -> dict[str, Any]:
        contact = self._contact(request)
        contact.ended_by = EndedBy.SYSTEM
        if contact.outcome is None:
            contact.outcome = Outcome.FORCED
        self.floor.command(contact.node, Hangup(contact.id))
        return {"contact": contact.id}

    def _hold(self, request: Request, is_hold: bool) -> dict[str, Any]:
        contact = self._talking(request)
        assert contact.offer is not None
        make = Hold if is_hold else Unhold
        self.floor.command(contact.node, make(contact.offer.leg))
        return {"contact": contact.id, "held": is_hold}

    # What callers are asked, by a program beside us: a desktop, a follower of the IVR, a dialler.

    def _survey(self, request: Request) -> dict[str, Any]:
        contact = self._contact(request)
        mark = request.get("mark", 0)
        if type(mark) is not int or not 0 <= mark <= BEST_MARK:
            raise BadRequest(
                what=f"mark is {mark!r}", expected=f"1 to {BEST_MARK}; 0: asked, none given yet"
            )
        contact.is_asked, contact.survey = True, mark
        contact.changed.add(contact.id)
        return {"contact": contact.id, "mark": mark}

    def _callback(self, request: Request) -> dict[str, Any]:
        """He was offered one. If he accepts he may hang up: that is no abandonment any more."""
        contact = self._contact(request)
        accepted = request.get("accepted", True)
        if type(accepted) is not bool:
            raise BadRequest(what=f"accepted is {accepted!r}", expected="true or false")
        contact.is_offered_callback = True
        contact.changed.add(contact.id)
        if accepted:
            contact.outcome = Outcome.CALLBACK
            fields: dict[str, str | int] = {
                "contact": contact.id,
                "arrived_us": contact.arrived_us,
                "calling": contact.calling,
                "queue": contact.queue,
            }
            self.floor.tell(News("callback", self.floor.now_us, fields))
        return {"contact": contact.id, "arrived_us": contact.arrived_us, "accepted": accepted}

    def _callback_tried(self, request: Request) -> dict[str, Any]:
        """A contact that is over was called back: it is named as the news of its wish did."""
        floor = self.floor
        contact, queue, agent = (str(request.get(k, "")) for k in ("contact", "queue", "agent"))
        arrived_us, reached = request.get("arrived_us"), request.get("reached")
        if not contact or type(reached) is not bool:
            raise BadRequest(
                what=f"contact is {contact!r} and reached is {reached!r}",
                expected="the id of a contact, and true or false",
            )
        if type(arrived_us) is not int or not 0 < arrived_us <= floor.now_us:
            raise BadRequest(
                what=f"arrived_us is {arrived_us!r}", expected="microseconds, as the news had them"
            )
        floor.tell(
            LegClosed(
                contact=contact,
                contact_us=arrived_us,
                kind=LegKind.CALLBACK,
                result=LegResult.ANSWERED if reached else LegResult.NO_ANSWER,
                start_us=floor.now_us,
                end_us=floor.now_us,
                queue=queue,
                agent=agent,
            )
        )
        return {"contact": contact, "reached": reached}

    # Recordings.

    def _record_start(self, request: Request) -> dict[str, Any]:
        contact = self._talking(request)
        tape = self.floor.recordings.start(contact)
        return {"contact": contact.id, "path": tape.path}

    def _taped(self, request: Request) -> Contact:
        contact = self._contact(request)
        if contact.tape is None:
            raise BadRequest(
                what=f"Call {contact.id[:8]} is not being recorded",
                expected="a call with a recording under way",
            )
        return contact

    def _record_stop(self, request: Request) -> dict[str, Any]:
        contact = self._taped(request)
        self.floor.recordings.stop(contact)
        return {"contact": contact.id}

    def _mask(self, request: Request, is_masked: bool) -> dict[str, Any]:
        contact = self._taped(request)
        self.floor.recordings.mask(contact, is_masked)
        return {"contact": contact.id, "masked": is_masked}
