"""The routing engine: who gets whom, at a cost that does not grow with head-count.

Invariant: *while the rules below are kept, no idle agent and no waiting call could take each
other.* So an arriving call that finds an idle agent overtakes nobody.
  - after `call_waiting`, `widen`, `change_need`, `change_score`, `release(requeue=True)`:
    `offer_for_call`
  - after `agent_ready`, `release(ready=True)`, and `set_agent` of an idle agent: `offer_for_agent`
  - after `set_queue`, or many changes at once: `offer_any` until it gives nothing
Should a rule be broken, `offer_for_call` still refuses to overtake: it gives nothing while a
better call could take the very agent.

A call is waiting, then reserved, then confirmed, waiting again, or gone. A reserved call is in no
line and a reserved agent in no pool: neither can be chosen twice.

No clock, no I/O, no locks: one owner.
"""

from array import array
from operator import index

from libc.math cimport rint
from libc.stdint cimport int32_t

from ccore.engine._engine cimport Choice, check_lease, checked_clock
from ccore.engine._idle cimport LISTED
from ccore.engine._keys cimport Key
from ccore.engine._matching cimport NONE, QUEUE
from ccore.engine._row cimport row_at
from ccore.engine._waiting cimport Call

from ccore.engine import faults, words
from ccore.engine._engine import DECIDERS, RULES
from ccore.engine.faults import RouterError, UnknownId, WrongState

__all__ = ["Match", "Router", "RouterError", "UnknownId", "WrongState"]

cdef enum:
    MILLION = 1_000_000
    HEAVIEST = 1_000_000
    MOST_STEPS = 100
    FEW_PROFILES = 256      # a look at each costs less than to keep so many in order


cdef class Match:
    """A decision: `agent` gets `call`, by `rule`, out of so many `candidates`."""

    def __init__(
        self, call, agent, rule, candidates, waited_us, step=0, runner_up=-1, decided_by="alone"
    ):
        self.call = call
        self.agent = agent
        self.rule = rule
        self.candidates = candidates
        self.waited_us = waited_us
        self.step = step
        self.runner_up = runner_up
        self.decided_by = decided_by

    def __eq__(self, other):
        if not isinstance(other, Match):
            return NotImplemented
        return (<Match>self).parts() == (<Match>other).parts()

    def __hash__(self):
        return hash(self.parts())

    def __repr__(self):
        return "Match(" + ", ".join(f"{k}={v!r}" for k, v in self.as_dict().items()) + ")"

    def parts(self):
        return (
            self.call, self.agent, self.rule, self.candidates, self.waited_us,
            self.step, self.runner_up, self.decided_by,
        )

    def as_dict(self):
        names = (
            "call", "agent", "rule", "candidates", "waited_us", "step", "runner_up", "decided_by"
        )
        return dict(zip(names, self.parts(), strict=True))


cdef Match match_of(const Choice *choice):
    cdef Match match = Match.__new__(Match)
    match.call, match.agent = choice.call, choice.agent
    match.rule = <str>RULES[choice.rule]
    match.candidates, match.waited_us = choice.candidates, choice.waited_us
    match.step, match.runner_up = choice.step, choice.runner_up
    match.decided_by = <str>DECIDERS[choice.decided_by]
    return match


cdef int64_t checked_weight(int64_t call, double weight) except -1:
    if not 0 <= weight <= HEAVIEST:
        raise RouterError(f"call {call}: weight {weight}, expected 0 to {HEAVIEST}")
    return <int64_t>rint(weight * MILLION)


cdef int check_priority(int64_t call, int64_t priority) except -1:
    if not -(1 << 15) <= priority < 1 << 15:
        faults.number(f"call {call}, priority", priority, -(1 << 15), (1 << 15) - 1)
    return 0


cdef int check_step(int64_t call, int64_t step, int64_t least) except -1:
    if not least <= step <= MOST_STEPS:
        faults.number(f"call {call}, step", step, least, MOST_STEPS)
    return 0


