"""A choice of agents held against a choice of calls, and both reserved: the engine without Python.

Two halves. `_roster` (on `_idle`) has the agents: who meets which need, who is idle, who of them is
first. `_waiting` has the calls: who waits, in which order. `ccore._router` has the rules of use.
"""

from libc.string cimport memset

from ccore.engine._keys cimport Key
from ccore.engine._idle cimport AWAY, LISTED, RESERVED
from ccore.engine._matching cimport NONE, RANDOM, SKILL_BITS
from ccore.engine._waiting cimport ALONE, NEVER, Best, Call

from ccore.engine import faults, words

cdef int64_t CLOCKS = faults.CLOCKS

# By index in a Choice. The first are the orders of agents, by their number.
RULES = (*words.ORDERS, "last-agent", "preferred-agent", "best-score")
cdef enum:
    LAST_AGENT = 10
    PREFERRED_AGENT
    BEST_SCORE

DECIDERS = (
    "alone", "queue-turn", "priority", "score", "entered", "first-told",
    "preferred-agent", "preferred-skills", "longest-idle", "first-ready", *words.ORDERS,
)
cdef enum:
    BY_PREFERENCE = 6       # after the six of _waiting
    BY_SKILLS
    BY_IDLE
    BY_READY
    BY_ORDER                # and the order's number


cdef int checked_clock(what, int64_t clock_us) except -1:
    if not -CLOCKS <= clock_us <= CLOCKS:
        raise faults.bad_clock(what, clock_us)
    return 0


cdef int check_lease(int64_t lease_us) except -1:
    if not 0 <= lease_us <= CLOCKS:
        faults.number("lease_us", lease_us, 0, CLOCKS)
    return 0


cdef int decided(const Key *first, const Key *second, int32_t order) noexcept nogil:
    """What parted two agents."""
    if -first.rank >> SKILL_BITS != -second.rank >> SKILL_BITS:
        return BY_SKILLS
    if first.rank != second.rank or first.primary != second.primary:
        return BY_ORDER + order
    if first.idle_us != second.idle_us:
        return BY_IDLE
    return BY_READY


