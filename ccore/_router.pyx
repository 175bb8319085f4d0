"""The routing engine: who gets whom, at a cost that does not grow with head-count.

Agents with the same skills share a *profile*; its idle agents form a list, longest idle first.
What calls ask for is a *need*. Which profile meets which need is worked out when one of them is
new, and kept as bits on both sides. Waiting calls of one need and one weight stand in a *line*.

A call's score is `credit + weight * (now - entered)`. Between two calls of equal weight the
difference does not depend on `now`, so a line is a heap whose order never changes, and only the
heads of lines have to be compared when an agent asks. Equal scores: the earlier entered, then the
one first told of. Scores are exact integers (weights count in millionths), so the plain twin in
`ccore.routing.plain` makes the same choices and not almost the same.

Invariant: *while the rules below are kept, no idle agent and no waiting call could take each
other.* So an arriving call that finds an idle agent overtakes nobody.
  - after `call_waiting`, `widen`, `change_need`, `release(requeue=True)`: `offer_for_call`
  - after `agent_ready`, `release(ready=True)`, and `set_agent` of an idle agent: `offer_for_agent`
Should a rule be broken, `offer_for_call` still refuses to overtake: it gives nothing while a
better-scored call could take the very agent.

A call is waiting, then reserved, then confirmed, waiting again, or gone. A reserved call is in no
line and a reserved agent in no list: neither can be chosen twice.

No clock, no I/O, no locks: one owner.
"""

from operator import index

from libc.math cimport llrint
from libc.stdlib cimport free, realloc
from libc.string cimport memset

__all__ = ["Match", "Router", "RouterError", "UnknownId", "WrongState"]

cdef extern from *:
    """
    typedef __int128 ccore_wide;  /* a score of any clock and credit, exact */
    #define ccore_lowest_bit __builtin_ctzll
    """
    ctypedef long long wide "ccore_wide"
    int lowest_bit "ccore_lowest_bit"(uint64_t) noexcept nogil

cdef enum:
    NONE = -1
    FIRST_ROOM = 64             # elements an array begins with: one word of bits
    MOST_AGENTS = 1 << 24       # ids are indexes; a wild one must not eat the memory
    MILLION = 1_000_000         # weights count in millionths
    HEAVIEST = 1_000_000        # largest weight
    HIGHEST_LEVEL = 1_000_000

cdef enum:
    AWAY
    IDLE
    RESERVED


class RouterError(ValueError):
    """The engine was told something that cannot be."""


class UnknownId(RouterError, LookupError):
    """An agent, call or need that the engine was not told of."""


class WrongState(RouterError):
    """Known, but not in a state that allows this."""


cdef class Match:
    """A decision: `agent` gets `call`, by `rule`, out of so many `candidates`."""

    def __init__(self, call, agent, rule, candidates, waited_us):
        self.call = call
        self.agent = agent
        self.rule = rule
        self.candidates = candidates
        self.waited_us = waited_us

    def __eq__(self, other):
        if not isinstance(other, Match):
            return NotImplemented
        return (<Match>self).parts() == (<Match>other).parts()

    def __hash__(self):
        return hash(self.parts())

    def __repr__(self):
        return (
            f"Match(call={self.call}, agent={self.agent}, rule={self.rule!r}, "
            f"candidates={self.candidates}, waited_us={self.waited_us})"
        )

    def parts(self):
        return self.call, self.agent, self.rule, self.candidates, self.waited_us


cdef void *grown(void *old, size_t old_size, size_t new_size) except NULL:
    """More room; the new part is zero."""
    cdef void *new = realloc(old, new_size)
    if new is NULL:
        raise MemoryError
    memset(<char *>new + old_size, 0, new_size - old_size)
    return new


cdef uint64_t *more_bits(uint64_t *bits, int32_t old, int32_t room) except? NULL:
    """Rooms count bits, in whole words."""
    if room == old:
        return bits
    return <uint64_t *>grown(bits, old >> 3, room >> 3)


cdef inline void put_bit(uint64_t *bits, int32_t place) noexcept nogil:
    bits[place >> 6] |= (<uint64_t>1) << (place & 63)


cdef inline void clear_bit(uint64_t *bits, int32_t place) noexcept nogil:
    bits[place >> 6] &= ~((<uint64_t>1) << (place & 63))


