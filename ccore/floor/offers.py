"""From the router's choice to two people talking, and everything that goes wrong in between.

Rule: an offer holds one caller and one agent until it is over. However it ends, the router is told
(confirm or release) and the agent gets a state; the caller keeps his place unless he is gone.
"""

from typing import TYPE_CHECKING

from ccore.floor.contact import CallState, Contact
from ccore.floor.offer import FAILURES, Offer, OfferState
from ccore.model import (
    AgentState,
    Bridge,
    Hangup,
    LegKind,
    LegResult,
    Look,
    News,
    Ring,
)

if TYPE_CHECKING:
    from ccore.floor.floor import Floor
    from ccore.routing.decision import Decision

__all__ = ["Offers"]

# The switch's own limit on ringing is only a safety: it counts whole seconds, we count exactly.
SAFETY_S = 3
BRIDGE_S = 3  # a bridge takes 20 to 60 ms; beyond this it will not come
HIDDEN_S = 60  # so long a pair on a switch that is away is taken to talk, or to be about to
PART_S = 2  # the other leg of an ended call goes within 20 ms; beyond this we end it


class Offers:
    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.by_leg: dict[str, Offer] = {}  # agents' legs that ring, talk or are about to end
        self.by_job: dict[str, Offer] = {}

    def make(self, contact: Contact, decision: "Decision") -> None:
        floor = self.floor
        agent = floor.agents.by_id[decision.agent]
        stay = contact.stay
        assert stay is not None
        # A nailed-up leg can be bridged on its own switch only; for callers elsewhere he is rung.
        nail = agent.nail if contact.node == floor.home_node else ""
        offer = Offer(
            contact=contact,
            agent=agent,
            leg=nail or floor.new_id(),
            job=floor.new_id(),
            queue=stay.queue,
            settings=stay.settings,
            started_us=max(floor.when_us, stay.entered_us),
        )
        contact.offer = agent.offer = offer
        contact.offers += 1
        contact.last_agent_hit = decision.rule == "last-agent" and not stay.is_personal
        floor.decisions.append(decision)
        self.by_leg[offer.leg] = offer
        floor.agents.become(agent, AgentState.RESERVED, queue=stay.queue)
        if offer.is_nailed:
            contact.become(CallState.RINGING)
            self._answered(offer)
        else:
            self._ring(offer)
        floor.tell(
            News(
                "offer",
                floor.now_us,
                {
                    "contact": contact.id,
                    "agent": agent.id,
                    "queue": stay.queue,
                    "calling": contact.calling,
                    "calling_name": contact.calling_name,
                    "called": contact.called,
                    "language": contact.language,
                    "waited_ms": max(0, floor.when_us - stay.entered_us) // 1000,
                    "rule": decision.rule,
                    "decided_by": decision.decided_by,
                    "candidates": decision.candidates,
                    "runner_up": decision.runner_up,
                    "step": decision.step,
                    **{f"collected_{name}": text for name, text in contact.collected.items()},
                },
            )
        )

    def _ring(self, offer: Offer) -> None:
        floor, contact, agent = self.floor, offer.contact, offer.agent
        self.by_job[offer.job] = offer
        offer.told_us = floor.now_us
        variables = {"contact": contact.id, "agent": agent.id}
        if contact.language:
            variables["language"] = contact.language
        floor.command(
            contact.node,
            Ring(
                leg=offer.leg,
                job=offer.job,
                dial=floor.dial_string(contact.node, agent),
                timeout_s=offer.settings.ring_s + SAFETY_S,
                caller_name=contact.calling_name or contact.calling,
                caller_number=contact.calling,
                variables=variables,
            ),
        )
        contact.become(CallState.RINGING)
        floor.agents.become(agent, AgentState.RINGING, queue=offer.queue)
        due_us = floor.now_us + offer.settings.ring_s * 1_000_000
        offer.timer = floor.timers.at(due_us, lambda: self._rang_long(offer))

    def _rang_long(self, offer: Offer) -> None:
        """Whoever could not tell us that he answered is not to blame."""
        is_heard = self.floor.is_up(offer.contact.node)
        self._too_long(offer, "NO_ANSWER" if is_heard else "ORIGINATOR_CANCEL")

    def _too_long(self, offer: Offer, cause: str) -> None:
        self.floor.command(offer.contact.node, Hangup(offer.leg, cause))
        if offer.is_nailed and offer.leg in self.floor.nails.by_leg:
            self.floor.nails.lost(offer.leg)  # or the same two would be tried again at once
        self._failed(offer, cause)

    # What the switch says of the agent's leg.

    def parked(self, offer: Offer) -> None:
        """The agent's leg waits for us: he has answered, or a nailed-up leg is free again."""
        if offer.state is OfferState.RINGING:
            self.floor.follows(offer.contact.node, offer.told_us)
            self._answered(offer)
        elif offer.is_nailed and offer.state in (OfferState.BRIDGED, OfferState.OVER):
            self._part(offer)

    def _answered(self, offer: Offer) -> None:
        floor, contact = self.floor, offer.contact
        offer.become(OfferState.ANSWERED)
        contact.become(CallState.BRIDGING)
        offer.bridge_job = floor.new_id()
        self.by_job[offer.bridge_job] = offer
        offer.told_us = floor.now_us
        floor.disarm(contact)
        floor.command(contact.node, Bridge(contact.id, offer.leg, offer.bridge_job))
        due_us = floor.now_us + BRIDGE_S * 1_000_000
        offer.timer = floor.timers.at(due_us, lambda: self._doubt(offer))

    def _doubt(self, offer: Offer, *, has_looked: bool = False) -> None:
        """The bridge will not come, or nobody told us of it: people may be talking. Look first.

        While the switch is away nothing can be seen; when it is back it shows them by itself.
        """
        floor, node = self.floor, offer.contact.node
        is_hidden = not floor.is_up(node) and floor.now_us < offer.told_us + HIDDEN_S * 1_000_000
        if has_looked and not is_hidden:
            self._too_long(offer, "NORMAL_CLEARING")
            return
        floor.command(node, Look(offer.leg))
        due_us = floor.now_us + BRIDGE_S * 1_000_000
        offer.timer = floor.timers.at(due_us, lambda: self._doubt(offer, has_looked=not is_hidden))

    def job_done(self, offer: Offer, job: str, ok: bool, text: str) -> None:
        if ok or text == "LINK_LOST":  # what became of it the switch's channels tell
            return
        if job == offer.job and offer.state is OfferState.RINGING:
            self._failed(offer, text)
        elif job == offer.job and offer.state is OfferState.OVER:
            self._part(offer)  # taken back before the switch had a leg
        elif job == offer.bridge_job and offer.state is OfferState.ANSWERED:
            self._too_long(offer, "NORMAL_CLEARING")

    def caller_parked(self, offer: Offer) -> None:
        """The bridge did not come about: the caller is back in the park."""
        if offer.state is OfferState.ANSWERED:
            self._too_long(offer, "NORMAL_CLEARING")

    def bridged(self, offer: Offer) -> None:
        """They talk."""
        floor, contact, agent = self.floor, offer.contact, offer.agent
        if offer.state is not OfferState.ANSWERED:
            return
        offer.become(OfferState.BRIDGED)
        floor.follows(contact.node, offer.told_us)
        offer.bridged_us = floor.when_us
        floor.acd.confirm(contact.number, floor.when_us)
        self._ring_row(offer, LegResult.ANSWERED, "")
        floor.queues.close_stay(contact, LegResult.ANSWERED, agent.id)
        contact.become(CallState.TALKING)
        contact.agent = agent.id
        contact.answered_us = contact.answered_us or floor.when_us
        floor.agents.answered(agent)
        floor.agents.become(agent, AgentState.TALKING, queue=offer.queue)
        floor.relations.talked(contact, offer.queue, agent.id)
        floor.recordings.bridged(contact, offer.queue, offer.settings.record)
        floor.tell(News("answered", floor.now_us, {"contact": contact.id, "agent": agent.id}))

    def held(self, offer: Offer, is_held: bool) -> None:
        floor, contact = self.floor, offer.contact
        if offer.state is not OfferState.BRIDGED or is_held == bool(offer.held_us):
            return
        if is_held:
            offer.held_us = floor.when_us
            contact.become(CallState.HELD)
            floor.agents.become(offer.agent, AgentState.HOLDING, queue=offer.queue)
        else:
            self._hold_row(offer)
            contact.become(CallState.TALKING)
            floor.agents.become(offer.agent, AgentState.TALKING, queue=offer.queue)

    def hung_up(self, offer: Offer, cause: str, by_phone: bool) -> None:
        """The agent's leg is gone."""
        offer.leg_is_up = False
        if offer.is_nailed:
            self.floor.nails.lost(offer.leg)
        match offer.state:
            case OfferState.RINGING:
                self._failed(offer, cause)
            case OfferState.ANSWERED:
                self._failed(offer, "NORMAL_CLEARING")
            case OfferState.BRIDGED:
                offer.agent_hung_up = by_phone
                self._part(offer)
            case OfferState.OVER:
                self._part(offer)

    # Ending.

    def _failed(self, offer: Offer, cause: str) -> None:
        """It came to nothing; the caller keeps his place."""
        if offer.state is OfferState.OVER:
            return
        floor, contact, agent = self.floor, offer.contact, offer.agent
        was_bridging = offer.state is OfferState.ANSWERED
        result = FAILURES.get(cause, LegResult.FAILED)
        offer.become(OfferState.OVER)
        self._forget(offer)
        self._ring_row(offer, result, cause)
        contact.offer = None
        contact.become(CallState.WAITING)
        floor.acd.release(contact.number, requeue=True)
        if was_bridging:
            floor.arm(contact)
        # The others first: this agent had his turn.
        floor.queues.offer_failed(contact)
        floor.agents.offer_failed(agent, result)

    def take_back(self, offer: Offer, *, stays: bool = False) -> None:
        """The caller is gone, goes elsewhere, or `stays` where he is: stop the ringing.

        The agent is to blame for nothing.
        """
        if offer.state not in (OfferState.RINGING, OfferState.ANSWERED):
            return
        floor, contact, agent = self.floor, offer.contact, offer.agent
        offer.become(OfferState.OVER)
        self._ring_row(offer, LegResult.CANCELLED, "ORIGINATOR_CANCEL")
        floor.acd.release(contact.number, requeue=stays)
        contact.offer = None
        if stays:
            contact.become(CallState.WAITING)
        if offer.is_nailed:
            self._forget(offer)
            floor.agents.offer_failed(agent, LegResult.CANCELLED)
            return
        floor.command(contact.node, Hangup(offer.leg, "ORIGINATOR_CANCEL"))
        # He is free when his phone is: a call offered before that would find it busy.
        due_us = floor.now_us + PART_S * 1_000_000
        offer.timer = floor.timers.at(due_us, lambda: self._cancelled(offer))

    def _cancelled(self, offer: Offer) -> None:
        if offer.agent.offer is not offer:
            return
        if offer.leg_is_up:  # the first hang-up may have come before the leg was there
            self.floor.command(offer.contact.node, Hangup(offer.leg, "ORIGINATOR_CANCEL"))
        self._forget(offer)
        self.floor.agents.offer_failed(offer.agent, LegResult.CANCELLED)

    def caller_left(self, offer: Offer) -> None:
        """The talk is over for the caller: gone, or transferred. The agent's leg follows."""
        if offer.state is not OfferState.BRIDGED:
            return
        self._close_talk(offer)
        due_us = self.floor.now_us + PART_S * 1_000_000
        offer.timer = self.floor.timers.at(due_us, lambda: self._cut(offer))

    def _cut(self, offer: Offer) -> None:
        if offer.is_nailed:
            self._agent_is_free(offer)
            return
        self.floor.command(offer.contact.node, Hangup(offer.leg))
        due_us = self.floor.now_us + PART_S * 1_000_000
        offer.timer = self.floor.timers.at(due_us, lambda: self._agent_is_free(offer))

    def _part(self, offer: Offer) -> None:
        """The agent's side is over."""
        was_talking = offer.state is OfferState.BRIDGED
        if was_talking:
            self._close_talk(offer)
        if offer.agent.offer is not offer:
            self._forget(offer)
            return
        if offer.bridged_us:
            self._agent_is_free(offer)
        else:
            self._cancelled(offer)
        if was_talking:
            self.floor.agent_left(offer.contact, offer.agent_hung_up)

    def _close_talk(self, offer: Offer) -> None:
        floor, contact = self.floor, offer.contact
        if offer.held_us:
            self._hold_row(offer)
        offer.become(OfferState.OVER)
        floor.tell(
            contact.leg_closed(
                LegKind.TALK,
                LegResult.DONE,
                offer.bridged_us,
                floor.when_us,
                queue=offer.queue,
                agent=offer.agent.id,
            )
        )
        floor.expected.handled(
            offer.queue,
            (floor.when_us - offer.bridged_us) // 1000 + offer.settings.wrap_up_s * 1000,
        )
        contact.offer = None

    def _agent_is_free(self, offer: Offer) -> None:
        if offer.agent.offer is not offer:
            return
        if offer.timer is not None:
            offer.timer.cancel()
        self._forget(offer)
        agent = offer.agent
        self.floor.agents.call_ended(agent, offer.queue, offer.settings.wrap_up_s)
        self.floor.wrap_ups.call_ended(agent, offer.contact)

    def _forget(self, offer: Offer) -> None:
        self.by_job.pop(offer.job, None)
        self.by_job.pop(offer.bridge_job, None)
        if not offer.is_nailed or self.by_leg.get(offer.leg) is offer:
            self.by_leg.pop(offer.leg, None)

    def _ring_row(self, offer: Offer, result: LegResult, cause: str) -> None:
        self.floor.tell(
            offer.contact.leg_closed(
                LegKind.RING,
                result,
                offer.started_us,
                self.floor.when_us,
                queue=offer.queue,
                agent=offer.agent.id,
                cause=cause,
            )
        )

    def _hold_row(self, offer: Offer) -> None:
        self.floor.tell(
            offer.contact.leg_closed(
                LegKind.HOLD,
                LegResult.DONE,
                offer.held_us,
                self.floor.when_us,
                queue=offer.queue,
                agent=offer.agent.id,
            )
        )
        offer.held_us = 0