cdef class Engine:
    """Agents, needs and calls by numbers that the caller chooses."""

    def __cinit__(self):
        self.roster = Roster()
        self.calls = Waiting()

    cdef bint choose_agent(
        self, int64_t call, int64_t now_us, int64_t lease_us, Choice *choice
    ) except -1:
        cdef int32_t slot = self._waiting_slot(call), agent = NONE, other = NONE
        cdef const Call *one = &self.calls.calls[slot]
        cdef int32_t need = one.need
        cdef bint alone = one.alone
        cdef Best best
        cdef Key key, next_key
        memset(&key, 0, sizeof(Key))
        checked_clock("now_us", now_us)
        check_lease(lease_us)
        choice.candidates = 1 if alone else self.roster.idle_of(need)
        choice.rule = self.roster.needs[need].rule
        if choice.candidates == 0:
            return False
        if one.wish != NONE and self.roster.agents[one.wish].state == LISTED:
            if self.meets(one.wish, need):
                agent = one.wish
                choice.rule = LAST_AGENT if alone else PREFERRED_AGENT
        if agent == NONE:
            if alone:
                return False
            agent = self.roster.first(need, &key)
        if self.calls.total > 1:  # nobody overtakes
            self.calls.best(agent, self.roster, now_us, &best)
            if best.slot != slot:
                return False
        if choice.rule == RANDOM:
            self.roster.chosen = max(self.roster.chosen, key.primary)
        self._reserve(slot, agent, now_us, lease_us, choice)
        if not alone:
            other = self.roster.first(need, &next_key)
        choice.runner_up = other
        if other == NONE:
            choice.decided_by = ALONE
        elif choice.rule == PREFERRED_AGENT:
            choice.decided_by = BY_PREFERENCE
        else:
            choice.decided_by = decided(&key, &next_key, choice.rule)
        return True

    cdef bint choose_call(
        self, int64_t agent, int64_t now_us, int64_t lease_us, Choice *choice
    ) except -1:
        cdef int32_t known = self.roster.known_agent(agent)
        cdef Best best
        checked_clock("now_us", now_us)
        check_lease(lease_us)
        if self.roster.agents[known].state != LISTED or self.calls.total == 0:
            return False
        self.calls.best(known, self.roster, now_us, &best)
        if best.slot == NONE:
            return False
        choice.rule = LAST_AGENT if self.calls.calls[best.slot].alone else BEST_SCORE
        choice.candidates, choice.decided_by = best.candidates, best.parted
        choice.runner_up = NONE
        if best.runner_up != NONE:
            choice.runner_up = self.calls.calls[best.runner_up].id
        self._reserve(best.slot, known, now_us, lease_us, choice)
        return True

    cdef int arrive(
        self, int64_t call, int64_t need, int64_t entered_us, int64_t credit_us, int64_t weight,
        int32_t wish, bint alone, int priority, int step,
    ) except -1:
        cdef int32_t slot, known = self.roster.known_need(need)
        cdef Call *one
        if not -CLOCKS <= entered_us <= CLOCKS:
            raise faults.bad_clock(f"call {call}, entered_us", entered_us)
        if not -CLOCKS <= credit_us <= CLOCKS:
            raise faults.bad_clock(f"call {call}, credit_us", credit_us)
        if self.calls.find(call) != NONE:
            raise faults.call_is_here(call)
        slot = self.calls.add(call, known)
        one = &self.calls.calls[slot]
        self.turn += 1
        one.turn = self.turn
        one.entered_us, one.credit_us, one.weight = entered_us, credit_us, weight
        one.wish, one.alone = wish, alone
        one.priority, one.step = <short>priority, <signed char>step
        self.calls.enter(slot, self.roster)
        self.roster.needs[known].holders += 1
        return 0

    cdef int ready(self, int64_t agent, int64_t idle_us, int64_t ready_us, int64_t used) except -1:
        cdef int32_t known = self.unreserved(agent)
        if not -CLOCKS <= idle_us <= CLOCKS:
            raise faults.bad_clock(f"agent {agent}, idle_since_us", idle_us)
        if not -CLOCKS <= ready_us <= CLOCKS:
            raise faults.bad_clock(f"agent {agent}, ready_us", ready_us)
        if self.roster.agents[known].state == LISTED:
            self.roster.take(known)
            self.roster.agents[known].state = AWAY
        self.roster.hold(known, used)
        self.turn += 1
        self.roster.agents[known].idle_us = idle_us
        self.roster.agents[known].ready_us = ready_us
        self.roster.agents[known].turn = self.turn
        if self.roster.chosen:
            self.roster.bases[known] = self.roster.chosen
        return self.roster.put(known)

    cdef int settle(self, int64_t call) except -1:
        cdef int32_t slot = self._reserved_slot(call), agent = self.calls.calls[slot].agent
        self.calls.end_lease(slot)
        self._end(slot)
        self.roster.agents[agent].calls += 1
        return self.rest(agent)

    cdef int give_back(self, int64_t call, bint requeue, bint ready, int64_t idle_us) except -1:
        cdef int32_t slot = self._reserved_slot(call), agent = self.calls.calls[slot].agent
        if ready and not -CLOCKS <= idle_us <= CLOCKS:
            raise faults.bad_clock(f"agent {agent}, idle_since_us", idle_us)
        self.calls.end_lease(slot)
        if requeue:
            self.calls.calls[slot].agent = NONE
            self.calls.enter(slot, self.roster)
        else:
            self._end(slot)
        if not ready:
            return self.rest(agent)
        if idle_us == 0:
            return self.roster.put(agent)
        self.roster.agents[agent].state = AWAY
        return self.ready(agent, idle_us, idle_us, 0)

    cdef int gone(self, int64_t call) except -1:
        cdef int32_t slot = self.calls.find(call)
        if slot == NONE:
            return 0
        if self.calls.calls[slot].agent != NONE:
            raise faults.reserved_call_gone(call)
        self.calls.withdraw(slot, self.roster)
        return self._end(slot)

    cdef int _reserve(
        self, int32_t slot, int32_t agent, int64_t now_us, int64_t lease_us, Choice *choice
    ) except -1:
        cdef Call *one = &self.calls.calls[slot]
        self.roster.take(agent)
        self.calls.withdraw(slot, self.roster)
        self.turn += 1
        self.roster.agents[agent].state = RESERVED
        self.roster.agents[agent].offered = self.turn
        one.agent = agent
        self.calls.lease(slot, now_us + lease_us if lease_us else NEVER)
        choice.call, choice.agent, choice.step = one.id, agent, one.step
        choice.waited_us = max(0, now_us - one.entered_us)
        return 0

    cdef int _end(self, int32_t slot) except -1:
        """The call is in no line and has no lease: forget it."""
        cdef int32_t need = self.calls.calls[slot].need
        self.calls.forget(slot)
        self.roster.needs[need].holders -= 1
        return self.roster.let_go(need)

    cdef int rest(self, int32_t agent) except -1:
        """He is away, with nothing in hand."""
        if self.roster.agents[agent].state == LISTED:
            self.roster.take(agent)
        self.roster.agents[agent].state = AWAY
        return self.roster.hold(agent, 0)

    cdef int change(self, int32_t slot, int32_t need, bint alone) except -1:
        cdef Call *one = &self.calls.calls[slot]
        cdef int32_t before = one.need
        cdef bint waits = one.agent == NONE
        if waits:
            self.calls.withdraw(slot, self.roster)
        if one.alone and not alone:
            one.wish = NONE
        one.need, one.alone = need, alone
        self.roster.needs[before].holders -= 1
        self.roster.needs[need].holders += 1
        if waits:
            self.calls.enter(slot, self.roster)
        return self.roster.let_go(before)

    cdef bint meets(self, int32_t agent, int32_t need) noexcept nogil:
        return self.roster.place(
            &self.roster.profiles[self.roster.agents[agent].profile], need
        ) != NONE

    # Refusals

    cdef int32_t unreserved(self, int64_t agent) except -1:
        cdef int32_t known = self.roster.known_agent(agent)
        if self.roster.agents[known].state == RESERVED:
            raise faults.agent_is_reserved(agent)
        return known

    cdef int32_t _waiting_slot(self, int64_t call) except -1:
        cdef int32_t slot = self.calls.known(call)
        if self.calls.calls[slot].agent != NONE:
            raise faults.call_is_reserved(call)
        return slot

    cdef int32_t _reserved_slot(self, int64_t call) except -1:
        cdef int32_t slot = self.calls.known(call)
        if self.calls.calls[slot].agent == NONE:
            raise faults.call_not_reserved(call)
        return slot