cdef class Router(Engine):
    """Agents, needs and waiting calls; ids are integers that the caller chooses."""

    def __cinit__(self, seed=0, *, int32_t few=FEW_PROFILES):
        self.roster.seed = index(seed) & ((1 << 64) - 1)
        self.roster.few = few

    # Agents

    def set_agent(
        self, int64_t agent, skills, *, site=-1, team=-1, group=-1, double weight=1.0,
        position=-1, capacity=None, queues=None,
    ):
        """Add an agent, or change what is said of him: whatever he does, and while calls wait."""
        if not 0 <= agent < faults.MOST_AGENTS:
            raise faults.bad_agent(agent)
        who = words.person(agent, skills, site, team, group, capacity, queues)
        share = faults.millionths(f"agent {agent}", weight)
        place = faults.number(f"agent {agent}, position", index(position), -1)
        self.roster.tell(<int32_t>agent, who.packed())
        self._reorder(agent, weight=share, position=agent if place < 0 else place)

    def remove_agent(self, int64_t agent):
        """Forget an agent. Calls that wait for him alone go on waiting until widened."""
        cdef int32_t known = self.unreserved(agent)
        self.rest(known)
        self.roster.leave(known)

    def agent_ready(self, int64_t agent, int64_t idle_since_us, *, ready_us=None, holding=None):
        """The agent is free, but for the contacts by channel that he is `holding`.

        The earlier his clocks the sooner his turn: `idle_since_us` for the order "longest-idle",
        `ready_us` (or the same) for "longest-ready".
        """
        cdef int64_t ready = idle_since_us if ready_us is None else ready_us, used = 0
        if holding:
            known = self.unreserved(agent)
            used = words.share_in_hand(self.roster.capacity_of(known), holding)
        self.ready(agent, idle_since_us, ready, used)

    def agent_away(self, int64_t agent):
        """The agent is not ready or signed out. Again is no error."""
        self.rest(self.unreserved(agent))

    def agent_figures(self, int64_t agent, *, occupancy=None, calls=None):
        """What "least-occupied", "fewest-calls" and "weighted" look at; any time."""
        self.roster.known_agent(agent)
        figures = {}
        if occupancy is not None:
            if not 0 <= occupancy <= 1:
                raise RouterError(f"agent {agent}: occupancy {occupancy}, expected 0 to 1")
            figures["occupancy"] = round(occupancy * MILLION)
        if calls is not None:
            figures["calls"] = faults.number(f"agent {agent}, calls", index(calls))
        self._reorder(agent, **figures)

    def _reorder(self, int32_t agent, *, occupancy=None, calls=None, weight=None, position=None):
        """An idle agent is put where he belongs by his new figures."""
        one = &self.roster.agents[agent]
        cdef bint listed = one.state == LISTED
        if listed:
            self.roster.take(agent)
        if occupancy is not None:
            one.occupancy = occupancy
        if calls is not None:
            one.calls = calls
        if weight is not None:
            one.weight = weight
        if position is not None:
            one.position = position
        if listed:
            self.roster.put(agent)

    # Needs

    def need(
        self, skills, agents=None, *, preferred=None, forbidden=(), sites=None, teams=None,
        groups=None, queue=-1, waited_us=0, channel=0, order="longest-idle",
    ):
        """The number of a requirement, and of the order of those who meet it."""
        return self.roster.need_number(words.wanted(
            skills, agents, preferred, forbidden, sites, teams, groups,
            queue, waited_us, channel, order,
        ))

    def drop_need(self, int64_t need):
        """It will not be asked for any more; it is freed when its last call has left."""
        cdef int32_t known = self.roster.known_need(need)
        self.roster.needs[known].dropped = True
        self.roster.let_go(known)

    def set_queue(self, queue, *, double weight=1.0, int64_t credit_us=0, without_groups=()):
        """Weight and credit of all calls of a queue, and the groups that are not asked for it."""
        number = faults.number("queue", index(queue))
        heavy = faults.millionths(f"queue {queue}", weight)
        checked_clock(f"queue {queue}, credit_us", credit_us)
        groups = sorted({faults.number("group", index(group)) for group in without_groups})
        cdef int32_t known = self.roster.queue_number(number)
        self.roster.queues[known].weight = heavy
        self.roster.queues[known].credit_us = credit_us
        self.roster.shut(known, array("q", groups).tobytes())

    # Calls

    def call_waiting(
        self, int64_t call, int64_t need, int64_t entered_us, int64_t credit_us=0,
        double weight=1.0, int64_t only=-1, *, int64_t prefer=-1, int64_t priority=0,
        int64_t step=0,
    ):
        """A call waits; its score is `credit_us + weight * (now - entered_us)`.

        With `only` it waits for that agent alone, until widened; the agent that it would `prefer`
        gets it if he is idle. Calls of a higher `priority` always go first.
        """
        self.roster.known_need(need)
        if only >= 0:
            self.roster.known_agent(only)
        if prefer >= 0:
            self.roster.known_agent(prefer)
        if call < 0:
            raise RouterError(f"call {call}: expected an id of 0 or more")
        if only >= 0 and prefer >= 0:
            raise RouterError(f"call {call}: only and prefer, expected one of them")
        cdef int64_t heavy = checked_weight(call, weight)
        check_priority(call, priority)
        check_step(call, step, 0)
        cdef int64_t wish = only if only >= 0 else max(prefer, NONE)
        self.arrive(
            call, need, entered_us, credit_us, heavy, <int32_t>wish, only >= 0,
            <int>priority, <int>step,
        )

    def widen(self, int64_t call):
        """From now on every matching agent may take the call."""
        cdef int32_t slot = self.calls.known(call)
        if self.calls.calls[slot].alone:
            self.change(slot, self.calls.calls[slot].need, False)

    def change_need(self, int64_t call, int64_t need, int64_t step=-1):
        """The call asks for something else from now on; its place is that of its first clock."""
        cdef int32_t slot = self.calls.known(call)
        cdef int32_t known = self.roster.known_need(need)
        check_step(call, step, -1)
        if step >= 0:
            self.calls.calls[slot].step = <signed char>step
        self.change(slot, known, self.calls.calls[slot].alone)

    def change_score(self, int64_t call, *, int64_t credit_us, double weight, int64_t priority=0):
        """Its place changes at once."""
        cdef int32_t slot = self.calls.known(call)
        cdef Call *one = &self.calls.calls[slot]
        cdef int64_t heavy = checked_weight(call, weight)
        check_priority(call, priority)
        checked_clock(f"call {call}, credit_us", credit_us)
        if one.agent == NONE:
            self.calls.withdraw(slot, self.roster)
        one.credit_us, one.weight, one.priority = credit_us, heavy, <short>priority
        if one.agent == NONE:
            self.calls.enter(slot, self.roster)

    def call_gone(self, int64_t call):
        """The call left while it waited. Again is no error."""
        self.gone(call)

    # Decisions

    def offer_for_call(self, int64_t call, int64_t now_us, *, int64_t lease_us=0):
        """Reserve the agent whose turn it is among those who may take this call, or None."""
        cdef Choice choice
        if self.choose_agent(call, now_us, lease_us, &choice):
            return match_of(&choice)
        return None

    def offer_for_agent(self, int64_t agent, int64_t now_us, *, int64_t lease_us=0):
        """Reserve the best call that this agent may take; None also if he is not idle."""
        cdef Choice choice
        if self.choose_call(agent, now_us, lease_us, &choice):
            return match_of(&choice)
        return None

    def offer_any(self, int64_t now_us, *, int64_t lease_us=0):
        """Reserve some agent and call that could take each other: after a change of many."""
        cdef int32_t need, agent
        cdef Choice choice
        cdef Key key
        checked_clock("now_us", now_us)
        check_lease(lease_us)
        for need in range(min(self.roster.need_count, self.calls.needs_room)):
            if self.calls.of_need[need].open != NONE and self.roster.idle_of(need):
                self.choose_call(self.roster.first(need, &key), now_us, lease_us, &choice)
                return match_of(&choice)
        if self.calls.total_alone:
            for agent in range(self.roster.agents_room):
                if self.roster.agents[agent].profile == NONE:
                    continue
                if self.choose_call(agent, now_us, lease_us, &choice):
                    return match_of(&choice)
        return None

    def confirm(self, int64_t call):
        """The bridge stands: the call leaves, the agent is away until `agent_ready`."""
        self.settle(call)

    def release(self, int64_t call, *, bint requeue, bint ready=False, int64_t idle_since_us=0):
        """The offer came to nothing: `requeue` the call at its old place, or it is gone.

        The agent is `ready` again (without a clock: at his old place), or away.
        """
        self.give_back(call, requeue, ready, idle_since_us)

    def expire(self, int64_t now_us):
        """Calls and agents whose lease has run out: the call at its old place, the agent away."""
        cdef int32_t slot
        checked_clock("now_us", now_us)
        over = []
        while self.calls.leases.size:
            slot = row_at(&self.calls.leases, 0)
            if self.calls.calls[slot].stand.due_us > now_us:
                break
            over.append((self.calls.calls[slot].id, self.calls.calls[slot].agent))
            self.give_back(self.calls.calls[slot].id, True, False, 0)
        return over

    def next_expiry(self):
        """The end of the first lease."""
        if self.calls.leases.size == 0:
            return None
        return self.calls.calls[row_at(&self.calls.leases, 0)].stand.due_us

    def restart(self, seed=0):
        """As if made anew and told of the same agents, needs and queues, and of nothing else."""
        cdef int32_t place, slot, agent
        cdef list slots = [
            self.calls.table[place]
            for place in range(self.calls.table_room)
            if self.calls.table[place] != NONE
        ]
        for slot in slots:
            if self.calls.calls[slot].agent == NONE:
                self.calls.withdraw(slot, self.roster)
            else:
                self.calls.end_lease(slot)
            self._end(slot)
        for agent in range(self.roster.agents_room):
            if self.roster.agents[agent].profile != NONE:
                self.rest(agent)
                self.roster.agents[agent].offered = self.roster.agents[agent].calls = 0
                self.roster.agents[agent].occupancy = 0
                self.roster.bases[agent] = 0
        self.roster.seed = index(seed) & ((1 << 64) - 1)
        self.roster.chosen = self.turn = 0

    # Questions

    def position(self, int64_t call, int64_t now_us):
        """Place among the waiting calls of its queue (without one: of its need); 0: reserved."""
        cdef int32_t slot = self.calls.known(call), need = self.calls.calls[slot].need, other
        cdef int32_t queue = self.roster.needs[need].queue
        checked_clock("now_us", now_us)
        if self.calls.calls[slot].agent != NONE:
            return 0
        if self.roster.needs[need].words[QUEUE] == NONE:
            return 1 + self.calls.ahead(need, slot, self.roster, now_us)
        return 1 + sum([
            self.calls.ahead(other, slot, self.roster, now_us)
            for other in range(min(self.roster.need_count, self.calls.needs_room))
            if self.calls.of_need[other].waiting and self.roster.needs[other].queue == queue
        ])

    def ahead(self, int64_t call, int64_t now_us):
        """Need to waiting calls that have it and go before this one, in whatever queue."""
        cdef int32_t slot = self.calls.known(call), need, count
        checked_clock("now_us", now_us)
        found = {}
        if self.calls.calls[slot].agent == NONE:
            for need in range(min(self.roster.need_count, self.calls.needs_room)):
                if self.calls.of_need[need].waiting:
                    count = self.calls.ahead(need, slot, self.roster, now_us)
                    if count:
                        found[need] = count
        return found

    def waiting_by_need(self):
        """Need to waiting calls that have it."""
        cdef int32_t need
        return {
            need: self.calls.of_need[need].waiting
            for need in range(min(self.roster.need_count, self.calls.needs_room))
            if self.calls.of_need[need].waiting
        }

    def waiting(self, int64_t need=-1):
        """Calls that wait, all or those with this need."""
        if need < 0:
            return self.calls.total
        self.roster.known_need(need)
        return self.calls.of_need[need].waiting if need < self.calls.needs_room else 0

    def idle(self, int64_t need=-1):
        """Agents who are idle, all or those who meet this need."""
        if need < 0:
            return self.roster.total_idle
        return self.roster.idle_of(self.roster.known_need(need))

    def idle_agents(self, int64_t need):
        """Those who are idle and meet this need, by id. A walk over the agents."""
        cdef int32_t known = self.roster.known_need(need), agent
        return [
            agent for agent in range(self.roster.agents_room)
            if self.roster.agents[agent].state == LISTED and self.meets(agent, known)
        ]

    def matching(self, int64_t need):
        """Agents known who meet this need, whatever they do, with what is left of them."""
        return self.roster.needs[self.roster.known_need(need)].members

    def agent_matches(self, int64_t agent, int64_t need):
        """Would this agent be given calls with this need?"""
        cdef int32_t known = self.roster.known_agent(agent)
        return self.meets(known, self.roster.known_need(need))

    def has_call(self, int64_t call):
        """Does it wait, or is it reserved?"""
        return self.calls.find(call) != NONE