cdef inline bint has_bit(uint64_t *bits, int32_t place) noexcept nogil:
    return (bits[place >> 6] >> (place & 63)) & 1


cdef Pair *pairs(key) except NULL:
    """(skill, level) pairs as an array sorted by skill; one is allotted even for none."""
    cdef Pair *array = <Pair *>grown(NULL, 0, max(1, len(key)) * sizeof(Pair))
    for place, (skill, level) in enumerate(sorted(key)):
        array[<int32_t>place].skill = skill
        array[<int32_t>place].level = level
    return array


cdef class Router:
    """Agents, needs and waiting calls; ids are integers that the caller chooses."""

    def __cinit__(self):
        self.unused_line = self.unused_call = NONE
        self.slots = {}
        self.skill_numbers = {}
        self.groups = {}
        self.profile_numbers = {}
        self.profile_keys = []
        self.unused_profiles = []
        self.need_numbers = {}

    def __dealloc__(self):
        cdef int32_t i
        for i in range(self.profile_count):
            free(self.profiles[i].skills)
            free(self.profiles[i].needs)
        for i in range(self.need_count):
            free(self.needs[i].skills)
            free(self.needs[i].profiles)
        for i in range(self.lines_room):
            free(self.lines[i].heap)
        free(self.agents)
        free(self.profiles)
        free(self.needs)
        free(self.lines)
        free(self.calls)
        free(self.idle_profiles)
        free(self.active_needs)

    # Agents

    def set_agent(self, int64_t agent, skills):
        """Add an agent, or change his skills: also while he is idle or reserved and calls wait."""
        if not 0 <= agent < MOST_AGENTS:
            raise RouterError(f"agent {agent}: expected an id from 0 to {MOST_AGENTS - 1}")
        key = self._key(skills) | {(group, 1) for group in self.groups.get(agent, ())}
        cdef int32_t old = self.agents_room, room = max(old, FIRST_ROOM), i
        if agent >= old:
            while room <= agent:
                room *= 2
            self.agents = <Agent *>grown(self.agents, old * sizeof(Agent), room * sizeof(Agent))
            self.agents_room = room
            for i in range(old, room):
                self.agents[i].profile = self.agents[i].own = NONE
        self._move(<int32_t>agent, key)

    def remove_agent(self, int64_t agent):
        """Forget an agent. Calls that wait for him alone go on waiting until widened."""
        cdef int32_t known = self._known_agent(agent)
        self._refuse_reserved(known)
        if self.agents[known].state == IDLE:
            self._unlist(known)
        self._leave_profile(known)
        self.agents[known].state = AWAY

    def agent_ready(self, int64_t agent, int64_t idle_since_us):
        """The agent is free, by his own clock: the earlier, the sooner his turn."""
        cdef int32_t known = self._known_agent(agent)
        self._refuse_reserved(known)
        if self.agents[known].state == IDLE:
            self._unlist(known)
        self.turn += 1
        self.agents[known].idle_since_us = idle_since_us
        self.agents[known].turn = self.turn
        self._list(known)

    def agent_away(self, int64_t agent):
        """The agent is not ready or signed out. Again is no error."""
        cdef int32_t known = self._known_agent(agent)
        self._refuse_reserved(known)
        if self.agents[known].state == IDLE:
            self._unlist(known)
        self.agents[known].state = AWAY

    # Needs

    def need(self, skills, agents=None):
        """The number of a requirement: least level by skill, and only among `agents` if given.

        The same requirement has the same number for good. A closed set of agents counts as a skill
        of its own that they have, whether they are known already or not.
        """
        key = self._key(skills)
        if agents is not None:
            key |= {(self._group(frozenset(map(index, agents))), 1)}
        number = self.need_numbers.get(key)
        if number is None:
            number = self.need_numbers[key] = self._new_need(key)
        return number

    # Calls

    def call_waiting(
        self,
        int64_t call,
        int64_t need,
        int64_t entered_us,
        int64_t credit_us=0,
        double weight=1.0,
        int64_t only=-1,
    ):
        """A call waits; its score is `credit_us + weight * (now - entered_us)`.

        With `only` it waits for that agent alone, until widened.
        """
        cdef int32_t known = self._known_need(need), slot
        cdef int32_t alone = NONE if only < 0 else self._known_agent(only)
        if call < 0:
            raise RouterError(f"call {call}: expected an id of 0 or more")
        if not 0 <= weight <= HEAVIEST:
            raise RouterError(f"call {call}: weight {weight}, expected 0 to {HEAVIEST}")
        if call in self.slots:
            raise WrongState(f"call {call} is here already; widen, release or end it first")
        if self.unused_call == NONE:
            self._more_calls()
        slot = self.unused_call
        cdef Call *c = &self.calls[slot]
        self.turn += 1
        c.id, c.turn = call, self.turn
        c.need, c.only = known, alone
        c.entered_us, c.credit_us = entered_us, credit_us
        c.weight = llrint(weight * MILLION)
        c.agent = c.line = NONE
        cdef int32_t next_unused = c.place
        self._enqueue(slot)
        self.unused_call = next_unused
        self.slots[call] = slot

    def widen(self, int64_t call):
        """From now on every matching agent may take the call."""
        cdef int32_t slot = self._known_call(call)
        if self.calls[slot].only != NONE:
            self._change(slot, self.calls[slot].need, NONE)

    def change_need(self, int64_t call, int64_t need):
        """The call asks for something else from now on; its place is that of its first clock."""
        cdef int32_t slot = self._known_call(call)
        self._change(slot, self._known_need(need), self.calls[slot].only)

    def call_gone(self, int64_t call):
        """The call left while it waited. Again is no error."""
        slot = self.slots.get(call)
        if slot is None:
            return
        if self.calls[<int32_t>slot].agent != NONE:
            raise WrongState(f"call {call} is reserved; release it with requeue=False")
        self._dequeue(slot)
        self._forget(slot)

    # Decisions

    def offer_for_call(self, int64_t call, int64_t now_us):
        """Reserve the longest idle agent who may take this call, or None."""
        cdef int32_t slot = self._waiting_call(call), agent
        cdef int32_t need = self.calls[slot].need, only = self.calls[slot].only
        cdef int64_t candidates = 1, ignored = 0
        if only == NONE:
            candidates = 0
            agent = self._longest_idle(need, &candidates)
        elif self.agents[only].state == IDLE and self._meets(self.agents[only].profile, need):
            agent = only
        else:
            return None
        if agent == NONE or self._best_call(agent, now_us, &ignored) != slot:
            return None
        return self._reserve(slot, agent, "longest-idle", candidates, now_us)

    def offer_for_agent(self, int64_t agent, int64_t now_us):
        """Reserve the best-scored call that this agent may take; None also if he is not idle."""
        cdef int32_t known = self._known_agent(agent), slot
        cdef int64_t candidates = 0
        if self.agents[known].state != IDLE:
            return None
        slot = self._best_call(known, now_us, &candidates)
        if slot == NONE:
            return None
        return self._reserve(slot, known, "best-score", candidates, now_us)

    def confirm(self, int64_t call):
        """The bridge stands: the call leaves, the agent is away until `agent_ready`."""
        cdef int32_t slot = self._reserved_call(call)
        self.agents[self.calls[slot].agent].state = AWAY
        self._forget(slot)

    def release(self, int64_t call, *, bint requeue, bint ready=False, int64_t idle_since_us=0):
        """The offer came to nothing: `requeue` the call at its old place, or it is gone.

        The agent is `ready` again (without a clock: at his old place), or away.
        """
        cdef int32_t slot = self._reserved_call(call), agent = self.calls[slot].agent
        if requeue:
            self._enqueue(slot)
            self.calls[slot].agent = NONE
        else:
            self._forget(slot)
        self.agents[agent].state = AWAY
        if ready and idle_since_us:
            self.agent_ready(agent, idle_since_us)
        elif ready:
            self._list(agent)

    # Questions

    def position(self, int64_t call, int64_t now_us):
        """Place among the waiting calls of the same need, from 1; 0 while reserved."""
        cdef int32_t slot = self._known_call(call)
        cdef Call *c = &self.calls[slot]
        cdef int32_t number, place = 1
        if c.agent != NONE:
            return 0
        with nogil:
            number = self.needs[c.need].lines
            while number != NONE:
                place += self._ahead(&self.lines[number], slot, now_us)
                number = self.lines[number].next
            if self.needs[c.need].own:
                for number in range(self.lines_room):
                    if self.lines[number].need == c.need and self.lines[number].only != NONE:
                        place += self._ahead(&self.lines[number], slot, now_us)
        return place

    def waiting(self, int64_t need=-1):
        """Calls that wait, all or those with this need."""
        return self.total_waiting if need < 0 else self.needs[self._known_need(need)].waiting

    def idle(self, int64_t need=-1):
        """Agents who are idle, all or those who meet this need."""
        cdef int64_t candidates = 0
        if need < 0:
            return self.total_idle
        self._longest_idle(self._known_need(need), &candidates)
        return candidates

    def matching(self, int64_t need):
        """Agents known who meet this need, whatever they do."""
        cdef int32_t known = self._known_need(need), i, count = 0
        for i in range(self.profile_count):
            if has_bit(self.needs[known].profiles, i):
                count += self.profiles[i].members
        return count

    def agent_matches(self, int64_t agent, int64_t need):
        """Would this agent be given calls with this need?"""
        cdef int32_t known = self._known_agent(agent), wanted = self._known_need(need)
        return bool(self._meets(self.agents[known].profile, wanted))

    # Lines

    cdef bint _better(self, int32_t a, int32_t b, int64_t now_us) noexcept nogil:
        cdef Call *x = &self.calls[a]
        cdef Call *y = &self.calls[b]
        cdef wide lead = (<wide>x.credit_us - <wide>y.credit_us) * <wide>MILLION
        lead += <wide>x.weight * (<wide>now_us - <wide>x.entered_us)
        lead -= <wide>y.weight * (<wide>now_us - <wide>y.entered_us)
        if lead != 0:
            return lead > 0
        if x.entered_us != y.entered_us:
            return x.entered_us < y.entered_us
        return x.turn < y.turn

    cdef int32_t _ahead(self, Line *line, int32_t slot, int64_t now_us) noexcept nogil:
        """How many in the line go before this call."""
        cdef int32_t i, count = 0
        for i in range(line.size):
            count += self._better(line.heap[i], slot, now_us)
        return count

    cdef void _sift(self, Line *line, int32_t place) noexcept nogil:
        """Bring the call at this place where it belongs, up or down."""
        cdef int32_t slot = line.heap[place], above, below
        while place > 0:
            above = (place - 1) >> 1
            if not self._better(slot, line.heap[above], 0):
                break
            line.heap[place] = line.heap[above]
            self.calls[line.heap[place]].place = place
            place = above
        while True:
            below = 2 * place + 1
            if below >= line.size:
                break
            if below + 1 < line.size and self._better(line.heap[below + 1], line.heap[below], 0):
                below += 1
            if not self._better(line.heap[below], slot, 0):
                break
            line.heap[place] = line.heap[below]
            self.calls[line.heap[place]].place = place
            place = below
        line.heap[place] = slot
        self.calls[slot].place = place

    cdef int _enqueue(self, int32_t slot) except -1:
        cdef Call *c = &self.calls[slot]
        cdef int32_t number = self._line(c.need, c.weight, c.only)
        cdef Line *line = &self.lines[number]
        line.heap[line.size] = slot
        line.size += 1
        c.line = number
        self._sift(line, line.size - 1)
        self.needs[c.need].waiting += 1
        self.needs[c.need].own += c.only != NONE
        self.total_waiting += 1
        return 0

    cdef void _dequeue(self, int32_t slot) noexcept nogil:
        cdef Call *c = &self.calls[slot]
        cdef Line *line = &self.lines[c.line]
        cdef int32_t place = c.place
        line.size -= 1
        if place < line.size:
            line.heap[place] = line.heap[line.size]
            self._sift(line, place)
        if line.size == 0:
            self._close(c.line)
        c.line = NONE
        self.needs[c.need].waiting -= 1
        self.needs[c.need].own -= c.only != NONE
        self.total_waiting -= 1

    cdef int32_t _line(self, int32_t need, int64_t weight, int32_t only) except -1:
        """The line for such calls, with room for one more."""
        cdef int32_t *first = &self.needs[need].lines if only == NONE else &self.agents[only].own
        cdef int32_t number = first[0], old = self.lines_room, room, i
        cdef Line *line
        while number != NONE:
            if self.lines[number].weight == weight and self.lines[number].need == need:
                break
            number = self.lines[number].next
        if number == NONE and self.unused_line == NONE:
            room = max(2 * old, FIRST_ROOM)
            self.lines = <Line *>grown(self.lines, old * sizeof(Line), room * sizeof(Line))
            self.lines_room = room
            for i in range(old, room):
                self.lines[i].need = NONE
                self.lines[i].next = i + 1 if i + 1 < room else NONE
            self.unused_line = old
        line = &self.lines[self.unused_line if number == NONE else number]
        if line.size == line.room:
            room = max(2 * line.room, 8)
            line.heap = <int32_t *>grown(
                line.heap, line.room * sizeof(int32_t), room * sizeof(int32_t)
            )
            line.room = room
        if number == NONE:
            number = self.unused_line
            self.unused_line = line.next
            line.need, line.weight, line.only, line.next = need, weight, only, first[0]
            first[0] = number
            if only == NONE:
                put_bit(self.active_needs, need)
        return number

    cdef void _close(self, int32_t number) noexcept nogil:
        """An empty line goes back to the unused and keeps its room."""
        cdef Line *line = &self.lines[number]
        cdef int32_t *link
        if line.only == NONE:
            link = &self.needs[line.need].lines
        else:
            link = &self.agents[line.only].own
        while link[0] != number:
            link = &self.lines[link[0]].next
        link[0] = line.next
        if self.needs[line.need].lines == NONE:
            clear_bit(self.active_needs, line.need)
        line.need = NONE
        line.next = self.unused_line
        self.unused_line = number

    # Idle lists

    cdef void _list(self, int32_t number) noexcept nogil:
        """Into the idle list by clock. The newest idle is the usual case, so look from the end."""
        cdef Agent *agent = &self.agents[number]
        cdef Profile *profile = &self.profiles[agent.profile]
        cdef int32_t before = profile.last, after = NONE
        while before != NONE and self._longer_idle(number, before):
            after = before
            before = self.agents[before].before
        agent.before, agent.after, agent.state = before, after, IDLE
        if before == NONE:
            profile.first = number
        else:
            self.agents[before].after = number
        if after == NONE:
            profile.last = number
        else:
            self.agents[after].before = number
        if profile.idle == 0:
            put_bit(self.idle_profiles, agent.profile)
        profile.idle += 1
        self.total_idle += 1

    cdef void _unlist(self, int32_t number) noexcept nogil:
        cdef Agent *agent = &self.agents[number]
        cdef Profile *profile = &self.profiles[agent.profile]
        if agent.before == NONE:
            profile.first = agent.after
        else:
            self.agents[agent.before].after = agent.after
        if agent.after == NONE:
            profile.last = agent.before
        else:
            self.agents[agent.after].before = agent.before
        profile.idle -= 1
        self.total_idle -= 1
        if profile.idle == 0:
            clear_bit(self.idle_profiles, agent.profile)

    cdef bint _longer_idle(self, int32_t a, int32_t b) noexcept nogil:
        cdef Agent *x = &self.agents[a]
        cdef Agent *y = &self.agents[b]
        if x.idle_since_us != y.idle_since_us:
            return x.idle_since_us < y.idle_since_us
        return x.turn < y.turn

    # The two choices

    cdef int32_t _longest_idle(self, int32_t need, int64_t *candidates) noexcept nogil:
        """Compare the heads of matching idle lists; count who is in them."""
        cdef int32_t word, profile, head, best = NONE
        cdef uint64_t bits
        for word in range((self.profile_count + 63) >> 6):
            bits = self.needs[need].profiles[word] & self.idle_profiles[word]
            while bits:
                profile = (word << 6) + lowest_bit(bits)
                bits &= bits - 1
                candidates[0] += self.profiles[profile].idle
                head = self.profiles[profile].first
                if best == NONE or self._longer_idle(head, best):
                    best = head
        return best

    cdef int32_t _best_call(
        self, int32_t agent, int64_t now_us, int64_t *candidates
    ) noexcept nogil:
        """Compare the heads of lines that the agent may take from; count who stands in them."""
        cdef int32_t profile = self.agents[agent].profile, word, need, best = NONE, number
        cdef uint64_t bits
        for word in range((self.need_count + 63) >> 6):
            bits = self.profiles[profile].needs[word] & self.active_needs[word]
            while bits:
                need = (word << 6) + lowest_bit(bits)
                bits &= bits - 1
                number = self.needs[need].lines
                while number != NONE:
                    best = self._better_head(number, best, now_us, candidates)
                    number = self.lines[number].next
        number = self.agents[agent].own
        while number != NONE:
            if self._meets(profile, self.lines[number].need):
                best = self._better_head(number, best, now_us, candidates)
            number = self.lines[number].next
        return best

    cdef int32_t _better_head(
        self, int32_t number, int32_t best, int64_t now_us, int64_t *candidates
    ) noexcept nogil:
        cdef int32_t head = self.lines[number].heap[0]
        candidates[0] += self.lines[number].size
        return head if best == NONE or self._better(head, best, now_us) else best

    cdef bint _meets(self, int32_t profile, int32_t need) noexcept nogil:
        return profile != NONE and has_bit(self.needs[need].profiles, profile)

    cdef Match _reserve(
        self, int32_t slot, int32_t agent, str rule, int64_t candidates, int64_t now_us
    ):
        cdef Match match = Match.__new__(Match)
        cdef Call *c = &self.calls[slot]
        self._unlist(agent)
        self.agents[agent].state = RESERVED
        self._dequeue(slot)
        c.agent = agent
        match.call, match.agent, match.candidates = c.id, agent, candidates
        match.rule = rule if c.only == NONE else "last-agent"
        match.waited_us = max(0, now_us - c.entered_us)
        return match

    # Calls' slots

    cdef int _more_calls(self) except -1:
        cdef int32_t old = self.calls_room, room = max(2 * old, FIRST_ROOM), i
        self.calls = <Call *>grown(self.calls, old * sizeof(Call), room * sizeof(Call))
        self.calls_room = room
        for i in range(old, room):
            self.calls[i].place = i + 1 if i + 1 < room else NONE
        self.unused_call = old
        return 0

    cdef int _forget(self, int32_t slot) except -1:
        del self.slots[self.calls[slot].id]
        self.calls[slot].place = self.unused_call
        self.unused_call = slot
        return 0

    cdef int _change(self, int32_t slot, int32_t need, int32_t only) except -1:
        cdef Call *c = &self.calls[slot]
        if c.agent != NONE:
            c.need, c.only = need, only
            return 0
        self._dequeue(slot)
        c.need, c.only = need, only
        return self._enqueue(slot)

    # Profiles and needs

    cdef _key(self, skills):
        """Skills and levels as a set of pairs, skills by dense number."""
        key = []
        for skill, level in skills.items():
            if not 1 <= index(level) <= HIGHEST_LEVEL:
                raise RouterError(f"skill {skill}: level {level}, expected 1 to {HIGHEST_LEVEL}")
            number = self.skill_numbers.setdefault(index(skill), len(self.skill_numbers))
            key.append((number, index(level)))
        return frozenset(key)

    cdef _group(self, agents):
        """The number of the skill that means: one of these agents."""
        number = self.skill_numbers.get(agents)
        if number is None:
            number = self.skill_numbers[agents] = len(self.skill_numbers)
            for agent in agents:
                self.groups.setdefault(agent, []).append(number)
                if 0 <= agent < self.agents_room and self.agents[<int32_t>agent].profile != NONE:
                    key = self.profile_keys[self.agents[<int32_t>agent].profile]
                    self._move(agent, key | {(number, 1)})
        return number

    cdef int _move(self, int32_t agent, key) except -1:
        """Give the agent this profile. An idle one keeps his clock."""
        cdef Agent *a = &self.agents[agent]
        number = self.profile_numbers.get(key)
        if number is None:
            number = self._new_profile(key)
        if number == a.profile:
            return 0
        cdef bint listed = a.state == IDLE
        if listed:
            self._unlist(agent)
        if a.profile != NONE:
            self._leave_profile(agent)
        a.profile = number
        self.profiles[a.profile].members += 1
        if listed:
            self._list(agent)
        return 0

    cdef int _leave_profile(self, int32_t agent) except -1:
        """A profile without members makes room for another."""
        cdef int32_t number = self.agents[agent].profile, need
        self.agents[agent].profile = NONE
        self.profiles[number].members -= 1
        if self.profiles[number].members == 0:
            for need in range(self.need_count):
                clear_bit(self.needs[need].profiles, number)
            del self.profile_numbers[self.profile_keys[number]]
            self.profile_keys[number] = None
            self.unused_profiles.append(number)
        return 0

    cdef int32_t _new_profile(self, key) except -1:
        cdef int32_t old = self.profiles_room, room, need, number
        if not self.unused_profiles:
            if self.profile_count == old:
                room = max(2 * old, FIRST_ROOM)
                self.profiles = <Profile *>grown(
                    self.profiles, old * sizeof(Profile), room * sizeof(Profile)
                )
                self.idle_profiles = more_bits(self.idle_profiles, old, room)
                for need in range(self.need_count):
                    self.needs[need].profiles = more_bits(self.needs[need].profiles, old, room)
                self.profiles_room = room
            self.profiles[self.profile_count].needs = more_bits(NULL, 0, self.needs_room)
            self.profile_keys.append(None)
            self.unused_profiles.append(self.profile_count)
            self.profile_count += 1
        cdef Pair *skills = pairs(key)
        number = self.unused_profiles.pop()
        cdef Profile *profile = &self.profiles[number]
        free(profile.skills)
        profile.skills = skills
        profile.width = len(key)
        profile.first = profile.last = NONE
        for need in range(self.need_count):
            self._compare(number, need)
        self.profile_keys[number] = key
        self.profile_numbers[key] = number
        return number

    cdef int32_t _new_need(self, key) except -1:
        cdef int32_t old = self.needs_room, room, profile, number = self.need_count
        if number == old:
            room = max(2 * old, FIRST_ROOM)
            self.needs = <Need *>grown(self.needs, old * sizeof(Need), room * sizeof(Need))
            self.active_needs = more_bits(self.active_needs, old, room)
            for profile in range(self.profile_count):
                self.profiles[profile].needs = more_bits(self.profiles[profile].needs, old, room)
            self.needs_room = room
        cdef Need *need = &self.needs[number]
        need.profiles = more_bits(NULL, 0, self.profiles_room)
        need.skills = pairs(key)
        need.width = len(key)
        need.lines = NONE
        self.need_count += 1
        for profile in range(self.profile_count):
            if self.profiles[profile].members:
                self._compare(profile, number)
        return number

    cdef void _compare(self, int32_t p, int32_t n) noexcept nogil:
        """Note on both sides whether this profile meets this need."""
        cdef Profile *profile = &self.profiles[p]
        cdef Need *need = &self.needs[n]
        cdef int32_t i = 0, j
        clear_bit(profile.needs, n)
        clear_bit(need.profiles, p)
        for j in range(need.width):
            while i < profile.width and profile.skills[i].skill < need.skills[j].skill:
                i += 1
            if i == profile.width or profile.skills[i].skill != need.skills[j].skill:
                return
            if profile.skills[i].level < need.skills[j].level:
                return
        put_bit(profile.needs, n)
        put_bit(need.profiles, p)

    # Refusals

    cdef int32_t _known_agent(self, int64_t agent) except -1:
        if not 0 <= agent < self.agents_room or self.agents[agent].profile == NONE:
            raise UnknownId(f"agent {agent} is not known; set_agent first")
        return <int32_t>agent

    cdef int _refuse_reserved(self, int32_t agent) except -1:
        if self.agents[agent].state == RESERVED:
            raise WrongState(f"agent {agent} is reserved; confirm or release his call first")
        return 0

    cdef int32_t _known_need(self, int64_t need) except -1:
        if not 0 <= need < self.need_count:
            raise UnknownId(f"need {need} is not known; get one from Router.need")
        return <int32_t>need

    cdef int32_t _known_call(self, int64_t call) except -1:
        slot = self.slots.get(call)
        if slot is None:
            raise UnknownId(f"call {call} is not known; call_waiting first")
        return slot

    cdef int32_t _waiting_call(self, int64_t call) except -1:
        cdef int32_t slot = self._known_call(call)
        if self.calls[slot].agent != NONE:
            raise WrongState(f"call {call} is reserved already; confirm or release it first")
        return slot

    cdef int32_t _reserved_call(self, int64_t call) except -1:
        cdef int32_t slot = self._known_call(call)
        if self.calls[slot].agent == NONE:
            raise WrongState(f"call {call} is not reserved; offer it first")
        return slot
